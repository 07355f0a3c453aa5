"""Run notebooks and sweeps on the workers of a Dask cluster (an optional extra).

A worker runs a notebook just as this machine would, in a process of its own and a folder of its own, and
sends back what it drew and recorded. It must hold the same code, data and versions, or it refuses. Dask
runs again what a lost worker was running; results are published here, once each.
"""

import io
import json
import platform
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import rgm_core
from rgm_core.model.extras import require
from rgm_core.notebook.claims import Claims, load_claims
from rgm_core.reproduction import UsageError
from rgm_core.reproduction.fingerprint import job_key, read_inputs
from rgm_core.reproduction.manifest import Job
from rgm_core.reproduction.process import ask_to_end, follow, start

_ROOT = Path(rgm_core.__file__).parents[1]
_CONNECT_SECONDS = 10


@contextmanager
def connected(address: str | None) -> Iterator:
    """Connect to the scheduler at an address, such as ``tcp://host:8786``; None connects to nothing.

    Raises
    ------
    UsageError
        If nobody answers there, or Dask is not installed.
    """
    if address is None:
        yield None
        return
    try:
        client = require("dask.distributed").Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except ModuleNotFoundError as error:
        raise UsageError(f"--dask: {error}") from None
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"--dask {address}: found no scheduler there ({error}); expected the address that "
            "`dask scheduler` prints, such as tcp://127.0.0.1:8786"
        ) from None
    with client:
        yield client


class Cluster:
    """Executes notebooks on the workers of a client.

    Parameters
    ----------
    client : dask.distributed.Client
    """

    def __init__(self, client) -> None:
        self._client = client
        self._tasks = []
        self._topic = f"notebooks-{uuid.uuid4()}"
        self._stop = require("dask.distributed").Event(self._topic, client)

    def execute(
        self, work: Path, job: Job, *, claims: Claims, key: str, seconds: float, at_cell: Callable
    ) -> str | None:
        """Execute a job somewhere and fill its work folder here; return why it failed, or None."""
        topic = f"{self._topic}-{job.name}"
        self._client.subscribe_topic(topic, lambda event: at_cell(*event[1]))
        try:
            text = claims.path.read_bytes()
            how = {"expected": key, "seconds": seconds, "topic": topic, "stop": self._topic}
            task = self._client.submit(execute_there, job, text, key=topic, **how)
            self._tasks.append(task)
            files, there, failure = task.result()
        finally:
            self._client.unsubscribe_topic(topic)
        unpack(files, work, there)
        return failure

    def stop(self) -> None:
        """Wait for nothing more; the notebooks that run elsewhere end at their next cell."""
        self._stop.set()
        self._client.cancel(self._tasks)


def execute_there(job: Job, claims: bytes, *, expected: str, seconds: float, topic: str, stop: str):
    """Execute a job on a worker.

    Parameters
    ----------
    job : the notebook and its parameters.
    claims : the text of the claims file.
    expected : the job's key where it was sent off.
    seconds : that the notebook may take.
    topic : under which events are told.
    stop : name of the event that asks it to end.

    Returns
    -------
    files : bytes
        A zip archive of what it made.
    there : str
        Name of the work folder on the worker.
    failure : str or None
        Why it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        path = work / "claims.toml"
        path.write_bytes(claims)
        job = _at_home(job)
        failure = _refusal(job, path, expected)
        if failure is None:
            with start(work, job, root=_ROOT, claims=path) as process:
                failure = follow(process, work, seconds, partial(_tell, process, topic, stop))
        return pack(work), str(work), failure


def _at_home(job: Job) -> Job:
    """Run a notebook in the folder that it comes from, or in that of our own notebooks."""
    path = job.notebook.path
    if path.parent.is_dir():
        return job
    return replace(job, notebook=replace(job.notebook, path=_ROOT / "notebooks" / path.name))


def _refusal(job: Job, claims: Path, expected: str) -> str | None:
    """Say why the results of this worker would be other results, or None."""
    if job_key(job, load_claims(claims), read_inputs(_ROOT)) == expected:
        return None
    return (
        f"the worker on {platform.node()} has other code, data or versions of rgm_core and its "
        "dependencies; expected the same commit and environment as here"
    )


def _tell(process, topic: str, stop: str, *place) -> None:
    """Tell which cell a notebook is at; end it if that is asked for."""
    distributed = require("dask.distributed")
    distributed.get_worker().log_event(topic, place)
    if distributed.Event(stop).is_set():
        ask_to_end(process)


def pack(work: Path) -> bytes:
    """Archive what a notebook made: itself with its outputs, and what it drew."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (work / "executed.ipynb", *sorted((work / "out").rglob("*"))):
            if path.is_file():
                archive.write(path, path.relative_to(work))
    return buffer.getvalue()


def unpack(files: bytes, work: Path, there: str) -> None:
    """Fill a work folder from an archive; the notebook then names this folder, not the worker's."""
    (work / "out").mkdir()
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        archive.extractall(work)
    notebook = work / "executed.ipynb"
    if notebook.is_file():
        text = notebook.read_text("utf-8")
        notebook.write_text(text.replace(_quoted(there), _quoted(str(work))), "utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text)[1:-1]
