"""Learn digits at many sizes: seeds × states × images, on this machine's cores or a Dask cluster.

Each size is a file in the output folder, written when it is done: a sweep that was stopped resumes, and
one whose code and data are unchanged is not computed again.
"""

import hashlib
import itertools
import json
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from rgm_core.classifier import RGMClassifier
from rgm_core.datasets import load_mnist
from rgm_core.model.files import write_text
from rgm_core.notebook.display import format_table
from rgm_core.reproduction import UsageError
from rgm_core.reproduction.storage import opened

DEFAULTS: Mapping[str, tuple[int, ...]] = {"seeds": (0, 1, 2), "states": (128,), "images": (100, 400, 1000)}
_LIMITS = {"seeds": (0, 2**31), "states": (2, 4096), "images": (20, 60_000)}
_TESTED = 2000


def sweep(session, wanted: Sequence[str], *, workers: int, client, console: Console) -> int:
    """Learn at every size that is not there yet, print the table, and return the exit code 0.

    Parameters
    ----------
    session : Session
        Whose output folder takes the results.
    wanted : such as ``["seeds=0,1", "images=400"]``
        What is not named has its default.
    workers : int
        Processes on this machine, where there is no client.
    client : dask.distributed.Client or None
    console : where progress and the table go.

    Raises
    ------
    UsageError
        If a name or a number is not one that can be used.
    """
    grid = read_grid(wanted)
    folder = session.out / "sweep"
    places = [dict(zip(grid, place, strict=True)) for place in itertools.product(*grid.values())]
    with opened(session.out, notebooks=session.notebooks[0].path.parent, waiting=lambda: None):
        folder.mkdir(exist_ok=True)
        due = [place for place in places if _load(folder, place, session.inputs) is None]
        console.print(f"{len(places) - len(due)} of {len(places)} sizes are there already", highlight=False)
        with _executor(workers, client) as pool:
            tasks = {pool.submit(score, **place): place for place in due}
            done = track(as_completed(tasks), "learning", total=len(due), console=console, transient=True)
            for task in done:
                found = {"key": _key(session.inputs), **tasks[task], **task.result()}
                write_text(_path(folder, tasks[task]), json.dumps(found, indent=1) + "\n")
        rows = [row for place in places if (row := _load(folder, place, session.inputs)) is not None]
    console.print(table(rows), highlight=False, soft_wrap=True)
    console.print(f"Each size: {folder}", highlight=False, soft_wrap=True)
    return 0


def read_grid(wanted: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Read ``NAME=N,N`` for some of seeds, states and images."""
    grid = dict(DEFAULTS)
    for text in wanted:
        name, _, numbers = text.partition("=")
        values = tuple(int(n) for n in numbers.split(",") if n.strip().isdecimal())
        low, high = _LIMITS.get(name, (0, 0))
        right = values and len(values) == len(numbers.split(",")) and len(set(values)) == len(values)
        if not right or not all(low <= value <= high for value in values):
            allowed = ", ".join(f"{n} from {a} to {b}" for n, (a, b) in _LIMITS.items())
            raise UsageError(
                f"--sweep: found {text!r}; expected NAME=N,N with distinct whole numbers: {allowed}"
            )
        grid[name] = values
    return grid


def score(*, seeds: int, states: int, images: int) -> dict[str, float]:
    """Accuracy in % on test digits after some training digits, each seen once.

    Parameters
    ----------
    seeds : int
        Draws the training digits and their order from those that are shipped, and seeds the learner;
        where all are wanted, their order only.
    states : int
        Of each factor of the lowest level, at most; the levels above have them in our usual proportions.
    images : int
        Training digits.

    Returns
    -------
    dict
        ``accuracy`` of the default classifier and ``nearest`` of one nearest neighbour, in %.
    """
    pixels, labels = load_mnist("train", n=max(images, 11_000))
    chosen = np.random.default_rng(seeds).permutation(len(pixels))[:images]
    pixels, labels = pixels[chosen], labels[chosen]
    tested, truth = load_mnist("test", n=_TESTED)
    levels = tuple(round(n * states / 128) for n in (128, 400, 1000))
    with threadpool_limits(1):  # the same numbers wherever it runs
        ours = RGMClassifier(max_states=levels, random_state=seeds).fit(pixels, labels).predict(tested)
        nearest = KNeighborsClassifier(1).fit(pixels.reshape(images, -1) / 255, labels)
        theirs = nearest.predict(tested.reshape(_TESTED, -1) / 255)
    return {
        "accuracy": 100 * float(np.mean(ours == truth)),
        "nearest": 100 * float(np.mean(theirs == truth)),
    }


def table(rows: Sequence[Mapping]) -> str:
    """Mean and range over seeds, in %, for each number of states and images."""
    shown: list[tuple[str, ...]] = [("images", "states", "seeds", "accuracy", "worst", "best", "1-NN")]
    places = sorted({(row["images"], row["states"]) for row in rows})
    for images, states in places:
        mine = [row for row in rows if (row["images"], row["states"]) == (images, states)]
        ours = [row["accuracy"] for row in mine]
        values = (np.mean(ours), min(ours), max(ours), np.mean([row["nearest"] for row in mine]))
        shown.append((f"{images}", f"{states}", f"{len(mine)}", *(f"{value:.2f}" for value in values)))
    return format_table(shown)


@contextmanager
def _executor(workers: int, client) -> Iterator[Executor]:
    """Processes of this machine, or the workers of a client."""
    if client is not None:
        yield client.get_executor(pure=False)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def _path(folder: Path, place: Mapping[str, int]) -> Path:
    return folder / ("_".join(f"{name}-{value}" for name, value in place.items()) + ".json")


def _key(inputs) -> str:
    """Hash what all sizes depend on."""
    text = json.dumps([inputs.code, inputs.data, inputs.versions], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _load(folder: Path, place: Mapping[str, int], inputs) -> dict | None:
    """Read a size, if it is there, whole, and of this very code."""
    try:
        found = json.loads(_path(folder, place).read_text("utf-8"))
        mine = found["key"] == _key(inputs) and all(found[name] == place[name] for name in place)
        return found if mine and 0 <= found["accuracy"] <= 100 and 0 <= found["nearest"] <= 100 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
