"""A pad to draw a digit on in a notebook, and the digit placed as those of MNIST are."""

from __future__ import annotations

from pathlib import Path

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import center_of_mass

from rgm_core.codecs.preprocessing import check_planes

SIZE = 28  # side of an MNIST image, pixels
BOX = 20  # longest side of the digit in it, pixels
CENTRE = 14.5  # of mass, from the edge: MNIST's lie in the middle of pixel 14, counted from 0
FINE = 5  # pixels of the pad for one of MNIST


class DrawingPad(anywidget.AnyWidget):
    """A sheet of paper; ``value`` follows each time the pen is lifted.

    Attributes
    ----------
    value : bytes, side * side of them by rows, 0 for paper and 255 for ink.
    side : int, pixels.
    pen : int, width of a stroke in pixels.
    """

    _esm = Path(__file__).with_suffix(".js")
    value = traitlets.CBytes().tag(sync=True)
    side = traitlets.Int(SIZE * FINE).tag(sync=True)
    pen = traitlets.Int(13).tag(sync=True)  # about as thick as the strokes of MNIST

    def __init__(self, image: NDArray[np.uint8]):
        """Begin with an image (28, 28), 0 for paper and 255 for ink."""
        super().__init__(value=np.kron(image, np.ones((FINE, FINE), np.uint8)).tobytes())

    def picture(self, value: bytes) -> NDArray[np.uint8]:
        """Pixels (side, side) of a value of this pad."""
        return np.frombuffer(value, np.uint8).reshape(self.side, self.side)


def place_digit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Place a drawn digit in an image as those of MNIST were placed.

    The digit is cut out and scaled, its shape kept, until its longer side has 20 pixels; then its
    centre of mass is put in the middle of pixel (14, 14), counted from 0. (Y. LeCun, C. Cortes and
    C. J. C. Burges, *The MNIST database of handwritten digits*; the pixel is measured.)

    Parameters
    ----------
    picture : (H, W) uint8, 0 for paper and 255 for ink.

    Returns
    -------
    (28, 28) uint8. Empty paper stays empty.

    Raises
    ------
    ValueError
        If the picture is not an array (H, W) of uint8.
    """
    picture = check_planes(picture)
    if picture.ndim != 2 or picture.dtype != np.uint8:
        raise ValueError(f"picture must be (H, W) uint8; found {picture.shape} {picture.dtype}")
    placed = np.zeros((SIZE, SIZE), np.uint8)
    if not picture.any():
        return placed
    rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
    digit = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(digit.shape)
    height, width = (max(1, round(n * scale)) for n in digit.shape)
    centre = scale * (np.array(center_of_mass(digit)) + 0.5)  # from the edge of the first pixel
    limit = [SIZE - height, SIZE - width]
    top, left = np.clip(np.rint(CENTRE - centre).astype(int), 0, limit)
    resized = Image.fromarray(digit).resize((width, height), Image.Resampling.BILINEAR)
    placed[top : top + height, left : left + width] = np.asarray(resized)
    return placed
