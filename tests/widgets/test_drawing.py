"""A digit drawn on the pad is placed as those of MNIST are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rgm_core.datasets import load_mnist
from rgm_core.widgets.drawing import DrawingPad, place_digit


def test_mnist_digits_stay_where_they_are():
    """Scaling and centre of mass are those of MNIST: a shift by one pixel would differ by 15 and more."""
    for image in load_mnist("train", n=100)[0]:
        pad = DrawingPad(image)
        placed = place_digit(pad.picture(pad.value))
        assert np.abs(placed.astype(float) - image).mean() < 8


def test_place_and_size_of_a_drawing_do_not_matter():
    image = load_mnist("train", n=1)[0][0]
    small, large = (np.kron(image, np.ones((k, k), np.uint8)) for k in (4, 8))
    shifted = np.roll(small, (5, -7), axis=(0, 1))
    assert np.array_equal(place_digit(small), place_digit(shifted))
    assert np.abs(place_digit(small).astype(float) - place_digit(large)).mean() < 1


@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))))
def test_any_drawing_fits_into_its_box(picture):
    placed = place_digit(picture)
    assert placed.shape == (28, 28)
    ink = np.argwhere(placed)
    assert len(ink) == 0 or (np.ptp(ink, axis=0) < 20).all()


@pytest.mark.parametrize("picture", [np.zeros((28, 28)), np.zeros((2, 28, 28), np.uint8)])
def test_other_pictures_are_refused(picture):
    with pytest.raises(ValueError, match="picture must be"):
        place_digit(picture)
