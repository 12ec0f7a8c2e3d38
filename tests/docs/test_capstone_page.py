"""The page of the capstone is made from its runs: numbers by hand, and one line where a run is missing."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs.capstone.__main__ import LINK, main
from docs.capstone.statistics import mean_of
from glassnet.evaluation import grouped
from glassnet.files import JsonObject
from glassnet.runs import FINISHED, Job, Layout
from glassnet.training import write_history

CLASSES = ("Bag", "Coat", "Pullover", "Shirt", "T-shirt/top")
ROWS = 100
Changes = dict[str, Any]


def _run(sweep: Path, number: int, seed: int, right: int, **more: Any) -> Layout:
    """Write the files of a run that gets the first `right` rows right, and calls the others Shirt, or Coat if they are.

    Args:
        sweep: the folder of its sweep.
        number: of the job.
        seed: its seed.
        right: how many rows it gets right.
        more: `settings` beside the seed, the job's `changes`, and whether it is `evaluated`.
    """
    job = Job(sweep / str(number), ["experiment=capstone", f"seed={seed}"], [f"seed={seed}", *more.get("changes", [])])
    job.status = FINISHED
    job.write()
    layout = Layout(job.folder)
    layout.manifest.parent.mkdir()
    layout.metrics.parent.mkdir()
    settings = {"seed": seed, "training": {"epochs": 2, **more.get("settings", {})}}
    manifest = {
        "key": "k", "digests": {"data": "d"}, "rows": {"train": 5400, "validation": 600, "test": ROWS},
        "settings": settings, "epochs": 2, "best_epoch": 2, "best_validation_loss": 0.3 - right / 1000,
        "best_validation_accuracy": right / ROWS,
    }  # fmt: skip
    layout.manifest.write_text(json.dumps(manifest))
    write_history(layout.history, [{"epoch": 1, "seconds": 90.0}, {"epoch": 2, "seconds": 30.0}], ("epoch", "seconds"))
    if not more.get("evaluated", True):
        return layout
    actual = [CLASSES[row % len(CLASSES)] for row in range(ROWS)]
    wrong = ["Coat" if name == "Shirt" else "Shirt" for name in actual]
    predicted = [*actual[:right], *wrong[right:]]
    with layout.predictions.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "actual", "predicted", "baseline_predicted", *(f"probability_{c}" for c in CLASSES)])
        for row, (name, called) in enumerate(zip(actual, predicted, strict=True)):
            sure = 0.9 if seed == 0 and called != name else 0.5  # what the first network gets wrong, it is sure of
            P = [sure if each == called else (1 - sure) / (len(CLASSES) - 1) for each in CLASSES]
            writer.writerow([row, name, called, "Bag", *P])
    linear: JsonObject = {"difference": right / ROWS - 0.5, "mcnemar_p": 0.5 / seed if seed else 0.9,
              "newly_right": right - 50, "newly_wrong": 0}  # fmt: skip
    scores: JsonObject = {
        "accuracy": right / ROWS, "accuracy_low": 0.1, "accuracy_high": 0.99, "log_loss": 0.4, "examples": ROWS,
        "baselines": {"softmax_regression": {"accuracy": 0.5}}, "comparisons": {"softmax_regression": linear},
        "calibration": {"error": 0.03, "log_loss": 0.4, "temperature": 1.5, "error_after": 0.01, "log_loss_after": 0.3},
        "validation": {"accuracy": 0.9, "loss": 0.3, "epoch": 2},
    }  # fmt: skip
    layout.metrics.write_text(json.dumps(grouped(scores)))
    layout.report_page.write_text(f"<p>{LINK}</p>")
    layout.figures.mkdir()
    (layout.figures / "cases.png").write_bytes(b"picture")
    return layout


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Five seeds, as joblib may have numbered them; 90 to 94 rows of 100 are right."""
    for number, seed in enumerate([3, 0, 1, 2, 4]):
        _run(tmp_path / "seeds", number, seed, 90 + seed)
    return tmp_path / "seeds"


def _page(*arguments: object, folder: Path) -> str:
    main([str(each) for each in arguments], folder)
    return (folder / "README.md").read_text(encoding="utf-8")


def test_the_page_has_means_pairs_and_the_report(sweep: Path, tmp_path: Path) -> None:
    """Mean .92, deviation √.00025 = .0158, t = 2.776: half an interval of 2.776 · .0158/√5 = .0196."""
    for seed in range(5):
        _run(tmp_path / "default", seed, seed, 80 + seed)
    text = _page(sweep, "--default", tmp_path / "default", folder=tmp_path / "page")
    assert "**0.9200 ± 0.0158 (0.9004 to 0.9396)**" in text
    assert "the aim is reached by the mean, with a part of the interval below it" in text
    seeds = re.findall(r"^\| +(\d) \| 0\.9000 +\| (0\.9\d00) \(0\.1000 to 0\.9900\)", text, re.MULTILINE)
    assert seeds == [(str(seed), f"0.9{seed}00") for seed in range(5)]
    assert "| 2.0" in text  # minutes
    assert re.search(r"softmax regression +\| 0\.5000 +\| \+0\.4200 ± 0\.0158 .* 42 \| +0 \| 0\.9 +\| +5 \|", text)
    assert re.search(r"the default network +\| 0\.8200 +\| \+0\.1000 ± 0\.0000 .* 10 \| +0 \| 0\.002 +\| +5 \|", text)
    assert "\n| Shirt" in text
    # Four of five are right about row 90: 4·.5 + .025 beats .9 + 4·.125. Three are about row 91: 3·.5 + .125 + .025
    # does not beat .9 + .5 + 3·.125, though they are more. None after that: 91 of 100.
    assert re.search(r"\| the mean of 5 networks +\| 0\.9100 \(0\.8360 to 0\.9580\) +\| +5 \|", text)
    assert "views" not in text.partition("## How to make it again")[0]
    assert "of the 8 errors are among T-shirt/top, Pullover, Coat and Shirt" in text
    assert (tmp_path / "page" / "report.html").read_text() == "<p>look.html</p>"
    assert "![Cases of seed 0](figures/cases.png)" in text
    assert (tmp_path / "page" / "figures" / "cases.png").read_bytes() == b"picture"
    assert text.count("<!-- skip: next") == text.count("```sh")


def test_ablations_are_pair_by_pair(sweep: Path, tmp_path: Path) -> None:
    """Without dropout 2 rows fewer of 100 for one seed, 4 for the other; shorter trainings are said to be that."""
    lost = {"nothing": (0, 0), "no_dropout": (2, 4), "no_schedule": (5, 5)}
    number = 0
    for part, fewer in lost.items():
        for seed, rows in enumerate(fewer):
            more = {"changes": [f"ablation={part}"], "settings": {"epochs": 1}, "evaluated": False}
            _run(tmp_path / "parts", number, seed, 90 - rows, **more)
            number += 1
    text = _page(sweep, "--ablation", tmp_path / "parts", folder=tmp_path / "page")
    assert re.search(r"\| no_dropout +\| -0\.0300 ± 0\.0141 \(-0\.1571 to \+0\.0971\)", text)
    assert text.index("| no_schedule") < text.index("| no_dropout")
    assert "Unlike above, `training.epochs` is `1`." in text
    assert "the default network" not in text


def test_the_mean_of_seeds_against_scipy() -> None:
    """Its interval is that of SciPy's t distribution."""
    from scipy import stats

    values = np.random.default_rng(0).normal(size=7)
    low, high = stats.t.interval(0.95, 6, values.mean(), stats.sem(values))
    mean = mean_of(list(values))
    np.testing.assert_allclose([mean.value - mean.half, mean.value + mean.half], [low, high])


def _unevaluated(sweep: Path) -> None:
    Layout(sweep / "0").metrics.unlink()


def _unfinished(sweep: Path) -> None:
    Job(sweep / "2", [], ["seed=1"], status="lost").write()


def _too_few(sweep: Path) -> None:
    (sweep / "4" / "job.json").unlink()


def _of_other_settings(sweep: Path) -> None:
    _change(sweep, lambda manifest: manifest["settings"]["training"].update(epochs=9))


def _of_other_data(sweep: Path) -> None:
    _change(sweep, lambda manifest: manifest["digests"].update(data="e"))


def _twice(sweep: Path) -> None:
    _change(sweep, lambda manifest: manifest["settings"].update(seed=2))


def _without_report(sweep: Path) -> None:
    Layout(sweep / "1").report_page.unlink()


def _cut(sweep: Path) -> None:
    path = Layout(sweep / "3").predictions
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def _change(sweep: Path, change: Callable[[Changes], object]) -> None:
    path = Layout(sweep / "4").manifest
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_unevaluated, r"the scores of every seed, received none of seed 3; run `python -m glassnet\.stages\.evaluate "
                       r"experiment=capstone seed=3 hydra\.run\.dir=.*seeds/0`"),
        (_unfinished, r"received unfinished ones: 2; start the sweep again with hydra\.sweep\.dir="),
        (_too_few, r"expected 5 seeds or more, each once, received 4 runs of"),
        (_twice, r"expected 5 seeds or more, each once, received 5 runs of"),
        (_of_other_settings, r"differ in the seed alone, received jobs 0 and 4 with other training\.epochs"),
        (_of_other_data, r"differ in the seed alone, received jobs 0 and 4 with other the data"),
        (_without_report, r"expected the report of seed 0, found none"),
        (_cut, r"expected 100 rows, as many as were scored, received 99"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_line_and_no_page(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], said: str
) -> None:
    """With what to do."""
    spoil(sweep)
    with pytest.raises(SystemExit):
        main([str(sweep)], tmp_path / "page")
    error = capsys.readouterr().err
    assert re.search(said, error), error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "page").exists()


def test_pairs_have_the_same_seeds(sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is paired with another seed's."""
    for seed in range(1, 6):
        _run(tmp_path / "default", seed, seed, 80)
    with pytest.raises(SystemExit):
        main([str(sweep), "--default", str(tmp_path / "default")], tmp_path / "page")
    assert (
        "expected the seeds [0, 1, 2, 3, 4], to be compared in pairs, received [1, 2, 3, 4, 5]"
        in capsys.readouterr().err
    )
