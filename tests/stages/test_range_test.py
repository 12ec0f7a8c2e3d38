"""What the range test prints: what was done, every rate that was tried and why, and what it cost."""

from dataclasses import replace

from glassnet import nn
from glassnet.diagnostics import RangeTest, RateTrials
from glassnet.stages.range_test import describe
from glassnet.training import Architecture, TrainingPlan

TEST = RangeTest([1e-5, 1e-3, 0.1], [1.0, 0.8, 2.0], [1.0, 0.8, 2.0], 0.1, 0.0012, 1e-4, 0.0333, 2, 8)
PLAN = TrainingPlan(Architecture((4, 2)), nn.SoftmaxCrossEntropy, epochs=60, batch_size=16)
LOSSES = {1e-4: [0.9], 0.0012: [0.4, 0.4, 0.4], 0.0063: [0.3, 0.2, 0.25], 0.033: [0.5, 0.5, 0.5]}
TRIALS = RateTrials(LOSSES, 20, 2_000)


def test_what_was_done_and_what_came_of_it_is_said() -> None:
    """One rate has two names; one was tried for its neighbour's sake."""
    named = {**TEST.choices, "the settings' own": 0.0012}
    assert describe(TEST, named, TRIALS, PLAN, 500) == [
        "the loss blows up at a learning rate of 0.1 (mean of 8 starts from the same weights, 3 steps each, batches of "
        "2 rows; no start saw a row twice)",
        "4 rates tried in 10 trainings of 20 epochs, at the cost of about 3.3 trainings of 60; best validation loss "
        "with seed 0, mean of 3 seeds:",
        "  0.0001   0.9      -        minimum / 10",
        "  0.0012   0.4      0.4      steepest descent, the settings' own",
        "  0.0063   0.3      0.25     beside the best so far (best)",
        "  0.033    0.5      0.5      edge / 3",
    ]


def test_a_loss_that_never_blew_up_has_no_edge() -> None:
    """Nor a third of it among the rates; batches as large as the training's are called that."""
    test = replace(TEST, edge=None, third_of_edge=None, batch_size=16)
    lines = describe(test, test.choices, TRIALS, PLAN, 500)
    assert "the loss never blew up, up to a learning rate of 0.1 (" in lines[0]
    assert "batches of the training's size" in lines[0]
    assert not any("edge" in line for line in lines)
