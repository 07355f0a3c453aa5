"""What a report says about claims, given what the notebooks left."""

from types import SimpleNamespace

import pytest

from rgm_core.notebook.claims import load_claims
from rgm_core.reproduction.manifest import Notebook
from rgm_core.reproduction.report import Entry, make_rows

CLAIMS = """
[claims."fig01.share"]
notebook = "01_wave"
figure = "1"
text = "A share"
unit = "%"
source = "ours"
min = 90
null = "none"
why = "it is exact"
"""


@pytest.mark.parametrize(
    ("value", "quick", "verdict"),
    [(95, False, "pass"), (85, False, "FAIL"), (None, False, "FAIL"), (85, True, "–"), (None, True, "–")],
)
def test_reduced_sizes_neither_hold_nor_fail(tmp_path, value, quick, verdict):
    """A claim that the quick profile leaves out is no failure; one that a full run leaves out is."""
    (tmp_path / "claims.toml").write_text(CLAIMS)
    nulls = {"fig01.share": 0}
    record = SimpleNamespace(claims={"fig01.share": value}, nulls=nulls, quick=quick, judged=True)
    notebook = Notebook(path=tmp_path / "01_wave.ipynb", text="", cells=())
    entry = Entry(notebook=notebook, state="up to date", record=record)
    (row,) = make_rows(load_claims(tmp_path / "claims.toml"), [entry])
    assert row.verdict == verdict
    assert row.holds == (verdict == "pass")
