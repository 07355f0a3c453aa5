"""A new figure notebook starts complete: it runs, makes a claim with a null, and is linked."""

import shutil
from pathlib import Path

import nbformat
import pytest

from rgm_core.notebook import load_claims
from rgm_core.reproduction import UsageError
from rgm_core.reproduction.new import start_notebook

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    """A repository without its code."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "docs").mkdir()
    for name in ("claims.toml", "README.md", "docs/teaching.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def following():
    return f"{len(list(ROOT.glob('notebooks/*.ipynb'))):02}"


def test_a_new_notebook_runs_and_meets_its_claim(copy):
    """Its null does not, so the claim says something."""
    name = f"{following()}_weather"
    assert len(start_notebook(name, copy)) == 5
    notebook = nbformat.read(copy / "notebooks" / f"{name}.ipynb", 4)
    *code, last = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    recorded, variables = [], {}
    for source in code:
        exec(source, variables)
    exec(last, variables | {"record": lambda *values, nulls: recorded.append((*values, nulls))})
    ((notebook_name, values, nulls),) = recorded
    known = load_claims(copy / "claims.toml").of(name)
    assert notebook_name == name
    assert set(values) == set(nulls) == set(known)
    assert all(claim.holds(values[key]) for key, claim in known.items())
    assert not any(claim.holds(nulls[key]) for key, claim in known.items())


def test_a_new_notebook_has_its_place_among_the_others(copy):
    name, last = f"{following()}_weather", sorted(ROOT.glob("notebooks/*.ipynb"))[-1].name
    start_notebook(name, copy)
    assert f"]({name}.ipynb)" in (copy / "notebooks" / last).read_text(encoding="utf-8")
    assert f"](notebooks/{name}.ipynb)" in (copy / "README.md").read_text(encoding="utf-8")
    assert f"| {name[:2]} weather |" in (copy / "docs/teaching.md").read_text(encoding="utf-8")
    again = start_notebook(f"{int(name[:2]) + 1}_more", copy)  # and the next one after it
    assert f"Next: [{int(name[:2]) + 1} more]" in again[-1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["weather", "99_weather", "03_weather", f"{following()}_Weather", f"{following()}"]
)
def test_names_that_leave_gaps_or_are_taken_change_nothing(copy, name):
    before = (copy / "claims.toml").read_bytes()
    with pytest.raises(UsageError, match=rf"expected {following()}_some_name"):
        start_notebook(name, copy)
    assert (copy / "claims.toml").read_bytes() == before
