"""Lifting one example to a batch, and naming what came instead of one."""

import numpy as np
import pytest

from glassnet.nn import as_batch
from glassnet.nn.arrays import check_batch, describe, float_dtype


def test_as_batch_lifts_one_example_and_leaves_a_batch_alone() -> None:
    x = np.array([1.0, 2.0, 3.0])
    batch = as_batch(x)
    assert batch.shape == (1, 3)
    assert batch[0].tolist() == [1.0, 2.0, 3.0]
    assert as_batch(batch) is batch


@pytest.mark.parametrize("shape", [(), (2, 3, 4)])
def test_as_batch_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected .*received"):
        as_batch(np.zeros(shape))


def test_one_example_gets_the_hint_how_to_lift_it() -> None:
    with pytest.raises(ValueError, match="as_batch"):
        check_batch("layer", np.zeros(3))


def test_a_batch_without_features_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one example and one feature, received"):
        check_batch("layer", np.zeros((3, 0)))


def test_a_batch_that_fits_is_passed_through_uncopied() -> None:
    X = np.zeros((2, 3), dtype=np.float32)
    assert check_batch("layer", X, 3, np.dtype(np.float32)) is X


@pytest.mark.parametrize("dtype", [np.float16, np.int64, "complex128", "nonsense"])
def test_other_dtypes_are_refused(dtype: object) -> None:
    with pytest.raises(TypeError, match="expected dtype float32 or float64, received"):
        float_dtype("Dense", dtype)  # type: ignore[arg-type]


def test_description_of_an_array_and_of_something_else() -> None:
    assert describe(np.zeros((2, 3), np.float32)) == "float32 array of shape (2, 3)"
    assert describe([1, 2]) == "list [1, 2]"
