"""Changes become the command lines that a user would have typed."""

import pytest

from glassnet.diagnostics import AnyOf, Change
from glassnet.reporting import Launch, command_line, override

OVERRIDES = ("data=digits", "optimizer.learning_rate=1e-5", "model.hidden_sizes=[2]")
SLOWER = Change("optimizer.learning_rate", 1e-4)


@pytest.mark.parametrize(
    ("change", "written"),
    [
        (Change("optimizer.learning_rate", 1e-05), "optimizer.learning_rate=1e-05"),
        (Change("model.dropout", 0.2), "model.dropout=0.2"),
        (Change("model.hidden_sizes", (64, 32)), "model.hidden_sizes=[64,32]"),
        (Change("model.hidden_sizes", ()), "model.hidden_sizes=[]"),
        (Change("training.average_decay", None), "training.average_decay=null"),
        (Change("training.final", False), "training.final=false"),
        (Change("training.epochs", 1_000_000), "training.epochs=1000000"),
        (Change("model", "softmax"), "model=softmax"),
        (Change("seed", AnyOf(range(5))), "seed=range(5)"),
        (Change("seed", AnyOf(range(1, 3))), "seed=1,2"),
        (Change("model.hidden_sizes", AnyOf([(16,), ()])), "model.hidden_sizes=[16],[]"),
    ],
)
def test_a_change_is_written_as_hydra_reads_it(change: Change, written: str) -> None:
    """Values of each type, and values to compare."""
    assert override(change) == written


@pytest.mark.parametrize(
    ("launch", "changes", "line"),
    [
        (
            Launch(OVERRIDES),
            (SLOWER,),
            "dvc exp run -S data=digits -S 'model.hidden_sizes=[2]' -S optimizer.learning_rate=0.0001",
        ),
        (
            Launch(OVERRIDES, standalone=True),
            (SLOWER,),
            "python -m glassnet.stages.train data=digits 'model.hidden_sizes=[2]' optimizer.learning_rate=0.0001",
        ),
        (
            Launch(OVERRIDES),
            (Change("model", "mlp"), Change("seed", AnyOf(range(5)))),
            "python -m glassnet.stages.train -m data=digits optimizer.learning_rate=1e-5 model=mlp 'seed=range(5)'",
        ),
        (
            Launch(("training.final=true",), is_final=True),
            (Change("seed", AnyOf([0, 1])),),
            "python -m glassnet.stages.train -m training.final=false seed=0,1",
        ),
        (Launch(("+model.extra=1",)), (Change("model", "mlp"),), "dvc exp run -S model=mlp"),
        (Launch(OVERRIDES[:1]), (), "dvc exp run -S data=digits"),
    ],
)
def test_a_run_is_repeated_with_changes(launch: Launch, changes: tuple[Change, ...], line: str) -> None:
    """What it was started with comes first, without what a change replaces; values to compare make a sweep."""
    assert command_line(launch, changes) == line
