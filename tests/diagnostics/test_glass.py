"""What the page under glass is made from: the recording, the numbers of a step, and where findings begin."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet import data, diagnostics, nn, optim, training
from glassnet.diagnostics.diagnosis import training_of
from glassnet.diagnostics.glass import onset
from glassnet.diagnostics.glass.recording import FRAMES, NUMBERS, Recording
from glassnet.diagnostics.glass.shown import block_of, in_blocks
from glassnet.diagnostics.glass.update import Moment, after_update
from glassnet.nn import FloatArray
from tests.diagnostics.glass_networks import BATCH, network, rows, train

OPTIMIZERS: dict[str, Callable[[Sequence[nn.Parameter]], optim.Optimizer]] = {
    "sgd": lambda p: optim.SGD(p, learning_rate=0.1),
    "momentum": lambda p: optim.SGD(p, learning_rate=0.1, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, learning_rate=0.1, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: optim.RMSProp(p, learning_rate=0.01),
    "adam": lambda p: optim.Adam(p, learning_rate=0.01),
    "adamw": lambda p: optim.AdamW(p, learning_rate=0.01, weight_decay=0.1),
    "adamw l1": lambda p: optim.AdamW(p, learning_rate=0.01, weight_decay=0.1, l1_decay=0.2),
}


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}, {"normalization": "batch"}, {"activation": "tanh"}], ids=str)
def test_recording_changes_nothing_of_a_training(options: dict[str, object]) -> None:
    """Dropout draws the masks that it would have drawn, and BatchNorm's averages move once a step."""

    class Nothing(training.Callback):
        pass

    seen = train(network(**options))  # type: ignore[arg-type]
    X, y = rows()
    plain = network(**options)  # type: ignore[arg-type]
    loader = data.DataLoader(data.ArrayDataset(X[:32], y[:32]), BATCH, shuffle=True, seed=1)
    validation = data.DataLoader(data.ArrayDataset(X[32:], y[32:]), 8)
    optimizer = optim.Adam(plain.parameters(), learning_rate=0.01)
    training.fit(plain, nn.SoftmaxCrossEntropy(), optimizer, loader, validation, epochs=3, callbacks=[Nothing()])
    for name, array in plain.state_dict().items():
        np.testing.assert_array_equal(array, seen.model.state_dict()[name])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "normalization": "batch"}], ids=str)
def test_a_frame_is_the_step_that_the_training_made(name: str, options: dict[str, object]) -> None:
    """Weights before and after are those that another callback saw."""
    seen = train(network(**options), OPTIMIZERS[name])  # type: ignore[arg-type]
    assert seen.recording.epochs == [0, 1, 2, 3]
    for epoch, frame in enumerate(seen.recording.album.frames[:-1]):
        assert frame.facts["step"] == 4 * epoch + 1
        for parameter in ("0.W", "0.b"):
            before, after = seen.spy.before[epoch][parameter], seen.spy.after[epoch][parameter]
            np.testing.assert_array_equal(frame.arrays[f"update/{parameter}/W"], before)
            np.testing.assert_array_equal(frame.arrays[f"update/{parameter}/after"], after)
            np.testing.assert_array_equal(frame.arrays[f"update/{parameter}/d"], frame.arrays[f"update/{parameter}/g"])
    assert not any(key.startswith("update/") for key in seen.recording.album.frames[-1].arrays)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_next_update_is_foretold(name: str) -> None:
    """To the last bit, and the optimizer stays as it was."""
    model = network()
    for parameter in model.parameters():
        parameter.rate_factor = 0.1 if parameter.name == "b" else 1.0
    optimizer = OPTIMIZERS[name](model.parameters())
    rng = np.random.default_rng(0)
    for _ in range(3):
        gradient = rng.normal(size=optimizer.flat.grad.size).astype(np.float32)
        before, steps = Moment.of(optimizer), optimizer.steps
        told = after_update(optimizer, gradient)
        np.testing.assert_array_equal(Moment.of(optimizer).W, before.W)
        assert optimizer.steps == steps
        optimizer.flat.grad[:] = gradient
        optimizer.step()
        np.testing.assert_array_equal(told.W, optimizer.flat.data)
        for slot, values in told.slots.items():
            np.testing.assert_array_equal(values, optimizer.slots[slot])


def test_penalty_and_clipping_are_told_apart_from_the_data() -> None:
    """What came back from the loss is dW; what the optimizer went by has the penalty in it, and is clipped."""
    seen = train(network(), l2=0.1, callbacks=[training.GradientClipping(0.05)])
    frame = seen.recording.album.frames[0]
    g, d, W = (frame.arrays[f"update/0.W/{key}"] for key in ("g", "d", "W"))
    clipped = frame.facts["clipped"]
    assert isinstance(clipped, float)
    assert 0 < clipped < 1
    np.testing.assert_allclose(g, clipped * (d + 0.1 * W), rtol=1e-4, atol=1e-7)
    by_value = train(network(), callbacks=[training.GradientClipping(max_value=0.01)]).recording.album.frames[0]
    assert by_value.facts["clipped"] == "values"
    plain = train(network(), l2=0.1).recording.album.frames[0]
    assert plain.facts["clipped"] is None
    bias = plain.arrays["update/0.b/g"], plain.arrays["update/0.b/d"]
    np.testing.assert_array_equal(*bias)


def test_averaged_weights_are_told_from_those_in_training() -> None:
    """The boundary is that of the average, which is evaluated; the step is of the weights that it changes."""
    seen = train(network(), callbacks=[training.WeightAveraging(0.9)])
    assert [frame.facts["averaged"] for frame in seen.recording.album.frames] == [False, True, True, False]
    plain = train(network())
    assert not any(frame.facts["averaged"] for frame in plain.recording.album.frames)


def test_frames_and_numbers_are_bounded() -> None:
    """However many epochs, however large the network."""
    long = train(network(), epochs=130).recording
    assert len(long.epochs) <= FRAMES
    assert long.epochs[0] == 0
    assert long.epochs[-1] == 130
    steps = np.diff(long.epochs[:-1])
    assert (steps == steps[0]).all()
    chosen = train(network(), epochs=40, every=None).recording
    assert chosen.epochs == list(range(0, 41, 2))
    deep = train(network(sizes=(2, *[60] * 12, 3)), epochs=30)
    numbers = 0
    for frame in deep.recording.album.frames:
        kept = {id(array): array for key, array in frame.arrays.items() if not key.startswith("plane.")}
        numbers += sum(array.size for array in kept.values())
    assert NUMBERS / 4 < numbers < 1.1 * NUMBERS
    assert len(diagnostics.look(deep.model, deep.loss, deep.X, deep.y, recording=deep.recording)) < 10e6


def test_large_arrays_are_kept_in_blocks() -> None:
    """Each block as its number of largest magnitude, with its sign."""
    assert block_of((64, 64), 4096) == (1, 1)
    assert block_of((784, 128), 4096) == (16, 2)
    values = np.array([[1.0, -3, 2], [0, 2, -1], [5, 4, 0]])
    np.testing.assert_array_equal(in_blocks(values, (2, 2)), [[-3, 2], [5, 0]])
    np.testing.assert_array_equal(in_blocks(values, (1, 1)), values)


def test_a_page_has_the_same_bytes_each_time() -> None:
    """The training too, and so the recording."""
    one, two = (train(network(dropout=0.2)) for _ in range(2))
    pages = [diagnostics.look(s.model, s.loss, s.X, s.y, recording=s.recording) for s in (one, two)]
    assert pages[0] == pages[1]
    assert "http://" not in pages[0].replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in pages[0]


def test_looking_leaves_no_trace() -> None:
    """Without a training: the model, its gradients, its mode and the optimizer are as they were."""
    X, y = rows()
    model, loss = network(dropout=0.3, normalization="batch"), nn.SoftmaxCrossEntropy()
    optimizer = optim.Adam(model.parameters(), learning_rate=0.1)
    optimizer.flat.grad[:] = 3
    before = model.state_dict()
    for mode in (model.train, model.eval):
        mode()
        first = diagnostics.look(model, loss, X[:5], y[:5], optimizer=optimizer)
        assert diagnostics.look(model, loss, X[:5], y[:5], optimizer=optimizer) == first
    assert not model.training
    assert (optimizer.flat.grad == 3).all()
    assert optimizer.steps == 0
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_resumed_training_goes_on_recording(tmp_path: Path) -> None:
    """What a checkpoint holds of a recording is all of it."""
    seen = train(network(), epochs=4)
    half = train(network(), epochs=2)
    state = half.recording.state_dict()
    again = Recording(1)
    again.load_state_dict(state)
    assert again.epochs == [0, 1, 2]
    for kept, frame in zip(again.album.frames[:2], seen.recording.album.frames, strict=False):
        assert kept.facts == frame.facts
        for key, array in frame.arrays.items():
            np.testing.assert_array_equal(kept.arrays[key], array)


@pytest.mark.parametrize("averaging", [[], [training.WeightAveraging(0.9)]], ids=["weights", "averages"])
def test_an_interrupted_training_ends_with_the_same_recording(
    tmp_path: Path, averaging: list[training.Callback]
) -> None:
    """Killed after an epoch and resumed, it has the frames of one that was not."""

    class Kill(training.Callback):
        def on_epoch_begin(self, run: training.TrainingRun) -> None:
            if run.epoch == 3:
                raise KeyboardInterrupt

    def checkpoints(*, resume: bool) -> training.Checkpoints:
        return training.Checkpoints(tmp_path, {}, every=1, resume=resume)

    whole = train(network(dropout=0.2), epochs=4, callbacks=averaging)
    with pytest.raises(KeyboardInterrupt):
        train(network(dropout=0.2), epochs=4, callbacks=[*averaging, checkpoints(resume=False), Kill()])
    resumed = train(network(dropout=0.2), epochs=4, callbacks=[*averaging, checkpoints(resume=True)])
    assert resumed.recording.epochs == whole.recording.epochs
    for one, two in zip(resumed.recording.album.frames, whole.recording.album.frames, strict=True):
        assert one.facts == two.facts
        assert one.arrays.keys() == two.arrays.keys()
        for key in one.arrays:
            np.testing.assert_array_equal(one.arrays[key], two.arrays[key])


def test_a_training_that_diverges_is_kept() -> None:
    """The step in which it does so is what one wants to see."""
    X, y = rows()
    model = network()
    loader = data.DataLoader(data.ArrayDataset(X, y), 8)
    recording = Recording(1)
    optimizer = optim.SGD(model.parameters(), learning_rate=1e30)
    with pytest.raises(training.TrainingDivergedError):
        training.fit(model, nn.SoftmaxCrossEntropy(), optimizer, loader, loader, epochs=3, callbacks=[recording])
    assert recording.epochs == [0]
    assert "plane.class" in recording.album.frames[0].arrays
    assert diagnostics.look(model, nn.SoftmaxCrossEntropy(), X, y, recording=recording)


def test_a_finding_begins_where_it_stands_from_then_on() -> None:
    """As the diagnosis would have said after that epoch, and after each later one."""
    falling = [1.0 / (k + 1) for k in range(40)]
    rising = [*falling[:10], *(0.1 + 0.05 * k for k in range(30))]
    history: list[training.Row] = [
        {"epoch": k + 1, "train_loss": a, "train_accuracy": 0.9, "validation_loss": b, "validation_accuracy": 0.7,
         "penalty": 0.0, "learning_rate": 0.01, "gradient_norm": 1.0}
        for k, (a, b) in enumerate(zip(falling, rising, strict=True))
    ]  # fmt: skip
    found = onset.onsets_of(training_of(history, (), classes=3))
    overfitting = next(each for each in found if isinstance(each, dict) and each["name"] == "overfitting")
    begins = overfitting["epoch"]
    assert isinstance(begins, int)
    assert 10 < begins < 40
    for epoch in (begins, begins + 1, 39):
        assert "overfitting" in {f.name for f in diagnostics.diagnose(history[:epoch], classes=3)}
    assert "overfitting" not in {f.name for f in diagnostics.diagnose(history[: begins - 1], classes=3)}


def test_dead_and_saturated_units_are_named() -> None:
    """By the validation rows."""
    for activation, bias, kind in (("relu", -100, "dead"), ("tanh", 50, "saturated"), ("sigmoid", -50, "saturated")):
        model = network(sizes=(2, 4, 3), activation=activation)
        first = model.layers[0]
        assert isinstance(first, nn.Dense)
        first.b.data[0, 2] = bias
        units: Any = train(model, OPTIMIZERS["sgd"]).recording.album.frames[0].facts["units"]
        assert units[0]["name"] == "1"
        assert units[0][f"{kind}_units"] == [2]
        assert units[0][kind] == 1


class _Gain(nn.Module):
    """A layer of one's own whose W has one axis."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.W = nn.Parameter(np.ones(features, dtype=np.float32), "W")

    def forward(self, X: FloatArray) -> FloatArray:
        self._X = X
        return X * self.W.data

    def backward(self, dout: FloatArray) -> FloatArray:
        self.W.grad += (dout * self._X).sum(axis=0)
        return dout * self.W.data


@pytest.mark.parametrize("with_recording", [False, True])
def test_a_layer_of_ones_own_is_looked_at(with_recording: bool) -> None:
    """Its weights need not be a matrix."""
    dense = nn.Dense(2, 3, rng=np.random.default_rng(0))
    model = nn.Sequential(_Gain(2), dense)
    seen = train(model)
    recording = seen.recording if with_recording else None
    page = diagnostics.look(model, seen.loss, seen.X, seen.y, recording=recording)
    assert "<html" in page


def test_two_numbers_over_the_plane_are_no_classes() -> None:
    """The plane of a regression shows the first of its outputs."""
    X, _ = rows()
    model = network(sizes=(2, 3, 2))
    seen = train(model, loss=nn.MeanSquaredError(), targets=X[:, ::-1].copy())
    arrays = seen.recording.album.frames[-1].arrays
    assert "plane.value" in arrays
    assert "plane.class" not in arrays


def test_one_hot_targets_are_points_with_a_class() -> None:
    """As those given by number are."""
    _, y = rows()
    hot = train(network(), targets=np.eye(3, dtype=np.float32)[y]).recording.album.labels
    plain = train(network()).recording.album.labels
    assert hot is not None
    assert plain is not None
    np.testing.assert_array_equal(hot, plain)


def test_mistakes_are_said_in_one_line() -> None:
    """What was expected, and what received."""
    seen = train(network())
    wide, y = rows(features=5)
    with pytest.raises(ValueError, match=r"^look: expected a recording of rows with 5 features, .* received one of 2$"):
        diagnostics.look(network(sizes=(5, 3, 3)), seen.loss, wide, y, recording=seen.recording)
    other = network(sizes=(2, 5, 3))
    with pytest.raises(
        ValueError, match=r"^look: expected a recording of this network, with weights {'0.W': \(2, 5\), "
    ):
        diagnostics.look(other, seen.loss, seen.X, seen.y, recording=seen.recording)
    with pytest.raises(ValueError, match=r"^look: expected finite numbers in X, received nan in row 0, column 0$"):
        diagnostics.look(seen.model, seen.loss, np.full_like(seen.X, np.nan), seen.y)
    with pytest.raises(ValueError, match=r"^Recording: expected a training to have been recorded, found none; pass it"):
        diagnostics.look(seen.model, seen.loss, seen.X, seen.y, recording=Recording())
    with pytest.raises(TypeError, match=r"^look: expected a Recording, received"):
        diagnostics.look(seen.model, seen.loss, seen.X, seen.y, recording="last")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^look: expected an Optimizer, received str 'adam'$"):
        diagnostics.look(seen.model, seen.loss, seen.X, seen.y, optimizer="adam")  # type: ignore[arg-type]
    foreign = optim.SGD(network().parameters(), 0.1)
    with pytest.raises(ValueError, match=r"^look: expected an optimizer .* 4 of another, .* shape \(2, 3\)$"):
        diagnostics.look(seen.model, seen.loss, seen.X, seen.y, optimizer=foreign)
    for said, names in {
        r"3 class_names, one for each output, received 2": {"class_names": ["a", "b"]},
        r"2 feature_names, one for each, received 1": {"feature_names": ["x"]},
        r"an image_shape of 2 pixels, as rows have, received \(5, 5\)": {"image_shape": (5, 5)},
    }.items():
        with pytest.raises(ValueError, match=rf"^look: expected {said}$"):
            diagnostics.look(seen.model, seen.loss, seen.X, seen.y, recording=seen.recording, **names)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^Recording: expected every"):
        Recording(0)
