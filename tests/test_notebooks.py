"""The shape of the notebooks: what a reader may rely on in each, and how one leads to the next."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted(ROOT.glob("notebooks/*.ipynb"))
NAMES = [path.stem for path in PATHS]
NOTEBOOKS = {path.stem: nbformat.read(path, 4) for path in PATHS}
CLAIMS = tomllib.loads((ROOT / "claims.toml").read_text(encoding="utf-8"))
MOST_CODE = 150  # lines that are read: no comments, no blank lines, no solutions, not the claims at the end
MOST_CELL = 20
EACH = pytest.mark.parametrize("name", NAMES)


def cells(name, kind):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == kind]


def lines(cell):
    """Lines of code of a cell."""
    stripped = (line.strip() for line in cell.source.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def linked(text):
    """Notebooks that a text links to, in order."""
    return re.findall(r"\((?:notebooks/)?(\d\d_\w+)\.ipynb\)", text)


def rows_of_table(page):
    """First column of each row of a page that begins with the number of a notebook."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^\| \[?(\d\d) .*$", text, re.MULTILINE)


def test_there_are_notebooks():
    assert len(NAMES) >= 11
    assert [name[:2] for name in NAMES] == [f"{n:02}" for n in range(len(NAMES))]


@EACH
def test_a_notebook_says_first_what_it_is_for(name):
    first = NOTEBOOKS[name].cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    for promise in ("You'll do:", "You'll learn:", "You'll need:", "Reproduces:"):
        assert f"**{promise}**" in first.source


@EACH
def test_a_notebook_is_run_from_top_to_bottom_without_errors(name):
    code = cells(name, "code")
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for cell in code for output in cell.outputs}.isdisjoint({"error"})
    printed = [o for cell in code for o in cell.outputs if o.get("name") == "stderr"]
    assert printed == []  # warnings are for whoever writes a notebook, not for its readers


@EACH
def test_a_notebook_has_one_cell_of_parameters(name):
    tagged = [cell for cell in cells(name, "code") if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert all(re.match(r"\w+ = [^=]", line) for line in lines(tagged[0]))


@EACH
def test_a_notebook_is_as_long_as_a_lesson(name):
    code, text = cells(name, "code"), cells(name, "markdown")
    assert 25 <= len(code) + len(text) <= 60
    read = [lines(cell) for cell in code[:-1] if "solution" not in cell.metadata.get("tags", [])]
    assert len(text) >= len(read)
    assert sum(map(len, read)) <= MOST_CODE
    assert max(map(len, read)) <= MOST_CELL
    words = sum(len(re.findall(r"\w+", cell.source)) for cell in text)
    assert 800 <= words <= 2500  # symbols of equations and references included: an hour or so of study


@EACH
def test_a_notebook_ends_with_exercises_and_its_claims(name):
    text = "\n".join(cell.source for cell in cells(name, "markdown"))
    assert text.index("## Exercises") < text.index("## Take away")
    assert text.count("<summary>Solution</summary>") >= 2
    last = NOTEBOOKS[name].cells[-1]
    assert last.cell_type == "code"
    recorded = set(re.findall(r'"(\w+\.\w+)":', last.source))
    expected = {key for key, claim in CLAIMS["claims"].items() if claim["notebook"] == name}
    assert f'"{name}"' in last.source
    assert recorded
    assert recorded <= expected


@EACH
def test_no_path_of_a_machine_is_in_the_outputs(name):
    text = nbformat.writes(NOTEBOOKS[name])
    for place in ("/home/", "/Users/", "/tmp/", "/work/", "C:\\\\Users"):
        assert place not in text


@EACH
def test_a_notebook_leads_to_its_neighbours(name):
    """Links are written by hand, and this is what keeps them right."""
    n = NAMES.index(name)
    neighbours = ([NAMES[n - 1]] if n else []) + [NAMES[(n + 1) % len(NAMES)]]
    ways = [line for line in cells(name, "markdown")[-1].source.splitlines() if linked(line)]
    assert linked(ways[-1]) == neighbours
    broken = [link for cell in cells(name, "markdown") for link in linked(cell.source) if link not in NAMES]
    assert broken == []


def test_the_readme_lists_every_notebook_with_its_figure():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| \[(\d\d) .+?\]\(notebooks/(\w+)\.ipynb\) \| (.+?) \|", text, re.MULTILINE)
    assert [name for _, name, _ in table] == NAMES
    assert [number for number, _, _ in table] == [name[:2] for name in NAMES]
    for _, name, figure in table:
        first = NOTEBOOKS[name].cells[0].source.split("**Reproduces:**")[1]
        assert re.findall(r"\d+", figure)[-1] in first


def test_the_lesson_plan_lists_every_notebook():
    assert rows_of_table("docs/teaching.md") == [name[:2] for name in NAMES]


@EACH
def test_the_lesson_plan_says_what_the_notebook_says_that_it_needs(name):
    text = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {name[:2]} .*$", text, re.MULTILINE).group()
    said = NOTEBOOKS[name].cells[0].source.split("**You'll need:**")[1].split("\n")[0]
    assert {number[:2] for number in linked(said)} == set(re.findall(r"\d\d", row.split("|")[-2]))
