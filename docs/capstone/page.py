"""Writes the page of the capstone from its runs: every number on it is computed here, none is typed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from docs.capstone.averages import averages_section
from docs.capstone.parts import parts_section
from docs.capstone.runs import EvaluatedRun, Run
from docs.capstone.statistics import compared, mean_of, over_rows
from glassnet.evaluation import Comparison, confusion_matrix
from glassnet.evaluation.score_groups import HEADLINES
from glassnet.reporting.tables import markdown_table, p_text

TARGET = 0.915  # the accuracy that was asked for
ALIKE = ("T-shirt/top", "Pullover", "Coat", "Shirt")  # the classes that most errors are among
SECTIONS = {
    "majority_class": "the majority class",
    "softmax_regression": "softmax regression",
    "gradient_boosting": "gradient boosting",
}
DEFAULT = "the default network"
COMMANDS = """<!-- skip: next "it trains for hours; tests/stages/test_capstone.py does so on small pictures" -->

```sh
python -m glassnet.stages.train -m experiment=capstone 'seed=range(5)' hydra.sweep.dir=multirun/capstone
python -m glassnet.stages.train -m data=fashion_mnist 'seed=range(5)' hydra.sweep.dir=multirun/default
python -m glassnet.stages.train -m experiment=capstone \\
  ablation=nothing,no_local_weights,no_l1_decay,no_dropout,no_augmentation \\
  'seed=range(3)' training.processes=1 hydra/launcher=joblib hydra.sweep.dir=multirun/ablation
for seed in 0 1 2 3 4; do
  python -m glassnet.stages.evaluate data=fashion_mnist seed=$seed hydra.run.dir=multirun/default/$seed
  python -m glassnet.stages.evaluate experiment=capstone seed=$seed hydra.run.dir=multirun/capstone/$seed
done
python -m glassnet.stages.evaluate experiment=capstone seed=0 'evaluation.baselines=[majority,linear,boosting]' \\
  hydra.run.dir=multirun/capstone/0
python -m glassnet.stages.report experiment=capstone seed=0 hydra.run.dir=multirun/capstone/0
python -m docs.capstone multirun/capstone --default multirun/default --ablation multirun/ablation --views
```

`hydra/launcher=joblib` trains seeds side by side. Gradient boosting takes longest: some 20 minutes. `--default`,
`--ablation` and `--views` may each be left out, with their part of the page.
"""


def page(
    runs: Sequence[EvaluatedRun],
    defaults: Sequence[EvaluatedRun],
    ablation: Sequence[Run],
    views: Sequence[float],
    figures: Sequence[str],
) -> str:
    """Return the page in markdown.

    Args:
        runs: of the capstone, one a seed.
        defaults: of the default network on the same rows, with the same seeds; none to leave it out.
        ablation: of a sweep over `ablation` and the seed; none to leave it out.
        views: the accuracy of each run's network with its probabilities averaged over views; none to leave it out.
        figures: the names of the pictures beside the page, of the first run.
    """
    parts = [
        "# The capstone: Fashion-MNIST with dense layers alone",
        f"<!-- Written by `python -m docs.capstone` from the runs of {len(runs)} seeds; do not edit. -->",
        _introduction(runs),
        "## Accuracy on the test rows",
        _seeds(runs),
        "## Beside others, on the same test rows",
        _others(runs, defaults),
        "## What averages would add",
        averages_section(runs, views),
        *(["## What each part is worth", parts_section(runs[0], ablation)] if ablation else []),
        "[What else was tried](levers.md) has trainings of other lengths, the levers that did not stay, and suspected "
        "labels, looked at.",
        "## Where it errs",
        _classes(runs),
        "## Whether its confidence can be trusted",
        _calibration(runs),
        "## The whole report of one seed",
        _report(runs[0], figures),
        "## How to make it again",
        COMMANDS.rstrip("\n"),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(runs: Sequence[EvaluatedRun]) -> str:
    accuracy = mean_of([run.metrics["accuracy"] for run in runs])
    low = accuracy.value - accuracy.half
    if low >= TARGET:
        outcome = "the aim is reached, with the whole interval above it"
    elif accuracy.value >= TARGET:
        outcome = "the aim is reached by the mean, with a part of the interval below it"
    else:
        outcome = f"the aim is missed by {TARGET - accuracy.value:.4f}"
    return (
        "`experiment=capstone` trains a network of dense layers, written in NumPy, on "
        f"{runs[0].manifest['rows']['train']:,} pictures of clothes; {runs[0].manifest['rows']['validation']:,} more "
        "choose the epoch, and its settings were [chosen without any test row](levers.md). "
        f"Over {len(runs)} seeds the accuracy on the "
        f"{runs[0].metrics['examples']:,} test rows is **{accuracy.text()}**: mean ± standard deviation, and the 95% "
        f"interval of the mean. The aim was {TARGET}: {outcome}."
    )


def _seeds(runs: Sequence[EvaluatedRun]) -> str:
    rows: list[list[Any]] = []
    for run in runs:
        scores: Any = run.metrics
        ends = f"{scores['accuracy_low']:.4f} to {scores['accuracy_high']:.4f}"
        validation = scores["validation"]["accuracy"]
        rows.append(
            [run.seed, f"{validation:.4f}", f"{scores['accuracy']:.4f} ({ends})", f"{scores['log_loss']:.4f}",
             f"{run.manifest['best_epoch']} of {run.manifest['epochs']}", f"{run.seconds / 60:.1f}"]
        )  # fmt: skip
    header = ["seed", "validation accuracy", "test accuracy (95% interval)", "test log-loss", "epoch kept", "minutes"]
    of_seeds = mean_of([run.metrics["accuracy"] for run in runs])
    low, high = over_rows(runs)
    return (
        f"{markdown_table(header, rows)}\n\n"
        f"- The mean over seeds, {of_seeds.text()}: its interval, of Student's t, says what other seeds would give on "
        "these test rows.\n"
        f"- The same networks on other test rows: {low:.4f} to {high:.4f}. A row counts with the fraction of networks "
        "that are right.\n"
        "- The interval of a seed is that of its own test accuracy, over other rows. Minutes are those that the epochs "
        "took on the machine that trained."
    )


def _others(runs: Sequence[EvaluatedRun], defaults: Sequence[EvaluatedRun]) -> str:
    of_each: dict[str, list[tuple[float, Comparison]]] = {}
    for run in runs:
        for name, comparison in run.metrics["comparisons"].items():
            accuracy: Any = run.metrics["baselines"][name][HEADLINES[0]]  # type: ignore[literal-required]
            of_each.setdefault(SECTIONS.get(name, name), []).append((accuracy, comparison))
    if defaults:
        of_each[DEFAULT] = [
            (other.metrics["accuracy"], compared(run, other)) for run, other in zip(runs, defaults, strict=True)
        ]
    rows: list[list[Any]] = []
    for name, pairs in of_each.items():
        comparisons: list[Any] = [comparison for _, comparison in pairs]
        differences = [each["difference"] for each in comparisons]
        rows.append(
            [name, f"{np.mean([accuracy for accuracy, _ in pairs]):.4f}",
             mean_of(differences).text(signed=True) if len(pairs) > 1 else f"{differences[0]:+.4f}",
             round(float(np.mean([each["newly_right"] for each in comparisons]))),
             round(float(np.mean([each["newly_wrong"] for each in comparisons]))),
             p_text(max(each["mcnemar_p"] for each in comparisons)), len(pairs)]
        )  # fmt: skip
    header = ["beside", "its accuracy", "difference (95% interval)", "newly right", "newly wrong", "largest p", "pairs"]
    return (
        f"{markdown_table(header, rows)}\n\n"
        "Each pair is a seed of the capstone and the other model, trained from the same seed if it depends on one, on "
        "the same test rows. The difference of accuracy is mean ± standard deviation over pairs, its interval that of "
        "Student's t. Rows that the capstone alone gets right, or alone gets wrong, are counted on average; p is of "
        "McNemar's exact test, the largest of the pairs."
    )


def _classes(runs: Sequence[EvaluatedRun]) -> str:
    names = sorted({*runs[0].actual, *(name for run in runs for name in run.predicted)})
    called = np.mean([_confusion(run, names) for run in runs], axis=0)  # rows: actual, columns: what it was called
    found, actual = np.diag(called), called.sum(axis=1)
    precision, recall = found / np.maximum(called.sum(axis=0), 1), found / np.maximum(actual, 1)
    rows: list[list[Any]] = [
        [name, f"{precision[i]:.4f}", f"{recall[i]:.4f}", round(actual[i])] for i, name in enumerate(names)
    ]
    text = markdown_table(["class", "precision", "recall", "test rows"], sorted(rows, key=lambda row: row[2]))
    alike = [names.index(name) for name in ALIKE if name in names]
    wrong = called - np.diag(found)
    among = wrong[np.ix_(alike, alike)].sum() / max(1.0, wrong.sum())
    of_alike = [names[i] for i in alike]
    table = [
        [names[i], *(f"{called[i, j]:.1f}" for j in alike), f"{np.delete(called[i], alike).sum():.1f}"] for i in alike
    ]
    return (
        f"{text}\n\nMeans over {len(runs)} seeds, the class that is found least often first. "
        f"{among:.0%} of the {wrong.sum():.0f} errors are among "
        f"{', '.join(of_alike[:-1])} and {of_alike[-1]}; rows are the actual class, columns what it was called:\n\n"
        f"{markdown_table(['', *of_alike, 'any other'], table)}"
    )


def _confusion(run: EvaluatedRun, names: Sequence[str]) -> npt.NDArray[np.int64]:
    actual, predicted = (np.searchsorted(names, each) for each in (run.actual, run.predicted))
    return confusion_matrix(actual, predicted, len(names))


def _calibration(runs: Sequence[EvaluatedRun]) -> str:
    rows: list[list[Any]] = []
    for run in runs:
        values: Any = run.metrics.get("calibration", {})
        after = [f"{values[name]:.4f}" if name in values else "" for name in ("error_after", "log_loss_after")]
        temperature = f"{values['temperature']:.3g}" if "temperature" in values else "none helps"
        rows.append([run.seed, f"{values['error']:.4f}", f"{values['log_loss']:.4f}", temperature, *after])
    header = ["seed", "calibration error", "log-loss", "temperature", "calibration error after", "log-loss after"]
    return (
        f"{markdown_table(header, rows)}\n\n"
        "The temperature is fitted on validation rows, and used where it helps rows that it was not fitted on."
    )


def _report(run: EvaluatedRun, figures: Sequence[str]) -> str:
    shown = "\n\n".join(f"![{_title(name)} of seed {run.seed}](figures/{name})" for name in figures)
    return (
        f"[The report of seed {run.seed}](report.html), a page that stands alone, has set-up, curves, errors one by "
        f"one with hypotheses, diagnosis, and the next three improvements.\n\n{shown}"
    )


def _title(name: str) -> str:
    return name.removesuffix(".png").replace("_", " ").capitalize()
