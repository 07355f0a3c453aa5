"""The output folder: made ready, held by one run at a time, and never written half."""

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

_WORK = ".tmp-"


@contextmanager
def opened(out: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an output folder: make it, wait for another run to leave it, clear what that left.

    Parameters
    ----------
    out : the folder.
    waiting : called once if another run holds the folder.

    Raises
    ------
    UsageError
        If the folder cannot be made or written to.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: found a file; expected a folder, or nothing yet")
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("a")
    except OSError as error:
        raise UsageError(
            f"--out {out}: cannot be written ({error.strerror}); expected a folder that can be "
            "made and written to"
        ) from None
    with lock:
        if fcntl is not None:
            _hold(lock, waiting)
        remove_work_folders(out)
        yield


def remove_work_folders(out: Path) -> None:
    """Remove the temporary folders that a killed run left."""
    for folder in out.glob(f"{_WORK}*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def work_folder(out: Path, name: str) -> Iterator[Path]:
    """Make a temporary folder inside the output folder, so that moving out of it is atomic."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_WORK}{name}-", dir=out)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file at once: a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _hold(lock, waiting: Callable[[], None]) -> None:
    """Lock an open file; the system releases it when this process ends, however it ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(lock, fcntl.LOCK_EX)
