import json
import re
from pathlib import Path

import msgspec
import pytest

from rgm_core.reproduction import UsageError, records, storage

NOTEBOOKS = Path("notebooks")


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def new_record(name, figures=()):
    return records.Record(
        format=records.FORMAT, notebook=name, key="", quick=False, commit=None,
        uncommitted_changes=None, parameters={"n": 3}, seed=None, seconds=1.5,
        versions={"python": "3"}, data={}, judged=True, claims={"fig1.a": 2.5}, nulls={},
        figures={figure: records.Figure(alt=figure, sha256="") for figure in figures}, files={},
    )  # fmt: skip


def produce(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    return folder


def test_figures_that_no_longer_exist_are_removed(tmp_path):
    out, work = tmp_path / "out", tmp_path / "work"
    out.mkdir()
    produce(work, "figures/a.png", "figures/b.png", "figures/.c.png.part", "notes.txt")
    records.publish(out, new_record("01_a", ["a", "b", "c"]), work, "{}")
    assert files(out) == {
        "figures/a.png", "figures/b.png", "notebooks/01_a.ipynb", "records/01_a.json"
    }  # fmt: skip
    assert records.unwritten(records.load_record(out, "01_a")) == ["c"]
    (out / "notebooks/01_a.failed.ipynb").touch()
    records.publish(out, new_record("01_a"), produce(work, "figures/a.png"), "{}")
    assert files(out) == {"figures/a.png", "notebooks/01_a.ipynb", "records/01_a.json"}
    with pytest.raises(ValueError, match=r"figures/a.png belongs to 01_a"):
        records.publish(out, new_record("02_b"), produce(work, "figures/a.png"), "{}")
    records.forget_all_but(out, {"02_b"})
    assert files(out) == set()


@pytest.mark.parametrize(
    ("shown", "complaint"),
    [
        ([{"figure": "a", "alt": "", "sha256": ""}] * 2, "figure 'a' is shown twice"),
        (
            [{"claims": {"fig1.x": 3}, "nulls": {}, "judged": True}],
            "claims must be some of ['fig1.a']; found 'fig1.x'",
        ),
        (
            [{"claims": {"fig1.a": "3"}, "nulls": {}, "judged": True}],
            "Expected `float | null`, got `str`",
        ),
    ],
)
def test_what_a_notebook_recorded_is_checked(shown, complaint):
    outputs = [{"metadata": {"rgm": entry}} for entry in shown]
    with pytest.raises(ValueError, match=re.escape(complaint)):
        records.read_outputs({"cells": [{"outputs": outputs}, {}]}, {"fig1.a": None})


def test_a_second_run_waits_for_the_first(tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    waited = []
    with storage.opened(tmp_path, notebooks=NOTEBOOKS, waiting=lambda: waited.append("first")):
        assert waited == []
        (tmp_path / ".work/old").mkdir(parents=True)
        lock, held = storage.fcntl.flock, []

        def flock(file, how):
            held.append(how)
            if how & storage.fcntl.LOCK_NB:
                lock(file, how)

        monkeypatch.setattr(storage.fcntl, "flock", flock)
        with storage.opened(tmp_path, notebooks=NOTEBOOKS, waiting=lambda: waited.append("second")):
            assert waited == ["second"]
            assert len(held) == 2
            assert not (tmp_path / ".work/old").exists()


def hold(out, notebooks=NOTEBOOKS):
    with storage.opened(out, notebooks=notebooks, waiting=lambda: None):
        pass


def test_a_folder_that_is_somebody_elses_is_refused_and_stays_as_it_is(tmp_path):
    """Runs replace and delete files in the output folder: it must be new, empty or marked as ours."""
    theirs = produce(tmp_path / "home", ".tmp-theirs/letter", "work/notebooks/01_a.ipynb")
    before = files(theirs)
    for out in (theirs, theirs / "work", theirs / "work/notebooks"):
        with pytest.raises(UsageError, match="found the folder of the notebooks, or one that holds it"):
            hold(out, theirs / "work/notebooks")
    for out in (theirs, theirs / ".tmp-theirs"):
        with pytest.raises(UsageError, match=r"not empty and that reproduce\.py did not make"):
            hold(out)
    (tmp_path / "link").symlink_to(theirs / "work")
    with pytest.raises(UsageError, match="found the folder of the notebooks"):
        hold(tmp_path / "link/notebooks", theirs / "work/notebooks")
    assert files(theirs) == before
    hold(tmp_path / "new/below")
    hold(tmp_path / "new/below")
    assert files(tmp_path / "new/below") == {storage.MARKER}
    produce(theirs, "work/notebooks/02_b.ipynb")
    hold(theirs / "results", theirs / "work/notebooks")


@pytest.mark.parametrize("name", ["figures", "media", "notebooks", "records", ".work", storage.MARKER])
def test_a_results_folder_with_a_way_out_is_refused(tmp_path, name):
    """A link in a folder that was passed on would make the next run write, and delete, elsewhere."""
    out, victim = tmp_path / "out", produce(tmp_path / "victim", "letter")
    hold(out)
    (out / name).unlink(missing_ok=True)
    (out / name).symlink_to(victim / "letter" if name == storage.MARKER else victim)
    with pytest.raises(UsageError, match=f"found a link, {name}"):
        hold(out)
    assert files(victim) == {"letter"}


WAYS_OUT = [
    "../VICTIM", "figures/../../VICTIM", "/VICTIM", "figures//VICTIM", "figures/a/VICTIM", "VICTIM", "",
    "figures/", "figures/..", "figures/.VICTIM", "records/02_b.json", "notebooks/02_b.ipynb",
    "figures\\..\\VICTIM", "C:VICTIM", "figures/C:VICTIM", "figures/\0", "FIGURES/VICTIM",
    "figures/link", "notebooks/../../VICTIM",
]  # fmt: skip


@pytest.mark.parametrize("path", WAYS_OUT)
def test_a_record_names_plain_files_of_its_own_or_is_none(tmp_path, path):
    out = produce(tmp_path / "out", "figures/a.png", "VICTIM")
    produce(tmp_path, "VICTIM")
    (out / "figures/link").symlink_to(tmp_path / "VICTIM")
    records.publish(out, new_record("01_a"), produce(tmp_path / "work", "figures/a.png"), "{}")
    assert records.load_record(out, "01_a") is not None
    place = out / "records/01_a.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"files": {path: "0"}}))
    before = files(tmp_path)
    assert records.load_record(out, "01_a") is None
    records.forget_all_but(out, set())
    records.publish(out, new_record("01_a"), produce(tmp_path / "work", "figures/a.png"), "{}")
    assert files(tmp_path) == before | {"out/notebooks/01_a.ipynb"}


JUNK = [None, True, -1, 2.5, "x", [], {}, {"x": []}, {"x": None}, {"../x": {"alt": "", "sha256": ""}},
        float("nan"), float("inf"), 10**400, {"x": 10**400}, {"x": "\ud800"}, "\ud800", [[]]]  # fmt: skip


def test_a_damaged_record_is_none(tmp_path):
    """Each field left out, and each replaced by things of other kinds; nothing but None comes back."""
    records.publish(tmp_path, new_record("01_a", ["a"]), produce(tmp_path / "w", "figures/a.png"), "{}")
    place = tmp_path / "records/01_a.json"
    text = place.read_text()
    good = json.loads(text)
    for field in good:
        place.write_text(json.dumps({name: value for name, value in good.items() if name != field}))
        assert records.load_record(tmp_path, "01_a") is None, field
        accepted = []
        for junk in JUNK:
            place.write_text(json.dumps(good | {field: junk}))
            found = records.load_record(tmp_path, "01_a")
            if found is not None:
                assert msgspec.json.encode(found)
                accepted.append(junk)
        assert len(accepted) < len(JUNK) or field == "seed", field
    for damage in ("", "[]", "null", "[" * 100_000, text[:-9], text.encode("utf-16").decode("latin1")):
        place.write_text(damage, encoding="utf-8")
        assert records.load_record(tmp_path, "01_a") is None
    place.write_text(json.dumps(good | {"more": 1}))
    assert records.load_record(tmp_path, "01_a") is None
    place.write_text(text)
    assert msgspec.to_builtins(records.load_record(tmp_path, "01_a")) == good


def test_a_figure_that_is_none_of_the_files_is_not_shown(tmp_path):
    """A picture that merely lies in the folder could be a link to anything."""
    from rgm_core.reproduction.manifest import Notebook
    from rgm_core.reproduction.report import Entry, write_report

    secret = tmp_path / "secret"
    secret.write_text("secret")
    out = tmp_path / "out"
    (out / "figures").mkdir(parents=True)
    (out / "figures/a.png").symlink_to(secret)
    record = new_record("01_a", ["a"])
    notebook = Notebook(path=Path("01_a.ipynb"), text="", cells=())
    write_report(out, [], [Entry(notebook=notebook, state="up to date", record=record)])
    assert "data:image" not in (out / "report.html").read_text()
