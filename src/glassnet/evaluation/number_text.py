"""Numbers as a reader has them: a few digits of small ones, whole and grouped large ones, such as 10,070 for money."""

import math

MOST_DIGITS = 7  # of a large number, the others are 0
LARGEST = 1e15  # from here on powers of ten are easier to read


def readable(value: float, digits: int = 4, *, signed: bool = False) -> str:
    """Return a number with so many significant digits; a larger one whole, with up to seven and commas between.

    Example:
        `0.032851` becomes "0.03285", `10069.7` "10,070", `12345678.9` "12,345,680" and `3.2e-7` "3.2e-07".
    """
    sign = "+" if signed else ""
    rounded = float(f"{value:.{digits}g}")
    if not 10 ** (digits - 1) <= abs(rounded) < LARGEST:
        return f"{value:{sign}.{digits}g}"
    exponent = math.floor(math.log10(abs(value)))
    return f"{round(value, min(0, MOST_DIGITS - 1 - exponent)):{sign},.0f}"
