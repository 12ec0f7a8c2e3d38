"""Cells of points that lie close together, each with the ball that holds it: what is far from a ball is far from all.

They are the leaves of a ball tree. (Omohundro, "Five balltree construction algorithms", 1989: that of k-d trees.)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glassnet.evaluation.neighbours import Distances, Indices


@dataclass(frozen=True)
class Cells:
    """Points divided into cells.

    Attributes:
        members: the places of each cell's points, ascending.
        centres: the mean of each cell's points `(C, K)`.
        radii: the distance from there to the farthest of them `(C,)`.
    """

    members: list[Indices]
    centres: Distances
    radii: Distances

    def squared_distances(self, points: npt.NDArray[np.float32]) -> Distances:
        """Return the squared distance from each of other points `(M, K)` to each centre `(M, C)`."""
        exact = points.astype(np.float64)
        found: Distances = np.square(exact).sum(axis=1)[:, np.newaxis] - 2 * (exact @ self.centres.T)
        found += np.square(self.centres).sum(axis=1)
        return np.maximum(0.0, found)


def into_cells(points: npt.NDArray[np.float32], most: int) -> Cells:
    """Divide points `(N, K)`, one at least, into cells of at most so many, and of at least half as many.

    They are halved at the median of the coordinate in which they spread furthest, and so are the halves.
    """
    members = _halves(points, np.arange(len(points)), most)
    cells = [points[of_cell].astype(np.float64) for of_cell in members]
    centres = np.array([cell.mean(axis=0) for cell in cells])
    radii = [np.sqrt(np.square(cell - mean).sum(axis=1).max()) for cell, mean in zip(cells, centres, strict=True)]
    return Cells(members, centres, np.array(radii))


def _halves(points: npt.NDArray[np.float32], members: Indices, most: int) -> list[Indices]:
    if len(members) <= most:
        return [np.sort(members)]
    of_cell, middle = points[members], len(members) // 2
    order = np.argpartition(of_cell[:, np.ptp(of_cell, axis=0).argmax()], middle)
    return [*_halves(points, members[order[:middle]], most), *_halves(points, members[order[middle:]], most)]
