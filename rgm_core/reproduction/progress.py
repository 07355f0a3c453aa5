"""Show what is running: bars in a terminal, plain lines in a file or a pipe."""

import threading
import time
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_LINE_SECONDS = 30


class PlainProgress(AbstractContextManager):
    """A line when a notebook starts and ends, and every half minute while it runs."""

    def __init__(self, total: int, console: Console) -> None:
        self._total = total
        self._console = console
        self._lock = threading.Lock()
        self._started: dict[str, float] = {}
        self._cells: dict[str, tuple[int, int]] = {}
        self._finished = 0
        self._last_line = time.monotonic()

    def __exit__(self, *_) -> None:
        return None

    def started(self, name: str) -> None:
        """Tell that a notebook starts."""
        with self._lock:
            self._started[name] = time.monotonic()
            self._say(f"{name}: started")

    def at_cell(self, name: str, cell: int, of: int) -> None:
        """Tell that a notebook is at its n-th cell."""
        with self._lock:
            self._cells[name] = (cell, of)

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
                    cell, of = self._cells.get(name, (0, 0))
                    self._say(f"{name}: cell {cell} of {of}, {elapsed(time.monotonic() - start)}")

    def _sentence(self, outcome) -> str:
        cell, of = self._cells.get(outcome.name, (0, 0))
        if outcome.error is None:
            return f"{outcome.name}: done in {elapsed(outcome.seconds)}"
        return f"{outcome.name}: FAILED after {elapsed(outcome.seconds)}, at cell {cell} of {of}"

    def _say(self, line: str) -> None:
        self._last_line = time.monotonic()
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class BarProgress(PlainProgress):
    """A bar for each notebook that runs, above a line for each that has ended."""

    def __init__(self, total: int, console: Console) -> None:
        super().__init__(total, console)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("cell {task.completed:.0f} of {task.total:.0f}"),
            TimeElapsedColumn(),
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
            self._tasks[name] = self._bars.add_task(name, total=0)

    def at_cell(self, name: str, cell: int, of: int) -> None:
        """Move a bar."""
        super().at_cell(name, cell, of)
        self._bars.update(self._tasks[name], completed=cell, total=of)

    def finished(self, outcome) -> None:
        """Turn a bar into a line."""
        self._bars.remove_task(self._tasks.pop(outcome.name))
        super().finished(outcome)

    def tick(self) -> None:
        """The bars move by themselves."""


def new_progress(total: int, console: Console) -> PlainProgress:
    """Choose bars for a terminal and lines for anything else."""
    return BarProgress(total, console) if console.is_terminal else PlainProgress(total, console)


def elapsed(seconds: float) -> str:
    """Write a duration for people: ``9 s``, ``2 min 5 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
