"""Pictures in which a few things move before a background, as one place for each thing.

The background is what a pixel shows most often; a *thing* is one grey level in one connected part of the
picture, and its outcome the block of pixels where its middle is, or none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from rgm_core.model.checks import as_any_array, as_array, as_whole

RARE = 0.01  # share of pictures below which a thing that is seen is dropped
ABSENT = 0  # outcome of a thing that is not seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What moves before a background: the codec from a picture to one outcome for each thing.

    Parameters
    ----------
    background : (H, W) uint8
    levels : (K,) uint8
        Grey level of each thing.
    regions : (K, H, W) bool
        Where it may be: blocks in which it was seen, less what is of its level in the background.
    boxes : (K, 4) int
        First row and column of blocks, and number of rows and columns, about each region.
    block : (int, int)
        Rows and columns of pixels that count as one place.
    """

    background: np.ndarray
    levels: np.ndarray
    regions: np.ndarray
    boxes: np.ndarray
    block: tuple[int, int]

    @property
    def n_outcomes(self) -> np.ndarray:
        """(K,) int: blocks of each thing's box, and one for "not seen"."""
        return 1 + self.boxes[:, 2:].prod(axis=1)

    def keep(self, things: list[int]) -> Things:
        """Some of the things only, in this order."""
        return replace(
            self, levels=self.levels[things], regions=self.regions[things], boxes=self.boxes[things]
        )

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Outcomes (T, K) of pictures (T, H, W): 0 if a thing is not seen, else 1 + its middle's block."""
        pictures = as_any_array(pictures, "pictures")
        if pictures.dtype.kind not in "iu" or pictures.shape[1:] != self.background.shape:
            raise ValueError(
                f"pictures must be whole numbers, each of {self.background.shape} pixels; "
                f"found {pictures.dtype}, shape {pictures.shape}"
            )
        places = [self._places(k, pictures) for k in range(len(self.levels))]
        return np.stack(places, axis=1)

    def _places(self, k: int, pictures: np.ndarray) -> np.ndarray:
        """Outcomes (T,) of one thing."""
        (height, width), (row, column, rows, columns) = self.block, self.boxes[k].tolist()
        window = (
            slice(row * height, (row + rows) * height),
            slice(column * width, (column + columns) * width),
        )
        region, outcomes = self.regions[k][window], np.full(len(pictures), ABSENT)
        for t, picture in enumerate(pictures):
            ys, xs = np.nonzero((picture[window] == self.levels[k]) & region)
            if len(ys):
                outcomes[t] = 1 + int(ys.mean()) // height * columns + int(xs.mean()) // width
        return outcomes


def find_things(pictures: np.ndarray, block: tuple[int, int] = (8, 8)) -> Things:
    """Learn the background, and what moves before it, from pictures (T, H, W) uint8."""
    pictures = as_any_array(pictures, "pictures")
    if pictures.dtype != np.uint8 or pictures.ndim != 3 or not pictures.size:
        raise ValueError(
            f"pictures must be grey, (T, H, W) uint8; found {pictures.dtype}, shape {pictures.shape}"
        )
    height, width = as_array(block, "block", int, (2,), "rows and columns of pixels").tolist()
    block = as_whole(height, "block", 1), as_whole(width, "block", 1)
    levels = np.unique(pictures)
    often = np.array([(pictures == level).sum(axis=0) for level in levels])
    background = levels[often.argmax(axis=0)]
    found = []
    for level, counts in zip(levels, often, strict=True):
        free = background != level
        for part, box in _connected((counts > 0) & free, block):
            region = part & free
            if ((pictures == level) & region).any(axis=(1, 2)).mean() > RARE:
                found.append((level, region, box))
    if not found:
        raise ValueError("pictures must show something that moves before a background; found none")
    kept, regions, boxes = (np.array(x) for x in zip(*found, strict=True))
    return Things(background=background, levels=kept, regions=regions, boxes=boxes, block=block)


def _connected(seen: np.ndarray, block: tuple[int, int]) -> list[tuple[np.ndarray, list[int]]]:
    """Parts (H, W) bool of what was seen (H, W) bool, in blocks that touch, and the box of each."""
    height, width = seen.shape
    blocks = np.zeros((-(-height // block[0]), -(-width // block[1])), bool)
    ys, xs = np.nonzero(seen)
    blocks[ys // block[0], xs // block[1]] = True
    labels, _ = ndimage.label(blocks, np.ones((3, 3)))
    large = labels.repeat(block[0], axis=0).repeat(block[1], axis=1)[:height, :width]
    boxes = [
        [r.start, c.start, r.stop - r.start, c.stop - c.start] for r, c in ndimage.find_objects(labels)
    ]
    return [(large == part, box) for part, box in enumerate(boxes, 1)]
