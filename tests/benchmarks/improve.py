"""How often the first improvement that `improve` lists is one, and how much of a larger search's gain it finds.

    python tests/benchmarks/improve.py [--trainings 10] [--search 60] [--data circles ...] [--illness 'rate × 100' ...]

Each training, ill or of the preset, is given a budget of ten trainings. The first in its list is then trained beside
today's settings on three seeds and splits that `improve` has not seen. A random search of sixty trainings on the run's
own seed and split is the yardstick: its best is trained on the same three. A gain is the logarithm of the ratio of
today's validation loss to the other one. The data and the illnesses are those of tests/benchmarks/diagnosis.py; needs
scikit-learn.
"""

import argparse
import math
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from glassnet.config import CONF, Settings, register_resolvers
from glassnet.config.compose import composed, to_settings
from glassnet.diagnostics import Change
from glassnet.overrides import as_override
from glassnet.reporting.commands import override
from glassnet.runs import Layout
from glassnet.stages.candidates import Candidate
from glassnet.stages.halving import SMALLEST
from glassnet.stages.improving import Budget, outcome, search
from glassnet.stages.paired_trainings import TODAY, PairedTrainings, processes
from glassnet.stages.validation_errors import of_errors
from glassnet.tables import open_prepared
from tests.benchmarks.diagnosis import ILLNESSES, ROWS, VERIFY

UNSEEN = (101, 102, 103)  # pairs of seed and split
MATTERS = math.log(1.02)
OF_ROWS = {"rows", "noise", "rare", "scale"}  # what an illness changes in the rows, not in the settings
PRESET = "of the preset"


def write_table(name: str, folder: Path) -> Path:
    """Write a data set as a CSV file of up to 900 rows, its target last, and return where."""
    X, y = VERIFY[name]()
    kept = np.random.default_rng(0).permutation(len(X))[:ROWS]
    frame = pd.DataFrame(X[kept], columns=[f"x{at}" for at in range(X.shape[1])])
    frame["target"] = y[kept] if y.dtype == np.float64 else [f"class {label}" for label in y[kept]]
    path = folder / f"{name.replace(' ', '_')}.csv"
    frame.to_csv(path, index=False)
    return path


def settings_of(path: Path, illness: str) -> Settings:
    """Return the settings of a training on a table, with an illness or without."""
    changes = {} if illness == PRESET else ILLNESSES[illness]
    overrides = [f"{name}={as_override(value)}" for name, value in changes.items()]
    given = ["data=csv", f"data.path={path}", "data.target=target", "tracking=none", *overrides]
    return to_settings(composed(given), "conf/")


def random_candidate(rng: np.random.Generator) -> Candidate:
    """Return settings drawn at random, as a search for settings draws them."""
    sizes = [(8,), (16,), (32,), (64,), (128,), (32, 32), (64, 64)]
    changes = (
        Change("optimizer", "adam"),
        Change("optimizer.learning_rate", float(f"{10 ** rng.uniform(-3.5, -0.5):.2g}")),
        Change("schedule", "cosine"),
        Change("model.hidden_sizes", sizes[rng.integers(len(sizes))]),
        Change("model.activation", "relu"),
        Change("model.init", "he_normal"),
        Change("model.dropout", float(rng.choice([0.0, 0.1, 0.2, 0.3, 0.5]))),
        Change("training.l2", float(rng.choice([0.0, 1e-4, 1e-3, 1e-2, 1e-1]))),
        Change("training.epochs", int(rng.choice([30, 60, 120]))),
        Change("training.batch_size", int(rng.choice([8, 16, 32, 64]))),
    )
    return Candidate(changes, "at random")


def gains(settings: Settings, folder: Path, trainings: int, searched: int) -> tuple[float, float, float]:
    """Return the gains of what `improve` lists first and of the best of a random search.

    Returns:
        that of the first on the run's own pair, the same on unseen pairs, and there that of the best of the search. The
        first two are 0 where nothing is listed: today's settings stay.
    """
    prepared = open_prepared(settings.data.choice(), Layout(folder).prepared, by_dvc=False)
    work = PairedTrainings(settings, settings.describing_the_result(), prepared, None, folder / "trainings", "bench")
    rng = np.random.default_rng(0)
    drawn = [random_candidate(rng) for _ in range(searched)]
    with processes(work.workers) as executor:
        search(work, Budget(trainings + 1, math.inf), of_errors, executor)  # one more: today's own
        tried = outcome(work, "")["tried"]
        first = TODAY
        if tried and tried[0]["change"] < 0:
            (first,) = (each for each in work.outcomes if list(map(override, each.changes)) == tried[0]["changes"])
        work.train([(each, 0) for each in drawn], executor)
        best = min(drawn, key=lambda each: work.losses(each).get(0, math.inf))
        work.train([(each, pair) for each in (TODAY, first, best) for pair in UNSEEN], executor)

    def gain(candidate: Candidate, pairs: tuple[int, ...]) -> float:
        today = [math.log(max(SMALLEST, work.losses(TODAY)[pair])) for pair in pairs]
        losses = [math.log(max(SMALLEST, work.losses(candidate).get(pair, work.chance))) for pair in pairs]
        return float(np.mean(today) - np.mean(losses))

    return gain(first, (0,)), gain(first, UNSEEN), gain(best, UNSEEN)


def verdict(gain: float) -> str:
    """Return whether a gain is one, by 2%."""
    return "better" if gain > MATTERS else "worse" if gain < -MATTERS else "the same"


def main() -> None:
    """Print a line for each training, and what they come to."""
    parser = argparse.ArgumentParser(description="measure what `improve` is worth")
    parser.add_argument("--trainings", type=int, default=10)
    parser.add_argument("--search", type=int, default=60)
    parser.add_argument("--data", nargs="*", default=list(VERIFY))
    parser.add_argument(
        "--illness", nargs="*", default=[PRESET, *(n for n, c in ILLNESSES.items() if not OF_ROWS & set(c))]
    )
    given = parser.parse_args()
    register_resolvers(CONF)
    found: dict[str, list[tuple[float, float, float]]] = {"ill": [], PRESET: []}
    with tempfile.TemporaryDirectory() as temporary:
        for data in given.data:
            path = write_table(data, Path(temporary))
            for illness in given.illness:
                folder = Path(temporary, f"{data}, {illness}")
                three = gains(settings_of(path, illness), folder, given.trainings, given.search)
                found[PRESET if illness == PRESET else "ill"].append(three)
                own, unseen, searched = three
                print(f"{data}, {illness}: own {own:.3f}, unseen {unseen:.3f}, search {searched:.3f}", flush=True)
    for kind, of_kind in found.items():
        for place, name in enumerate(("own pair", "unseen pairs")):
            counts = Counter(verdict(three[place]) for three in of_kind)
            print(f"{kind}, {name}: " + ", ".join(f"{counts[word]} {word}" for word in ("better", "the same", "worse")))
        shares = [min(1.0, max(0.0, unseen) / searched) for _, unseen, searched in of_kind if searched > MATTERS]
        half = sum(share >= 0.5 for share in shares)
        print(
            f"{kind}: half or more of the search's gain in {half} of the {len(shares)} trainings in which it gained; "
            f"of all gains together {sum(g[1] for g in of_kind):.2f} against {sum(g[2] for g in of_kind):.2f}"
        )


if __name__ == "__main__":
    main()
