import math
import re
from pathlib import Path

import numpy as np
import pytest

from rgm_core.notebook import claims as module
from rgm_core.notebook.claims import CLAIMS_VARIABLE, QUICK_VARIABLE, Claim, Status, load_claims, record
from rgm_core.notebook.display import format_number, format_table, with_unit

ENTRY = {
    "notebook": "05_mnist",
    "figure": "9",
    "text": "Accuracy on held-out digits",
    "unit": "%",
    "paper": 95.1,
    "min": 94,
    "within": 0.7,
    "why": "sampling error of 1,000 images",
}


def toml(entries, notebooks=""):
    """Write claims as TOML; a value of None leaves its key out."""
    lines = [notebooks]
    for name, entry in entries.items():
        lines.append(f'[claims."{name}"]')
        kept = {key: value for key, value in entry.items() if value is not None}
        lines += [f"{key} = {value!r}" for key, value in kept.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv(CLAIMS_VARIABLE, raising=False)
    monkeypatch.delenv(QUICK_VARIABLE, raising=False)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "claims.toml"
    count = ENTRY | {"paper": "not reported", "min": None, "within": None, "equals": 16, "unit": ""}
    file.write_text(toml({"fig09.accuracy": ENTRY, "fig09.count": count}))
    return file


def make_claim(**changes):
    entry = ENTRY | changes
    return Claim(name="fig09.accuracy", **{k: v for k, v in entry.items() if v is not None})


@pytest.mark.parametrize(
    ("changes", "value", "status"),
    [
        ({}, 94.5, "reproduced"),
        ({}, 94.0, "within tolerance"),  # the bar holds, the paper is farther than 0.7
        ({}, 99.0, "within tolerance"),
        ({}, 93.9, "differs"),
        ({}, None, "not attempted"),
        ({"within": 0.0}, 95.1, "reproduced"),
        ({"within": 0.0}, 95.2, "within tolerance"),
        ({"paper": "not reported"}, 94.0, "reproduced"),
        ({"paper": 94.5, "min": None, "equals": 93.8, "tolerance": 0.7}, 94.5, "reproduced"),
        ({"paper": 94.5, "min": None, "equals": 93.8, "tolerance": 0.7}, 94.51, "differs"),
        ({"min": None, "max": 96}, 96.1, "differs"),
        ({"max": 96}, 96, "within tolerance"),
    ],
)
def test_judge(changes, value, status):
    assert make_claim(**changes).judge(value) == status


@pytest.mark.parametrize(
    ("changes", "bar"),
    [
        ({}, "≥ 94"),
        ({"max": 96.5}, "≥ 94, ≤ 96.5"),
        ({"min": None, "equals": 16}, "= 16"),
        ({"min": None, "equals": 16, "tolerance": 2}, "= 16 ± 2"),
    ],
)
def test_bar_in_words(changes, bar):
    assert make_claim(**changes).bar == bar


def test_load_claims_reads_everything(path):
    path.write_text(
        path.read_text()
        + "[notebooks.05_mnist]\npaper = { n = 10000 }\nquick = { n = 500 }\nseconds = 60\n"
    )
    claims = load_claims(path)
    assert list(claims.of("05_mnist")) == ["fig09.accuracy", "fig09.count"]
    assert claims.of("06_pigeon") == {}
    assert claims.claims["fig09.accuracy"].paper == 95.1
    assert claims.claims["fig09.count"].paper == "not reported"
    assert claims.sizes("05_mnist").paper == {"n": 10000}
    assert claims.sizes("05_mnist").quick == {"n": 500}
    assert claims.sizes("05_mnist").seconds == 60
    assert claims.sizes("06_pigeon").paper == {}


def test_the_repository_s_claims_are_well_formed():
    claims = load_claims()
    assert claims.path == Path(__file__).parents[2] / "claims.toml"
    notebooks = {path.stem for path in (claims.path.parent / "notebooks").glob("*.ipynb")}
    assert {claim.notebook for claim in claims.claims.values()} <= notebooks
    assert set(claims.notebooks) <= notebooks


def test_the_environment_names_another_file(path, monkeypatch):
    monkeypatch.setenv(CLAIMS_VARIABLE, str(path))
    assert load_claims().path == path


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"min": None, "within": None}, "found no bar; expected min, max or equals"),
        ({"why": None, "figure": None}, "figure, why missing"),
        ({"minimum": 3}, "found 'minimum'; expected only"),
        ({"min": "94"}, "min: found '94'; expected a finite number"),
        ({"max": 90}, "found min > max"),
        ({"tolerance": 1}, "tolerance without equals"),
        ({"within": -1}, "negative"),
        ({"paper": "about 95"}, "without within"),
        ({"paper": " ", "within": None}, "expected a number, or a text"),
        ({"figure": 9}, "found figure = 9; expected a text"),
        ({"text": ""}, "found text = ''; expected a text"),
    ],
)
def test_load_claims_says_what_is_wrong(path, changes, complaint):
    path.write_text(toml({"fig09.accuracy": ENTRY | changes}))
    with pytest.raises(ValueError, match=re.escape(complaint)) as error:
        load_claims(path)
    assert 'claims.toml: claims."fig09.accuracy"' in str(error.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[claims", "cannot be read as a claims file"),
        ("[claim.x]", "found 'claim'; expected only claims, notebooks"),
        ("claims = 3", "claims: found 3; expected a table"),
        ("[claims]\nx = 3", 'claims."x": found 3; expected a table'),
        ("[notebooks.a]\nfull = {}", "notebooks.a: found 'full'; expected only"),
        ("[notebooks.a]\nseconds = 'long'", "notebooks.a: seconds: found 'long'"),
        ("[notebooks.a]\nquick = 3", "notebooks.a: quick: found 3; expected a table"),
        ("[notebooks.a]\nquick = { out = 'x' }", "quick sets out"),
    ],
)
def test_load_claims_rejects_other_files(path, text, complaint):
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(complaint)):
        load_claims(path)


def test_load_claims_names_a_missing_file(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.toml: cannot be read"):
        load_claims(tmp_path / "nowhere.toml")


def test_record_prints_an_aligned_table(path, capsys):
    record("05_mnist", {"fig09.count": 16, "fig09.accuracy": np.float64(94.5)}, claims=path)
    assert capsys.readouterr().out == (
        "claim           paper         bar   ours    status\n"
        "──────────────  ────────────  ────  ──────  ──────────\n"
        "fig09.accuracy  95.1 %        ≥ 94  94.5 %  reproduced\n"
        "fig09.count     not reported  = 16  16      reproduced\n"
    )


def test_record_shows_what_was_not_attempted(path, capsys):
    record("05_mnist", {"fig09.count": 15, "fig09.accuracy": None}, claims=path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].endswith("–     not attempted")
    assert lines[3].endswith("differs")


def test_record_does_not_judge_other_sizes(path, capsys, monkeypatch):
    values = {"fig09.count": 3, "fig09.accuracy": 50.0}
    record("05_mnist", values, claims=path, judged=False)
    shown = capsys.readouterr().out
    assert shown.count("not judged") == 2
    monkeypatch.setenv(QUICK_VARIABLE, "1")
    record("05_mnist", values, claims=path)
    assert capsys.readouterr().out == shown


def test_record_hands_full_numbers_to_reproduce(path, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(module, "in_kernel", lambda: True)
    monkeypatch.setattr(module, "display_with_record", lambda *of: shown.append(of))
    record("05_mnist", {"fig09.count": 16, "fig09.accuracy": 100 / 3}, claims=path)
    [(data, about)] = shown
    assert list(data) == ["text/plain"]
    assert about == {"claims": {"fig09.accuracy": 100 / 3, "fig09.count": 16.0}, "judged": True}
    assert capsys.readouterr().out == ""


def test_record_without_claims_says_so(path, capsys):
    record("06_pigeon", {}, claims=path)
    assert capsys.readouterr().out == "06_pigeon makes no claims\n"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"fig09.accuracy": 95}, "'fig09.count' missing; expected the claims of 05_mnist"),
        ({"fig09.accuracy": 1, "fig09.count": 1, "fig1.x": 1}, "'fig1.x' unknown"),
        ({"fig09.accuracy": math.nan, "fig09.count": 1}, "expected a finite number"),
        ({"fig09.accuracy": math.inf, "fig09.count": 1}, "expected a finite number"),
        ({"fig09.accuracy": "95", "fig09.count": 1}, "values['fig09.accuracy']: found '95'"),
        ({"fig09.accuracy": np.ones(2), "fig09.count": 1}, "expected a finite number"),
    ],
)
def test_record_refuses_what_it_cannot_judge(path, values, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        record("05_mnist", values, claims=path)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (16.0, "16"),
        (-0.0, "0"),
        (94.4999999, "94.5"),
        (1234.56, "1235"),
        (12345678.0, "12345678"),
        (0.00012345678, "0.0001235"),
        (3.2e12, "3.2e+12"),
    ],
)
def test_format_number(value, text):
    assert format_number(value) == text


def test_units_go_with_numbers_only():
    assert with_unit(94.5, "%") == "94.5 %"
    assert with_unit(16, "") == "16"
    assert with_unit(None, "%") == "–"
    assert with_unit("about half", "%") == "about half"


def test_format_table_aligns_without_trailing_spaces():
    assert format_table([("a", "bb"), ("ccc", "")]) == "a    bb\n───  ──\nccc"


def test_status_is_its_text():
    assert f"{Status.WITHIN_TOLERANCE}" == "within tolerance"
