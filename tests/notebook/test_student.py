"""The student's version of the notebooks: no solution is left in it, and all else is."""

import json
import re
from pathlib import Path

import pytest

from rgm_core.notebook.student import without_solutions, write_student_version

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NUMBERS = sorted(path.name[:2] for path in NOTEBOOKS.glob("*.ipynb"))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def text(cell):
    return "".join(cell["source"])


def solutions(notebook):
    return [cell for cell in notebook if "solution" in cell["metadata"].get("tags", ())]


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    write_student_version(NOTEBOOKS, folder)
    return folder


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_solution_is_left_and_all_else_is(student, path):
    solved, blank = cells(path), cells(student / path.name)
    assert solutions(solved)
    assert not solutions(blank)
    assert len(solved) == len(blank)
    for before, after in zip(solved, blank, strict=True):
        assert "<summary>Solution" not in text(after)
        assert after.get("outputs", []) == []
        if before["cell_type"] == "code" and before not in solutions(solved):
            assert text(after) == text(before)


@pytest.mark.parametrize("number", NUMBERS)
def test_an_exercise_is_work_and_is_checked(number):
    """One solution is a function of five to fifteen lines; the next cell holds it against the library."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    notebook = cells(path)
    solved = solutions(notebook)
    (k,) = (k for k, cell in enumerate(notebook) if cell in solved and "def my_" in text(cell))
    code = [line for line in text(notebook[k]).splitlines() if line.strip() and '"""' not in line]
    assert 5 <= len(code) <= 17
    (name,) = re.findall(r"def (my_\w+)", text(notebook[k]))[-1:]
    assert "assert" in text(notebook[k + 1])
    assert name in text(notebook[k + 1])


@pytest.mark.parametrize("number", NUMBERS)
def test_solutions_are_hidden_until_asked_for(number):
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    for cell in solutions(cells(path)):
        assert cell["metadata"]["jupyter"] == {"outputs_hidden": True, "source_hidden": True}
        assert "hide-cell" in cell["metadata"]["tags"]


def test_texts_keep_what_is_around_a_solution():
    folded = "**1.** Why?\n\n<details><summary>Solution</summary>\n\nSo.\n</details>\n\n## Take away"
    notebook = {"cells": [{"cell_type": "markdown", "metadata": {}, "source": [folded]}]}
    (cell,) = without_solutions(notebook)["cells"]
    assert cell["source"] == "**1.** Why?\n\n## Take away"


def test_the_solved_notebooks_are_not_overwritten(tmp_path):
    with pytest.raises(ValueError, match="expected another one"):
        write_student_version(NOTEBOOKS, NOTEBOOKS)
    with pytest.raises(ValueError, match="found none"):
        write_student_version(tmp_path, tmp_path / "student")
