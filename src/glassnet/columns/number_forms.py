"""Numbers as people write them, with a currency, a unit, parted thousands or an accountant's minus."""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

CURRENCIES = "$€£¥₹₽₩₺₫₪₱฿₴₦₡₲₵₸₼₾₿¢¤＄￥￡"
CODES = (
    "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|ILS|ZAR|EGP|NGN|KES|BRL|"
    "MXN|ARS|CLP|COP|PEN|KRW|TWD|HKD|SGD|THB|MYR|IDR|PHP|VND|SAR|AED|PKR"
)
MINUS = "-−‒–﹣－"  # the hyphen, and what typography has in its place
APOSTROPHES = "'’ʼ"
FRACTIONS = "¼½¾⅐-⅞↉"


@dataclass(frozen=True)
class NumberForm:
    """What stands about and inside the numbers of a column, and says nothing, since it is the same in all of them.

    Attributes:
        prefix: what stands before each, such as "$".
        suffix: what stands behind each, such as "%" or "kg".
        grouping: the thousands separator: "," or "." or "'" or, for spaces of any kind, " ".
        decimal: the decimal separator.
    """

    prefix: str = ""
    suffix: str = ""
    grouping: str = ""
    decimal: str = "."

    @property
    def unit(self) -> tuple[str, str]:
        """What stands before and behind."""
        return self.prefix, self.suffix

    def to_json(self) -> dict[str, str]:
        """Return what is not as in a plain number."""
        return {key: value for key, value in asdict(self).items() if value != getattr(NumberForm, key)}


def to_number(string: str, decimal: str) -> float:
    """Return a string that is a number and nothing else.

    Raises:
        ValueError: if it is none: "1_0" is none, though it is one in Python, nor is "1.500" where the comma is the
            decimal separator, since the point then parts the thousands.
    """
    if "_" in string or (decimal != "." and "." in string):
        raise ValueError(f"expected a number, received {string!r}")
    return float(string.replace(decimal, "."))


def number_or_nan(string: str, decimal: str) -> float:
    """Return a string that is a number and nothing else, or NaN."""
    try:
        return to_number(string, decimal)
    except ValueError:
        return math.nan


def to_numbers(strings: Sequence[str], decimal: str) -> npt.NDArray[np.float64] | None:
    """Return strings that are numbers and nothing else, or None if one is not."""
    try:
        if decimal == "." and not any("_" in string for string in strings):
            return np.array(strings, dtype=object).astype(np.float64)
        return np.array([to_number(string, decimal) for string in strings], dtype=np.float64)
    except ValueError:
        return None


def read_number(string: str, form: NumberForm) -> float:
    """Return a string in this form as a number; one without a unit is a number in any form.

    Raises:
        ValueError: if it is none, or has another unit or another thousands separator.
    """
    try:
        return to_number(string, form.decimal)
    except ValueError:
        number, written = split_number(string, form.decimal) or (0.0, None)
        if written is None or written.unit not in {form.unit, ("", "")} or written.grouping not in {form.grouping, ""}:
            raise ValueError(f"expected a number, received {string!r}") from None
        return number


def split_number(string: str, decimal: str) -> tuple[float, NumberForm] | None:
    """Return the number that a string consists of, and how it is written there; None if it holds none, or two."""
    found = _pattern(decimal).fullmatch(_unwrapped(string))
    if found is None:
        return None
    part = found.groupdict(default="")
    signs, opened, closed = part["sign"] + part["sign2"], part["open"] + part["open2"], part["close"] + part["close2"]
    if len(opened) != len(closed) or len(signs + opened) > 1:
        return None
    grouping = next((each for each in part["grouped"] if not each.isdigit() and each != decimal), "")
    digits = (part["grouped"].replace(grouping, "") or part["plain"]).replace(decimal, ".")
    power = re.sub(f"[{re.escape(MINUS)}]", "-", part["power"])
    number = float(digits + power)
    if opened or (signs and signs in MINUS):
        number = 0.0 - number  # which has no -0
    grouping = " " if grouping.isspace() else "'" if grouping and grouping in APOSTROPHES else grouping
    return number, NumberForm(part["prefix"], part["suffix"].rstrip(), grouping, decimal)


def find_form(strings: Sequence[str], decimal: str) -> NumberForm | None:
    """Return the one form in which all strings are numbers, or None.

    A comma before three digits parts thousands, though it may stand for decimals (see `may_be_decimals`). In sums of
    money, which have no three decimals, a point, the decimal separator, is none if it seems to part thousands.
    """
    forms: set[NumberForm] = set()
    for string in strings:
        split = split_number(string, decimal)
        if split is None:
            return None
        forms.add(split[1])
    groupings = {form.grouping for form in forms} - {""}
    if len({form.unit for form in forms}) != 1 or len(groupings) > 1:
        return None
    form = NumberForm(*next(iter(forms)).unit, "".join(groupings), decimal)
    return None if _is_money(form) and not groupings and may_part_thousands(strings, decimal) else form


def may_be_decimals(strings: Sequence[str], form: NumberForm) -> bool:
    """Return whether what parts the thousands of numbers in this form, such as 12,500, may stand for decimals instead.

    Another string shows that it does not: one without it, with two of them, or with decimals besides; and sums of money
    have no three decimals. Otherwise all numbers are a thousand times as large or as small, and as good to learn from.
    """
    return (
        form.grouping in {",", "."}
        and not _is_money(form)
        and all(string.count(form.grouping) == 1 and form.decimal not in string for string in strings)
    )


def may_part_thousands(strings: Sequence[str], decimal: str) -> bool:
    """Return whether the decimal separator may be that of thousands, so that 900 is less than 1.500.

    It has three digits behind it then, now and then a zero as the last, and is missing in some strings: were it in all,
    it would not matter which it does.
    """
    marked = [string for string in strings if decimal in string]
    if not marked or len(marked) == len(strings):
        return False
    thousands = re.compile(rf"(?<!\d)[1-9]\d{{0,2}}{re.escape(decimal)}\d{{3}}(?!\d)")
    found = list(map(thousands.search, marked))
    return all(found) and any(each is not None and each[0].endswith("0") for each in found)


def _is_money(form: NumberForm) -> bool:
    return any(character in CURRENCIES for character in "".join(form.unit)) or bool(
        re.search(CODES, " ".join(form.unit))
    )


def _unwrapped(string: str) -> str:
    """Return a string without what a spreadsheet adds to keep a number a string: `="12"`, or an apostrophe."""
    if string.startswith('="') and string.endswith('"'):
        return string[2:-1].strip()
    if string and string[0] in APOSTROPHES:
        return (string[1:-1] if string[-1] == string[0] else string[1:]).strip()
    return string


@cache
def _pattern(decimal: str) -> re.Pattern[str]:
    """Return what fits a number in any form.

    In front only a currency may stand: a letter there, as in Q1 or T12, makes a name of the number. Behind it, what
    begins with a letter or the sign of a unit. Characters that make it another number, as in <5 or 3+, have no place.
    """
    other = re.escape("," if decimal == "." else ".")
    point, minus, tick = re.escape(decimal), re.escape(MINUS), re.escape(APOSTROPHES)
    sign, money = f"[+{minus}]?", f"[{re.escape(CURRENCIES)}]"
    prefix = rf"(?:(?:[A-Z]{{1,3}})?{money}|(?:{CODES}|Rs\.?|kr\.?|Fr\.?|%)(?![^\W\d_]))?"
    suffix = (
        rf"""(?:(?![{FRACTIONS}])(?:[^\W\d_]|[%‰°′″'"]|{money})[^\d<>~≈±+=;:,()\n]{{0,24}}(?:(?<=[^\W\d_])[23])?)?"""
    )
    fraction = rf"(?:{point}\d+)?"
    thousands = rf"[1-9]\d{{0,2}}(?P<part>[\s{tick}{other}])\d{{3}}(?:(?P=part)\d{{3}})*{fraction}"
    lakhs = rf"[1-9]\d?(?:{other}\d\d)+{other}\d{{3}}{fraction}"
    return re.compile(
        rf"(?P<open>\(?)\s*(?P<sign>{sign})\s*(?P<prefix>{prefix})\s*(?P<sign2>{sign})\s*(?P<open2>\(?)\s*"
        rf"(?:(?P<grouped>{thousands}|{lakhs})|(?P<plain>\d+{fraction}|{point}\d+))(?P<power>(?:[eE][+{minus}]?\d+)?)"
        rf"\s*(?P<close>\)?)\s*(?P<suffix>{suffix})\s*(?P<close2>\)?)"
    )
