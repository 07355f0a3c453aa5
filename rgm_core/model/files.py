"""Files that are written whole or not at all: the one place where anything is replaced on disk."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Write to another file of the same folder, which takes the place of ``path`` when it is whole.

    A reader sees the old content or the new, never a part, even if the machine stops half-way; of
    two writers at once the last wins, and neither sees the other's file.

    Parameters
    ----------
    path : the file that is to be there afterwards. A link is replaced, not followed.

    Yields
    ------
    Path
        Where to write: a hidden name that nobody else has.

    Raises
    ------
    OSError
        If the folder cannot be written to, or the disk is full. What was there before stays.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder, "note.txt")) as part:
    ...         _ = part.write_text("whole")
    ...     Path(folder, "note.txt").read_text()
    'whole'
    """
    path = Path(path)
    part = path.with_name(f".{uuid.uuid4().hex}.part")  # short: also where the name itself is long
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())  # else the new name could reach the disk before its content
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file whole (UTF-8), in a folder that is made if need be; see `replacing`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
