"""Pictures of grid games: anti-aliased discs and bars on a plain field, in NumPy.

Places are in cells: the centre of cell (i, j) is at (i + 1/2, j + 1/2). Every function that draws
returns a new image of floats in 0 … 1; `to_rgb` makes it 8-bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FIELD = (0.09, 0.11, 0.15)
GRID = (0.13, 0.155, 0.205)
BALL = (0.98, 0.98, 0.96)
BAT = (0.30, 0.69, 0.94)
BAT_EDGE = (0.17, 0.42, 0.62)
HIT = (0.36, 0.84, 0.47)
MISS = (0.95, 0.36, 0.33)
BRICK = (0.96, 0.63, 0.26)
BRICK_EDGE = (0.80, 0.47, 0.20)
NOISE = ((0.22, 0.25, 0.31), (0.36, 0.39, 0.45), (0.50, 0.53, 0.58))

Colour = tuple[float, float, float]


def empty_field(rows: int, columns: int, cell: int) -> np.ndarray:
    """A field with faint lines between cells of ``cell`` pixels: (rows·cell, columns·cell, 3)."""
    image = np.broadcast_to(FIELD, (rows * cell, columns * cell, 3)).copy()
    image[::cell] = GRID
    image[:, ::cell] = GRID
    return image


def draw_disc(
    image: np.ndarray, centre: tuple[float, float], radius: float, colour: Colour, cell: int
) -> np.ndarray:
    """Draw a disc; centre (row, column) and radius in cells."""

    def outside(down: np.ndarray, across: np.ndarray) -> np.ndarray:
        return np.hypot(down, across) - radius

    return _paint(image, centre, (2 * radius, 2 * radius), outside, colour, cell)


def draw_dots(
    image: np.ndarray, shown: np.ndarray, colours: np.ndarray, radius: float, cell: int
) -> np.ndarray:
    """Draw a disc in the middle of every cell that is shown (rows, columns), all at once.

    Parameters
    ----------
    image : (rows * cell, columns * cell, 3)
    shown : (rows, columns) bool
    colours : (rows, columns, 3)
    radius : float
        In cells, at most 1/2.
    cell : int
        Pixels of a cell.
    """
    across = (np.arange(cell) + 0.5) / cell - 0.5
    disc = np.clip(0.5 - (np.hypot(across[:, None], across) - radius) * cell, 0, 1)
    painted, alpha = image.copy(), disc[:, :, None]
    cells = painted.reshape(len(shown), cell, -1, cell, 3).swapaxes(1, 2)  # a view, cell by cell
    cells[shown] = cells[shown] * (1 - alpha) + alpha * colours[shown][:, None, None]
    return painted


def draw_bar(
    image: np.ndarray,
    centre: tuple[float, float],
    size: tuple[float, float],
    colour: Colour,
    cell: int,
    corner: float = 0.2,
) -> np.ndarray:
    """Draw a rectangle with rounded corners; centre, size (height, width) and corner in cells."""
    corner = min(corner, size[0] / 2, size[1] / 2)

    def outside(down: np.ndarray, across: np.ndarray) -> np.ndarray:
        down, across = down - size[0] / 2 + corner, across - size[1] / 2 + corner
        beyond = np.hypot(np.maximum(down, 0), np.maximum(across, 0))
        return beyond + np.minimum(np.maximum(down, across), 0) - corner

    return _paint(image, centre, size, outside, colour, cell)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """Image of floats in 0 … 1 as uint8 (height, width, 3)."""
    return np.rint(image * 255).astype(np.uint8)


def _paint(
    image: np.ndarray,
    centre: tuple[float, float],
    size: tuple[float, float],
    outside: Callable[[np.ndarray, np.ndarray], np.ndarray],
    colour: Colour,
    cell: int,
) -> np.ndarray:
    """Paint a shape given by how far (in cells) places are outside of it, in its bounding box."""
    window, distances = [], []
    for middle, extent, length in zip(centre, size, image.shape, strict=False):
        first = max(int((middle - extent / 2) * cell) - 1, 0)
        last = min(int((middle + extent / 2) * cell) + 2, length)
        window.append(slice(first, last))
        distances.append(np.abs((np.arange(first, last) + 0.5) / cell - middle))
    coverage = 0.5 - outside(distances[0][:, None], distances[1][None, :]) * cell
    alpha = np.clip(coverage, 0, 1)[:, :, None]  # a pixel is covered wholly, in part or not at all
    painted = image.copy()
    box = tuple(window)
    painted[box] = image[box] * (1 - alpha) + alpha * np.asarray(colour)
    return painted
