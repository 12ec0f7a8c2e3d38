"""The defaults on Wine, breast cancer and digits beside scikit-learn's network: repeated stratified five folds.

`python tests/benchmarks/small_sets.py` trains what `experiment=benchmarks` does, with more repetitions where
`--repetitions` asks for them, and scikit-learn's `MLPClassifier` with its own defaults on the same folds, standardized
by the same training rows. `docs/explanation/small-sets.md` has what it printed. Overrides, such as `model.dropout=0.5`,
change glassnet's network alone.
"""

import glassnet.stages  # noqa: F401, I001  # before NumPy: as the stages compute
import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from glassnet.config import register_resolvers, to_settings, training_plan
from glassnet.config.compose import CONF, composed
from glassnet.tables import load_raw, prepare, read_prepared
from glassnet.training import train_network

DATA = ("wine", "breast_cancer", "digits")
FOLDS = 5


def scores_of_fold(
    data: str, repetition: int, fold: int, overrides: list[str], *, peer: bool
) -> tuple[float, float, float, float]:
    """Return the scores of a held-out fold: log-loss and accuracy of the last epoch, accuracy of two more.

    These are the epoch that the fold would choose, and scikit-learn's network.
    """
    given = [f"data={data}", f"data.fold={fold}", f"data.repetition={repetition}", f"data.folds={FOLDS}"]
    settings = to_settings(composed(["experiment=benchmarks", *given, *overrides]), "conf/")
    choice = settings.data.choice()
    with tempfile.TemporaryDirectory() as folder:
        prepare(load_raw(choice), choice, Path(folder))
        prepared = read_prepared(Path(folder))
        train, held_out = (prepared.split(split) for split in ("train", "validation"))
        plan = training_plan(settings, train.X.shape[1], len(prepared.class_names))
        history = train_network(plan, train, held_out, []).history
        chosen = min(history, key=lambda row: row["validation_loss"])
        theirs = float("nan")
        if peer:
            network = MLPClassifier(random_state=settings.seed).fit(np.asarray(train.X), np.asarray(train.y))
            theirs = float(network.score(np.asarray(held_out.X), np.asarray(held_out.y)))
    last = history[-1]
    return last["validation_loss"], last["validation_accuracy"], chosen["validation_accuracy"], theirs


def spread(of_repetitions: npt.NDArray[np.float64]) -> str:
    """Return the mean over repetitions, and its deviation over them, as the table has it."""
    return f"{of_repetitions.mean():.4f} ± {of_repetitions.std(ddof=1):.4f}"


def main() -> None:
    """Print a row for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=DATA, choices=DATA)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first repetition")
    parser.add_argument("--alone", action="store_true", help="without scikit-learn")
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_intermixed_args()
    register_resolvers(CONF)
    warnings.simplefilter("ignore", ConvergenceWarning)  # 200 iterations are its default
    print("| data | glassnet, last epoch | its log-loss | the fold chooses the epoch | scikit-learn | difference |")
    print("|---|---|---|---|---|---|")
    for data in given.data:
        scores = np.array([
            [scores_of_fold(data, repetition, fold, given.overrides, peer=not given.alone) for fold in range(FOLDS)]
            for repetition in range(given.first, given.first + given.repetitions)
        ])  # fmt: skip
        loss, last, chosen, theirs = scores.mean(axis=1).T
        ours = f"{spread(last)} | {loss.mean():.4f} | {spread(chosen)}"
        print(f"| {data} | {ours} | {spread(theirs)} | {spread(last - theirs)} |", flush=True)


if __name__ == "__main__":
    main()
