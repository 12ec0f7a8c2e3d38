"""Settings that hold strings: names that look like numbers, lists or worse are taken as written, or explained."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassnet.config import Settings, UserError, parse_override, parse_settings
from glassnet.config.string_settings import as_written
from glassnet.runs import read_jobs, run_stage
from glassnet.stages import search
from tests.settings import enter_project, params, read_choice

Start = Callable[..., list[Any]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a stage with these arguments in a folder of its own; returns each run's settings that hold strings."""
    enter_project(tmp_path, monkeypatch)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # which run_stage sets: to have it as it was after the test

    def start_stage(*arguments: str) -> list[Any]:
        runs: list[Any] = []

        def main(settings: Settings, layout: object) -> float:
            runs.append({**settings.data.model_dump(), "experiment": settings.tracking.experiment})
            return 0.0

        monkeypatch.setattr(sys, "argv", ["stage", "data=csv", "data.path=a.csv", *arguments])
        run_stage("stage", main)
        return runs

    return start_stage


@pytest.mark.parametrize(
    ("argument", "key", "value"),
    [
        ("data.target=2020", "target", "2020"),
        ("data.target=2_020", "target", "2_020"),
        ("data.target=1.50", "target", "1.50"),
        ("data.target=true", "target", "true"),
        ("data.target=null", "target", None),
        ("data.target=[x]", "target", "[x]"),
        ("data.target='x[1]'", "target", "x[1]"),
        ("data.drop=[2_020,b,007]", "drop", ["2_020", "b", "007"]),
        ("data.keep=[1e3]", "keep", ["1e3"]),
        ("data.missing_values=[NA,-999,null]", "missing_values", ["NA", "-999", "null"]),
        ("data.delimiter=\\t", "delimiter", "\t"),
        ("data.delimiter='\\t'", "delimiter", "\t"),
        ("tracking.experiment=2024_11_28", "experiment", "2024_11_28"),
        ("data.dates=[20240131]", "dates", ["20240131"]),
        ("data.date_format='%d/%m/%Y'", "date_format", "%d/%m/%Y"),
    ],
)
def test_strings_are_taken_as_they_were_written(start: Start, argument: str, key: str, value: object) -> None:
    """Hydra makes a number of 2020 and the same one of 2_020; what a setting holds is known to be a text."""
    assert [run[key] for run in start(argument)] == [value]


def test_a_sweep_over_strings_takes_them_as_they_were_written(start: Start) -> None:
    """Each for itself."""
    runs = start("-m", "data.target=2020,a", "data.drop=[1_0],[b,2]", "hydra.sweep.dir=s")
    assert [(run["target"], run["drop"]) for run in runs] == [
        ("2020", ["1_0"]), ("2020", ["b", "2"]), ("a", ["1_0"]), ("a", ["b", "2"]),
    ]  # fmt: skip
    assert len(read_jobs(Path("s"))) == 4


def test_a_search_takes_strings_as_they_were_written() -> None:
    """Beside the settings that it searches."""
    fixed = search._arguments(["data.target=2020", "training.epochs=1,2"])[2]
    assert fixed == ["data.target='2020'"]


@pytest.mark.parametrize(
    "argument",
    ["seed=1", "model=mlp", "data.target='2020'", "data.target=choice(1,b)", "data.target=range(1,3)", "data.fold=2"],
)
def test_what_is_no_text_or_quoted_stays_as_it_is(argument: str) -> None:
    """Numbers of settings that hold numbers, and sweeps that name no strings one by one."""
    assert as_written(argument) == argument


@pytest.mark.parametrize(
    ("argument", "typed"),
    [
        ("data.target=x[1]", "data.target='x[1]'"),
        ("data.target={k}", "data.target='{k}'"),
        ("data.drop=[x[1],y]", "data.drop=['x[1]','y']"),
        ("data.drop=[{k}]", "data.drop=['{k}']"),
        ("data.target=f(x)", "data.target='f(x)'"),
        ("data.target=a=b", "data.target='a=b'"),
        ("data.decimal=,", "data.decimal=','"),
        ("data.delimiter=;", "data.delimiter=';'"),
        ("data.missing_values=[#N/A]", "data.missing_values=['#N/A']"),
    ],
)
def test_what_hydra_cannot_read_is_shown_as_it_is_to_be_typed(argument: str, typed: str) -> None:
    """In one line; and what is shown can be read."""
    with pytest.raises(UserError) as caught:
        parse_override(argument)
    assert f'"{typed}"' in str(caught.value)
    assert "\n" not in str(caught.value)
    parse_override(typed)


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("data", "drop", "id", "data.drop: expected a list, received 'id'; in brackets it is one: data.drop=[id]"),
        ("data", "target", 1.5, "received the number 1.5; in quotes it is a string: \"data.target='1.5'\""),
        ("tracking", "experiment", 2024, "in quotes it is a string: \"tracking.experiment='2024'\""),
        ("data", "date_format", "dd.mm.yyyy", "such as '%d.%m.%Y', received 'dd.mm.yyyy'"),
        ("data", "missing_target", "keep", "data.missing_target: expected 'drop' or 'error', received 'keep'"),
        ("model", "hidden_sizes", 16, "in brackets it is one: model.hidden_sizes=[16]"),
    ],
)
def test_what_a_file_says_wrong_is_shown_as_it_is_to_be_typed(section: str, key: str, value: object, said: str) -> None:
    """In params.yaml and behind DVC's -S, where what was written is lost."""
    values = params()
    values["data"] = read_choice("data", "csv")
    values[section][key] = value
    with pytest.raises(UserError) as caught:
        parse_settings(values, "params.yaml")
    assert said in str(caught.value)


def test_whole_numbers_in_a_file_name_columns() -> None:
    """YAML has no way to tell 2020 from the text: where the name of a column is expected, it is one."""
    values = params()
    values["data"] = read_choice("data", "csv")
    values["data"] |= {"target": 2020, "drop": [1, "b"], "missing_values": ["NA", -999]}
    data = parse_settings(values, "params.yaml").data.model_dump()
    assert (data["target"], data["drop"], data["missing_values"]) == ("2020", ["1", "b"], ["NA", "-999"])


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        (
            "data.target=q,r",
            "data.target: expected one value, received 'q,r'; one with a comma wants quotes (\"data.target='q,r'\"), "
            "a list brackets ('data.target=[q,r]'), and a sweep over several -m",
        ),
        ("data.delimiter=\t", "data.delimiter: expected one character, such as ';', or \\t for a tab, received ''"),
        ("data.delimiter='||'", "data.delimiter: expected one character, such as ';', or \\t for a tab, received '||'"),
    ],
)
def test_what_is_one_value_is_told(start: Start, capsys: pytest.CaptureFixture[str], argument: str, said: str) -> None:
    """A comma that is not quoted, a tab that is not seen, two characters."""
    with pytest.raises(SystemExit):
        start(argument)
    assert said in capsys.readouterr().err
