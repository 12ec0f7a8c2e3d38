"""How often the first improvement that `improve` lists is one, and how much of a search's gain it brings.

    python -m tests.benchmarks.improve [--trainings 10] [--search 60] [--data spirals ...] [--fault 'rate × 30' ...]

Tables and faults are those of tests/benchmarks/ill_trainings.py, and three sources of conf/data. The search draws sixty
settings at random, trains them on the first seed and split, and takes the best; it starts from nothing, so that it is
one for all faults of a table. The first that the report would list of `improve`, and the best of the search, are then
trained on five other seeds and splits beside the settings with the fault. A gain is by what fraction the monitored
score is lower there, the geometric mean of the five; one below 0.001 counts as 0.001, since both are as good as none.
Better and worse are by 2%. With `--without-conf` the values of conf/ are no candidates, as if the fault stood in conf/
itself. `--folder` keeps the trainings: none is trained twice, whatever rules of `improve` are on PYTHONPATH.
"""

import argparse
import itertools
import math
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import numpy as np
import numpy.typing as npt

from glassnet.config import CONF, Settings, register_resolvers
from glassnet.diagnostics import Change
from glassnet.reporting.commands import override
from glassnet.runs import Layout
from glassnet.runs.improvements import BETTER
from glassnet.stages import improving
from glassnet.stages.candidates import Candidate
from glassnet.stages.paired_trainings import TODAY, PairedTrainings, processes
from glassnet.stages.validation_errors import of_errors
from glassnet.tables import open_prepared
from tests.benchmarks.ill_trainings import FAULTS, TABLES, settings_of

DATA = ("breast_cancer", "blobs", "diabetes", "spirals", *TABLES)
OTHERS = (101, 102, 103, 104, 105)  # pairs of seed and split that neither comes to
MATTERS = math.log(1.02)
WORDS = ("better", "the same", "worse", "none listed")
HALF, GAINED = "half", "gained"
AS_GOOD_AS_NONE = 1e-3
SIZES = [(8,), (16,), (32,), (64,), (128,), (32, 32), (64, 64)]


def drawn(rng: np.random.Generator) -> Candidate:
    """Return settings drawn at random, as a search for settings draws them."""
    changes = (
        Change("optimizer", "adam"),
        Change("optimizer.learning_rate", float(f"{10 ** rng.uniform(-3.5, -0.5):.2g}")),
        Change("schedule", "cosine"),
        Change("model.hidden_sizes", SIZES[rng.integers(len(SIZES))]),
        Change("model.activation", "relu"),
        Change("model.init", "he_normal"),
        Change("model.dropout", float(rng.choice([0.0, 0.1, 0.2, 0.3, 0.5]))),
        Change("training.l2", float(rng.choice([0.0, 1e-4, 1e-3, 1e-2, 1e-1]))),
        Change("training.epochs", int(rng.choice([30, 60, 120]))),
        Change("training.batch_size", int(rng.choice([8, 16, 32, 64]))),
    )
    return Candidate(changes, "at random")


def trainings_of(settings: Settings, folder: Path) -> PairedTrainings:
    """Return the trainings in a folder, with none of them known yet."""
    prepared = open_prepared(settings.data.choice(), Layout(folder).prepared, by_dvc=False)
    return PairedTrainings(settings, settings.describing_the_result(), prepared, None, folder / "trainings", "bench")


def logarithms(work: PairedTrainings, candidate: Candidate, executor: ProcessPoolExecutor) -> npt.NDArray[np.float64]:
    """Return the logarithms of what is minimized on the other pairs."""
    work.train([(candidate, pair) for pair in OTHERS], executor)
    losses = work.losses(candidate)
    return np.log([max(AS_GOOD_AS_NONE, losses.get(pair, work.chance)) for pair in OTHERS])


def searched(name: str, folder: Path, number: int, executor: ProcessPoolExecutor) -> npt.NDArray[np.float64]:
    """Return the logarithms of the best of so many settings drawn at random."""
    work = trainings_of(settings_of(name, None, folder), folder / f"{name}, searched")
    rng = np.random.default_rng(0)
    candidates = [drawn(rng) for _ in range(number)]
    work.train([(each, 0) for each in candidates], executor)
    best = min(candidates, key=lambda each: work.losses(each).get(0, math.inf))
    return logarithms(work, best, executor)


def improved(work: PairedTrainings, trainings: int, executor: ProcessPoolExecutor) -> tuple[Candidate, str]:
    """Return what `improve` would list first, and a line on it; today's settings, where it lists nothing."""
    improving.search(work, improving.Budget(trainings + 1, math.inf), of_errors, executor)  # one more: today's own
    tried = improving.outcome(work, "")["tried"]
    if not tried or not (tried[0]["helps"] or tried[0]["change"] <= -BETTER):
        return TODAY, "none listed"
    first = tried[0]
    (candidate,) = (each for each in work.outcomes if list(map(override, each.changes)) == first["changes"])
    return candidate, f"said {100 * first['change']:+.0f}% of {first['fresh']}: {' '.join(first['changes'])}"


def main() -> None:
    """Print a line for each training, and what they come to."""
    parser = argparse.ArgumentParser(description="measure what `improve` is worth beside a search")
    parser.add_argument("--trainings", type=int, default=10)
    parser.add_argument("--search", type=int, default=60)
    parser.add_argument("--data", nargs="*", default=DATA)
    parser.add_argument("--fault", nargs="*", default=list(FAULTS))
    parser.add_argument("--without-conf", action="store_true", help="the values of conf/ are no candidates")
    parser.add_argument("--folder", type=Path, help="where the trainings are kept")
    given = parser.parse_args()
    register_resolvers(CONF)
    counts: dict[str, Counter[str]] = {fault: Counter() for fault in given.fault}
    kept = tempfile.TemporaryDirectory() if given.folder is None else nullcontext(given.folder)
    without = mock.patch.object(improving, "back_to_conf", return_value=[]) if given.without_conf else nullcontext()
    with kept as name, processes(2) as executor, without:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        bests = {data: searched(data, folder, given.search, executor) for data in given.data}
        for fault, data in itertools.product(given.fault, given.data):
            work = trainings_of(settings_of(data, fault, folder), folder / f"{data}, {fault}")
            first, said = improved(work, given.trainings, executor)
            today = logarithms(work, TODAY, executor)
            ratio = float((logarithms(work, first, executor) - today).mean())
            best = float((bests[data] - today).mean())
            word = "better" if ratio < -MATTERS else "worse" if ratio > MATTERS else "the same"
            counts[fault]["none listed" if first == TODAY else word] += 1
            if best < -MATTERS:
                counts[fault][GAINED] += 1
                counts[fault][HALF] += math.expm1(ratio) <= math.expm1(best) / 2
            changes = f"{100 * math.expm1(ratio):+.1f}%, the search {100 * math.expm1(best):+.1f}%"
            print(f"{fault}, {data}: {changes}; {said}", flush=True)
    print(f"| induced | trainings | {' | '.join(WORDS)} | half of the search's gain |\n|---|---|{'---|' * 5}")
    for fault, of_fault in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        numbers = [sum(of_fault[word] for word in WORDS), *(of_fault[word] for word in WORDS)]
        print(f"| {fault} | {' | '.join(map(str, numbers))} | {of_fault[HALF]} of {of_fault[GAINED]} |")


if __name__ == "__main__":
    main()
