"""The learning-rate range test: writes curve, trials and figure, prints a rate that was tried, leaves models/ alone."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from glassnet.config import Settings
from glassnet.data import ArrayDataset, Augmentation
from glassnet.diagnostics import RangeTest, RateTrials, learning_rate_range_test, try_learning_rates
from glassnet.files import whole_file
from glassnet.reporting import draw_range_test
from glassnet.runs import Layout, run_stage
from glassnet.runs.manifest import learnt_target
from glassnet.stages.augmenting import augmentation_of
from glassnet.stages.classes import ClassChoices
from glassnet.tables import open_prepared
from glassnet.training import TrainingPlan
from glassnet.training.train import make_loaders, make_network

PRESENT = "the settings' own"


def main(settings: Settings, layout: Layout) -> float:
    """Raise the learning rate, try what the curve suggests by short trainings, and return the best of them."""
    prepared = open_prepared(settings.data.choice(), layout.prepared, by_dvc=layout.by_dvc)
    train, validation = prepared.split("train"), prepared.split("validation")
    plan = ClassChoices.of(settings, prepared).plan(settings, train.X.shape[1])
    test, named, trials = _recommend(plan, train, validation, augmentation_of(settings, prepared))
    folder = layout.root / "range_test"
    folder.mkdir(parents=True, exist_ok=True)
    curve = zip(test.learning_rates, test.losses, test.smoothed, strict=True)
    _write(folder / "range_test.csv", ["learning_rate", "loss", "smoothed_loss"], curve)
    seeds = [f"validation_loss_seed_{plan.seed + number}" for number in range(len(trials.losses[trials.best]))]
    rows = (
        [
            rate,
            "; ".join(_names_of(rate, named)),
            trials.means.get(rate, ""),
            *losses,
            *[""] * (len(seeds) - len(losses)),
        ]
        for rate, losses in trials.losses.items()
    )
    _write(folder / "trials.csv", ["learning_rate", "choice", "mean_validation_loss", *seeds], rows)
    draw_range_test(folder / "range_test.csv", folder / "trials.csv", folder / "range_test.png", test.edge, trials.best)
    if prepared.task == "regression":
        print(f"range_test: losses are of {learnt_target(settings.describing_the_result())}")
    for line in describe(test, named, trials, plan, len(train)):
        print(f"range_test: {line}")
    print(f"range_test: suggested: optimizer.learning_rate={trials.best:g}; curve and trials in {folder}")
    return trials.best


def _recommend(
    plan: TrainingPlan, train: ArrayDataset, validation: ArrayDataset, augmentation: Augmentation | None
) -> tuple[RangeTest, dict[str, float], RateTrials]:
    """Return the range test of a plan, the rates it names and the plan's own, and their trials."""
    model, loss = make_network(plan, train)
    loader, _ = make_loaders(plan, train, validation, augmentation)
    optimizer = plan.optimizer(model.parameters())
    test = learning_rate_range_test(model, loss, optimizer, loader)
    named = {**test.choices, PRESENT: optimizer.learning_rate}
    highest = math.inf if test.edge is None else test.edge
    trials = try_learning_rates(plan, train, validation, named.values(), augmentation, highest=highest)
    return test, named, trials


def _names_of(rate: float, named: dict[str, float]) -> list[str]:
    """Return what a tried rate is called; nothing if it was tried because of its neighbour."""
    return [name for name, value in named.items() if float(f"{value:.2g}") == rate]


def describe(test: RangeTest, named: dict[str, float], trials: RateTrials, plan: TrainingPlan, rows: int) -> list[str]:
    """Return what was done and what came of it, line by line."""
    batches = f"{test.batch_size} rows" if test.batch_size < min(plan.batch_size, rows) else "the training's size"
    end = (
        f"the loss never blew up, up to a learning rate of {test.learning_rates[-1]:.2g}"
        if test.edge is None
        else f"the loss blows up at a learning rate of {test.edge:.2g}"
    )
    trainings = sum(map(len, trials.losses.values()))
    cost = trainings * trials.epochs / plan.epochs
    seeds = len(trials.losses[trials.best])
    lines = [
        f"{end} (mean of {test.starts} starts from the same weights, {len(test.learning_rates)} steps each, batches of "
        f"{batches}; no start saw a row twice)",
        f"{len(trials.losses)} rates tried in {trainings} trainings of {trials.epochs} epochs, at the cost of about "
        f"{cost:.2g} trainings of {plan.epochs}; best validation loss with seed {plan.seed}, mean of {seeds} seeds:",
    ]
    for rate, losses in trials.losses.items():
        names = ", ".join(_names_of(rate, named)) or "beside the best so far"
        mean = f"{trials.means[rate]:.4g}" if rate in trials.means else "-"
        lines.append(f"  {rate:<8g} {losses[0]:<8.4g} {mean:<8} {names}{' (best)' if rate == trials.best else ''}")
    return lines


def _write(path: Path, header: list[str], rows: Iterable[Iterable[object]]) -> None:
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    run_stage("range_test", main)
