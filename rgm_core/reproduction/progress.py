"""Show what is running: bars in a terminal, plain lines in a file or a pipe."""

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

_LINE_SECONDS = 30


class PlainProgress(AbstractContextManager):
    """A line when a notebook starts and ends, and every half minute while it runs.

    Parameters
    ----------
    estimates : name to seconds
        Of all notebooks that will run, about; None where that is not known.
    """

    def __init__(self, estimates: Mapping[str, float | None], console: Console) -> None:
        self._estimates = estimates
        self._total = len(estimates)
        self._console = console
        self._lock = threading.Lock()
        self._started: dict[str, float] = {}
        self._cells: dict[str, tuple[int, int, str]] = {}
        self._finished = 0
        self._last_line = time.monotonic()

    def __exit__(self, *_) -> None:
        return None

    def started(self, name: str) -> None:
        """Tell that a notebook starts."""
        with self._lock:
            self._started[name] = time.monotonic()
            self._say(self._title(name))

    def at_cell(self, name: str, cell: int, of: int, section: str) -> None:
        """Tell that a notebook is at its n-th code cell, under a heading."""
        with self._lock:
            self._cells[name] = (cell, of, section)

    def finished(self, outcome) -> None:
        """Tell what became of a notebook."""
        with self._lock:
            self._started.pop(outcome.name, None)
            self._finished += 1
            self._say(f"[{self._finished}/{self._total}] {self._sentence(outcome)}")
            for note in outcome.notes:
                self._say(f"    note: {note}")
            for line in (outcome.error or "").splitlines():
                self._say(f"    {line}")

    def tick(self) -> None:
        """Called twice a second: says now and then that work goes on."""
        with self._lock:
            if time.monotonic() - self._last_line > _LINE_SECONDS:
                for name, start in self._started.items():
                    cell, of, section = self._cells.get(name, (0, 0, ""))
                    at = f"{name}: {section}, code cell {cell} of {of}" if section else name
                    self._say(f"{at}, {elapsed(time.monotonic() - start)}")

    def _title(self, name: str) -> str:
        """Which notebook this is, and how long it takes."""
        place, seconds = list(self._estimates).index(name) + 1, self._estimates[name]
        about = f", about {elapsed(seconds)}" if seconds else ""
        return f"notebook {place} of {self._total}: {name}{about}"

    def _sentence(self, outcome) -> str:
        cell, of, section = self._cells.get(outcome.name, (0, 0, ""))
        if outcome.error is None:
            return f"{outcome.name}: done in {elapsed(outcome.seconds)}"
        where = f" ({section})" if section else ""
        return (
            f"{outcome.name}: FAILED after {elapsed(outcome.seconds)}, at code cell {cell} of {of}{where}"
        )

    def _say(self, line: str) -> None:
        self._last_line = time.monotonic()
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class BarProgress(PlainProgress):
    """A bar for each notebook that runs, above a line for each that has ended."""

    def __init__(self, estimates: Mapping[str, float | None], console: Console) -> None:
        super().__init__(estimates, console)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("code cell {task.completed:.0f} of {task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[section]}", style="dim", table_column=Column(no_wrap=True)),
            console=console,
            transient=True,
        )
        self._tasks = {}

    def __enter__(self):
        self._bars.start()
        return self

    def __exit__(self, *_) -> None:
        self._bars.stop()

    def started(self, name: str) -> None:
        """Add a bar."""
        with self._lock:
            self._tasks[name] = self._bars.add_task(self._title(name), total=0, section="")

    def at_cell(self, name: str, cell: int, of: int, section: str) -> None:
        """Move a bar."""
        super().at_cell(name, cell, of, section)
        if name in self._tasks:  # on a cluster, what a notebook told may arrive after its end
            self._bars.update(self._tasks[name], completed=cell, total=of, section=section)

    def finished(self, outcome) -> None:
        """Turn a bar into a line."""
        self._bars.remove_task(self._tasks.pop(outcome.name))
        super().finished(outcome)

    def tick(self) -> None:
        """The bars move by themselves."""


def new_progress(estimates: Mapping[str, float | None], console: Console) -> PlainProgress:
    """Choose bars for a terminal and lines for anything else."""
    return (BarProgress if console.is_terminal else PlainProgress)(estimates, console)


def elapsed(seconds: float) -> str:
    """Write a duration for people: ``9 s``, ``2 min 5 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
