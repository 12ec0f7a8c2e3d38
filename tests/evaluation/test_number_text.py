"""Numbers as a reader has them."""

import pytest

from glassnet.evaluation.number_text import readable


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (10069.7, 4, "10,070"),
        (0.0328512, 4, "0.03285"),
        (12.3456, 4, "12.35"),
        (999.96, 4, "1,000"),
        (999.6, 3, "1,000"),
        (1234.56, 4, "1,235"),
        (123456.4, 2, "123,456"),
        (1234567.8, 4, "1,234,568"),
        (12345678.9, 4, "12,345,680"),
        (-10069.7, 4, "-10,070"),
        (3.2e-7, 4, "3.2e-07"),
        (4.2e18, 4, "4.2e+18"),
        (0.0, 4, "0"),
        (1.0, 4, "1"),
        (float("nan"), 4, "nan"),
        (float("inf"), 4, "inf"),
    ],
)
def test_large_numbers_are_whole_and_grouped(value: float, digits: int, expected: str) -> None:
    """Never 1.007e+04, and never more than seven digits that say something."""
    assert readable(value, digits) == expected


def test_a_difference_has_its_sign() -> None:
    """Of either kind."""
    assert [readable(value, 3, signed=True) for value in (0.5, -0.5, 31234.2, 0.0)] == ["+0.5", "-0.5", "+31,234", "+0"]
