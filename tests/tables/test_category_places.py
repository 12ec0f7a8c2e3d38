"""Which features of a table are the ones and zeros of one category."""

import pandas as pd

from glassnet.sources import MissingRules
from glassnet.tables.table_preprocessing import TablePreprocessing


def test_each_category_has_its_places_and_a_name_for_none_of_them() -> None:
    """Strings, months, weekdays and the marks of missing values; numbers and days are none."""
    frame = pd.DataFrame(
        {
            "age": [1.0, None, 3.0, 4.0],
            "city": ["Cork", "Bonn", "Cork", "Oslo"],
            "day": ["2024-01-01", "2024-02-06", None, "2024-01-02"],
            "size": [1.0, 2.0, 3.0, 5.0],
        }
    )
    rules = MissingRules("median", "most_frequent", indicator=True)
    table = TablePreprocessing.fit(frame, ("age", "city", "day", "size"), ("city",), rules, dates={"day": "%Y-%m-%d"})
    names = table.feature_names
    found = {otherwise: [names[place] for place in places] for places, otherwise in table.category_places}
    assert found == {
        "age is not missing": ["age is missing"],
        "city = a new value": ["city = Bonn", "city = Cork", "city = Oslo"],
        "day is not missing": ["day is missing"],
        "day in another month": ["day in January", "day in February"],
        "day on another weekday": ["day on Monday", "day on Tuesday"],
    }
