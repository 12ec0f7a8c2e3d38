"""Robustness: alterations do what they are called, and the accuracy under each is that of a direct computation."""

import numpy as np

from glassnet.evaluation import exact_interval
from glassnet.evaluation.robustness import contrasted_images, noisy_images, robustness, shifted_images
from glassnet.reporting.robustness_section import robustness_section


def _images(n: int = 40, side: int = 8) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, side, side), dtype=np.uint8)


def _bright(images: np.ndarray) -> np.ndarray:
    return (images[:, :4].mean(axis=(1, 2)) > 127).astype(np.int64)


def test_a_shift_moves_the_image_and_fills_in_black() -> None:
    images = _images()
    moved = shifted_images(images, 2, -1)
    assert (moved[:, 2:, :-1] == images[:, :-2, 1:]).all()
    assert not moved[:, :2].any()
    assert not moved[:, :, -1].any()
    assert (shifted_images(images, 0, 0) == images).all()


def test_noise_has_the_standard_deviation_it_is_called_by() -> None:
    grey = np.full((50, 20, 20), 128, dtype=np.uint8)
    noise = noisy_images(grey, 0.1, 255, np.random.default_rng(0)).astype(float) - 128
    assert abs(noise.std() - 25.5) < 0.5
    assert abs(noise.mean()) < 0.5


def test_contrast_scales_the_distance_from_the_mean_of_the_image() -> None:
    image = np.array([[[100, 140], [100, 140]]], dtype=np.uint8)
    assert contrasted_images(image, 0.5, 255).tolist() == [[[110, 130], [110, 130]]]
    assert contrasted_images(np.array([[[0, 250], [0, 250]]], dtype=np.uint8), 1.5, 255).tolist() == [
        [[0, 255], [0, 255]]
    ]


def test_accuracy_under_shifts_is_the_mean_over_directions() -> None:
    images = _images()
    labels = _bright(images)
    scores = {each["alteration"]: each for each in robustness(images, labels, _bright, np.random.default_rng(0))}
    assert scores["none"]["accuracy"] == 1
    assert scores["none"]["images"] == 40
    moves = [(-2, 0), (2, 0), (0, -2), (0, 2)]
    right = [
        np.mean(
            [
                (_bright(np.pad(image, 2)[None, 2 - d : 10 - d, 2 - r : 10 - r]) == y).item()
                for image, y in zip(images, labels, strict=True)
            ]
        )
        for d, r in moves
    ]
    of_two = scores["shift by 2 pixels"]
    assert np.isclose(of_two["accuracy"], np.mean(right))
    assert of_two["accuracy"] < 1
    assert (of_two["low"], of_two["high"]) == exact_interval(round(of_two["accuracy"] * 40), 40)


def test_large_data_are_sampled_the_same_way_each_time_and_tiny_images_shifted_less() -> None:
    images = _images(2500, 2)
    labels = np.zeros(2500, dtype=np.int64)
    first, again = (robustness(images, labels, _bright, np.random.default_rng(1)) for _ in range(2))
    assert first == again
    assert {each["images"] for each in first} == {2000}
    assert [each["alteration"] for each in first if "shift" in each["alteration"]] == ["shift by 1 pixel"]


def test_the_section_has_a_line_for_each_alteration_and_is_absent_for_tables() -> None:
    images = _images()
    scores = robustness(images, _bright(images), _bright, np.random.default_rng(0))
    text = robustness_section(scores)
    assert text.startswith("### Robustness\n")
    assert all(f"| {each['alteration']} " in text for each in scores)
    assert robustness_section([]) == ""


def test_noise_is_in_proportion_to_the_largest_grey_value_of_the_data() -> None:
    of_16 = _images() // 16  # as the digits have them
    largest: list[int] = []

    def decide(images: np.ndarray) -> np.ndarray:
        largest.append(int(images.max()))
        return np.zeros(len(images), dtype=np.int64)

    robustness(of_16, np.zeros(40, dtype=np.int64), decide, np.random.default_rng(0))
    assert max(largest) == 15
    grey = np.full((50, 20, 20), 8, dtype=np.uint8)
    noise = noisy_images(grey, 0.1, 16, np.random.default_rng(0)).astype(float) - 8
    assert abs(noise.std() - 1.6) < 0.1
