"""Training: the three modes, the callbacks, the model file and the history file."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from glassnet import nn, optim
from glassnet.data import ArrayDataset, DataLoader
from glassnet.tables import TablePreprocessing, load_model
from glassnet.training import (
    Architecture,
    BestWeights,
    Callback,
    EarlyStopping,
    GradientClipping,
    HistoryFile,
    LearningRateSchedule,
    ModelFile,
    Progress,
    Row,
    TrainingDivergedError,
    TrainingRun,
    TrainingWarning,
    evaluate,
    fit,
    predict,
    read_history,
    save_model,
    write_history,
)


def _blobs(n: int, seed: int, spread: float = 0.6) -> ArrayDataset:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    centres = np.array([[0, 2], [2, -1], [-2, -1]])
    return ArrayDataset((centres[y] + spread * rng.standard_normal((n, 2))).astype(np.float32), y)


def _train(
    callbacks: Any = (), epochs: int = 12, learning_rate: float = 0.02, spread: float = 0.6, **options: Any
) -> tuple[nn.Sequential, list[Row]]:
    model = nn.mlp([2, 8, 3], rng=np.random.default_rng(1), **options)
    loaders = DataLoader(_blobs(100, 0, spread), 16, shuffle=True), DataLoader(_blobs(50, 1, spread), 32)
    optimizer = optim.Adam(model.parameters(), learning_rate)
    return model, fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, epochs=epochs, callbacks=callbacks)


def test_training_learns_and_records() -> None:
    """Blobs that lie apart are told apart, and each epoch leaves one complete row."""
    model, history = _train()
    assert history[-1]["validation_accuracy"] > 0.95
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert list(history[0]) == [
        "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "penalty",
        "learning_rate", "gradient_norm", "seconds", "examples_per_second",
    ]  # fmt: skip
    assert all(math.isfinite(value) for row in history for value in row.values())
    assert not model.training


def test_the_same_seed_gives_the_same_bytes() -> None:
    """With dropout and BatchNorm too."""
    states = [_train(dropout=0.2, normalization="batch")[0].state_dict() for _ in range(2)]
    assert all(array.tobytes() == states[1][name].tobytes() for name, array in states[0].items())


def test_metrics_count_examples_not_batches() -> None:
    """Batches of 32, 32 and 6 give what one batch of 70 gives, class weights included."""
    model, data = _train(epochs=1)[0], _blobs(70, 5)
    for loss in (nn.SoftmaxCrossEntropy(), nn.SoftmaxCrossEntropy(0.1, [1.0, 5.0, 0.2])):
        parts, whole = (evaluate(model, loss, DataLoader(data, size)) for size in (32, 70))
        assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-6)
        assert parts["accuracy"] == whole["accuracy"]
        assert parts["examples"] == 70


@pytest.mark.parametrize(
    "loss", [nn.SoftmaxCrossEntropy(label_smoothing=0.3), nn.SoftmaxCrossEntropy(class_weights=[1, 5, 0])]
)
@pytest.mark.parametrize("processes", [1, 2])
def test_losses_are_measured_without_smoothing_and_class_weights(loss: nn.SoftmaxCrossEntropy, processes: int) -> None:
    """What the history says of training and validation compares with any other training; what is minimized differs."""
    model, data = nn.mlp([2, 8, 3], rng=np.random.default_rng(1)), _blobs(90, 0)
    everything = DataLoader(data, 90)
    plain, before = nn.SoftmaxCrossEntropy(), model.state_dict()
    at_first = plain.forward(model.forward(data.X), data.y)
    optimizer = optim.SGD(model.parameters(), 0.1)
    row = fit(model, loss, optimizer, everything, everything, epochs=1, processes=processes)[0]
    at_last = plain.forward(model.forward(data.X), data.y)
    assert row["train_loss"] == pytest.approx(at_first, rel=1e-6)
    assert row["validation_loss"] == evaluate(model, loss, everything)["loss"] == pytest.approx(at_last, rel=1e-6)
    step = model.state_dict()["0.W"]
    model.load_state_dict(before)
    loss.forward(model.forward(data.X), data.y)
    optimizer.zero_grad()
    model.backward(loss.backward())
    optimizer.step()
    np.testing.assert_allclose(model.state_dict()["0.W"], step, rtol=1e-5)


def test_a_loss_of_ones_own_is_averaged_in_64_bits() -> None:
    """Its forward returns NumPy's float32, as a mean over float32 does; many batches are summed as exactly as one."""

    class LogLoss(nn.SoftmaxCrossEntropy):
        def forward(self, logits: Any, targets: Any) -> Any:
            return np.float32(super().forward(logits, targets))

    model, data, n = _train(epochs=1)[0], _blobs(9, 5), 30_000
    one = np.float32(nn.SoftmaxCrossEntropy().forward(model.forward(data.X), data.y))
    scores = evaluate(model, LogLoss(), [data[:]] * n)  # type: ignore[arg-type]  # any batches will do
    assert scores["loss"] == pytest.approx(float(one), rel=1e-12)
    assert all(type(value) in (float, int) for value in scores.values())


def test_evaluating_and_predicting_leave_the_mode_alone() -> None:
    """A model in training mode stays in it, but nothing is dropped meanwhile; rows do not depend on their batch."""
    model = _train(epochs=1, dropout=0.5)[0].train()
    X = _blobs(40, 2).X
    P = predict(model, X)
    assert model.training
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(predict(model, X, batch_size=7), P, rtol=1e-5)


class _Recorder(Callback):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_train_begin(self, run: TrainingRun) -> None:
        self.calls.append("train begin")

    def on_epoch_begin(self, run: TrainingRun) -> None:
        self.calls.append(f"epoch {run.epoch} begin")

    def on_batch_begin(self, run: TrainingRun) -> None:
        self.calls.append(f"batch {run.step} begin")

    def on_gradients_ready(self, run: TrainingRun) -> None:
        self.calls.append("gradients")

    def on_batch_end(self, run: TrainingRun) -> None:
        self.calls.append(f"batch {run.step} end")

    def on_epoch_end(self, run: TrainingRun) -> None:
        self.calls.append(f"epoch {run.epoch} end")
        run.stop("enough")

    def on_train_end(self, run: TrainingRun) -> None:
        self.calls.append(f"train end: {run.stop_reason}")


def test_hooks_come_in_order_and_can_stop_the_training() -> None:
    """Seven batches of one epoch, then the end that the callback asked for."""
    recorder = _Recorder()
    _train([recorder], epochs=5)
    batches = [call for i in range(7) for call in (f"batch {i} begin", "gradients", f"batch {i + 1} end")]
    assert recorder.calls == ["train begin", "epoch 1 begin", *batches, "epoch 1 end", "train end: enough"]


def test_the_best_weights_come_back() -> None:
    """After overfitting noise, the model scores as the best row of its history says."""
    best = BestWeights()
    model, history = _train([best], epochs=60, learning_rate=0.1, spread=2.5)
    row = min(history, key=lambda row: row["validation_loss"])
    assert best.epoch == row["epoch"] < 60
    scores = evaluate(model, nn.SoftmaxCrossEntropy(), DataLoader(_blobs(50, 1, 2.5), 32))
    assert scores["loss"] == pytest.approx(row["validation_loss"], rel=1e-6) == best.loss


def test_early_stopping_waits_for_its_patience() -> None:
    """The training ends as many epochs after the best one as the patience says."""
    _, history = _train([EarlyStopping(4)], epochs=200, learning_rate=0.1, spread=2.5)
    best = min(history, key=lambda row: row["validation_loss"])["epoch"]
    assert len(history) == best + 4 < 200


def test_schedules_and_clipping_act_on_each_step() -> None:
    """The rate of the last step is recorded; clipped to nearly nothing, SGD hardly moves the weights."""
    _, history = _train([LearningRateSchedule(optim.cosine(0.1, 14))], epochs=2)
    assert history[-1]["learning_rate"] == pytest.approx(0.05 * (1 + math.cos(math.pi * 13 / 14)), rel=1e-12)
    model = nn.mlp([2, 3], rng=np.random.default_rng(0))
    before = model.state_dict()["0.W"]
    loaders = DataLoader(_blobs(32, 0), 32), DataLoader(_blobs(32, 0), 32)
    optimizer = optim.SGD(model.parameters(), 1.0)
    history = fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, 1, [GradientClipping(1e-3)])
    assert 0 < np.linalg.norm(model.state_dict()["0.W"] - before) <= 1.001e-3
    assert history[0]["gradient_norm"] > 0.1  # before clipping
    before = model.state_dict()["0.W"]
    fit(model, nn.SoftmaxCrossEntropy(), optimizer, *loaders, 1, [GradientClipping(max_value=1e-3)])
    np.testing.assert_allclose(np.abs(model.state_dict()["0.W"] - before).max(), 1e-3, rtol=1e-3)
    with pytest.raises(ValueError, match="GradientClipping: expected max_norm, max_value or both, received neither"):
        GradientClipping()


def test_training_the_head_alone_leaves_the_rest_out_of_everything() -> None:
    """As if the frozen layer were fixed features: norm, clipping and penalty see the head; no gradient piles up."""
    rows = DataLoader(_blobs(64, 0), 16, shuffle=True)
    whole = nn.mlp([2, 8, 3], rng=np.random.default_rng(1))
    frozen, head = whole.layers[:2], nn.Sequential(whole.layers[2])
    features = nn.Sequential(*frozen)(_blobs(64, 0).X)
    rows_of_features = DataLoader(ArrayDataset(features, _blobs(64, 0).y), 16, shuffle=True)
    before, after, histories = whole.state_dict(), [], []
    for model, loader in ((whole, rows), (head, rows_of_features)):
        whole.load_state_dict(before)
        optimizer = optim.SGD(head.parameters(), 0.1)
        callbacks = [GradientClipping(0.5)]
        loss, penalty = nn.SoftmaxCrossEntropy(), nn.L2Penalty(0.1)
        histories.append(fit(model, loss, optimizer, loader, loader, 2, callbacks, penalty=penalty))
        after.append(whole.state_dict())
    for name in ("0.W", "0.b"):
        assert after[0][name].tobytes() == before[name].tobytes()
    for name in ("2.W", "2.b"):
        np.testing.assert_allclose(after[0][name], after[1][name], rtol=1e-5)
    for key in ("gradient_norm", "penalty"):
        assert histories[0][-1][key] == pytest.approx(histories[1][-1][key], rel=1e-5)
    whole.load_state_dict(before)
    gradients = []
    for epochs in (1, 4):  # four batches each, all alike: the last gradient alone is left, however many there were
        same = DataLoader(ArrayDataset(np.tile(_blobs(1, 0).X, (64, 1)), np.zeros(64, dtype=np.int64)), 16)
        fit(whole, nn.SoftmaxCrossEntropy(), optim.SGD(head.parameters(), 1e-12), same, same, epochs)
        gradients.append(whole.layers[0].parameters()[0].grad.copy())
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-5)


def test_divergence_stops_at_once_and_says_where() -> None:
    """Step, parameter, rate and what to do; no warnings on the way there: they would fail this test."""
    with pytest.raises(
        TrainingDivergedError, match=r"epoch 1, after \d steps: expected a finite .*learning_rate 1e\+30"
    ):
        _train(learning_rate=1e30)
    X = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32)
    for scale, hole, part in (
        (1.0, True, "1 of the batch's 8 examples have features that are not finite"),
        (1e30, False, r"largest weight is .*e\+30, in 0\.W.*; features reach .*e\+30: .*; the weights have run away"),
    ):
        X_bad = X.copy()
        X_bad[3] *= np.float32(scale)
        X_bad[3, 0] = np.nan if hole else X_bad[3, 0]
        model = nn.mlp([2, 16, 3], activation="silu", rng=np.random.default_rng(0))
        model.parameters()[0].data *= np.float32(scale) if scale > 1 else 1
        rows = DataLoader(ArrayDataset(X_bad, np.arange(8) % 3), 8)
        with pytest.raises(TrainingDivergedError, match=part) as caught:
            fit(model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), 0.1), rows, rows, 1)
        assert ("clip the gradient with GradientClipping(max_norm=1.0)" in str(caught.value)) is not hole
        assert "training." not in str(caught.value)  # no settings: who calls fit has arguments


def test_a_training_that_is_lost_is_warned_of_once() -> None:
    """A rate of 1000 throws a linear model about for ever, with finite losses; a small rate is nothing to warn of."""
    rows = DataLoader(_blobs(60, 0, spread=3.0), 16, shuffle=True)

    def history(learning_rate: float) -> list[Row]:
        model = nn.mlp([2, 3], rng=np.random.default_rng(1))
        return fit(model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), learning_rate), rows, rows, 12)

    with pytest.warns(TrainingWarning) as caught:
        lost = history(1000.0)
    slow = history(0.01)
    said = str(caught.pop(TrainingWarning).message)
    assert said.startswith("fit: for 5 epochs the training loss has been more than 2 times 1.099, that of outputs ")
    assert f"it is {lost[4]['train_loss']:.4g} at epoch 5 (learning_rate 1000)" in said
    assert said.endswith("divide the learning rate by 10")
    assert not caught.list
    assert lost[-1]["train_loss"] > slow[0]["train_loss"] > slow[-1]["train_loss"] > math.log(3)


def test_a_training_that_learns_nothing_is_warned_of_once() -> None:
    """Its losses stay a little above those of outputs that are all 0: labels and weights are left to chance."""
    rows = DataLoader(_blobs(60, 0, spread=3.0), 16, shuffle=True)
    model = nn.mlp([2, 3], rng=np.random.default_rng(1))
    weights, biases = model.parameters()
    weights.data *= 0
    biases.data[:] = 0.5, -0.5, 0
    with pytest.warns(TrainingWarning) as caught:
        fit(model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), 1e-12), rows, rows, 14)
    said = str(caught.pop(TrainingWarning).message)
    assert said.startswith("fit: for 10 epochs the losses have stayed above 1.099, that of outputs that are all 0; ")
    assert said.endswith("stop, and see what diagnostics.diagnose(history, telemetry) finds")
    assert not caught.list


class _Exploding(nn.Module):
    """Lets everything through, but returns a gradient that is infinite for the first unit."""

    def forward(self, X: nn.FloatArray) -> nn.FloatArray:
        return X

    def backward(self, dout: nn.FloatArray) -> nn.FloatArray:
        dX = dout.copy()
        dX[:, 0] = np.inf
        return dX


def test_the_layer_at_which_the_gradient_explodes_is_named() -> None:
    """Going back from the loss: the bias in front of what explodes, not the last layer, nor the first parameter."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(2, 4, rng=rng), nn.Dense(4, 4, rng=rng), _Exploding(), nn.Dense(4, 3, rng=rng))
    rows = DataLoader(_blobs(32, 0), 32)
    where = r"gradient norm, .*the gradient of 1\.b is the first that is not finite; usual causes: a learning rate"
    with pytest.raises(TrainingDivergedError, match=where):
        fit(model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), 0.1), rows, rows, 1)


def test_the_batch_that_is_looked_at_is_the_one_that_diverged() -> None:
    """Of eight shuffled ones, in the epoch that it is: no other holds the row with a gap."""
    X = np.random.default_rng(0).standard_normal((64, 2)).astype(np.float32)
    X[17, 1] = np.nan
    model = nn.mlp([2, 3], rng=np.random.default_rng(0))
    rows = DataLoader(ArrayDataset(X, np.arange(64) % 3), 8, shuffle=True)
    with pytest.raises(TrainingDivergedError, match="1 of the batch's 8 examples have features that are not finite"):
        fit(model, nn.SoftmaxCrossEntropy(), optim.SGD(model.parameters(), 0.1), rows, rows, 1)


def test_what_was_not_finite_before_any_rate_acted_is_no_rate_too_high() -> None:
    """Validation features with holes, and initial weights that are none."""
    X = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32)
    model = nn.mlp([2, 3], rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), 0.1)
    broken = X.copy()
    broken[3:5, 0] = np.nan, np.inf
    train, validation = (DataLoader(ArrayDataset(rows, np.arange(8) % 3), 4) for rows in (X, broken))
    with pytest.raises(TrainingDivergedError, match=r"validation loss, .*2 of the validation data's examples have fea"):
        fit(model, nn.SoftmaxCrossEntropy(), optimizer, train, validation, 1)
    model.parameters()[0].data[0] = np.nan
    with pytest.raises(TrainingDivergedError, match=r"0\.W was not finite from the start"):
        fit(model, nn.SoftmaxCrossEntropy(), optimizer, train, validation, 1)


def test_the_history_is_on_disk_after_every_epoch(tmp_path: Path) -> None:
    """As far as the training has come, columns and all."""
    seen = []

    class Reader(Callback):
        def on_safe_point(self, run: TrainingRun) -> None:
            if run.batch == 0:
                seen.append(len(read_history(tmp_path / "history.csv")))

    _, history = _train([HistoryFile(tmp_path / "history.csv"), Reader()], epochs=3)
    assert seen == [1, 2, 3]
    assert read_history(tmp_path / "history.csv") == history


def test_an_entry_that_some_epochs_lack_is_nan_in_the_file(tmp_path: Path) -> None:
    """A score of one's own that takes too long to be computed after every epoch."""

    class Score(Callback):
        def on_epoch_end(self, run: TrainingRun) -> None:
            if run.epoch % 2 == 0:
                run.history[-1]["score"] = run.epoch / 10

    _train([Score(), HistoryFile(tmp_path / "history.csv")], epochs=4)
    scores = [row["score"] for row in read_history(tmp_path / "history.csv")]
    assert np.array_equal(scores, [math.nan, 0.2, math.nan, 0.4], equal_nan=True)


def test_a_validation_loss_that_is_not_finite_is_divergence() -> None:
    """One epoch of one batch: only the validation after it sees that the weights are gone."""
    X = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32)
    rows = ArrayDataset(X, np.arange(8) % 3)
    model = nn.mlp([2, 4, 3], rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.parameters(), 1e30)
    with pytest.raises(TrainingDivergedError, match=r"epoch 1.*finite.*received"):
        fit(model, nn.SoftmaxCrossEntropy(), optimizer, DataLoader(rows, 8), DataLoader(rows, 8), epochs=1)


def test_progress_is_plain_lines_outside_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """About ten of them, the last for the last epoch."""
    _train([Progress("toy")], epochs=40)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert lines[-1].startswith("toy: epoch 40/40  train loss ")


def _model_file() -> ModelFile[Any]:
    architecture = Architecture((2, 4, 3), "tanh", dropout=0.1, normalization="batch")
    model = architecture.build(np.random.default_rng(0), np.random.default_rng(1))
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, 3.5, 9.0]})
    return ModelFile(model, architecture, TablePreprocessing.fit(frame, ("a", "b")), ("x", "y", "z"), {"best_epoch": 3})


def test_a_model_file_stands_alone(tmp_path: Path) -> None:
    """Read back, it predicts the same bytes from raw rows; written twice, it is the same bytes."""
    saved = _model_file()
    for name in ("one", "two"):
        save_model(tmp_path / name, saved)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    loaded = load_model(tmp_path / "one")
    frame = pd.DataFrame({"b": [1.0, 2.0], "other": ["?", "!"], "a": [0.5, 0.1]})
    assert loaded.predict_frame(frame).tobytes() == saved.predict_frame(frame).tobytes()
    assert loaded.architecture == saved.architecture
    assert (loaded.class_names, loaded.about) == (saved.class_names, saved.about)


def test_an_architecture_reads_back_and_names_what_it_does_not_know() -> None:
    """What a file leaves out has its default, as in files of before."""
    architecture = Architecture((2, 4, 1), "gelu", dropout=0.25, init="zeros")
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture
    assert Architecture.from_json({"sizes": [2, 3]}) == Architecture((2, 3))
    for data in ({"sizes": [2, 3], "depth": 4}, {"activation": "relu"}):
        with pytest.raises(ValueError, match=r"expected an architecture with sizes, of .*, received"):
            Architecture.from_json(data)
    with pytest.raises(ValueError, match="expected the path of a class as _target_, received int 3"):
        Architecture.from_json({"sizes": [2, 3, 2], "activation": {"_target_": 3}})


def test_damaged_foreign_and_missing_model_files_are_refused(tmp_path: Path) -> None:
    """Each in one line that names the file."""
    path = tmp_path / "model.safetensors"
    with pytest.raises(FileNotFoundError, match="expected a trained model here"):
        load_model(path)
    save_model(path, _model_file())
    content = path.read_bytes()
    for damaged in (content[:-20], content[:30], b"", b"\x80\x04pickle" * 20):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged or foreign"):
            load_model(path)
    from safetensors.numpy import save_file

    save_file({"W": np.ones(2)}, path)
    with pytest.raises(ValueError, match="format None"):
        load_model(path)


def test_the_history_reads_back_exactly(tmp_path: Path) -> None:
    """Floats are written in full."""
    history = [{"epoch": 1.0, "loss": 1 / 3}, {"epoch": 2.0, "loss": 1e-300}]
    write_history(tmp_path / "history.csv", history, history[0])
    assert read_history(tmp_path / "history.csv") == history
    with pytest.raises(FileNotFoundError, match="run train first"):
        read_history(tmp_path / "none.csv")


def test_numpy_floats_read_back_exactly(tmp_path: Path) -> None:
    """A schedule of one's own may well return np.float64, a subclass of float, as the learning rate."""
    path = tmp_path / "history.csv"
    write_history(path, [{"epoch": 1, "learning_rate": np.float64(0.1)}], ["epoch", "learning_rate"])
    assert read_history(path) == [{"epoch": 1.0, "learning_rate": 0.1}]


def test_callbacks_may_come_from_a_generator() -> None:
    """Looking at them does not use them up."""
    noted: list[str] = []

    class Note(Callback):
        def on_epoch_end(self, run: TrainingRun) -> None:
            noted.append("epoch")

    _train((callback for callback in [Note()]), epochs=2)
    assert noted == ["epoch", "epoch"]


class _NamelessLoss(nn.Loss):
    """Has nothing to be read beside it."""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"callbacks": None}, "callbacks as a list of Callback, received NoneType"),
        ({"callbacks": Progress("fit")}, "callbacks as a list of Callback, received Progress"),
        ({"val_loader": None}, "a DataLoader as val_loader, received NoneType"),
        ({"train_loader": [1]}, "a DataLoader as train_loader, received list"),
        ({"loss": _NamelessLoss()}, "a loss with a score_name"),
    ],
)
def test_what_fit_cannot_use_is_refused_before_the_first_epoch(changed: dict[str, Any], message: str) -> None:
    """In a line that says what was expected, and what came."""
    model, loader = nn.mlp([2, 3], rng=np.random.default_rng(0)), DataLoader(_blobs(20, 0), 8)
    arguments = {
        "loss": nn.SoftmaxCrossEntropy(), "train_loader": loader, "val_loader": loader, "callbacks": (), **changed
    }  # fmt: skip
    with pytest.raises(TypeError, match=f"fit: expected {message}"):
        fit(model, optimizer=optim.Adam(model.parameters()), epochs=1, **arguments)


def test_evaluate_refuses_an_array_in_place_of_a_loader() -> None:
    """Whose rows it would take for batches."""
    model = nn.mlp([2, 3], rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="evaluate: expected a DataLoader as loader, received float32 array"):
        evaluate(model, nn.SoftmaxCrossEntropy(), _blobs(20, 0).X)  # type: ignore[arg-type]


def test_a_network_with_one_output_predicts_that_output() -> None:
    """Softmax over one class would be 1 whatever the network says."""
    model, X = nn.mlp([2, 1], rng=np.random.default_rng(0)), _blobs(20, 0).X
    assert np.array_equal(predict(model, X), model.eval().forward(X))


def test_a_masked_array_is_refused() -> None:
    """Its batches would show what the mask hides."""
    X = _blobs(20, 0).X
    with pytest.raises(ValueError, match="expected plain arrays, received X masked"):
        ArrayDataset(np.ma.masked_array(X, mask=X > 1), np.zeros(20, dtype=np.int64))
