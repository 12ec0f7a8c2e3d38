"""The regression check from the command line: Git revisions, folders, and what cannot be compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fork_server import folder_for_path

ROOT = Path(__file__).resolve().parents[2]


def _write(folder: Path, wrong: set[int], rows: int = 60, metrics: bool = True, decision: object = None) -> None:
    """Write reports/ of a model that is wrong in these rows, and decides on a class so."""
    reports = folder / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    lines = ["row,actual,predicted,baseline_predicted,probability_a,probability_b"]
    for row in range(rows):
        actual, other = ("a", "b") if row % 2 else ("b", "a")
        lines.append(f"{row},{actual},{other if row in wrong else actual},a,0.5,0.5")
    (reports / "predictions.csv").write_text("\n".join(lines) + "\n")
    if metrics:
        values = {"accuracy": 1 - len(wrong) / rows, "errors": len(wrong), "examples": rows}
        (reports / "metrics.json").write_text(json.dumps(values))
    (reports / "analysis.json").write_text(json.dumps({"decision": decision or {}}))


def _git(folder: Path, *arguments: str) -> None:
    names = ("-c", "user.name=A Newcomer", "-c", "user.email=newcomer@example.org")
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True)


def _gate(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder_for_path() / "python"), "-m", "glassnet.stages.gate", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Git repository whose main branch holds a model with two errors."""
    _git(tmp_path, "init", "-q", "-b", "main")
    _write(tmp_path, {0, 1})
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "a model")
    return tmp_path


@pytest.mark.parametrize(
    ("wrong", "status", "title"),
    [
        ({0, 1}, 0, "the same predictions as"),
        ({0, 1, 2}, 0, "no different from, within noise,"),
        (set(range(12)), 1, "**regression** against"),
    ],
)
def test_a_git_revision_is_compared_row_by_row(repository: Path, wrong: set[int], status: int, title: str) -> None:
    """Exit status and title; what was lost is listed, and so are the scores of both."""
    _write(repository, wrong)
    done = _gate(repository, "baseline=main")
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(f"### Model check: {title} main\n")
    assert f"| accuracy | 0.9667 | {1 - len(wrong) / 60:.4g} |" in done.stdout
    assert ("| 2 | b | b | a |" in done.stdout) == (2 in wrong)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("wrong", "baseline", "status"), [({0}, "HEAD", 0), (set(range(12)), "HEAD", 1), ({0}, "none", 2)]
)
def test_a_reader_that_has_gone_changes_no_status(
    repository: Path, wrong: set[int], baseline: str, status: int, unbuffered: str
) -> None:
    """As of `gate ... 2>&1 | true`: neither of the outputs can be written any more."""
    _write(repository, wrong)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "glassnet.stages.gate", f"baseline={baseline}"],
        cwd=repository, env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": unbuffered},
        stdout=writing, stderr=writing, check=False,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == status


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_verdict_that_cannot_be_written_is_an_error(repository: Path, unbuffered: str) -> None:
    """As where a CI job's log is on a full disk."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "glassnet.stages.gate", "baseline=HEAD"],
            cwd=repository, env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": unbuffered},
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        "gate: expected to read or write here, received 'No space left on device'; free some space on that disk\n"
    )


def test_a_folder_is_compared_too(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With its reports/ or without; scores that are missing, or of other predictions, are a note, not a verdict."""
    folder = tmp_path_factory.mktemp("other")
    _write(folder, {3, 4, 5, 6, 7, 8, 9, 10, 11}, metrics=False)
    for baseline in (folder, folder / "reports"):
        done = _gate(repository, f"baseline={baseline}")
        assert done.returncode == 0
        assert "better" in done.stdout or "within noise" in done.stdout
        assert "gate: note: scores are not listed" in done.stderr
    _write(folder, {3})
    _write(folder, {3, 4, 5}, metrics=False)
    assert "received 60 rows with 1 errors and 60 with 3" in _gate(repository, f"baseline={folder}").stderr


def test_tolerance_and_floor_are_kept(repository: Path) -> None:
    """A drop within the tolerance passes however significant; an accuracy below the floor never does."""
    _write(repository, set(range(12)))
    assert _gate(repository, "baseline=main", "tolerance=0.2").returncode == 0
    _write(repository, {0, 1})
    assert _gate(repository, "baseline=main", "floor=0.97").returncode == 1
    assert _gate(repository, "baseline=main", "floor=0.96").returncode == 0


def test_answers_are_judged_by_what_they_are_decided_for(repository: Path) -> None:
    """Both models', whatever the earlier one was made for: ten false alarms are cheaper than two missed rows."""
    costs = {"rule": "cost", "positive": "b", "threshold": 0.1, "costs": [[0, 1], [9, 0]]}
    _write(repository, {0, 2})  # rows of b, which cost 9 each
    _git(repository, "commit", "-qam", "two rows of b are missed")
    alarms = set(range(1, 20, 2))
    _write(repository, alarms)
    assert _gate(repository, "baseline=main").returncode == 1
    _write(repository, alarms, decision=costs)
    done = _gate(repository, "baseline=main", "tolerance=0")
    assert done.returncode == 0
    assert "mean cost 0.3 -> 0.1667, which the decision is made for, swap test p = " in done.stdout
    assert done.stderr == "gate: note: the two decide on a class to other ends; both are judged by the new one's\n"
    (repository / "reports" / "analysis.json").unlink()
    done = _gate(repository, "baseline=main")
    assert done.returncode == 1
    assert done.stderr.startswith("gate: note: how the working tree decides on a class is not known: reports/analysis")


def test_what_cannot_be_compared_is_named(repository: Path) -> None:
    """Another test split, an unknown revision, nothing in the working tree: status 2 and one line."""
    _write(repository, set(), rows=50)
    for baseline, part in (("main", "10 that only the earlier one has"), ("no-such-branch", "received neither")):
        done = _gate(repository, f"baseline={baseline}")
        assert done.returncode == 2
        assert done.stderr.startswith(f"gate: not compared with {baseline}: ")
        assert part in done.stderr
        assert done.stderr.count("\n") == 1
    (repository / "reports" / "predictions.csv").unlink()
    assert "run dvc repro" in _gate(repository, "baseline=main").stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "received no baseline"),
        (("baselin=main",), "received 'baselin=main'"),
        (("baseline=main", "alpha=often"), "alpha: expected a number, received 'often'"),
        (("baseline=main", "alpha=0"), "alpha: expected a number between 0 and 1"),
        (("baseline=main", "tolerance=-1"), "tolerance: expected a number from 0"),
        (("baseline=main", "floor=high"), "floor: expected a number"),
        (("baseline=main", "floor=nan"), "floor: expected a finite number"),
        (("main",), "received 'main'"),
    ],
)
def test_mistakes_are_one_line(repository: Path, arguments: tuple[str, ...], part: str) -> None:
    """Status 2, for nothing was compared; what was expected and what came."""
    done = _gate(repository, *arguments)
    assert done.returncode == 2
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


HEADER = "row,actual,predicted,baseline_predicted\n"


def _write_numbers(folder: Path, *predicted: str) -> Path:
    path = folder / "reports" / "predictions.csv"
    path.write_text(HEADER + "".join(f"{row},{row}.5,{value},1.0\n" for row, value in enumerate(predicted)))
    return path


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("nan", "expected a finite number as predicted in row 1 of the new model, received 'nan'"),
        ("inf", "received 'inf'"),
        ("abc", "received 'abc'"),
        ("", "received ''"),
    ],
)
def test_a_prediction_that_is_no_number_is_not_compared(repository: Path, value: str, part: str) -> None:
    """With it every comparison would be false, and the model pass."""
    _write_numbers(repository, "0.5", "1.5", "2.5")
    _git(repository, "commit", "-qam", "numbers")
    assert _gate(repository, "baseline=HEAD").returncode == 0
    _write_numbers(repository, "0.5", value, "2.5")
    done = _gate(repository, "baseline=HEAD")
    assert done.returncode == 2
    assert part in done.stderr
    assert done.stderr.count("\n") == 1


def test_damaged_files_are_not_compared(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Predictions that are cut short, or no text: status 2 and a line. Scores of a strange form are a note."""
    baseline = tmp_path_factory.mktemp("baseline")
    (baseline / "reports").mkdir()
    whole = _write_numbers(baseline, "0.5", "1.5").read_bytes()
    path = _write_numbers(repository, "0.5", "1.5")
    for content, part in (
        (whole[:-9], "values than columns in number 2"),
        (whole + b"\xff", "expected a text in UTF-8"),
    ):
        path.write_bytes(content)
        done = _gate(repository, f"baseline={baseline}")
        assert done.returncode == 2
        assert part in done.stderr
        assert done.stderr.count("\n") == 1
    path.write_bytes(whole)
    for text in ("[]", "3", "{", '{"examples": 2, "r2": null}'):
        for folder in (repository, baseline):
            (folder / "reports" / "metrics.json").write_text(text)
        done = _gate(repository, f"baseline={baseline}")
        assert done.returncode == 0
        assert "Traceback" not in done.stderr


def test_a_revision_needs_git(repository: Path) -> None:
    """Which may be missing: a line and status 2."""
    done = _gate(repository, "baseline=main", PATH="")
    assert done.returncode == 2
    assert "expected a folder, or Git on PATH" in done.stderr
