"""What is said while notebooks run: which one, under which heading, how far, and how long about."""

import io
from types import SimpleNamespace

from rich.console import Console

from rgm_core.reproduction.execute import _places
from rgm_core.reproduction.progress import new_progress

CELLS = [
    {"cell_type": "markdown", "source": "# A title\n\nText.\n\n## First section"},
    {"cell_type": "code", "source": "x = 1  # no heading"},
    {"cell_type": "markdown", "source": "More text."},
    {"cell_type": "code", "source": "# nor is this one"},
    {"cell_type": "markdown", "source": "## Second section"},
    {"cell_type": "code", "source": "y = 2"},
]


def said(terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=200)
    with new_progress({"00_a": 90, "01_b": None}, console) as progress:
        for name, error in (("00_a", None), ("01_b", "x")):
            progress.started(name)
            progress.at_cell(name, 2, 3, "First section")
            progress.tick()
            progress.finished(SimpleNamespace(name=name, error=error, seconds=5, notes=()))
    return console.file.getvalue()


def test_code_cells_are_counted_and_headings_told():
    assert [(p["cell"], p["of"], p["section"]) for p in _places(CELLS)] == [
        (0, 3, "First section"), (1, 3, "First section"), (1, 3, "First section"),
        (2, 3, "First section"), (2, 3, "Second section"), (3, 3, "Second section"),
    ]  # fmt: skip


def test_lines_say_which_notebook_of_how_many_and_how_long_it_takes():
    lines = said(terminal=False).splitlines()
    assert lines[:2] == ["notebook 1 of 2: 00_a, about 1 min 30 s", "[1/2] 00_a: done in 5 s"]
    assert lines[2] == "notebook 2 of 2: 01_b"
    assert lines[3] == "[2/2] 01_b: FAILED after 5 s, at code cell 2 of 3 (First section)"


def test_a_terminal_shows_the_section_beside_the_bar():
    shown = said(terminal=True)
    assert "notebook 1 of 2: 00_a, about 1 min 30 s" in shown
    assert "code cell 2 of 3" in shown
    assert "First section" in shown
