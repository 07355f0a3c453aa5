"""A bird that flaps its wings: 128 frames of a rendered film."""

import hashlib
import lzma

import numpy as np
import numpy.typing as npt

from rgm_core.datasets.files import read_shipped

FRAMES_PER_SECOND = 24
CLIP_SHAPE = (128, 128, 128, 3)  # frames, height, width, colours
FRAMES_SHA256 = "9571754c3a676dd61a5415cc21e14b53d1a5d471106aa70f68e8a306ad07c55b"


def load_pigeon() -> npt.NDArray[np.uint8]:
    """Load a clip of a grey, pigeon-like bird in flight over a fixed camera.

    A shot of the rendered film *Big Buck Bunny*, frames 14140 to 14267, cut to a square and scaled
    down. 24 frames a second, 8 frames a wingbeat, 16 beats.

    Returns
    -------
    (128, 128, 128, 3) uint8
        Frames, rows, columns, and red, green, blue.

    Raises
    ------
    ValueError
        If the file is not what its checksum says.
    OSError
        If the file is missing.
    """
    content = lzma.decompress(read_shipped("pigeon"))
    differences = np.frombuffer(content, np.uint8).reshape(CLIP_SHAPE)
    return check_frames(differences.cumsum(axis=0, dtype=np.uint8), "the shipped clip")


def check_frames(frames: npt.NDArray[np.uint8], name: str) -> npt.NDArray[np.uint8]:
    """Return the frames if they are those of the clip, to the last bit."""
    found = hashlib.sha256(np.ascontiguousarray(frames).data).hexdigest()
    if frames.shape != CLIP_SHAPE or found != FRAMES_SHA256:
        raise ValueError(
            f"{name} gives frames of shape {frames.shape} with SHA-256 {found}; "
            f"expected {CLIP_SHAPE} and {FRAMES_SHA256}"
        )
    return frames
