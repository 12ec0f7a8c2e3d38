"""The page under glass in a real browser: its numbers against NumPy, its sums, its keyboard, its widths and colours."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassnet import data, diagnostics, nn, optim, training
from glassnet.diagnostics.glass.plane import GRID
from glassnet.nn import FloatArray
from tests.browser import Browser, browser, needs_browser
from tests.diagnostics.glass_networks import Recorded, network, rows, train

pytestmark = needs_browser

SHOWN = """
[...document.querySelectorAll('figure[data-key]')].map(figure => [figure.dataset.key,
  [...figure.querySelectorAll('td')].map(cell => [Number(cell.dataset.row), Number(cell.dataset.column),
    Number(cell.dataset.value), cell.textContent])])
"""
# Every cell under the lens: what it says the number is, and what the terms come to.
SUMS = """
(() => { const found = [];
for (const figure of document.querySelectorAll('figure[data-key]')) {
  const entry = entries.get(figure.dataset.key);
  if (!entry.how) continue;
  for (const cell of figure.querySelectorAll('td')) {
    lookAt(entry, Number(cell.dataset.row), Number(cell.dataset.column));
    const terms = [...document.querySelectorAll('#lens li')].map(item => Number(item.dataset.value));
    found.push([entry.key, entry.how, Number(cell.dataset.value), terms, document.getElementById('lens').textContent]);
  }
}
return found; })()
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser for all tests of this file."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(Path(profile)) as made:
        yield made


def show(chromium: Browser, folder: Path, seen: Recorded, **said: Any) -> None:
    """Open the page of a training, with every card open."""
    page = folder / "look.html"
    text = diagnostics.look(seen.model, seen.loss, seen.X, seen.y, recording=seen.recording, **said)
    page.write_text(text, encoding="utf-8")
    chromium.resize(1280)
    chromium.open(page)
    open_all(chromium)


def open_all(chromium: Browser) -> None:
    """Open all cards, which fills them."""
    chromium.run("document.querySelectorAll('details').forEach(card => { card.open = true; })")
    chromium.run("new Promise(done => setTimeout(done, 50))")


def number(text: str) -> float:
    """Return the number that a cell shows."""
    return float(text.replace("−", "-").replace("∞", "inf"))


def by_hand(before: dict[str, FloatArray], X: FloatArray, y: FloatArray) -> dict[str, FloatArray]:
    """Return all arrays of a pass of a 2-3-3 network with ReLU, computed by the formulas of the textbook."""
    W0, b0, W2, b2 = (before[name].astype(np.float64) for name in ("0.W", "0.b", "2.W", "2.b"))
    Z0 = X @ W0 + b0
    A = np.maximum(0, Z0)
    Z2 = A @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    Y = np.eye(3)[y]
    dZ2 = (P - Y) / len(X)
    dA = dZ2 @ W2.T
    dZ0 = dA * (Z0 > 0)
    return {
        "0/X": X, "0/W": W0, "0/b": b0, "0/Z": Z0, "1/Z": Z0, "1/A": A, "2/X": A, "2/W": W2, "2/b": b2, "2/Z": Z2,
        "loss/Z": Z2, "loss/P": P, "loss/Y": Y, "loss/ℓ": -np.log(P[np.arange(len(X)), y])[:, np.newaxis],
        "loss/dZ": dZ2, "2/dZ": dZ2, "2/dW": A.T @ dZ2, "2/db": dZ2.sum(axis=0, keepdims=True), "2/dX": dA, "1/dA": dA,
        "1/f′(Z)": (Z0 > 0) * 1.0, "1/dZ": dZ0, "0/dZ": dZ0, "0/dW": X.T @ dZ0, "0/db": dZ0.sum(axis=0, keepdims=True),
        "0/dX": dZ0 @ W0.T,
    }  # fmt: skip


def test_every_number_is_the_one_that_numpy_computes(chromium: Browser, tmp_path: Path) -> None:
    """In every recorded epoch, for every example: both passes, the loss, and Adam's moments and weights."""
    seen = train(network())
    show(chromium, tmp_path, seen)
    moments = {name: (np.zeros(a.shape), np.zeros(a.shape)) for name, a in seen.spy.before[0].items()}
    for epoch, before in enumerate(seen.spy.before):
        X, y = next(iter(seen.loader.batches(epoch)))
        expected = by_hand(before, X, y)
        if epoch == 0:  # the first step of all, from moments of zero
            for name in moments:
                gradient = expected[name.replace(".", "/d")]
                m, v = 0.1 * gradient, 0.001 * gradient**2
                step = 0.01 * (m / 0.1) / (np.sqrt(v / 0.001) + 1e-8)
                expected |= {
                    f"update/{name}/W": before[name], f"update/{name}/d": gradient, f"update/{name}/g": gradient,
                    f"update/{name}/first_moment before": 0 * m, f"update/{name}/first_moment": m,
                    f"update/{name}/second_moment before": 0 * v, f"update/{name}/second_moment": v,
                    f"update/{name}/after": before[name] - step,
                }  # fmt: skip
        for example in (0, 3, 7):
            chromium.run(f"chooseFrame({epoch}); chooseExample({example})")
            cells = 0
            for key, shown in chromium.run(SHOWN):
                if key not in expected:
                    assert epoch > 0
                    assert key.startswith("update/")
                    continue
                for r, c, value, text in shown:
                    right = expected[key][r, c]
                    assert value == pytest.approx(right, rel=2e-4, abs=2e-6), (key, r, c)
                    assert number(text) == pytest.approx(value, rel=6e-4, abs=1e-12), (key, text)
                    cells += 1
                rows_shown = {r for r, *_ in shown}
                if expected[key].shape[0] == 8 and not key.startswith("update"):
                    assert rows_shown == {example}
                else:
                    assert len(shown) == expected[key].size, key
            assert cells > 60
    assert not chromium.errors
    facts = chromium.run("frames.map(frame => frame.facts.loss)")
    for epoch, before in enumerate(seen.spy.before):
        X, y = next(iter(seen.loader.batches(epoch)))
        assert facts[epoch] == pytest.approx(float(by_hand(before, X, y)["loss/ℓ"].mean()), rel=1e-5)


def residual(activation: nn.Module) -> nn.Sequential:
    """Return a network with everything in it."""
    rng = np.random.default_rng(0)
    inner = nn.Sequential(nn.Dense(4, 4, rng=rng), nn.BatchNorm(4), activation)
    head = nn.Dense(4, 3, rng=rng)
    return nn.Sequential(
        nn.Dense(2, 4, rng=rng),
        nn.LayerNorm(4),
        nn.Residual(inner),
        nn.Dropout(0.3, rng=np.random.default_rng(1)),
        head,
    )


KINDS: dict[str, tuple[nn.Module, Any, dict[str, Any]]] = {
    "relu sgd": (nn.ReLU(), lambda p: optim.SGD(p, learning_rate=0.1), {}),
    "leaky momentum": (nn.LeakyReLU(), lambda p: optim.SGD(p, learning_rate=0.1, momentum=0.9), {"l2": 0.1}),
    "tanh nesterov": (nn.Tanh(), lambda p: optim.SGD(p, learning_rate=0.1, momentum=0.9, nesterov=True), {}),
    "sigmoid rmsprop": (nn.Sigmoid(), lambda p: optim.RMSProp(p, learning_rate=0.01), {}),
    "gelu adamw": (nn.GELU(), lambda p: optim.AdamW(p, learning_rate=0.01, weight_decay=0.3, l1_decay=0.2), {}),
    "mish adjusted": (
        nn.Mish(), lambda p: optim.AdamW(p, weight_decay=0.1), {"loss": nn.AdjustedCrossEntropy([1, 2, 3], 0.1)},
    ),
    "selu sgd": (nn.SELU(), lambda p: optim.SGD(p, learning_rate=0.1), {}),
    "silu weighted": (
        nn.SiLU(), lambda p: optim.Adam(p), {"loss": nn.SoftmaxCrossEntropy(0.1, class_weights=[1, 2, 3])},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_is_the_sum_that_the_page_says_it_is(chromium: Browser, tmp_path: Path, kind: str) -> None:
    """Term by term, whatever the layer, the loss and the optimizer."""
    activation, optimizer, options = KINDS[kind]
    show(chromium, tmp_path, train(residual(activation), optimizer, **options))
    chromium.run("chooseFrame(1); chooseExample(2)")
    open_all(chromium)
    check_sums(chromium, at_least=200)


def check_sums(chromium: Browser, at_least: int) -> None:
    """Compare what each cell is with what its terms come to; an entry that is a function of one number has none."""
    found = chromium.run(SUMS)
    assert len(found) >= at_least
    for key, how, value, terms, text in found:
        assert "too large" not in text, key
        assert terms or how in {"elementwise.A", "elementwise.slope"}, (key, how)
        if terms:
            size = max(map(abs, terms))
            assert sum(terms) == pytest.approx(value, rel=1e-4, abs=1e-5 * size + 1e-9), (key, how)
    assert not chromium.errors


def test_layers_and_rates_for_tables(chromium: Browser, tmp_path: Path) -> None:
    """A scale of the features, neural-tangent layers, and a learning rate of its own for some parameters."""
    model = network(init="ntk", input_scale=True)
    for parameter in model.parameters():
        parameter.rate_factor = {"b": 0.1, "s": 6.0}.get(parameter.name, 1.0)
    show(chromium, tmp_path, train(model, lambda p: optim.AdamW(p, weight_decay=0.1)))
    chromium.run("chooseFrame(2); chooseExample(1)")
    open_all(chromium)
    check_sums(chromium, at_least=100)
    assert "learning rate times 6" in chromium.run("document.getElementById('update-0.s').textContent")
    assert chromium.run("document.querySelectorAll('#graph path').length") == 2 * 3 + 3 * 3


class Shift(nn.Module):
    """A layer of one's own: `Y = X + c`, with c of one axis."""

    def __init__(self, features: int) -> None:
        self.c = nn.Parameter(np.full(features, 0.5, np.float32), "c")

    def forward(self, X: FloatArray) -> FloatArray:
        """Return `X + c`."""
        Y = X + self.c.data
        self.save_for_backward(Y)
        return Y

    def backward(self, dout: FloatArray) -> FloatArray:
        """Add `dc`."""
        self.saved(dout)
        self.c.accumulate(dout.sum(axis=0))
        return dout


class SquaredLogits(nn.Loss):
    """A loss of one's own: the mean square of all logits."""

    score_name = "accuracy"

    def forward(self, outputs: FloatArray, targets: Any) -> float:
        """Return it."""
        self.save_for_backward(outputs)
        return float(np.mean(outputs**2))

    def backward(self) -> FloatArray:
        """Return its gradient."""
        (Z,) = self.saved()
        return 2 * Z / Z.size

    def score_sum(self, outputs: FloatArray, targets: Any) -> float:
        """Return none."""
        return 0.0


class SignDescent(optim.Optimizer):
    """An optimizer of one's own."""

    slot_names = ("memory",)

    def update(self, W: FloatArray, g: FloatArray, *slots: FloatArray) -> None:
        """Step by the sign."""
        slots[0][:] = g
        W -= self.learning_rate * np.sign(g)


def test_what_is_of_ones_own_is_shown_without_its_formula(chromium: Browser, tmp_path: Path) -> None:
    """What goes in and what comes out, and that the page does not know how."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(2, 3, rng=rng), Shift(3), nn.Dense(3, 3, rng=rng))
    seen = train(model, lambda p: SignDescent(p, 0.01), loss=SquaredLogits())
    show(chromium, tmp_path, seen)
    chromium.run("chooseFrame(0)")
    open_all(chromium)
    for card in ("forward-1", "backward-1", "backward-loss", "update-1.c"):
        assert "its own, which this page does not know" in chromium.run(
            f"document.getElementById('{card}').textContent"
        )
    chromium.run("lookAt(entries.get('1/Y'), 0, 0)")
    X = chromium.run("arrayOf('1/X').at(0, 0)")
    assert chromium.run("Number(document.getElementById('lens').dataset.value)") == pytest.approx(X + 0.5)
    after = chromium.run("[...arrayOf('update/1.c/after').values]")
    np.testing.assert_allclose(after, seen.spy.after[0]["1.c"])
    assert not chromium.errors


@pytest.mark.parametrize("loss", [nn.MeanSquaredError(), nn.MeanAbsoluteError()], ids=repr)
def test_a_regression_is_shown_too(chromium: Browser, tmp_path: Path, loss: nn.Loss) -> None:
    """With its errors, and its output over the plane."""
    X, _ = rows()
    targets = (X[:, :1] * X[:, 1:]).astype(np.float32)
    seen = train(network(sizes=(2, 4, 1)), loss=loss, targets=targets)
    show(chromium, tmp_path, seen)
    chromium.run("chooseFrame(0)")
    open_all(chromium)
    check_sums(chromium, at_least=50)
    assert "the network's output" in chromium.run("document.getElementById('plane').textContent")
    assert chromium.run("arrayOf('plane.value').rows") == GRID


def test_a_batch_of_more_rows_than_are_shown(chromium: Browser, tmp_path: Path) -> None:
    """The sum is over all of them: what the others come to is one term."""
    X, y = rows(80)
    model, loss = network(), nn.SoftmaxCrossEntropy()
    page = tmp_path / "look.html"
    optimizer = optim.Adam(model.parameters())
    page.write_text(diagnostics.look(model, loss, X, y, optimizer=optimizer), encoding="utf-8")
    chromium.open(page)
    open_all(chromium)
    check_sums(chromium, at_least=50)
    assert "the first 32 are shown" in chromium.run("document.getElementById('state').textContent")
    chromium.run("lookAt(entries.get('0/dW'), 0, 0)")
    assert "the other 48 examples" in chromium.run("document.getElementById('lens').textContent")
    model.train()
    logits = model(X)
    loss.forward(logits, y)
    model.backward(loss.backward())
    first = model.layers[0]
    assert isinstance(first, nn.Dense)
    assert chromium.run("Number(document.getElementById('lens').dataset.value)") == pytest.approx(
        first.W.grad[0, 0], rel=1e-6
    )
    assert not chromium.run("document.getElementById('training').offsetHeight")  # there was none


def test_wide_layers_are_heat_maps(chromium: Browser, tmp_path: Path) -> None:
    """With a cursor that says the number; of arrays in blocks no sum is made up."""
    seen = train(network(sizes=(70, 90, 3)), features=70)
    show(chromium, tmp_path, seen)
    chromium.run("chooseFrame(0)")
    open_all(chromium)
    assert chromium.run("document.querySelectorAll('figure[data-key=\"0/W\"] td').length") == 0
    canvas = "document.querySelector('figure[data-key=\"0/W\"] canvas')"
    block = chromium.run("entries.get('0/W').block")
    assert block == [1, 2] or block == [2, 1] or block == [2, 2]
    chromium.run(f"{canvas}.focus()")
    chromium.press("ArrowRight")
    W = seen.spy.before[0]["0.W"]
    tile = W[: block[0], block[1] : 2 * block[1]].ravel()
    assert chromium.run(f"Number({canvas}.dataset.value)") == tile[np.abs(tile).argmax()]
    assert "largest magnitude" in chromium.run("document.querySelector('figure[data-key=\"0/W\"]').textContent")
    chromium.run("lookAt(entries.get('0/dW'), 0, 0)")
    assert "too large" in chromium.run("document.getElementById('lens').textContent")
    assert "this network has 70" in chromium.run("document.getElementById('plane').textContent")
    assert not chromium.errors


def test_the_keyboard_reaches_everything(chromium: Browser, tmp_path: Path) -> None:
    """Tab to the controls and the tables, arrows within them, Escape to put the lens away."""
    show(chromium, tmp_path, train(network(), epochs=4))
    chromium.run("document.activeElement.blur(); chooseFrame(0)")
    reached = []
    for _ in range(60):
        chromium.press("Tab")
        reached.append(
            chromium.run("document.activeElement.id || document.activeElement.closest('figure')?.dataset.key")
        )
        if reached[-1] == "epoch":
            chromium.press("ArrowRight")
            assert chromium.run("frames[state.frame].epoch") == 1
            assert chromium.run("document.activeElement.getAttribute('aria-valuetext')") == "epoch 1 of 4"
    assert {"play", "epoch", "example", "0/X", "0/W", "2/Z", "loss/P", "2/dW", "0/db"} <= set(reached)
    chromium.run("document.querySelector('figure[data-key=\"2/dW\"] td').focus()")
    chromium.press("ArrowDown")
    chromium.press("ArrowRight")
    assert chromium.run("document.querySelector('#lens b').textContent") == "dW[1, 1]"
    assert chromium.run("document.activeElement.dataset.value") == chromium.run(
        "document.getElementById('lens').dataset.value"
    )
    chromium.press("Escape")
    assert chromium.run("document.getElementById('lens').hidden")


def test_the_slider_moves_everything(chromium: Browser, tmp_path: Path) -> None:
    """The boundary, the units, the numbers; dead units are marked; the last epoch has no update, and says so."""
    model = network(sizes=(2, 6, 3))
    first = model.layers[0]
    assert isinstance(first, nn.Dense)
    first.b.data[0, 4] = -100
    seen = train(model, lambda p: optim.SGD(p, learning_rate=0.5), epochs=6)
    show(chromium, tmp_path, seen, class_names=["in", "between", "out"], feature_names=["east", "north"], title="rings")
    pictures = set()
    for frame in range(7):
        chromium.run(f"chooseFrame({frame})")
        pictures.add(chromium.run("document.querySelector('#plane canvas').toDataURL()"))
        assert "Layer 1: 1 of 6 units dead, 0 saturated" in chromium.run("document.getElementById('units').textContent")
        assert chromium.run("document.querySelectorAll('#graph rect[stroke-dasharray=\"4 3\"]').length") == 1
        kinds = np.array(chromium.run("[...arrayOf('plane.class').values]")).reshape(GRID, GRID)
        assert set(np.unique(kinds)) <= {0, 1, 2}
    assert len(pictures) == 7
    assert "No update follows this pass" in chromium.run("document.getElementById('update-note').textContent")
    assert chromium.run("document.title") == "rings: one step under glass"
    assert "Across east, up north" in chromium.run("document.getElementById('plane').textContent")
    assert chromium.run("document.querySelectorAll('#losses path').length") == 2
    chromium.run("chooseFrame(6)")
    # The last boundary is what the trained model says at the corners of the plane.
    x, y = chromium.run("[content.plane.x, content.plane.y]")
    corners = np.array([[x[0], y[0]], [x[1], y[0]], [x[0], y[1]], [x[1], y[1]]], np.float32)
    answers = seen.model(corners).argmax(axis=1)
    np.testing.assert_array_equal(kinds[[0, 0, -1, -1], [0, -1, 0, -1]], answers)
    # As it is drawn: the lowest value of the second feature at the foot.
    pixels = chromium.run(
        "[[2, 657], [657, 657], [2, 2], [657, 2]].map(([x, y]) => [...document.querySelector('#plane canvas')"
        ".getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3))"
    )
    colours = chromium.run("CLASSES.map(partsOf)")
    for pixel, answer in zip(pixels, answers, strict=True):
        assert np.abs(np.subtract(pixel, colours[answer])).max() <= 6


def test_findings_stand_at_the_epochs_where_they_begin(chromium: Browser, tmp_path: Path) -> None:
    """On the curve of the loss, and in words with a button that goes there."""
    seen = train(network(sizes=(2, 3, 3)), lambda p: optim.SGD(p, learning_rate=1e-5), epochs=12)
    show(chromium, tmp_path, seen)
    findings = chromium.run("content.findings.map(finding => [finding.name, finding.epoch])")
    assert findings
    assert chromium.run("document.querySelectorAll('.finding-line').length") == len(findings)
    chromium.run("chooseFrame(0); document.querySelector('.finding button').click()")
    assert chromium.run("frames[state.frame].epoch") == findings[0][1]


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_screen_and_asks_for_nothing(chromium: Browser, tmp_path: Path, width: int) -> None:
    """No sideways scrolling, no request but for the file itself, no error."""
    show(chromium, tmp_path, train(residual(nn.ReLU())), class_names=["a rather long name of a class", "b", "c"])
    chromium.resize(width)
    chromium.run("lookAt(entries.get('0/dW'), 1, 1)")
    assert chromium.run("document.documentElement.scrollWidth") <= width
    assert {address.partition(":")[0] for address in chromium.requests} <= {"file", "data"}
    assert sum(address.startswith("file:") for address in chromium.requests) == 1
    assert not chromium.errors


def luminance(colour: str) -> float:
    """Return the relative luminance of "rgb(r, g, b)" (WCAG 2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_light_and_dark_are_readable_and_safe_for_the_colour_blind(chromium: Browser, tmp_path: Path) -> None:
    """Contrast of 4.5 at least for all text, and signs in two colours of Okabe and Ito's palette."""
    palette = {"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}
    show(chromium, tmp_path, train(network()))
    papers = []
    for scheme in ("light", "dark"):
        chromium.prefer(scheme)
        chromium.run("lookAt(entries.get('0/dW'), 1, 1)")
        style = "(e => { const s = getComputedStyle(document.querySelector(e)); return [s.color, s.backgroundColor]; })"
        ink, paper = chromium.run(f"{style}('body')")
        quiet, _ = chromium.run(f"{style}('p.quiet')")
        _, card = chromium.run(f"{style}('.card')")
        for colour in (ink, quiet):
            for ground in (paper, card):
                light, dark = sorted([luminance(colour), luminance(ground)], reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, colour, ground)
        papers.append(luminance(paper))
        used = chromium.run("['--plus', '--minus', '--train', '--validation'].map(colourOf)")
        assert set(used) <= palette
        assert used[0] != used[1]
        assert used[2] != used[3]
    assert set(chromium.run("CLASSES")) <= palette
    assert papers[0] > 0.8
    assert papers[1] < 0.05
    chromium.prefer("light")


def test_a_training_that_diverged_is_shown(chromium: Browser, tmp_path: Path) -> None:
    """Its loss is no number that JSON has."""
    model = network()
    X, y = rows()
    loader = data.DataLoader(data.ArrayDataset(X, y), 40)
    recording = diagnostics.Recording(1)
    optimizer = optim.SGD(model.parameters(), learning_rate=1e25)
    with pytest.raises(training.TrainingDivergedError), np.errstate(all="ignore"):
        training.fit(model, nn.SoftmaxCrossEntropy(), optimizer, loader, loader, epochs=5, callbacks=[recording])
    page = tmp_path / "look.html"
    page.write_text(diagnostics.look(model, nn.SoftmaxCrossEntropy(), X, y, recording=recording), encoding="utf-8")
    chromium.open(page)
    assert chromium.run("frames.length") == len(recording.epochs) >= 1
    assert not chromium.errors


def test_text_from_outside_stays_text(chromium: Browser, tmp_path: Path) -> None:
    """Names of classes and features may be anything."""
    evil = "<img src=x onerror=window.bad=1></script><!--"
    show(chromium, tmp_path, train(network()), class_names=[evil, evil, evil], feature_names=[evil, "y"], title=evil)
    assert chromium.run("window.bad") is None
    assert chromium.run("document.getElementById('title').textContent") == evil
    assert not chromium.errors
