"""Checks before a long training: does the first loss fit the random baseline, can a few rows be learnt by heart?"""

import math
from dataclasses import replace

import numpy as np

from glassnet import optim
from glassnet.data import ArrayDataset
from glassnet.training import TrainingPlan
from glassnet.training.train import make_network

ROWS, STEPS, RATE = 16, 1_500, 0.01
NEARLY_ZERO = 0.02
DRAWS = 16  # initializations: one network may be lucky or not, their mean is neither
FIRST_ROWS = 1_024  # of which the first loss is taken
SURE = 3.0  # standard errors
VARIANCE = 2.0  # of the outputs of a network that He initialized, for standardized features; Xavier's is at most 1


def sanity_checks(plan: TrainingPlan, train: ArrayDataset) -> list[str]:
    """Return a line for each check that is passed.

    A network that knows nothing has logits `z` that do not depend on the label. Over initializations, which are as
    likely to favour one class as another, the label's own logit is 0 in the mean, so that

    `E[loss] = E[ln Σ exp(z)]`, at least `ln C` (Jensen's inequality), at most `ln C + V/2` for Gaussian logits of
    variance `V`: He's initialization keeps `V = 2`, from standardized features through any number of ReLU layers
    (He et al., 2015), Xavier's less. For a standardized target the loss is that of predicting 0, its variance, and `V`
    on top.

    A mean beyond these bounds is no luck of the draw. Above: weights or features out of scale, which the first epochs
    are spent to undo. Below: the network has seen labels, or the loss is not what it is called.

    A network, its loss and its gradients that cannot bring the loss on 16 rows to nearly 0, without dropout, smoothing
    or penalty, will not learn 16,000 either.

    Raises:
        ValueError: for a check that is not passed.
    """
    y, classes = np.asarray(train.y[:FIRST_ROWS]), plan.architecture.classes
    random_baseline = math.log(classes) if classes else float(np.square(y, dtype=np.float64).mean())
    name = f"ln {classes} = {random_baseline:.3f}" if classes else f"the target's variance, {random_baseline:.3g}"
    usual = VARIANCE / 2 if classes else VARIANCE  # above the random baseline
    first, error = _first_loss(plan, train)
    received = f"expected the first loss near {name}, received {first:.4g}, the mean of {DRAWS} initializations"
    if not first - SURE * error <= random_baseline + usual:
        raise ValueError(
            f"sanity: {received}, more than {usual:g} above; look at model.init, and at the scale of the features"
        )
    if first + SURE * error < random_baseline:
        raise ValueError(
            f"sanity: {received}, which is below, before any training; look for labels that the network has seen, and "
            "at what the loss is the mean of"
        )
    lowest, step = _overfit(plan, train)
    if lowest > NEARLY_ZERO:
        raise ValueError(
            f"sanity: expected the loss on {min(ROWS, len(train))} rows to fall below {NEARLY_ZERO} within {STEPS} "
            f"steps, received {lowest:.4g} at best; a larger model.hidden_sizes may help, or the same features come "
            "with different targets"
        )
    return [
        f"first loss {first:.3f}, the mean of {DRAWS} initializations, near {name} (up to {usual:g} above is usual)",
        f"{ROWS} rows learnt by heart: loss {lowest:.3g} after {step} steps",
    ]


def _first_loss(plan: TrainingPlan, train: ArrayDataset) -> tuple[float, float]:
    """Return the mean loss of freshly initialized networks, and its standard error."""
    X, y = np.asarray(train.X[:FIRST_ROWS]), np.asarray(train.y[:FIRST_ROWS])
    losses = []
    for draw in range(DRAWS):
        model, loss = make_network(replace(plan, seed=plan.seed + draw), train)
        losses.append(loss.forward(model.eval().forward(X), y))
    return float(np.mean(losses)), float(np.std(losses, ddof=1)) / math.sqrt(DRAWS)


def _overfit(plan: TrainingPlan, train: ArrayDataset) -> tuple[float, int]:
    """Return the lowest loss on a few rows of all classes, and the step that reached it."""
    plain = replace(plan, architecture=replace(plan.architecture, dropout=0.0))
    model, shaped = make_network(plain, train)
    loss = shaped.for_evaluation()  # without label smoothing, which keeps a loss away from 0
    labels = np.asarray(train.y)
    order = np.arange(len(labels))
    if classes := plan.architecture.classes:  # one row of each class in turn, as far as they go
        rank_in_class = np.empty(len(labels), dtype=np.int64)
        for label in range(classes):
            of_class = np.flatnonzero(labels == label)
            rank_in_class[of_class] = np.arange(len(of_class))
        order = np.lexsort((labels, rank_in_class))
    few = np.sort(order[:ROWS])
    X, y = np.asarray(train.X[few]), labels[few]
    optimizer = optim.Adam(model.train().parameters(), RATE)
    lowest, best_step = math.inf, 0
    for step in range(STEPS):
        value = loss.forward(model.forward(X), y)
        if value < lowest:
            lowest, best_step = value, step
        if lowest <= NEARLY_ZERO / 2:
            break
        optimizer.zero_grad()
        model.backward(loss.backward())
        optimizer.step()
    return lowest, best_step
