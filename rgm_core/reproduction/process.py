"""The process that executes one notebook in a work folder, here or on another machine.

Every notebook gets one thread for linear algebra, however many run at once: its numbers depend
neither on ``--jobs`` nor on how many cores the machine has, and jobs do not fight over cores.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rgm_core.notebook.claims import CLAIMS_VARIABLE
from rgm_core.notebook.recording import QUICK_VARIABLE
from rgm_core.reproduction.manifest import Job
from rgm_core.reproduction.progress import elapsed

_THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "NUMBA")
_EXECUTE = Path(__file__).with_name("execute.py")  # as a file: rgm_core is not imported there
_STOP_SECONDS = 10
_SHOWN_LINES = 12


@contextmanager
def start(work: Path, job: Job, *, root: Path, claims: Path) -> Iterator[subprocess.Popen]:
    """Start the process of a job in its work folder, and see it end.

    Parameters
    ----------
    work : an empty folder.
    job : the notebook and its parameters.
    root : the folder that holds rgm_core.
    claims : the claims file.
    """
    prepare(work, job)
    command = [sys.executable, "-P", "-W", "ignore", str(_EXECUTE)]
    with (work / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=work,
            env=environment(work, root=root, claims=claims, quick=job.quick),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C reaches reproduce.py only, which ends this process
        )
    try:
        yield process
    finally:
        end(process)


def follow(process: subprocess.Popen, work: Path, seconds: float, at_cell: Callable) -> str | None:
    """Wait until a notebook has run, telling where it is; return why it failed, or None."""
    failure = "stopped"
    with deadline(process, seconds) as passed:
        for line in process.stdout or ():
            event = json.loads(line)
            if "cell" in event:
                at_cell(event["cell"], event["of"], event["section"])
            failure = None if event.get("done") else event.get("failed", failure)
        if process.wait() and failure == "stopped":
            log = (work / "log.txt").read_text("utf-8", errors="replace")
            failure = f"{log}\nits process ended with code {process.returncode}"
    if passed.is_set():
        failure = f"did not end within {elapsed(seconds)}; a longer time is given by --timeout"
    return None if failure is None else last_lines(failure)


def prepare(work: Path, job: Job) -> None:
    """Fill a work folder: the notebook, its parameters, and a kernel that is this very Python."""
    (work / "out").mkdir()
    (work / "input.ipynb").write_text(job.notebook.text, encoding="utf-8")
    kernel = work / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3 (ipykernel)", "language": "python"}
    kernel.write_text(json.dumps(spec), encoding="utf-8")
    parameters = {**job.injected, "out": str(work / "out")}
    content = {"parameters": parameters, "cwd": str(job.notebook.path.parent.resolve())}
    (work / "job.json").write_text(json.dumps(content), encoding="utf-8")


def environment(work: Path, *, root: Path, claims: Path, quick: bool) -> dict[str, str]:
    """Environment of a notebook's process: one thread, no user's settings, no stray files."""
    inherited = {name: value for name, value in os.environ.items() if name != QUICK_VARIABLE}
    path = os.pathsep.join(filter(None, [str(root), inherited.get("PYTHONPATH")]))
    return {
        **inherited,
        **{f"{library}_NUM_THREADS": "1" for library in _THREADS},
        "VECLIB_MAXIMUM_THREADS": "1",
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": str(work / "ipython"),
        "JUPYTER_PATH": str(work / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(work / "jupyter" / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        CLAIMS_VARIABLE: str(claims.resolve()),
        **({QUICK_VARIABLE: "1"} if quick else {}),
    }


@contextmanager
def deadline(process: subprocess.Popen, seconds: float) -> Iterator[threading.Event]:
    """Ask a process to end after a time; the event tells whether that time has passed."""
    passed = threading.Event()

    def stop() -> None:
        passed.set()
        ask_to_end(process)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def ask_to_end(process: subprocess.Popen) -> None:
    """Close the input of a process: it then ends by itself (see `execute`)."""
    if process.stdin is not None:
        process.stdin.close()


def end(process: subprocess.Popen) -> None:
    """End a process and free its pipes."""
    ask_to_end(process)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def last_lines(text: str) -> str:
    """Keep the last lines of a traceback or a log."""
    return "\n".join(text.strip().splitlines()[-_SHOWN_LINES:])
