"""Run notebooks, each in a process of its own, several at once if asked.

Every notebook gets one thread for linear algebra, however many run at once: its numbers depend
neither on ``--jobs`` nor on how many cores the machine has, and jobs do not fight over cores.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rgm_core.model.files import write_text
from rgm_core.notebook.claims import CLAIMS_VARIABLE, Claims
from rgm_core.notebook.recording import QUICK_VARIABLE
from rgm_core.reproduction.fingerprint import Inputs, job_key
from rgm_core.reproduction.manifest import Job
from rgm_core.reproduction.progress import PlainProgress, elapsed
from rgm_core.reproduction.records import (
    failed_path,
    new_record,
    publish,
    read_outputs,
    tidy,
    unwritten,
)
from rgm_core.reproduction.storage import work_folder

_THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "NUMBA")
_EXECUTE = Path(__file__).with_name("execute.py")  # as a file: rgm_core is not imported there
_STOP_SECONDS = 10
_SHOWN_LINES = 12


class NotebookError(Exception):
    """A notebook did not run to its end, or what it recorded cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a notebook in this run."""

    name: str
    error: str | None  # None: it ran
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all notebooks of a run share."""

    out: Path
    root: Path  # the folder that holds rgm_core
    claims: Claims
    inputs: Inputs
    seconds: float  # that a notebook may take


class Runner:
    """Executes jobs in subprocesses and moves their results into the output folder."""

    def __init__(self, setting: Setting, progress: PlainProgress) -> None:
        self._setting = setting
        self._progress = progress
        self._processes: set[subprocess.Popen] = set()
        self._stopped = threading.Event()
        self._publishing = threading.Lock()

    def run(self, jobs: Iterable[Job], *, workers: int) -> list[Outcome]:
        """Run jobs, ``workers`` at once; one that fails does not keep the others from running.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once every process has ended.
        """
        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(self._run_job, job) for job in jobs]
            try:
                self._wait(futures)
            except KeyboardInterrupt:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows is short
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()
                raise
        return [future.result() for future in futures]

    def _wait(self, futures: list[Future]) -> None:
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
            self._progress.tick()

    def _stop(self) -> None:
        """Ask every process to end."""
        self._stopped.set()
        for process in tuple(self._processes):
            ask_to_end(process)

    def _run_job(self, job: Job) -> Outcome:
        """Run one job in a temporary folder; never raises."""
        start, error, notes = time.monotonic(), None, ()
        self._progress.started(job.name)
        try:
            with work_folder(self._setting.out, job.name) as work:
                notes = self._run_in(work, job, start)
        except NotebookError as problem:
            error = str(problem)
        except Exception as problem:  # anything else must not stop the other notebooks either
            error = f"{type(problem).__name__}: {problem}"
        outcome = Outcome(name=job.name, error=error, seconds=time.monotonic() - start, notes=notes)
        if not self._stopped.is_set():
            self._progress.finished(outcome)
        return outcome

    def _run_in(self, work: Path, job: Job, start: float) -> tuple[str, ...]:
        """Execute a notebook in a work folder, and publish or keep what came of it."""
        setting, produced, executed = self._setting, work / "out", work / "executed.ipynb"
        prepare(work, job)
        error = self._execute(work, job)
        try:
            text = tidy(executed.read_text("utf-8"), produced, str(setting.out))
        except (OSError, ValueError):  # not there, or cut off: then there is an error that says why
            text = ""
        try:
            if error is not None:
                raise NotebookError(error)
            outputs = read_outputs(json.loads(text), setting.claims.of(job.name))
            key = job_key(job, setting.claims, setting.inputs)
            seconds = time.monotonic() - start
            record = new_record(job, key, setting.inputs, outputs, seconds)
            with self._publishing:
                record = publish(setting.out, record, produced, text)
        except Exception:
            if text and not self._stopped.is_set():
                write_text(failed_path(setting.out, job.name), text)
            raise
        return tuple(f"{name} is not among the files: show it with out=out" for name in unwritten(record))

    def _execute(self, work: Path, job: Job) -> str | None:
        """Run the process of a job; return why it failed, or None."""
        failure, limit = "stopped", self._setting.seconds
        with self._process(work, job) as process, deadline(process, limit) as passed:
            for line in process.stdout or ():
                event = json.loads(line)
                if "cell" in event:
                    self._progress.at_cell(job.name, event["cell"], event["of"], event["section"])
                failure = None if event.get("done") else event.get("failed", failure)
            if process.wait() and failure == "stopped":
                log = (work / "log.txt").read_text("utf-8", errors="replace")
                failure = f"{log}\nits process ended with code {process.returncode}"
        if passed.is_set():
            failure = f"did not end within {elapsed(limit)}; a longer time is given by --timeout"
        return None if failure is None else last_lines(failure)

    @contextmanager
    def _process(self, work: Path, job: Job) -> Iterator[subprocess.Popen]:
        """Start the process of a job, and see it end."""
        command = [sys.executable, "-P", "-W", "ignore", str(_EXECUTE)]
        with (work / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=work,
                env=environment(self._setting, work, quick=job.quick),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C reaches this process only, which ends that one
            )
        self._processes.add(process)
        try:
            if self._stopped.is_set():
                ask_to_end(process)
            yield process
        finally:
            self._processes.discard(process)
            end(process)


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


def environment(setting: Setting, work: Path, *, quick: bool) -> dict[str, str]:
    """Environment of a notebook's process: one thread, no user's settings, no stray files."""
    inherited = {name: value for name, value in os.environ.items() if name != QUICK_VARIABLE}
    path = os.pathsep.join(filter(None, [str(setting.root), inherited.get("PYTHONPATH")]))
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
        CLAIMS_VARIABLE: str(setting.claims.path.resolve()),
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
