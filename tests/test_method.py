"""docs/method.md and the code name each other: no equation, function or notebook that is not there."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/method.md").read_text(encoding="utf-8")
EQUATIONS = re.findall(r"\\tag\{(\d+\.\d+)\}", PAGE)
ROW = re.compile(r"^\| (\d+\.\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
CITATION = re.compile(r"equations? (\d+\.\d+(?:(?:, | and | to )\d+\.\d+)*)")


def cited(text):
    """Numbers of the equations that a text names; of a range, its two ends."""
    return {number for found in CITATION.findall(text) for number in re.findall(r"\d+\.\d+", found)}


def sources():
    """Python files of the library and its tests, but for this one."""
    files = [*ROOT.glob("rgm_core/**/*.py"), *ROOT.glob("tests/**/*.py")]
    return [path for path in files if path != Path(__file__).resolve()]


def find(name):
    """The object with a dotted name."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[n:]:
            found = getattr(found, attribute)
        return found
    raise ImportError(name)


def test_equations_are_numbered_in_order_and_once():
    numbers = [tuple(map(int, number.split("."))) for number in EQUATIONS]
    assert numbers == sorted(set(numbers))
    first_of_sections = dict(reversed(numbers))
    assert set(first_of_sections.values()) == {1}


def test_every_equation_that_a_docstring_names_exists():
    named = {path.name: cited(path.read_text(encoding="utf-8")) for path in sources()}
    assert sum(map(len, named.values())) > 40  # the library does name them
    wrong = {name: found - set(EQUATIONS) for name, found in named.items() if found - set(EQUATIONS)}
    assert wrong == {}


def test_the_page_refers_to_its_own_equations_only():
    text = re.sub(r"\\tag\{.*?\}", "", PAGE.split("## From equation")[0])
    assert set(re.findall(r"\((\d+\.\d+)\)", text)) | cited(text) <= set(EQUATIONS)


def test_no_docstring_points_outside_the_repository():
    stray = re.compile(r"\bspec \d")
    assert [path.name for path in sources() if stray.search(path.read_text(encoding="utf-8"))] == []


def test_every_equation_leads_to_a_function():
    assert [number for number, *_ in ROW.findall(PAGE)] == EQUATIONS


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: row[0])
def test_functions_and_notebooks_of_the_table_exist(row):
    _, functions, notebooks, _ = row
    names = re.findall(r"`(.+?)`", functions)
    assert names
    assert all(find(name).__doc__ for name in names)
    for notebook in re.findall(r"\d\d", notebooks):
        assert list(ROOT.glob(f"notebooks/{notebook}_*.ipynb"))


def test_every_symbol_of_the_table_is_used():
    table, text = PAGE.split("## Symbols")[1].split("\n## 1.")
    symbols = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[2:]  # below the head
    assert len(symbols) > 20
    plain = [re.split(r"\\?[\[({]", s)[0] for row in symbols for s in re.findall(r"\$(.+?)\$", row)]
    assert [symbol for symbol in plain if symbol and symbol not in text] == []
