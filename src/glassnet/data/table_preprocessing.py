"""Preprocessing of tables, learnt on the training rows: raw columns in, standardized and one-hot features out."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"  # the category of its own that gaps in a text column may become
NO_GAPS = {"numeric": "error", "categorical": "error", "indicator": False, "values": []}  # the rules for such a table


class TablePreprocessing:
    """Takes the columns of a frame to features: numbers to mean 0 and deviation 1, texts to one column a category.

    Attributes:
        columns: one description for each raw column, in order. Numeric: name, kind "numeric", mean and scale (None for
            a column that never changed), fill (the number for a gap; None: a gap is an error), indicator (whether a
            column that is 1 for a gap follows), gaps (how many the training rows had). Text: name, kind "categorical",
            categories, fill and gaps likewise.
        gap_marks: the texts that stand for a gap, such as "?".
    """

    kind = "table"

    def __init__(self, columns: list[dict[str, Any]], gap_marks: list[str]) -> None:
        """Take the descriptions and the marks, as `fit` or `from_json` make them."""
        self.columns, self.gap_marks = columns, gap_marks

    @classmethod
    def fit(
        cls,
        frame: "pd.DataFrame",
        features: tuple[str, ...],
        categorical: tuple[str, ...] = (),
        missing: dict[str, Any] | None = None,
    ) -> "TablePreprocessing":
        """Learn from the training rows in `frame`.

        Numbers that are the same, or gaps, in all of them become a feature that is 0 in every row, whatever other rows
        hold: weights that were never trained must not meet it. Texts that are all gaps become no feature.

        Args:
            frame: the training rows.
            features: the columns to use, in order.
            categorical: those of them that are texts.
            missing: "numeric": what fills a gap, "median", "mean" or "drop" (rows with gaps were left out, and may
                not come later either); "categorical": "most_frequent", "own_category" or "drop"; "indicator": whether
                a numeric column with gaps gets a companion that marks them; "values": the texts that stand for a gap in
                later rows (in these, gaps are gaps already). None: there are no gaps, and none may come.

        Raises:
            ValueError: for gaps that no rule covers, or numbers too large to be standardized.
        """
        rules = {**NO_GAPS, **(missing or {})}
        return cls(
            [
                _fit_categories(frame, name, rules["categorical"])
                if name in categorical
                else _fit_numbers(frame, name, rules["numeric"], rules["indicator"])
                for name in features
            ],
            rules["values"],
        )

    @property
    def names(self) -> list[str]:
        """The raw columns that are needed."""
        return [column["name"] for column in self.columns]

    @property
    def numeric_names(self) -> list[str]:
        """Those of them that hold numbers."""
        return [column["name"] for column in self.columns if column["kind"] == "numeric"]

    @property
    def constant_names(self) -> list[str]:
        """Those from which nothing can be learnt, since the training rows differ in none of them, nor in their gaps."""
        return [
            column["name"]
            for column in self.columns
            if (
                len(column["categories"]) < 2
                if column["kind"] == "categorical"
                else column["scale"] is None and not column["indicator"]
            )
        ]

    @property
    def feature_names(self) -> list[str]:
        """The name of each of the D features."""
        names: list[str] = []
        for column in self.columns:
            if column["kind"] == "numeric":
                names += [column["name"], *([f"{column['name']} is missing"] if column["indicator"] else [])]
            else:
                names += [f"{column['name']} = {category}" for category in column["categories"]]
        return names

    def transform(self, frame: "pd.DataFrame") -> npt.NDArray[np.float32]:
        """Return the features `(N, D)`; other columns of the frame are ignored, unseen categories become zeros.

        Raises:
            ValueError: naming the columns that are missing, hold no number or no finite one, or have gaps that no rule
                covers.
        """
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise ValueError(
                f"preprocessing: expected the columns {', '.join(self.names)}, received none of these: {missing}"
            )
        parts: list[npt.NDArray[np.float64]] = []
        for column in self.columns:
            values = self._with_gaps(frame[column["name"]])
            parts += _numbers_out(values, column) if column["kind"] == "numeric" else _categories_out(values, column)
        return np.column_stack(parts).astype(np.float32)

    def unseen_categories(self, frame: "pd.DataFrame") -> dict[str, list[str]]:
        """Return, for each text column, the values in `frame` that the training rows did not have."""
        unseen = {}
        for column in self.columns:
            if column["kind"] == "categorical" and column["name"] in frame.columns:
                texts = _texts(self._with_gaps(frame[column["name"]]), column["categories"])
                strange = sorted({text for text in texts if text is not None} - set(column["categories"]))
                if strange:
                    unseen[column["name"]] = strange
        return unseen

    def _with_gaps(self, values: "pd.Series[Any]") -> "pd.Series[Any]":
        return values.mask(values.isin(self.gap_marks)) if self.gap_marks else values

    def example(self) -> "pd.DataFrame":
        """Return one raw row as it may look: the mean of each number, the first of each column's categories."""
        import pandas as pd

        first = {c["name"]: c["mean"] if c["kind"] == "numeric" else [*c["categories"], ""][0] for c in self.columns}
        return pd.DataFrame([first])

    def to_json(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        return {"kind": self.kind, "columns": self.columns, "gap_marks": self.gap_marks}


def mean_and_deviation(numbers: npt.NDArray[np.float64], name: str) -> tuple[float, float]:
    """Return the mean and the standard deviation of the numbers called `name`, which differ.

    Raises:
        ValueError: if their squares are beyond what a float holds.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(numbers.mean()), float(numbers.std())
    if not (np.isfinite(mean) and 0 < deviation < np.inf):
        raise ValueError(
            f"preprocessing: expected numbers in {name} that can be standardized, received {numbers.min():g} to "
            f"{numbers.max():g}; mend or rescale them, or leave the column out"
        )
    return mean, deviation


def _fit_numbers(frame: "pd.DataFrame", name: str, rule: str, indicator: bool) -> dict[str, Any]:
    values = _numeric(frame[name], name)
    present = values[~np.isnan(values)]
    if not present.size:
        present = np.zeros(1)  # what fills the gaps is as good as any other number
    with np.errstate(over="ignore"):
        fill = {"median": float(np.median(present)), "mean": float(present.mean())}.get(rule)
    filled = present if fill is None else np.where(np.isnan(values), fill, values)
    scale: float | None
    if _is_constant(present):  # of the filled ones the mean may round, and leave a tiny deviation
        mean, scale = float(present[0]), None
    else:
        mean, scale = mean_and_deviation(filled, name)
    return {
        "name": name,
        "kind": "numeric",
        "mean": mean,
        "scale": scale,
        "fill": fill,
        "indicator": indicator and fill is not None and len(np.unique(np.isnan(values))) == 2,
        "gaps": int(np.isnan(values).sum()),
    }


def _is_constant(numbers: npt.NDArray[np.float64]) -> bool:
    """Return whether the numbers are all the same, or differ by no more than their rounding: 0.1 + 0.2 and 0.3.

    Their computed variance is then within its own error, `n·ε·σ² + (n·μ·ε)²`. (Chan, Golub & LeVeque, "Algorithms for
    computing the sample variance", 1983; scikit-learn's scaler has the same rule.)
    """
    if numbers.max() == numbers.min():
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        mean, variance = numbers.mean(), numbers.var()
        eps = len(numbers) * np.finfo(np.float64).eps
        return bool(np.isfinite(variance) and variance <= eps * variance + (eps * mean) ** 2)


def _numbers_out(values: "pd.Series[Any]", column: dict[str, Any]) -> list[npt.NDArray[np.float64]]:
    numbers = _numeric(values, column["name"])
    gaps = np.isnan(numbers)
    if gaps.any() and column["fill"] is None:
        raise ValueError(
            f"preprocessing: expected finite numbers in {column['name']}, received {int(gaps.sum())} missing ones"
        )
    if gaps.any():
        numbers = np.where(gaps, column["fill"], numbers)
    if column["scale"] is None:
        standardized = np.zeros(len(numbers))
    else:
        with np.errstate(over="ignore"):
            standardized = (numbers - column["mean"]) / column["scale"]
    if len(strange := numbers[np.abs(standardized) > np.finfo(np.float32).max]):
        raise ValueError(
            f"preprocessing: expected numbers in {column['name']} such as the training rows have (mean "
            f"{column['mean']:.3g}, deviation {column['scale']:.3g}), received {strange[0]:g}, which is beyond float32"
        )
    return [standardized, gaps.astype(np.float64)] if column["indicator"] else [standardized]


def _numeric(values: "pd.Series[Any]", name: str) -> npt.NDArray[np.float64]:
    """Return a column as numbers, NaN for a gap."""
    try:
        numbers: npt.NDArray[np.float64] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"preprocessing: expected numbers in {name}, received other values: {error}") from error
    if np.isinf(numbers).any():
        raise ValueError(f"preprocessing: expected finite numbers in {name}, received infinite ones")
    return numbers


def _fit_categories(frame: "pd.DataFrame", name: str, rule: str) -> dict[str, Any]:
    texts = [text for text in _texts(frame[name], []) if text is not None]
    if not texts:
        fill = None if rule == "error" else MISSING
        return {"name": name, "kind": "categorical", "categories": [], "fill": fill, "gaps": len(frame)}
    categories, counts = np.unique(texts, return_counts=True)
    fill = {"most_frequent": str(categories[counts.argmax()]), "own_category": MISSING}.get(rule)
    with_gaps = rule == "own_category" and len(texts) < len(frame)
    return {
        "name": name,
        "kind": "categorical",
        "categories": [*map(str, categories), *([MISSING] if with_gaps and MISSING not in categories else [])],
        "fill": fill,
        "gaps": len(frame) - len(texts),
    }


def _categories_out(values: "pd.Series[Any]", column: dict[str, Any]) -> list[npt.NDArray[np.float64]]:
    texts = _texts(values, column["categories"])
    gaps = sum(text is None for text in texts)
    if gaps and column["fill"] is None:
        raise ValueError(f"preprocessing: expected a text in {column['name']}, received {gaps} missing ones")
    places = {category: place for place, category in enumerate(column["categories"])}
    chosen = np.array([places.get(column["fill"] if text is None else text, -1) for text in texts])
    return [(chosen == place).astype(np.float64) for place in range(len(places))]


def _ways_to_write(value: Any) -> list[str]:
    written = str(value)
    if written in ("True", "False"):  # which on its way through another program may have become a text
        return [written, written.lower(), written.upper()]
    if isinstance(value, float | np.floating | int | np.integer) and float(value).is_integer():
        return [str(int(value)), str(float(value))]
    return [written]


def _texts(values: "pd.Series[Any]", categories: list[str]) -> list[str | None]:
    """Return a column as texts, None for a gap.

    Texts are what they are. A number or a truth value is the category that it may have been written as, if there is
    one: 1 and 1.0 "1" or "1.0", True "True", "true" or "TRUE".
    """
    known = set(categories)

    def text(value: Any) -> str | None:
        if value is None or value != value:  # NaN is not itself
            return None
        forms = _ways_to_write(value)
        return next((form for form in forms if form in known), forms[0])

    return [text(value) for value in values.astype(object).where(values.notna(), None)]
