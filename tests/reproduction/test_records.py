import os
import re

import pytest

from rgm_core.reproduction import records, storage


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def new_record(name, figures=()):
    about = {figure: {"alt": figure, "sha256": ""} for figure in figures}
    return {"notebook": name, "key": "", "claims": {}, "nulls": {}, "figures": about}


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
            "claim 'fig1.x' = 3; expected a number for",
        ),
        (
            [{"claims": {"fig1.a": "3"}, "nulls": {}, "judged": True}],
            "claim 'fig1.a' = '3'; expected a number",
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
    with storage.opened(tmp_path, waiting=lambda: waited.append("first")):
        assert waited == []
        (tmp_path / ".tmp-old").mkdir()
        lock, held = storage.fcntl.flock, []

        def flock(file, how):
            held.append(how)
            if how & storage.fcntl.LOCK_NB:
                lock(file, how)

        monkeypatch.setattr(storage.fcntl, "flock", flock)
        with storage.opened(tmp_path, waiting=lambda: waited.append("second")):
            assert waited == ["second"]
            assert len(held) == 2
            assert not (tmp_path / ".tmp-old").exists()


def test_a_text_is_written_at_once_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "claims.json"
    storage.write_text(path, "old")

    def fail(*_):
        raise OSError("killed")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="killed"):
        storage.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
