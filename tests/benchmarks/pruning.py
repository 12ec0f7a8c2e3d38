"""What pruning saves a search, and what it costs: the best loss beside that of the same search without it.

Run it with `python tests/benchmarks/pruning.py`. Each of the settings that a search proposes is trained once, and all
pruners see the same losses, epoch by epoch.
"""

import glassnet.stages  # noqa: F401, I001  # before NumPy: as the stages compute
import math
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna

from glassnet.config import Settings, register_resolvers, to_settings, training_plan
from glassnet.runs import PrunedError
from glassnet.config.compose import CONF, composed
from glassnet.tables import PreparedData, open_prepared
from glassnet.stages import pruning
from glassnet.training import Row, TrainingDivergedError, train_network

DATA = ("wine", "breast_cancer", "digits", "diabetes", "spirals")
SCHEDULES = ("cosine", "one_cycle")
SEEDS, TRIALS = 3, 30
SIZES = {"[16]": [16], "[32,32]": [32, 32]}
SAMPLERS = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
Prune = Callable[[], optuna.pruners.BasePruner]
PRUNERS: dict[str, tuple[int, Prune]] = {  # the steps of a training at which each is asked, and how it is made
    "none": (pruning.STEPS, optuna.pruners.NopPruner),
    "median, from the first epoch": (60, lambda: optuna.pruners.MedianPruner(5)),
    "successive halving, from 3/10": (pruning.STEPS, lambda: optuna.pruners.SuccessiveHalvingPruner(3, 2)),
    "median, from 5/10": (pruning.STEPS, lambda: optuna.pruners.PercentilePruner(50, 5, 5)),
    "the last third, from 4/10": (pruning.STEPS, lambda: optuna.pruners.PercentilePruner(67, 5, 4)),
    "as glassnet prunes": (pruning.STEPS, pruning.make_pruner),
}


@cache
def _data(data: str, schedule: str) -> tuple[Settings, PreparedData]:
    settings = to_settings(composed([f"data={data}", f"schedule={schedule}"]), "conf/")
    folder = Path(tempfile.gettempdir()) / "glassnet-pruning" / data
    return settings, open_prepared(settings.data.choice(), folder, by_dvc=False)


@cache
def _train(data: str, schedule: str, rate: float, sizes: str) -> tuple[Row, ...]:
    """Return the history of a training; empty if it diverged."""
    settings, prepared = _data(data, schedule)
    optimizer = settings.optimizer.model_copy(update={"learning_rate": rate})
    model = settings.model.model_copy(update={"hidden_sizes": SIZES[sizes]})
    train, validation = prepared.split("train"), prepared.split("validation")
    changed = settings.model_copy(update={"optimizer": optimizer, "model": model})
    plan = training_plan(changed, train.X.shape[1], len(prepared.class_names) or None)
    try:
        return tuple(train_network(plan, train, validation, []).history)
    except TrainingDivergedError:
        return ()


def search(sampler: str, data: str, schedule: str, seed: int, steps: int, prune: Prune) -> tuple[float, float, int]:
    """Return the best loss of a search as in the docs, the seconds of its trainings, and how many were pruned."""
    pruning.STEPS = steps
    study = optuna.create_study(sampler=SAMPLERS[sampler](seed=seed), pruner=prune())
    seconds, pruned = 0.0, 0
    for _ in range(TRIALS):
        trial = study.ask()
        rate = float(f"{trial.suggest_float('rate', 1e-4, 1e-1, log=True):.4g}")
        history = _train(data, schedule, rate, trial.suggest_categorical("sizes", tuple(SIZES)))
        watcher = pruning.Pruner(trial)
        epochs = _data(data, schedule)[0].training.epochs
        try:
            for epoch, row in enumerate(history, 1):
                seconds += row["seconds"]
                reason = "over" if epoch == len(history) else ""
                run: Any = SimpleNamespace(history=[row], epoch=epoch, epochs=epochs, stop_reason=reason)
                watcher.on_epoch_end(run)
        except PrunedError:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            pruned += 1
            continue
        watcher.finish(history, epochs)
        if math.isfinite(watcher.best):
            study.tell(trial, watcher.best)
        else:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return study.best_value, seconds, pruned


def compare(sampler: str) -> None:
    """Print, for each pruner, how often and how far the best loss was worse than without, and the share of the time."""
    cases = [(data, schedule, seed) for data in DATA for schedule in SCHEDULES for seed in range(SEEDS)]
    found = {name: [search(sampler, *case, *pruner) for case in cases] for name, pruner in PRUNERS.items()}
    print(f"search.sampler={sampler}, {len(cases)} searches of {TRIALS} trials: ", end="")
    print(f"{', '.join(DATA)}; {', '.join(SCHEDULES)}; {SEEDS} seeds")
    print("| pruned | worse | the same | better | loss, geometric mean | worst | time | trials pruned |")
    print("|---|---|---|---|---|---|---|---|")
    best = np.array([each[0] for each in found["none"]])
    time = sum(each[1] for each in found["none"])
    for name, results in found.items():
        ratios = np.array([each[0] for each in results]) / best
        counts = " | ".join(str(int(part.sum())) for part in (ratios > 1, ratios == 1, ratios < 1))
        share = sum(each[1] for each in results) / time
        pruned = np.mean([each[2] for each in results])
        mean = math.exp(np.log(ratios).mean())
        print(f"| {name} | {counts} | {mean:.3g} | {ratios.max():.3g} | {share:.2f} | {pruned:.1f} |", flush=True)


def main() -> None:
    """Compare the pruners with both samplers."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    register_resolvers(CONF)
    for sampler in SAMPLERS:
        compare(sampler)


if __name__ == "__main__":
    main()
