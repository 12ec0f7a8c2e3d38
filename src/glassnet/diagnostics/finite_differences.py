"""Derivatives of a function along a line from its values alone, and whether it has a corner there instead of one."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ROUNDING = 8 * float(np.finfo(np.float64).eps)  # how far two evaluations of the same value may differ, see `_rounding`
FINEST = 16  # the finest central difference has a step this many times below ε
FINER = 0.4  # of the distance at which a corner is looked for: where it is looked for too
CORNER = 1e-6  # slopes on the two sides that differ by more than this, relatively, make a corner
BESIDE = (0.0, 0.004, -0.007, 0.011, -0.014, 0.018, -0.021, 0.025)  # of h: where else to look for the corner


@dataclass(frozen=True)
class Line:
    """A function of many variables along a line through a point.

    Attributes:
        value: the function's value at a signed distance from the point.
        blur: how far the rounding of the coordinates may shift a point along the line.
    """

    value: Callable[[float], float]
    blur: float


def relative_error(a: float, b: float, rounding: float) -> float:
    """Return `|a − b| / max(1e−8, |a| + |b|)`, where `|a − b|` exceeds `rounding`; infinity if it is not finite."""
    difference = abs(a - b)
    if not math.isfinite(difference):
        return math.inf
    return max(0.0, difference - rounding) / max(1e-8, abs(a) + abs(b))


def central_difference(line: Line, eps: float) -> tuple[float, float]:
    """Return the central difference, and how far rounding alone may move it."""
    above, below = line.value(eps), line.value(-eps)
    return (above - below) / (2 * eps), _rounding(above, below) / (2 * eps)


def _rounding(*values: float) -> float:
    """Return how far rounding may move each of these values of the loss.

    A value below 1 rounds as 1 does: a cross-entropy of 1e−12 is the logarithm of a sum of 1 and little more.
    """
    return ROUNDING * max(1.0, *map(abs, values))


def extrapolated_difference(line: Line, eps: float, order: int) -> tuple[float, float]:
    """Return the central difference with its leading error, of that order in ε, removed, and its rounding.

    `D(ε) = ℓ′ + ε²ℓ‴/6 + O(ε⁴)`, so `(4·D(ε/2) − D(ε))/3 = ℓ′ + O(ε⁴)` (Richardson, 1911). A sharply curved loss (a
    BatchNorm over few examples) needs it. Where a ReLU's input is 0 and the loss goes on at the same slope, yet curved
    differently on the two sides, `D(ε) = ℓ′ + ε(ℓ″₊ − ℓ″₋)/4 + O(ε²)`, and `2·D(ε/2) − D(ε)` is what removes it.
    """
    coarse, coarse_rounding = central_difference(line, eps)
    fine, fine_rounding = central_difference(line, eps / 2)
    weight = 2**order
    return (weight * fine - coarse) / (weight - 1), (weight * fine_rounding + coarse_rounding) / (weight - 1)


def corner_or_noise(line: Line, reach: float) -> tuple[bool, float]:
    """Return whether the slopes on the two sides differ by a corner within reach, and the noise in the values.

    With `s(h) = (ℓ(h) − ℓ(0))/h`, the slope of a side is `2·s(h/2) − s(h) = ℓ′ − h²ℓ‴/12 − h³ℓ⁗/32 + …`; the left one
    has −h for h. For a smooth loss they differ by `h³ℓ⁗/16`, far below `CORNER` of the slopes unless it is steep, and
    then less by the cube from one h to the next; at a corner by its jump J, whatever h is. Is the corner a distance
    d < h away, by `J·(1 − 3d/h)` or, beyond h/2, `J·(d/h − 1)`: where one h happens to see none of it, the other does.
    One that is farther off than the step of a central difference does not disturb it.

    Large numbers that cancel on the way to the loss leave more noise in it than its own rounding, and so differences
    too; but seen from points beside this one their sign is now this and now that, while the sign of a jump stays. The
    second result, divided by ε, is what noise may do to the central difference of that step. A difference of slopes is
    of five values, weighted by up to 6/h, and a central difference of two, by 1/2ε: the former's deviation times h/ε is
    some twelve times the latter's.
    """
    spread = 0.0
    is_corner, jumps = False, []
    for h in (reach, FINER * reach):
        # As far aside as h is made longer, so that a corner within h stays in reach.
        slopes = [_slopes(line, aside * h, (1 + 2 * abs(aside)) * h) for aside in BESIDE]
        differences = [right - left for right, left, _ in slopes]
        is_clear = CORNER + 8 * line.blur / h < relative_error(*slopes[0]) < math.inf
        is_corner |= is_clear and (min(differences) > 0 or max(differences) < 0)
        spread = max(spread, float(np.std(differences)) * h)
        jumps.append(differences[0])
    if is_corner:
        right, left, _ = _slopes(line, 0.0, 2 * reach)
        is_corner = not (_falls(right - left, jumps[0], 1 / 2) and _falls(jumps[0], jumps[1], FINER))
    return is_corner, spread


def _falls(jump: float, finer_jump: float, ratio: float) -> bool:
    """Return whether a difference of slopes falls as h³ or h⁵ does, with h in this ratio, and not as at a corner.

    A corner beside the point may look alike at two steps, but not at a third.
    """
    return jump != 0 and ratio**6 < finer_jump / jump < ratio**2


def _slopes(line: Line, at: float, h: float) -> tuple[float, float, float]:
    """Return the slopes of the right and of the left side of a point, and how far rounding may move them."""
    here, near_right, near_left, right, left = (line.value(at + distance) for distance in (0.0, h / 2, -h / 2, h, -h))
    slope_right = (4 * near_right - right - 3 * here) / h  # 2·s(h/2) − s(h)
    slope_left = (3 * here + left - 4 * near_left) / h
    return slope_right, slope_left, 8 * _rounding(here, near_right, near_left, right, left) / h
