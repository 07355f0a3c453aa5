import ast
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from rgm_core.notebook import recording
from rgm_core.notebook.claims import CLAIMS_VARIABLE, Claim, Status, load_claims
from rgm_core.notebook.display import format_number, format_table, with_unit
from rgm_core.notebook.recording import QUICK_VARIABLE, record

ROOT = Path(__file__).parents[2]

ENTRY = {
    "notebook": "05_mnist",
    "figure": "9",
    "text": "Accuracy on held-out digits",
    "unit": "%",
    "source": "article",
    "reported": 95.1,
    "min": 94.0,
    "within": 0.7,
    "null": "always the commonest digit",
    "why": "sampling error of 1,000 images",
}
NOTHING = {"fig09.accuracy": None, "fig09.count": None}  # nulls that were not attempted
OURS = {"source": "ours", "reported": None, "within": None}


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
    count = ENTRY | OURS | {"min": None, "equals": 16, "unit": ""}
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
        ({"source": "reference"}, 94.5, "reproduced"),
        ({"reported": "expert play", "within": None}, 94.0, "reproduced"),
        (OURS, 94.0, "holds"),  # nobody but us says so
        (OURS, 93.9, "differs"),
        ({"reported": 94.5, "min": None, "equals": 93.8, "tolerance": 0.7}, 94.5, "reproduced"),
        ({"reported": 94.5, "min": None, "equals": 93.8, "tolerance": 0.7}, 94.51, "differs"),
        ({"min": None, "max": 96}, 96.1, "differs"),
        ({"max": 96}, 96, "within tolerance"),
    ],
)
def test_judge(changes, value, status):
    assert make_claim(**changes).judge(value) == status


@pytest.mark.parametrize(
    ("null", "status"), [(None, "holds"), (10.0, "holds"), (94.0, "null passes"), (97.0, "null passes")]
)
def test_a_claim_that_its_null_passes_is_refused(null, status):
    assert make_claim(**OURS).judge(95.0, null) == status


@pytest.mark.parametrize(
    ("changes", "bar"),
    [
        ({}, "≥ 94"),
        ({"max": 96.5}, "≥ 94, ≤ 96.5"),
        ({"asked": 96.0}, "≥ 94 (asked: 96)"),
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
    assert claims.claims["fig09.accuracy"].reported == 95.1
    assert claims.claims["fig09.count"].reported is None
    assert claims.sizes("05_mnist").paper == {"n": 10000}
    assert claims.sizes("05_mnist").quick == {"n": 500}
    assert claims.sizes("05_mnist").seconds == 60
    assert claims.sizes("06_pigeon").paper == {}


def committed_records():
    """What each committed notebook recorded: its claims, their nulls, whether they are judged."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", ()):
                if "claims" in (shown := output.get("metadata", {}).get("rgm", {})):
                    yield path.stem, shown


def default_parameters(notebook):
    """The values of the cell tagged ``parameters``."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text())["cells"]
    (cell,) = (cell for cell in cells if "parameters" in cell["metadata"].get("tags", ()))
    lines = ast.parse("".join(cell["source"])).body
    return {line.targets[0].id: ast.literal_eval(line.value) for line in lines}


def test_the_repository_s_claims_are_well_formed():
    claims = load_claims()
    assert claims.path == ROOT / "claims.toml"
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {claim.notebook for claim in claims.claims.values()} <= notebooks
    assert set(claims.notebooks) <= notebooks


def test_every_size_is_a_parameter_and_quick_sizes_are_not_judged():
    for name, sizes in load_claims().notebooks.items():
        parameters = default_parameters(name)
        assert set(sizes.paper) | set(sizes.quick) <= set(parameters), name
        assert not sizes.are_of_claims(parameters | sizes.quick), name


def test_no_null_passes_its_claim():
    """What a meaningless model gets fails the bar, in every committed notebook that measured it."""
    claims = load_claims().claims
    nulls = {name: null for _, shown in committed_records() for name, null in shown["nulls"].items()}
    assert set(nulls) == set(claims)
    passed = [name for name, null in nulls.items() if null is not None and claims[name].holds(null)]
    assert passed == []


def test_the_environment_names_another_file(path, monkeypatch):
    monkeypatch.setenv(CLAIMS_VARIABLE, str(path))
    assert load_claims().path == path


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"min": None, "within": None}, "found no bar; expected min, max or equals"),
        ({"why": None}, "missing required field `why`"),
        ({"minimum": 3}, "unknown field `minimum`"),
        ({"min": "94"}, "Expected `float | null`, got `str` - at `$.min`"),
        ({"min": "nan"}, "at `$.min`"),
        ({"max": 90}, "found min > max"),
        ({"tolerance": 1}, "tolerance without equals"),
        ({"within": -1}, "Expected `float` >= 0.0 - at `$.within`"),
        ({"reported": "about 95"}, "found within without a number in reported"),
        ({"reported": " ", "within": None}, "at `$.reported`"),
        ({"source": "hearsay"}, "Invalid enum value 'hearsay' - at `$.source`"),
        ({"source": "ours"}, "found source = ours and reported = 95.1"),
        ({"reported": None, "within": None}, "found source = article and reported = None"),
        ({"figure": 9}, "Expected `str`, got `int` - at `$.figure`"),
        ({"text": ""}, "at `$.text`"),
        ({"null": None}, "missing required field `null`"),
        ({"null": 3}, "Expected `str`, got `int` - at `$.null`"),
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
        ("[claim.x]", "unknown field `claim`"),
        ("claims = 3", "Expected `object`, got `int` - at `$.claims`"),
        ("[claims]\nx = 3", "Expected `object`, got `int` - at `$.claims[...]`"),
        ("[notebooks.a]\nfull = {}", "notebooks.a: Object contains unknown field `full`"),
        (
            "[notebooks.a]\nseconds = 'long'",
            "notebooks.a: Expected `float | null`, got `str` - at `$.seconds`",
        ),
        ("[notebooks.a]\nquick = 3", "notebooks.a: Expected `object`, got `int` - at `$.quick`"),
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
    values = {"fig09.count": 16, "fig09.accuracy": np.float64(94.5)}
    record("05_mnist", values, nulls={"fig09.count": None, "fig09.accuracy": 11.4}, claims=path)
    assert capsys.readouterr().out == (
        "claim           reported          bar   ours    null    status\n"
        "──────────────  ────────────────  ────  ──────  ──────  ──────────\n"
        "fig09.accuracy  95.1 % (article)  ≥ 94  94.5 %  11.4 %  reproduced\n"
        "fig09.count     –                 = 16  16      –       holds\n"
    )


def test_record_shows_what_was_not_attempted(path, capsys):
    record("05_mnist", {"fig09.count": 15, "fig09.accuracy": None}, nulls=NOTHING, claims=path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].endswith("not attempted")
    assert lines[3].endswith("differs")


def test_record_judges_by_the_parameters_of_the_run(path, capsys, monkeypatch):
    """Only the sizes that the claims are made for are judged, and never those of a quick run."""
    path.write_text(path.read_text() + "[notebooks.05_mnist]\npaper = { n = 10, m = [1, 2] }\n")
    values = {"fig09.count": 3, "fig09.accuracy": 50.0}
    for parameters in ({}, {"n": 10}, {"n": 9, "m": [1, 2]}):
        record("05_mnist", values, nulls=NOTHING, claims=path, parameters=parameters)
        assert capsys.readouterr().out.count("not judged") == 2
    full = {"n": 10, "m": [1, 2], "seed": 4}
    record("05_mnist", values, nulls=NOTHING, claims=path, parameters=full)
    assert capsys.readouterr().out.count("differs") == 2
    monkeypatch.setenv(QUICK_VARIABLE, "1")
    record("05_mnist", values, nulls=NOTHING, claims=path, parameters=full)
    assert capsys.readouterr().out.count("not judged") == 2


def test_record_asks_for_the_null_of_every_claim(path, capsys):
    path.write_text(toml({"fig09.accuracy": ENTRY}))
    with pytest.raises(ValueError, match=r"nulls: found nothing unknown and 'fig09.accuracy' missing"):
        record("05_mnist", {"fig09.accuracy": 95}, nulls={}, claims=path)
    record("05_mnist", {"fig09.accuracy": 95}, nulls={"fig09.accuracy": 11.4}, claims=path)
    assert capsys.readouterr().out.endswith("≥ 94  95 %  11.4 %  reproduced\n")
    record("05_mnist", {"fig09.accuracy": 95}, nulls={"fig09.accuracy": 94}, claims=path)
    assert capsys.readouterr().out.endswith("≥ 94  95 %  94 %  null passes\n")


def test_record_hands_full_numbers_to_reproduce(path, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(recording, "in_kernel", lambda: True)
    monkeypatch.setattr(recording, "display_with_record", lambda *of: shown.append(of))
    values = {"fig09.count": 16, "fig09.accuracy": 100 / 3}
    record("05_mnist", values, nulls=NOTHING, claims=path, parameters={})
    [(data, about)] = shown
    assert list(data) == ["text/plain"]
    claims = {"fig09.accuracy": 100 / 3, "fig09.count": 16.0}
    assert about == {"claims": claims, "nulls": NOTHING, "judged": True}
    assert capsys.readouterr().out == ""


def test_record_without_claims_says_so(path, capsys):
    record("06_pigeon", {}, nulls={}, claims=path)
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
        record("05_mnist", values, nulls=NOTHING, claims=path)


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
