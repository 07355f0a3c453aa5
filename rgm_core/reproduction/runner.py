"""Run notebooks, each in a process of its own, several at once if asked."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rgm_core.model.files import write_text
from rgm_core.notebook.claims import Claims
from rgm_core.reproduction.cluster import Cluster
from rgm_core.reproduction.fingerprint import Inputs, job_key
from rgm_core.reproduction.manifest import Job
from rgm_core.reproduction.process import ask_to_end, follow, start
from rgm_core.reproduction.progress import PlainProgress
from rgm_core.reproduction.records import (
    failed_path,
    new_record,
    publish,
    read_outputs,
    tidy,
    unwritten,
)
from rgm_core.reproduction.storage import work_folder


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
    cluster: Cluster | None = None  # None: on this machine


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
        if self._setting.cluster is not None:
            self._setting.cluster.stop()

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
        setting = self._setting
        at_cell = partial(self._progress.at_cell, job.name)
        if setting.cluster is not None:
            key = job_key(job, setting.claims, setting.inputs)
            how = {"claims": setting.claims, "key": key, "seconds": setting.seconds, "at_cell": at_cell}
            return setting.cluster.execute(work, job, **how)
        with start(work, job, root=setting.root, claims=setting.claims.path) as process:
            self._processes.add(process)
            try:
                if self._stopped.is_set():
                    ask_to_end(process)
                return follow(process, work, setting.seconds, at_cell)
            finally:
                self._processes.discard(process)
