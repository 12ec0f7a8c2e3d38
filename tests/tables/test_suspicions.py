"""What is suspected of a table: leaks that were put there are named with the setting that tests them, no others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from glassnet.sources import RawTable
from glassnet.tables import prepare, read_prepared, read_raw, write_raw
from glassnet.tables.descriptions import DataDescription
from glassnet.tables.loading import load_raw
from glassnet.tables.suspicions.drift import are_times
from glassnet.tables.suspicions.suspicion import ALIKE, DRIFTS, NEAR_COPIES, TELLS, as_notes
from tests.settings import data_choice
from tests.sources.tables import choice_for


def described(frame: pd.DataFrame, folder: Path, **changes: Any) -> DataDescription:
    """Return what is known of a table with the target y, through the files of fetch."""
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    choice = choice_for(path, **changes)
    write_raw(load_raw(choice), folder / "raw")
    prepare(read_raw(folder / "raw"), choice, folder / "prepared")
    return read_prepared(folder / "prepared").about


def suspected(frame: pd.DataFrame, folder: Path, **changes: Any) -> dict[str, dict[str, Any]]:
    """Return the kinds of what is suspected, each with the settings that test it."""
    return {each["kind"]: each["changes"] for each in described(frame, folder, **changes).get("suspicions", [])}


def numbers(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Return a table of six columns and two classes, which two of the columns tell in part."""
    X, y = datasets.make_classification(rows, 6, n_informative=2, random_state=seed)
    return pd.DataFrame(X.round(4), columns=list("abcdef")).assign(y=np.array(["no", "yes"])[y])


def patients(noise: float = 0.1, label: Any = None) -> pd.DataFrame:
    """Return 40 patients with ten rows each about a centre of their own, whose labels are random."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6)).repeat(10, axis=0) + noise * rng.normal(size=(400, 6))
    frame = pd.DataFrame(X.round(4), columns=list("abcdef"))
    frame.insert(0, "patient", np.repeat([f"P{i:02d}" for i in range(40)], 10))
    values = rng.permutation(np.repeat(["sick", "well"], 20)) if label is None else label(rng)
    return frame.assign(y=np.repeat(values, 10)).sample(frac=1, random_state=0)


def of_arrays(arrays: tuple[Any, Any]) -> pd.DataFrame:
    """Return a table of features and target."""
    return pd.DataFrame(np.column_stack(arrays))


ORDINARY: dict[str, Callable[[], pd.DataFrame]] = {
    "iris": lambda: datasets.load_iris(as_frame=True).frame,
    "wine": lambda: datasets.load_wine(as_frame=True).frame,
    "breast cancer": lambda: datasets.load_breast_cancer(as_frame=True).frame,
    "diabetes": lambda: datasets.load_diabetes(as_frame=True).frame,
    "generated": numbers,
    "friedman": lambda: of_arrays(datasets.make_friedman1(200, random_state=0)),
    "moons": lambda: of_arrays(datasets.make_moons(300, noise=0.1, random_state=0)),
    "few values": lambda: pd.DataFrame(np.random.default_rng(0).integers(0, 3, (300, 5))),
    "patients apart": lambda: patients(noise=3.0).drop(columns="patient"),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_tables_are_not_suspected(name: str, tmp_path: Path) -> None:
    """Nor are those sorted by class, with a column of few values, or a group that does not show in the features."""
    frame = ORDINARY[name]()
    frame.columns = [*(f"x{i}" for i in range(frame.shape[1] - 1)), "y"]
    assert suspected(frame, tmp_path) == {}


def test_rows_of_a_patient_belong_together(tmp_path: Path) -> None:
    """Though the column is learnt from, left out, or has too many different names; not if it is the group."""
    frame = patients()
    assert suspected(frame, tmp_path) == {ALIKE: {"data.group": "patient"}}
    assert suspected(frame, tmp_path, drop=["patient"]) == {ALIKE: {"data.group": "patient"}}
    assert suspected(frame, tmp_path, most_categories=20) == {ALIKE: {"data.group": "patient"}}
    assert suspected(frame, tmp_path, group="patient") == {}
    assert suspected(frame, tmp_path, keep=["patient"]).keys() == {NEAR_COPIES}
    evidence = described(frame, tmp_path)["suspicions"][0]["evidence"]
    assert "(40 groups): the nearest rows are right in 100% of the cases, those of another patient" in evidence


def test_rows_of_a_quantity_belong_together(tmp_path: Path) -> None:
    """A regression, and a number as the name."""
    frame = patients(label=lambda rng: rng.normal(size=40).round(3))
    frame["patient"] = frame["patient"].str[1:].astype(int) * 17 + 1000
    frame["y"] += np.random.default_rng(1).normal(size=400).round(3) * 0.1
    assert suspected(frame, tmp_path) == {ALIKE: {"data.group": "patient"}}


def test_near_copies(tmp_path: Path) -> None:
    """Rows that came twice, with noise; kept together, they are not suspected any more."""
    frame, rng = numbers(), np.random.default_rng(0)
    copies = frame.copy()
    copies[list("abcdef")] += 0.01 * rng.normal(size=(240, 6)).round(3)
    twice = pd.concat([frame, copies], ignore_index=True)
    assert suspected(twice, tmp_path) == {NEAR_COPIES: {"data.near_copies": "together"}}
    about = described(twice, tmp_path, near_copies="together")
    assert "suspicions" not in about
    split = pd.read_csv(tmp_path / "prepared" / "assignment.csv")["split"].to_numpy()
    assert (split[:240] == split[240:]).mean() > 0.97


def test_equal_rows(tmp_path: Path) -> None:
    """Of many values, they are suspected; of few, rows are equal by chance."""
    twice = pd.concat([numbers(), numbers()], ignore_index=True)
    assert NEAR_COPIES in suspected(twice, tmp_path)
    assert suspected(twice, tmp_path, near_copies="together") == {}


def test_a_near_copy_of_the_target(tmp_path: Path) -> None:
    """Of classes under other names with one label of a hundred wrong, and of a quantity with noise."""
    frame = numbers(400)
    frame.insert(0, "copy", frame["y"].map({"no": "u", "yes": "v"}))
    frame.loc[[3, 77, 150, 299], "copy"] = "u"
    assert suspected(frame, tmp_path, drop=["f"]) == {TELLS: {"data.drop": ["f", "copy"]}}
    assert suspected(frame, tmp_path, keep=["copy"]) == {}
    rng = np.random.default_rng(0)
    frame["y"] = rng.normal(size=400)
    frame["copy"] = frame["y"] + 0.05 * rng.normal(size=400)
    assert suspected(frame, tmp_path) == {TELLS: {"data.drop": ["copy"]}}


def test_series_that_grow_are_no_copies(tmp_path: Path) -> None:
    """Two that have a trend in common are correlated without telling each other."""
    rng, steps = np.random.default_rng(0), np.arange(200)
    frame = pd.DataFrame(
        {"a": steps + rng.normal(size=200), "b": rng.normal(size=200), "y": steps + rng.normal(size=200)}
    )
    assert np.corrcoef(frame["a"], frame["y"])[0, 1] > 0.99
    assert suspected(frame, tmp_path) == {}


@pytest.mark.parametrize("rows", ["sorted", "shuffled"])
def test_a_target_that_drifts(tmp_path: Path, rows: str) -> None:
    """With dates that are learnt from or left out; nothing if the target stays, or time divides the rows."""
    frame = numbers()
    frame.insert(0, "day", pd.date_range("2024-01-01", periods=240).astype(str))
    late = np.arange(240) > np.random.default_rng(0).normal(120, 60, 240)
    drifting = frame.assign(y=np.where(late, "yes", "no"))
    if rows == "shuffled":
        frame, drifting = (each.sample(frac=1, random_state=0) for each in (frame, drifting))
    assert suspected(drifting, tmp_path) == {DRIFTS: {"data.time": "day"}}
    assert suspected(drifting, tmp_path, drop=["day"]) == {DRIFTS: {"data.time": "day"}}
    assert suspected(drifting, tmp_path, time="day") == {}
    assert suspected(frame, tmp_path) == {}


def test_numbers_that_are_times() -> None:
    """Years, and what is called a time and goes up with the rows; not a duration."""
    years = np.random.default_rng(0).integers(1990, 2020, 50).astype(float)
    assert are_times("Year", years)
    assert are_times("saleYear", years)
    assert not are_times("yield", years)
    assert not are_times("year", years - 1990)
    assert are_times("period", np.arange(50.0))
    assert not are_times("time", np.random.default_rng(0).permutation(np.arange(50.0)))


def test_what_is_said_on_the_console(tmp_path: Path) -> None:
    """A sentence with the setting as one types it; of columns that notes have named, it is not said twice."""
    about = described(patients(), tmp_path)
    (said,) = as_notes(about["suspicions"], about["notes"])
    assert said.startswith("suspicion: rows that share the value of patient lie close together")
    assert said.endswith("; data.group=patient tests it")
    told = numbers()
    told.insert(0, "told", told["y"].map({"no": 3, "yes": 5}))
    about = described(told, tmp_path)
    assert about["suspicions"][0]["changes"] == {"data.drop": ["told"]}
    assert as_notes(about["suspicions"], about["notes"]) == []


def test_a_source_of_ones_own_is_suspected_too(tmp_path: Path) -> None:
    """Without a setting that it does not have."""
    frame = patients()
    raw = RawTable(
        "own", "a test", frame, ("patient", *"abcdef"), "y", class_names=("sick", "well"), categorical=("patient",)
    )
    prepare(raw, data_choice("wine", path=__file__), tmp_path)
    (found,) = read_prepared(tmp_path).about["suspicions"]
    assert (found["kind"], found["changes"]) == (ALIKE, {})
