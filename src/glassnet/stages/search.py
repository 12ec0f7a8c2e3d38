"""Searches for good settings: at random or by what earlier trials taught, ending early what is unlikely to be the best.

Optuna proposes and prunes: it is maintained, its samplers are those of the literature, and it needs no server. Hydra's
own plug-in for it is not used, since it asks for Optuna below 3.
"""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.config import (
    FINISHED,
    PRUNED,
    Job,
    Layout,
    PrunedError,
    Settings,
    UserError,
    explain,
    one_line_errors,
    parse_override,
    require_own_folder,
    run_job,
    run_sweep,
)
from glassnet.config.compose import CONF, register_resolvers, require_project
from glassnet.config.jobs import dated_folder, new_start
from glassnet.stages import train
from glassnet.training import Callback, TrainingRun, read_history

if TYPE_CHECKING:
    import optuna

DEFAULTS: dict[str, Any] = {"trials": 20, "sampler": "tpe", "seed": 0, "folder": "", "prune": True}
FIRST_TRIALS = 5  # that are never pruned, so that there is something to compare with


class Pruner(Callback):
    """Reports each epoch's best loss so far to a trial, and ends the training when the study says so."""

    def __init__(self, trial: "optuna.Trial") -> None:
        """Watch for `trial`."""
        self.trial, self.best = trial, float("inf")

    def on_epoch_end(self, run: TrainingRun) -> None:
        """Report, and ask."""
        self.best = min(self.best, run.history[-1]["validation_loss"])
        self.trial.report(self.best, run.epoch)
        if self.trial.should_prune():
            raise PrunedError(
                f"after epoch {run.epoch}, at a validation loss of {self.best:.5g}: others were better there"
            )


def main() -> None:
    """Run `search.trials=` trials; every other argument is an override, with a space where it names several values.

    A space is `a,b,c` or `choice(a, b)`, `range(1, 9)`, `interval(0.0, 0.5)`, `tag(log, interval(1e-4, 1e-1))`. Other
    keys: `search.sampler=` (tpe or random), `search.seed=`, `search.prune=`, `search.folder=`. A search that is started
    again in the same folder goes on: what it proposes follows from the seed and the results so far.
    """
    import optuna

    options, spaces, fixed = _arguments(sys.argv[1:])
    require_project()
    register_resolvers(CONF)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers: dict[str, Callable[..., optuna.samplers.BaseSampler]] = {
        "tpe": optuna.samplers.TPESampler,
        "random": optuna.samplers.RandomSampler,
    }
    if options["sampler"] not in samplers:
        raise UserError(f"search.sampler: expected one of {', '.join(samplers)}, received {options['sampler']!r}")
    pruner = optuna.pruners.MedianPruner(FIRST_TRIALS) if options["prune"] else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=samplers[options["sampler"]](seed=options["seed"]), pruner=pruner)
    folder = Path(options["folder"]) if options["folder"] else dated_folder()
    require_own_folder("search.folder", folder)
    print(f"search: in {folder}; search.folder={folder} goes on with it")
    start = new_start()

    def run_trials(begin: Callable[[], object]) -> str:
        begin()
        for number in range(options["trials"]):
            _run_trial(study, folder / str(number), spaces, fixed, start)
        return ""

    run_sweep(run_trials, folder, start, train.finish_sweep, f"search.folder={folder}")


def _run_trial(study: "optuna.Study", folder: Path, spaces: dict[str, Any], fixed: list[str], start: str) -> None:
    import optuna

    trial = study.ask()
    changes = [f"{name}={_propose(trial, name, space)}" for name, space in spaces.items()]
    overrides = [*fixed, *changes]
    print(f"search: trial {trial.number}: {' '.join(changes)}", flush=True)
    watcher = Pruner(trial)

    def run_watched(settings: Settings, layout: Layout) -> float:
        return train.main(settings, layout, [watcher])

    config = _compose(overrides)
    if config.get("by_hand") is not None:
        raise UserError("experiment: expected none or final, received a sweep's, whose values a search would not take")
    job = Job(folder, overrides, changes, start)
    run_job(run_watched, config, job)
    if job.status == FINISHED:
        if watcher.best == float("inf"):  # finished by an earlier start of the search
            for row in read_history(folder / "models" / "history.csv"):
                watcher.best = min(watcher.best, row["validation_loss"])
                trial.report(watcher.best, int(row["epoch"]))
        study.tell(trial, watcher.best)
    else:
        state = optuna.trial.TrialState
        study.tell(trial, state=state.PRUNED if job.status == PRUNED else state.FAIL)


def _propose(trial: "optuna.Trial", name: str, space: Any) -> Any:
    """Return the trial's value of a setting as it is written in an override."""
    if space.is_choice_sweep():
        return trial.suggest_categorical(name, list(space.sweep_string_iterator()))
    value = space.value()
    log = "log" in value.tags
    if space.is_interval_sweep():
        return float(f"{trial.suggest_float(name, float(value.start), float(value.end), log=log):.4g}")
    numbers = list(value.range())
    return numbers[trial.suggest_int(name, 0, len(numbers) - 1)]


def _compose(overrides: list[str]) -> Any:
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        with initialize_config_dir(str(CONF.absolute()), version_base="1.3"):
            return compose("config", overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error)) from error


def _arguments(arguments: list[str]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return the search's own options, the space of each setting to search, and the other overrides."""
    options, spaces, fixed = dict(DEFAULTS), {}, []
    for argument in arguments:
        name, separator, text = argument.partition("=")
        key = name.removeprefix("search.")
        if argument.startswith("-"):
            raise UserError(
                f"expected settings with values to search in, and search.{', search.'.join(DEFAULTS)}, received "
                f"{argument!r}; a search needs no option"
            )
        if name.startswith("search."):
            if key not in DEFAULTS or not separator:
                raise UserError(f"expected search.{', search.'.join(DEFAULTS)}, received {argument!r}")
            options[key] = _option(key, text)
            continue
        override = parse_override(argument)
        if override.is_sweep_override():
            _require_searchable(argument, override)
            spaces[override.key_or_group] = override
        else:
            fixed.append(argument)
    if not spaces:
        raise UserError(
            "expected a setting with several values to search in, such as model.dropout=interval(0.0,0.5), "
            "received none"
        )
    return options, spaces, fixed


def _require_searchable(argument: str, override: Any) -> None:
    """Raise a `UserError` for what names no values, or not the same ones each time: a trial must be repeatable."""
    value = override.value()
    if override.is_choice_sweep() and not isinstance(getattr(value, "list", None), list):
        raise UserError(f"expected the values to choose from, such as model=mlp,softmax, received {argument!r}")
    if not override.is_choice_sweep():
        least = 0 if "log" in value.tags else -math.inf
        has_values = least < value.start <= value.end if override.is_interval_sweep() else len(value.range()) > 0
        if not has_values:
            raise UserError(
                f"expected values from the lower to the higher, above 0 with log, received {argument!r}, which has none"
            )
    if getattr(value, "shuffle", False):
        raise UserError(f"expected the values in an order of their own, received {argument!r}; leave shuffle out")


def _option(key: str, text: str) -> Any:
    kind = type(DEFAULTS[key])
    if kind is str:
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    limits = {"trials": (1, math.inf), "seed": (0, 2**32 - 1)}
    low, high = limits.get(key, (0, 1))
    if type(value) is not kind or not low <= value <= high:
        kinds = {
            "trials": "a number of 1 or more",
            "seed": f"a whole number from 0 to {limits['seed'][1]}",
            "prune": "true or false",
        }
        raise UserError(f"search.{key}: expected {kinds[key]}, received {text!r}")
    return value


if __name__ == "__main__":
    with one_line_errors("search"):
        main()
