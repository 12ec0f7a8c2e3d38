"""Searches for good settings: at random or by what earlier trials taught, ending early what is unlikely to be the best.

Optuna proposes and prunes: it is maintained, its samplers are those of the literature, and it needs no server. Hydra's
own plug-in for it is not used, since it asks for Optuna below 3.
"""

import itertools
import json
import math
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.config import UserError, as_written, parse_override
from glassnet.config.compose import CONF, register_resolvers, require_project, to_settings
from glassnet.runs import (
    asks_for_help,
    mistakes_of_all,
    one_line_errors,
    print_usage,
    refuse,
    require_own_folder,
    run_sweep,
)
from glassnet.runs.jobs import dated_folder, new_start, write_notes
from glassnet.runs.plan import note_of_end, require_one_scale
from glassnet.runs.spaces import Space, read_space, size_of
from glassnet.stages import trained
from glassnet.stages.beforehand import require_trainable
from glassnet.stages.pruning import make_pruner
from glassnet.stages.trials import Search

if TYPE_CHECKING:
    import optuna

PROBED = 30  # proposals that all have the same mistake: then it is put down to none of the values


@dataclass(frozen=True)
class Options:
    """What a search is told beside the settings to search in, as `search.<name>=`.

    Attributes:
        trials: how many trainings.
        sampler: what proposes settings, "tpe" or "random".
        seed: of the proposals.
        folder: where to; a dated one, if empty.
        prune: whether trainings that are unlikely to become the best are ended early.
    """

    trials: int = 20
    sampler: str = "tpe"
    seed: int = 0
    folder: str = ""
    prune: bool = True


OPTIONS = [field.name for field in fields(Options)]


def main() -> None:
    """Run `search.trials=` trials; every other argument is an override, with a space where it names several values.

    A space is `a,b,c` or `choice(a, b)`, `glob(*)`, `range(1, 9)`, `interval(0.0, 0.5)`, `int(interval(8, 64))`, and
    `tag(log, interval(1e-4, 1e-1))`. Other keys: `search.sampler=` (tpe or random), `search.seed=`, `search.prune=`,
    `search.folder=`. A search that is started again in the same folder goes on: what it proposes follows from the seed
    and the results so far.
    """
    import optuna

    if asks_for_help():
        print_usage("<setting>=<values> … [<setting>=<value> …] [search.<key>=…]", __doc__, main.__doc__)
        return
    options, spaces, fixed = _arguments(sys.argv[1:])
    require_project()
    register_resolvers(CONF)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers: dict[str, Callable[..., optuna.samplers.BaseSampler]] = {
        "tpe": optuna.samplers.TPESampler,
        "random": optuna.samplers.RandomSampler,
    }
    if options.sampler not in samplers:
        raise UserError(f"search.sampler: expected one of {', '.join(samplers)}, received {options.sampler!r}")
    pruner = make_pruner() if options.prune else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=samplers[options.sampler](seed=options.seed), pruner=pruner)
    folder = Path(options.folder) if options.folder else dated_folder()
    require_own_folder("search.folder", folder)
    start = new_start()
    search = Search(study, spaces, fixed, folder, start, random.Random(options.seed))
    _require_sound(search)
    _refuse_mistakes_of_all(search, optuna.create_study(sampler=samplers["random"](seed=options.seed)))
    print(f"search: in {folder}; search.folder={folder} goes on with it")

    def run_trials(begin: Callable[[], object]) -> str:
        begin()
        write_notes(folder, [])
        if note := search.run(options.trials):
            print(f"search: {note}")
            write_notes(folder, [note])
        return ""

    run_sweep(run_trials, folder, start, lambda of: trained.finish_sweep(of, "search"), f"search.folder={folder}")


def _require_sound(search: Search) -> None:
    """Raise a `UserError`, before the first training, for choices and keys that are not there or cannot be searched."""
    require_one_scale([space.name for space in search.spaces])
    first = [space.example for space in search.spaces]
    proposals = [first] + [
        [*first[:index], choice, *first[index + 1 :]]
        for index, space in enumerate(search.spaces)
        if (CONF / space.name.lstrip("+")).is_dir()
        for choice in space.values[1:]
    ]
    configs = [search.compose(proposal) for proposal in proposals]
    if configs[0].get("by_hand") is not None:
        raise UserError("experiment: expected none or final, received a sweep's, whose values a search would not take")
    try:
        to_settings(configs[0], "settings")
    except UserError as error:  # other mistakes are those of some trials, and their results
        for space in search.spaces:
            if f"{space.name}: expected a valid integer" in str(error):
                raise UserError(
                    f"{space.name}: expected whole numbers, received {space.text!r}; int(interval(…)) has these alone"
                ) from error


def _refuse_mistakes_of_all(search: Search, study: "optuna.Study") -> None:
    """Raise a `UserError` for a mistake that no trial is without: of all proposals, or the same one of many."""
    proposals: Iterable[Sequence[str]]
    if is_small := size_of(search.spaces) <= PROBED:
        proposals = itertools.product(*(space.all_values() for space in search.spaces))
    else:
        trials = (study.ask() for _ in range(PROBED))
        proposals = ([space.propose(trial) for space in search.spaces] for trial in trials)
    mistakes = mistakes_of_all(map(search.compose, proposals), require_trainable, search.folder)
    if is_small or len(set(mistakes)) == 1:
        refuse(mistakes)


def _arguments(arguments: list[str]) -> tuple[Options, list[Space], list[str]]:
    """Return the search's own options, the space of each setting to search, and the other overrides."""
    options, fixed = Options(), []
    spaces: dict[str, Space] = {}
    for argument in map(as_written, arguments):
        name, separator, text = argument.partition("=")
        key = name.removeprefix("search.")
        if argument.startswith("-"):
            raise UserError(
                f"expected settings with values to search in, and search.{', search.'.join(OPTIONS)}, received "
                f"{argument!r}; a search needs no option"
            )
        if name.startswith("search."):
            if key not in OPTIONS or not separator:
                raise UserError(f"expected search.{', search.'.join(OPTIONS)}, received {argument!r}")
            options = replace(options, **{key: _option(key, text)})
            continue
        override = parse_override(argument)
        if override.is_sweep_override():
            spaces[override.key_or_group] = read_space(override)
            if note := note_of_end(override):
                print(f"search: note: {note}")
        else:
            fixed.append(argument)
    if not spaces:
        raise UserError(
            "expected a setting with several values to search in, such as model.dropout=interval(0.0,0.5), "
            "received none"
        )
    return options, list(spaces.values()), fixed


def _option(key: str, text: str) -> Any:
    kind = type(getattr(Options(), key))
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
    with one_line_errors("search", place="search.folder=<folder>"):
        main()
