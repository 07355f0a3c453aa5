"""Notebooks find what the scripts in ``benchmarks/`` measured: in the repository, and in a wheel."""

import shutil

import pytest

from rgm_core.notebook import benchmarks, load_benchmark


def test_a_result_is_read_from_the_repository():
    assert {"data", "learner", "images", "accuracy"} <= set(load_benchmark("scaling")["rows"][0])


def test_a_wheel_has_results_beside_its_code(tmp_path, monkeypatch):
    expected = load_benchmark("scaling")
    shutil.copy(benchmarks.FOLDER / "scaling.json", tmp_path)
    monkeypatch.setattr(benchmarks, "FOLDER", tmp_path / "none")
    monkeypatch.setattr(benchmarks, "_PACKED", tmp_path)
    assert load_benchmark("scaling") == expected


def test_a_missing_result_says_where_it_is_to_be_found():
    with pytest.raises(ValueError, match=r"benchmarks/nothing\.json is missing.*uv run python"):
        load_benchmark("nothing")
