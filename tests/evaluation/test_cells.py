"""Cells of points: each point lies in one, within its ball; distances to centres are those of differences."""

import numpy as np
import pytest

from glassnet.evaluation.cells import into_cells


def _points(name: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    return {
        "spread": rng.standard_normal((1_000, 5)) * [9, 5, 2, 1, 1],
        "equal": np.ones((300, 3)),
        "one": np.array([[2.0, 3.0]]),
        "on a line": rng.integers(0, 4, (500, 1)),
        "far off": 1e4 + rng.standard_normal((400, 2)),
    }[name].astype(np.float32)


@pytest.mark.parametrize("name", ["spread", "equal", "one", "on a line", "far off"])
def test_each_point_lies_in_one_cell_and_in_its_ball(name: str) -> None:
    points = _points(name)
    cells = into_cells(points, 40)
    assert sorted(np.concatenate(cells.members)) == list(range(len(points)))
    assert all((20 <= len(members) <= 40) or len(points) < 20 for members in cells.members)
    for members, centre, radius in zip(cells.members, cells.centres, cells.radii, strict=True):
        distances = np.linalg.norm(points[members].astype(np.float64) - centre, axis=1)
        assert distances.max() == pytest.approx(radius, rel=1e-12, abs=1e-12)
    others = points[:7] + np.float32(0.5)
    plain = np.square(others[:, np.newaxis].astype(np.float64) - cells.centres).sum(axis=2)
    np.testing.assert_allclose(cells.squared_distances(others), plain, rtol=1e-6)


def test_points_of_a_cell_lie_close_together() -> None:
    points = _points("spread")
    assert np.median(into_cells(points, 40).radii) < 0.5 * into_cells(points, 1_000).radii[0]
