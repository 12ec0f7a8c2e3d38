"""Draws the figures of the course, each from what the blocks of its page have computed."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import matplotlib.axes
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from glassnet import nn, training
from glassnet.reporting.drawing import BLUE, GREEN, GREY, VERMILION, new_figure

Names: TypeAlias = dict[str, Any]  # the namespace that the blocks of a page leave
COLOURS = (BLUE, VERMILION, GREEN)


def _axes(figure: Figure, columns: int, **options: Any) -> list[matplotlib.axes.Axes]:
    """Return a row of axes without a frame above and to the right."""
    row: list[matplotlib.axes.Axes] = list(figure.subplots(1, columns, squeeze=False, **options)[0])
    for axes in row:
        axes.spines[["top", "right"]].set_visible(False)
    return row


def blobs(names: Names) -> Figure:
    """Three clouds, with a marker of its own for each class."""
    figure = new_figure(5, 3.6)
    (axes,) = _axes(figure, 1)
    X, y = names["X"], names["y"]
    for label, marker in enumerate("o^s"):
        of_class = X[y == label]
        axes.scatter(of_class[:, 0], of_class[:, 1], s=16, color=COLOURS[label], marker=marker, label=f"class {label}")
    axes.set(xlabel="first feature", ylabel="second feature", aspect="equal")
    axes.legend(frameon=False)
    return figure


def three_curves(names: Names) -> Figure:
    """The losses of the three runs, side by side."""
    figure = new_figure(8, 2.8)
    runs = {"healthy": names["healthy"], "too slow": names["slow"], "by heart": names["by_heart"]}
    for axes, (title, history) in zip(_axes(figure, 3, sharey=True), runs.items(), strict=True):
        for split, colour, style in (("train", BLUE, "-"), ("validation", VERMILION, "--")):
            losses = [row[f"{split}_loss"] for row in history]
            axes.plot(range(1, len(losses) + 1), losses, style, color=colour, label=split)
        axes.axhline(np.log(3), color=GREY, linewidth=0.8, linestyle=":", label="ln 3")
        axes.set(title=title, xlabel="epoch")
    figure.axes[0].set_ylabel("loss")
    figure.axes[0].legend(frameon=False)
    return figure


def activations(names: Names) -> Figure:
    """The six activations and their slopes."""
    figure = new_figure(8, 4)
    z = np.linspace(-4, 4, 401)[np.newaxis]
    for place, name in enumerate(("relu", "leaky_relu", "sigmoid", "tanh", "silu", "gelu"), start=1):
        activation: nn.Module = nn.ACTIVATIONS[name]()
        axes = figure.add_subplot(2, 3, place)
        axes.spines[["top", "right"]].set_visible(False)
        axes.plot(z[0], activation.forward(z)[0], color=BLUE, label="f(z)")
        axes.plot(z[0], activation.backward(np.ones_like(z))[0], "--", color=VERMILION, label="slope")
        axes.set(title=name, ylim=(-1.2, 2.2))
    figure.axes[0].legend(frameon=False)
    return figure


def saturation(names: Names) -> Figure:
    """Histograms of the outputs of each tanh layer, for two ways to begin."""
    figure = new_figure(8, 3.4)
    beginnings: list[tuple[str, str | float]] = [("Xavier", "xavier_normal"), ("deviation 1", 1.0)]
    for line, (title, init) in enumerate(beginnings):
        model = nn.mlp([32, 64, 64, 64, 64, 64, 2], activation="tanh", init=init, rng=np.random.default_rng(1))
        A = names["X"]
        for layer in range(5):
            A = model.layers[2 * layer + 1].forward(model.layers[2 * layer].forward(A))
            axes = figure.add_subplot(2, 5, 5 * line + layer + 1)
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.hist(A.ravel(), bins=np.linspace(-1, 1, 31).tolist(), color=(BLUE, VERMILION)[line])
            axes.set(yticks=[], xticks=[-1, 0, 1], title=f"layer {layer + 1}" if line == 0 else "")
            if layer == 0:
                axes.set_ylabel(title)
    return figure


def two_three_two(names: Names) -> Figure:
    """The network of chapter 4: each unit with its value going forward and its gradient coming back."""
    figure = new_figure(8, 4)
    (axes,) = _axes(figure, 1)
    inputs = [f"x = {x:g}" for x in names["x"]]
    hidden = [f"z = {z:g}\na = {a:g}" for z, a in zip(names["z1"], names["a1"], strict=True)]
    outputs = [f"z = {z:g}\np = {p:.4f}" for z, p in zip(names["z2"], names["p"], strict=True)]
    gradients = ([f"{g + 0.0:.4f}" for g in names[name]] for name in ("dx", "dz1", "dz2"))
    layers = [list(zip(*each, strict=True)) for each in zip((inputs, hidden, outputs), gradients, strict=True)]
    places = [
        [(4.0 * k, 2.0 * ((len(units) - 1) / 2 - i)) for i in range(len(units))] for k, units in enumerate(layers)
    ]
    for k, W in enumerate((names["W1"], names["W2"])):
        for d, start in enumerate(places[k]):
            for h, end in enumerate(places[k + 1]):
                axes.plot(*zip(start, end, strict=True), color=GREY, linewidth=0.8, zorder=1)
                at = 0.26  # of the way, where the lines are apart
                middle = (start[0] + at * (end[0] - start[0]), start[1] + at * (end[1] - start[1]))
                axes.text(*middle, f"{W[d][h]:g}", fontsize=8, ha="center", va="center", backgroundcolor="white")
    for spots, units in zip(places, layers, strict=True):
        for (across, up), (value, gradient) in zip(spots, units, strict=True):
            axes.scatter(across, up, s=3000, color="white", edgecolors=BLUE, linewidths=1.5, zorder=2)
            axes.text(across, up, value, ha="center", va="center", fontsize=8, color=BLUE, zorder=3)
            axes.text(across, up - 0.87, gradient, ha="center", va="center", fontsize=9, color=VERMILION, zorder=3)
    axes.text(9.6, 0, f"loss\n{names['loss_by_hand']:.4f}", ha="center", va="center", fontsize=10, color=BLUE)
    axes.set(xlim=(-1, 10.3), ylim=(-3.2, 2.8))
    axes.set_axis_off()
    axes.set_title("forward: values in blue      backward: gradients of x and z in orange", fontsize=9.5)
    return figure


def _plane(axes: matplotlib.axes.Axes, second: npt.NDArray[np.floating[Any]], reach: float, names: Names) -> None:
    """Draw the probability of the second class over the plane, and the points on it."""
    side = int(np.sqrt(len(second)))
    extent = (-reach, reach, -reach, reach)
    axes.imshow(second.reshape(side, side), extent=extent, origin="lower", cmap="cividis", vmin=0, vmax=1)
    for label, marker in enumerate("o^"):
        points = names["X"][names["y"] == label]
        inside, edge = ("white", "black") if label == 0 else ("black", "white")
        axes.scatter(points[:, 0], points[:, 1], s=11, color=inside, edgecolors=edge, marker=marker, linewidths=0.5)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    axes.set_axis_off()


def _square(reach: float, side: int = 160) -> npt.NDArray[np.float32]:
    across, up = np.meshgrid(np.linspace(-reach, reach, side), np.linspace(-reach, reach, side))
    return np.column_stack([across.ravel(), up.ravel()]).astype(np.float32)


def spirals(names: Names) -> Figure:
    """The decision boundary of chapter 4, as it comes about."""
    figure = new_figure(8, 3)
    for axes, epoch in zip(_axes(figure, 3), (10, 30, 100), strict=True):
        names["model"].load_state_dict(names["states"][epoch])
        _plane(axes, training.predict(names["model"], _square(1.15))[:, 1], 1.15, names)
        axes.set_title(f"{epoch} epochs")
    return figure


def boundary(names: Names) -> Figure:
    """The disc and the ring of the page on boundaries."""
    figure = new_figure(3.6, 3.6)
    (axes,) = _axes(figure, 1)
    _plane(axes, training.predict(names["model"], _square(1.8))[:, 1], 1.8, names)
    return figure


def depth(names: Names) -> Figure:
    """The standard deviation of the signal by layer, for three ways to begin."""
    figure = new_figure(6.5, 3.2)
    (axes,) = _axes(figure, 1)
    styles = zip(names["stds_by_init"].items(), (GREY, VERMILION, BLUE), (":", "--", "-"), strict=True)
    for (init, stds), colour, style in styles:
        visible = [value for value in stds if value > 0]
        axes.semilogy(range(1, len(visible) + 1), visible, style, color=colour, label=str(init))
    axes.set(xlabel="layer", ylabel="standard deviation", ylim=(1e-16, 10))
    axes.legend(frameon=False, loc="lower right")
    return figure


def range_test(names: Names) -> Figure:
    """The loss against the rate, for two optimizers, with the edge of each."""
    figure = new_figure(6.5, 3.2)
    (axes,) = _axes(figure, 1)
    for (name, test), colour, style in zip(names["range_tests"].items(), (BLUE, VERMILION), ("-", "--"), strict=True):
        axes.semilogx(test.learning_rates, test.smoothed, style, color=colour, label=name)
        axes.plot(test.learning_rates[-1], test.smoothed[-1], "x", color=colour)
    axes.set(xlabel="learning rate", ylabel="loss, smoothed")
    axes.legend(frameon=False, title="× the edge")
    return figure


# For each page of docs/learn its figures, which lie in docs/learn/figures.
FIGURES: dict[str, Iterable[Callable[[Names], Figure]]] = {
    "1-mindset.md": (blobs, three_curves),
    "3-forward.md": (activations, saturation),
    "4-backward.md": (two_three_two, spirals),
    "5-reliable-training.md": (depth, range_test),
    "wishes/decision-boundary.md": (boundary,),
}
