"""The monitored score: which epoch is kept, when a training stops, and what is refused."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as reference

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.training import (
    MONITORS,
    Architecture,
    BestWeights,
    Callback,
    EarlyStopping,
    Monitor,
    TrainingPlan,
    TrainingRun,
    fit,
    minimized,
    predict,
    train_network,
)
from glassnet.training.plan import loss_of_task


def _rows(seed: int, rows: int = 300) -> ArrayDataset:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.15).astype(np.int64)
    X = rng.standard_normal((rows, 3)).astype(np.float32)
    X[:, 0] += y
    return ArrayDataset(X, y)


def _fit(monitor: str, *callbacks: Callback, epochs: int = 12) -> tuple[nn.Module, list[dict[str, float]]]:
    model = nn.mlp([3, 8, 2], rng=np.random.default_rng(0))
    optimizer = optim.Adam(model.parameters(), learning_rate=0.03)
    loaders = DataLoader(_rows(0), 32, shuffle=True, seed=0), DataLoader(_rows(1), 64)
    history = fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, epochs, callbacks, monitor=monitor)
    return model, history


@pytest.mark.parametrize("monitor", ["balanced_accuracy", "macro_f1", "average_precision", "roc_auc"])
def test_the_best_epoch_is_that_of_the_monitored_score(monitor: str) -> None:
    """The history has it, as scikit-learn has it of the restored network."""
    best = BestWeights()
    model, history = _fit(monitor, best)
    column = [row[f"validation_{monitor}"] for row in history]
    highest = [row for row in history if row[f"validation_{monitor}"] == max(column)]
    assert best.epoch == min(highest, key=lambda row: row["validation_loss"])["epoch"]
    rows = _rows(1)
    y, p = np.asarray(rows.y), predict(model, np.asarray(rows.X))
    theirs: Any = {
        "balanced_accuracy": lambda: reference.balanced_accuracy_score(y, p.argmax(axis=1)),
        "macro_f1": lambda: reference.f1_score(y, p.argmax(axis=1), average="macro", zero_division=0),
        "average_precision": lambda: reference.average_precision_score(y, p[:, 1]),
        "roc_auc": lambda: reference.roc_auc_score(y, p[:, 1]),
    }
    assert max(column) == pytest.approx(theirs[monitor]())


def test_by_default_nothing_is_added() -> None:
    """And accuracy is there in any case."""
    _, history = _fit("loss", epochs=2)
    assert [name for name in history[0] if name.startswith("validation")] == ["validation_loss", "validation_accuracy"]
    assert list(_fit("accuracy", epochs=2)[1][0]) == list(history[0])


def test_of_equal_scores_the_lowest_loss_is_kept() -> None:
    """Accuracy has few values: the first epoch that reaches the best is hardly the best one."""

    class Even(Callback):
        def on_epoch_end(self, run: TrainingRun) -> None:
            run.history[-1] |= {"validation_accuracy": 0.9, "validation_loss": [3.0, 1.0, 2.0][run.epoch - 1]}

    best = BestWeights()
    _fit("accuracy", Even(), best, epochs=3)
    assert best.epoch == 2


def test_early_stopping_waits_for_the_monitored_score() -> None:
    """The loss falls on, and the reason names what did not improve."""

    class Falling(Callback):
        reason = ""

        def on_epoch_end(self, run: TrainingRun) -> None:
            run.history[-1] |= {"validation_macro_f1": 0.5, "validation_loss": 1 / run.epoch, "learning_rate": 0.01}

        def on_train_end(self, run: TrainingRun) -> None:
            self.reason = run.stop_reason

    falling = Falling()
    _, history = _fit("macro_f1", falling, EarlyStopping(3))
    assert len(history) == 4
    assert falling.reason == "the validation macro f1 did not improve for 3 epochs"


def test_class_weights_find_a_rare_class_and_keep_its_probability() -> None:
    """The answers are weighted, the probabilities those of the rows."""

    def train(weights: list[float] | None) -> npt.NDArray[Any]:
        plan = TrainingPlan(Architecture((3, 8, 2)), loss_of_task(2, class_weights=weights), epochs=15, seed=1)
        trained = train_network(plan, _rows(0, 2000), _rows(1, 1000), [])
        return predict(trained.model, np.asarray(_rows(2, 2000).X))

    plain, weighted = train(None), train([0.6, 3.3])
    actual = np.asarray(_rows(2, 2000).y)
    assert plain[:, 1].mean() == pytest.approx(actual.mean(), abs=0.02)
    assert weighted[:, 1].mean() == pytest.approx(actual.mean(), abs=0.02)
    recall = [float((answers == 1)[actual == 1].mean()) for answers in (
        plain.argmax(axis=1), (weighted * [0.6, 3.3]).argmax(axis=1)
    )]  # fmt: skip
    assert recall[1] > 0.5 > recall[0]


def test_scores_of_a_regression() -> None:
    """Less is better, and the column is there."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2)).astype(np.float32)
    rows = ArrayDataset(X, X[:, :1] * 2)
    plan = TrainingPlan(Architecture((2, 1)), nn.MeanSquaredError, epochs=3, monitor=Monitor("rmse"))
    trained = train_network(plan, rows, rows, [])
    last = trained.history[-1]
    assert last["validation_rmse"] == pytest.approx(np.sqrt(last["validation_loss"]), rel=1e-5)
    assert trained.minimized == trained.chosen["best_validation_rmse"]
    assert Monitor("mae").score(nn.MeanSquaredError(), X[:, :1], X[:, :1] + 1) == pytest.approx(1)


def test_what_is_minimized() -> None:
    """Of scores where more is better, 1 less the score."""
    assert {name: minimized(name, 0.25) for name in MONITORS} == {
        "loss": 0.25, "accuracy": 0.75, "balanced_accuracy": 0.75, "macro_f1": 0.75, "average_precision": 0.75,
        "roc_auc": 0.75, "mae": 0.25, "rmse": 0.25,
    }  # fmt: skip


def test_nonsense_is_refused() -> None:
    """A name that there is not, one of another task, and rows on which a score is undefined."""
    with pytest.raises(ValueError, match=r"monitor: expected one of loss, accuracy, .*received 'f2'"):
        _fit("f2")
    with pytest.raises(ValueError, match="expected a score of a regression, one of loss, mae, rmse, received accuracy"):
        Monitor("accuracy").require_task("regression")
    with pytest.raises(ValueError, match=r"roc_auc is defined for, received classes \[1\] alone"):
        Monitor("roc_auc").score(
            nn.SoftmaxCrossEntropy(), np.zeros((3, 2), dtype=np.float32), np.ones(3, dtype=np.int64)
        )


def test_the_average_precision_of_many_classes_is_the_mean_of_theirs() -> None:
    """One against the rest; a class without rows is left out."""
    rng = np.random.default_rng(0)
    Z, y = rng.standard_normal((50, 4)).astype(np.float32), rng.integers(0, 3, 50)
    p = nn.softmax(Z)
    expected = np.mean([reference.average_precision_score(y == label, p[:, label]) for label in range(3)])
    assert Monitor("average_precision").score(nn.SoftmaxCrossEntropy(), Z, y) == pytest.approx(expected)


def test_answers_are_those_of_the_loss() -> None:
    """With class weights in the loss, the monitored score is of the weighted answers, as the accuracy is."""
    loss = nn.AdjustedCrossEntropy(class_weights=[0.6, 3.3])
    rng = np.random.default_rng(0)
    Z, y = rng.standard_normal((200, 2)).astype(np.float32), rng.integers(0, 2, 200)
    answers = loss.answers(Z)
    assert (answers != Z.argmax(axis=1)).any()
    assert Monitor("accuracy").score(loss, Z, y) == pytest.approx((answers == y).mean())
    assert Monitor("macro_f1").score(loss, Z, y) == pytest.approx(reference.f1_score(y, answers, average="macro"))
    one_hot = np.eye(2, dtype=np.float32)[y]
    assert Monitor("macro_f1").score(loss, Z, one_hot) == Monitor("macro_f1").score(loss, Z, y)


def test_a_score_of_another_task_is_refused_before_training() -> None:
    """And the message lists those that fit."""
    X = np.zeros((4, 2), dtype=np.float32)
    loader = DataLoader(ArrayDataset(X, X[:, :1]), 2)
    model = nn.mlp([2, 1], rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="expected a score of a regression, one of loss, mae, rmse, received roc_auc"):
        fit(model, nn.MeanSquaredError(), optimizer, loader, loader, 1, monitor="roc_auc")
