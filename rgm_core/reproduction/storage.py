"""The output folder: known to be ours, held by one run at a time, and never written half.

Runs delete and replace files in it, so a folder is taken only if it is new, empty, or marked as one
that `reproduce.py` made. Everything temporary lives in its work folder.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rgm_core.reproduction import UsageError

try:
    import fcntl
except ImportError:  # Windows: two runs at once into one folder are then the user's to avoid
    fcntl = None

MARKER = ".rgm-results"  # also what a run locks
FOLDERS = ("figures", "media", "notebooks", "records")
_WORK = ".work"
_NOTE = "reproduce.py made this folder, and replaces and deletes files in it.\n"


@contextmanager
def opened(out: Path, *, notebooks: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an output folder: make it, wait for another run to leave it, clear what that left.

    Parameters
    ----------
    out : the folder.
    notebooks : the folder of the source notebooks, which must not be in it.
    waiting : called once if another run holds the folder.

    Raises
    ------
    UsageError
        If the folder is somebody else's, or cannot be made or written to.
    """
    try:
        check_ours(out, notebooks)
        out.mkdir(parents=True, exist_ok=True)
        marker = (out / MARKER).open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--out {out}: cannot be written ({error.strerror}); expected a folder that can be "
            "made and written to"
        ) from None
    with marker:
        _hold(marker, waiting)
        if not os.fstat(marker.fileno()).st_size:
            marker.write(_NOTE)
            marker.flush()
        remove_work_folders(out)
        yield


def check_ours(out: Path, notebooks: Path) -> None:
    """Raise UsageError unless an output folder is new, empty, or one that an earlier run made."""
    place = out.resolve()
    if notebooks.resolve().is_relative_to(place):
        raise UsageError(
            f"--out {out}: found the folder of the notebooks, or one that holds it; expected "
            "another folder, so that the notebooks are not overwritten"
        )
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"--out {out}: found a file; expected a folder, or nothing yet")
    if any(out.iterdir()) and not (out / MARKER).is_file():
        raise UsageError(
            f"--out {out}: found a folder that is not empty and that reproduce.py did not make; "
            "expected a new folder, an empty one, or one of its own"
        )
    for name in (MARKER, _WORK, *FOLDERS):
        if (place / name).resolve() != place / name:
            raise UsageError(f"--out {out}: found a link, {name}; expected results in the folder itself")


def remove_work_folders(out: Path) -> None:
    """Remove the temporary folders that a killed run left."""
    shutil.rmtree(out / _WORK, ignore_errors=True)


@contextmanager
def work_folder(out: Path, name: str) -> Iterator[Path]:
    """Make a temporary folder inside the output folder, so that moving out of it is atomic."""
    (out / _WORK).mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=out / _WORK)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hold(lock, waiting: Callable[[], None]) -> None:
    """Lock an open file; the system releases it when this process ends, however it ends."""
    if fcntl is None:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(lock, fcntl.LOCK_EX)
