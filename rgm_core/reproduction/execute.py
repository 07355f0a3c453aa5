"""Execute one notebook with papermill: the process that `runner` starts in a work folder.

Reads ``job.json`` and ``input.ipynb``, writes ``executed.ipynb`` and, on standard output, a line
of JSON for each event. It ends when its standard input closes: if the run that started it stops
or is killed, neither it nor its kernel stays behind.
"""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_SHUTDOWN_SECONDS = 5
_PRINTED = 100_000  # characters of a printed output that are kept


def main() -> int:
    """Execute the job of the current folder; return 0 if every cell ran."""
    send = _event_channel()
    signal.signal(signal.SIGTERM, _exit)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = json.loads(Path("job.json").read_text(encoding="utf-8"))
    try:
        _execute(job, send)
    except Exception as error:  # whatever stops a notebook is reported, not raised
        send(failed=_explain(error))
        return 1
    send(done=True)
    return 0


def _execute(job: dict, send: Callable[..., None]) -> None:
    import papermill
    from papermill.engines import NBClientEngine, papermill_engines

    class ReportingEngine(NBClientEngine):
        """Papermill's engine, telling which code cell it is at, and under which heading."""

        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, **options):
            start, complete = nb_man.cell_start, nb_man.cell_complete
            places = _places(nb_man.nb.cells)

            def cell_start(cell, cell_index=0, **more):
                send(**places[cell_index])
                return start(cell, cell_index, **more)

            def cell_complete(cell, **more):
                _cut_long_prints(cell)
                return complete(cell, **more)

            nb_man.cell_start, nb_man.cell_complete = cell_start, cell_complete
            super().execute_managed_notebook(nb_man, kernel_name, **options)

    papermill_engines.register("reporting", ReportingEngine)
    papermill.execute_notebook(
        "input.ipynb",
        "executed.ipynb",
        parameters=job["parameters"],
        engine_name="reporting",
        kernel_name="python3",
        language="python",
        progress_bar=False,
        cwd=job["cwd"],
        shutdown_kernel="immediate",
    )


def _places(cells: list[dict]) -> list[dict]:
    """For each cell: how many code cells there were up to it, of how many, and the heading above it."""
    places, code, section = [], 0, ""
    total = sum(cell["cell_type"] == "code" for cell in cells)
    for cell in cells:
        headings = re.findall(r"^#+ +(.+)$", cell["source"], re.MULTILINE)
        if cell["cell_type"] == "code":
            code += 1
        elif headings:
            section = headings[-1].strip()
        places.append({"cell": code, "of": total, "section": section})
    return places


def _cut_long_prints(cell: dict) -> None:
    """Keep the beginning and the end of what a cell printed without end."""
    for output in cell.get("outputs", ()):
        text = output.get("text", "")
        if len(text) > _PRINTED:
            kept, cut = _PRINTED // 2, len(text) - _PRINTED
            output["text"] = f"{text[:kept]}\n… {cut} characters left out …\n{text[-kept:]}"


def _event_channel() -> Callable[..., None]:
    """Keep standard output for events; what libraries print goes to the log (standard error)."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def send(**event) -> None:
        print(json.dumps(event), file=events, flush=True)

    return send


def _end_with_parent() -> None:
    """Wait until standard input closes, then end this process, which takes the kernel along."""
    while os.read(0, 1):  # unbuffered: a lock on sys.stdin would be in the way of a normal end
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(_SHUTDOWN_SECONDS)
    os._exit(1)  # the kernel sees that its parent has gone


def _exit(*_) -> None:
    """On a signal, leave by an exception: papermill's clean-up ends the kernel."""
    sys.exit(1)


def _explain(error: Exception) -> str:
    """Say what went wrong: the notebook's own traceback, or the machinery's error."""
    traceback = getattr(error, "traceback", None)
    if isinstance(traceback, list):
        return _COLOURS.sub("", "\n".join(traceback))
    return _COLOURS.sub("", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
