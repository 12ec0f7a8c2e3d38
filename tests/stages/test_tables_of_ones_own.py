"""A table of one's own through standalone stages, where names, folds and files are out of the ordinary."""

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from glassnet.config import CONF, Settings, UserError, changes_from_conf
from glassnet.evaluation import ungrouped
from glassnet.runs import Layout
from glassnet.stages import evaluate, predict, report, train
from glassnet.tables import load_model, load_raw, write_raw
from tests.settings import enter_project, settings_with

SHORT = ("tracking=none", "training.epochs=2", "training.baseline.epochs=1", "data=csv", "data.path=a.csv")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project's settings and code, in which a standalone run can take place."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "given_overrides", tuple)
    return tmp_path


def _settings(*overrides: str) -> Settings:
    return settings_with(*SHORT, *overrides)


def _finish(*overrides: str) -> Layout:
    """Train, evaluate and report."""
    settings = _settings(*overrides)
    layout = Layout(Path("run"))
    for stage in (train, evaluate, report):
        stage.main(settings, layout)
    return layout


def _write(path: Path, delimiter: str = ",", names: tuple[str, str] = ("p", "q"), decimal: str = ".") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow(["a", "c", "y"])
        for i in range(60):
            number = str(i % 7 - 3 + 6.5 * (i % 2)).replace(".", decimal)
            writer.writerow([number, "u\nv" if i % 3 else "w", names[i % 2]])


def _tables(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("names", [("one\nline", "z"), ("carriage\rreturn", "z"), ("a\u2028b", "x|y")])
def test_line_breaks_in_names_break_no_table(project: Path, names: tuple[str, str]) -> None:
    """Of a class or a category: predictions are read back as they were written, and every row of a table is one."""
    _write(project / "a.csv", names=names)
    layout = _finish("data.target=y")
    with layout.predictions.open(newline="", encoding="utf-8") as file:
        assert {row["actual"] for row in csv.DictReader(file)} == set(names)
    text = layout.report.read_text(encoding="utf-8")
    assert all(line.endswith("|") for line in _tables(text))
    assert len([line for line in text.splitlines() if line.startswith("| test ")]) == 1


def test_a_table_that_changed_since_the_training_is_refused(project: Path) -> None:
    """Rows that the run has learnt from may be for testing now, and its scores would be too good to be true."""
    _write(project / "a.csv")
    layout = _finish("data.target=y")
    before = layout.metrics.read_bytes()
    lines = (project / "a.csv").read_bytes().splitlines(keepends=True)
    (project / "a.csv").write_bytes(b"".join(lines[:7] + lines[9:]))
    for stage in (evaluate, report):
        with pytest.raises(UserError, match=r"run: expected the data that its run was trained on, received others"):
            stage.main(_settings("data.target=y"), layout)
    assert layout.metrics.read_bytes() == before


def test_the_report_says_how_rows_were_divided(project: Path) -> None:
    """Which fold, and which repetition."""
    _write(project / "a.csv")
    layout = _finish("data.target=y", "data.folds=4", "data.fold=2", "data.repetition=3")
    text = layout.report.read_text(encoding="utf-8")
    assert "Row numbers count from 0 in the table as it was read." in text  # data/raw is the pipeline's alone
    assert "(`data.split_seed` 0; the validation rows are fold 2, from 0, of 4; repetition 3). Numbers" in text


def test_the_baseline_predicts_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a model file like the other, and knows how its table was written."""
    _write(project / "a.csv", delimiter=";", decimal=",")
    layout = _finish("data.target=y", "data.decimal=','")
    Path("new.csv").write_text("a;c\n1,5;w\n;u\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["predict", "input=new.csv", "output=out.csv", f"model={layout.baseline}"])
    predict.main()
    assert Path("out.csv").read_text(encoding="utf-8").count("\n") == 3
    metrics = json.loads(layout.metrics.read_text(encoding="utf-8"))
    assert metrics["baselines"]["softmax_regression"]["examples"] == 12


def test_what_is_no_number_is_shown_with_its_row(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long file one would search for it in vain."""
    _write(project / "a.csv")
    layout = _finish("data.target=y")
    Path("new.csv").write_text("a,c\n1.5,w\n1.500.0,w\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["predict", "input=new.csv", "output=out.csv", f"model={layout.model}"])
    with pytest.raises(UserError, match=r"numbers in a, received '1\.500\.0' in row 2 below the header"):
        predict.main()


def test_a_target_that_is_the_same_in_all_test_rows_has_no_interval_of_r_squared(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a target that seldom is anything but 0, a small test split may hold nothing else."""
    lines = ["a,y", *(f"{i % 7},{1.5 if i == 3 else 0}" for i in range(60))]
    (project / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    layout = _finish("data.target=y", "data.task=regression")
    assert "evaluate: test R² 0.0000 (the target is the same in all test rows), MAE" in capsys.readouterr().out
    metrics = ungrouped(json.loads(layout.metrics.read_text(encoding="utf-8")))
    assert "r2_low" not in metrics
    assert metrics["mae_low"] <= metrics["mae"] <= metrics["mae_high"]
    text = layout.report.read_text(encoding="utf-8")
    assert "Test R² **0.0000** (without an interval, since the target is the same in all test rows" in text


def test_values_that_differ_in_late_digits_are_told_apart(project: Path) -> None:
    """A target about a billion that varies by thousandths: the report's cases show what differs."""
    lines = ["a,y", *(f"{i % 7},{1e9 + i * 1e-3:.4f}" for i in range(60))]
    (project / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    text = _finish("data.target=y").report.read_text(encoding="utf-8")
    header = next(at for at, line in enumerate(text.splitlines()) if "most unusual features" in line)
    cases = [line.split("|")[2].strip() for line in text.splitlines()[header + 2 : header + 12]]
    assert len(set(cases)) == 10


def test_a_zero_has_no_sign(project: Path) -> None:
    """What standardizing leaves of one may lie a rounding below it: a target that is 0 is shown as 0."""
    lines = ["a,y", *(f"{i % 7 + i / 100},{0 if i % 3 else i * 7.77}" for i in range(60))]
    (project / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    layout = _finish("data.target=y")
    with layout.predictions.open(newline="", encoding="utf-8") as file:
        actual = [row["actual"] for row in csv.DictReader(file)]
    assert not [value for value in actual if value.strip("-0.") == "" and value.startswith("-")]
    assert "| -0 " not in layout.report.read_text(encoding="utf-8")


def _write_shop(path: Path, rows: int = 90) -> None:
    """A table as a shop exports it: a title, a count, prices, shares, dates, empty records, orders without a result."""
    lines = ["Orders of 2024;;;;;", "nr;when;price;share;city;y"]
    for i in range(rows):
        when = f"{1 + i * 7 % 28:02d}.{1 + i % 12:02d}.2024" if i % 11 else ""
        price = f"{1000 + i * 37 % 101:,} €".replace(",", "\u202f") if i % 7 else "n/a"
        lines.append(
            f"{i + 1};{when};{price};{i * 13 % 41}%;{['Cork', 'Bonn'][i % 2]};{['', 'yes', 'no', 'yes'][i % 4]}"
        )
        lines += [";;;;;"] * (i % 30 == 7)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_raw_rows_are_predicted_as_the_table_was_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file itself, in its own forms and with what it lacks, and the table that was made of it."""
    _write_shop(project / "a.csv")
    layout = _finish("data.target=y")
    text = layout.report.read_text(encoding="utf-8").replace("\\\\", "\\")
    for part in (
        "Note: left out as a count of the rows: nr; data.keep=[nr] learns from it.",
        "Note: 23 rows were left out, having no value of the target 'y', and not counted in row numbers: row 1, 5,",
        "Note: 3 rows were left out as wholly empty, and not counted in row numbers: row 9, 40, 71 below the header.",
        r"Note: read as numbers: price ('1\u202f037 €'); share ('0%').",
        "a date becomes a number of",
        "(median 2024-",
        "Row numbers count from 0 in the table as it was read, without the rows that a note above leaves out.",
    ):
        assert part in text
    settings = _settings("data.target=y")
    table = load_raw(settings.data.choice())
    write_raw(table, Path("raw"))
    capsys.readouterr()
    rows = {}
    for name, file in (("as written", "a.csv"), ("as read", "raw/a.csv")):
        monkeypatch.setattr(sys, "argv", ["predict", f"input={file}", "output=out.csv", f"model={layout.model}"])
        predict.main()
        with Path("out.csv").open(encoding="utf-8") as written:
            rows[name] = [float(row["probability_yes"]) for row in csv.DictReader(written)]
    assert len(rows["as written"]) == 90
    assert [row for i, row in enumerate(rows["as written"]) if i % 4] == pytest.approx(rows["as read"], rel=1e-6)
    assert capsys.readouterr().err.splitlines()[:2] == [
        "predict: note: what stands above the header was left out: 'Orders of 2024'",
        "predict: note: 3 rows were left out as wholly empty, without a prediction: row 9, 40, 71 below the header",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("01.02.2024;7 lb;1%;Cork", "expected numbers in price, received '7 lb' in row 3 below the header"),
        ("2/30/2024;7 €;1%;Cork", "expected dates such as 31.01.2024 in when, received '2/30/2024' in row 3 below"),
    ],
)
def test_what_a_row_has_in_another_form_is_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, row: str, said: str
) -> None:
    """With the row as it stands in the file, empty records counted; nothing is written."""
    _write_shop(project / "a.csv")
    layout = _finish("data.target=y")
    Path("new.csv").write_text(f"when;price;share;city\n01.02.2024;7 €;1%;Cork\n;;;\n{row}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["predict", "input=new.csv", "output=out.csv", f"model={layout.model}"])
    with pytest.raises(UserError, match=re.escape(f"new.csv: {said}")):
        predict.main()
    assert not Path("out.csv").exists()


def test_a_field_that_is_left_out_of_raw_rows_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row that has a field more than the header may have names, or a comma within a number."""
    _write_shop(project / "a.csv")
    layout = _finish("data.target=y")
    Path("new.csv").write_text("when;price;share;city\n7;01.02.2024;7 €;1%;Cork\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["predict", "input=new.csv", "output=out.csv", f"model={layout.model}"])
    capsys.readouterr()
    predict.main()
    assert capsys.readouterr().err == (
        "predict: note: the first field of each row was left out as its name, since the header has one field less\n"
    )


def test_settings_of_tables_reach_a_run_and_its_commands(project: Path) -> None:
    """keep, dates, and what is missing: the report's commands have them, and the model knows them."""
    _write_shop(project / "a.csv")
    chosen = (
        "data.target=y",
        "data.keep=[nr]",
        "data.dates=[when]",
        "data.missing_target=drop",
        "data.missing_values=['0%']",
    )
    layout = _finish(*chosen, "data.missing_numeric=mean")
    text = layout.report.read_text(encoding="utf-8")
    assert re.search(r'`data\.keep` +\| `\["nr"\]`', text)
    changes = changes_from_conf(CONF, _settings(*chosen).model_dump())
    assert {*chosen} - {"data.missing_target=drop"} <= {*changes}
    preprocessing: dict[str, Any] = dict(load_model(layout.model).preprocessing.to_json())
    columns = {column["name"]: column for column in preprocessing["columns"]}
    assert columns["when"]["format"] == "%d.%m.%Y"
    assert "price" not in columns  # n/a is no longer missing, and its strings are too many
    assert columns["share"]["gaps"] > 0
    assert columns["nr"]["kind"] == "numeric"
