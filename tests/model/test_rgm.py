"""The model as data: consistent or refused, and safe on disk."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from brute_force import random_tree

from rgm_core.model.rgm import RGM


@pytest.fixture
def model():
    return random_tree(np.random.default_rng(0))


def assert_same(one, other):
    np.testing.assert_array_equal(one.D, other.D)
    for first, second in zip(one.levels, other.levels, strict=True):
        for name in ("a", "n_outcomes", "parents", "n_states", "locations"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_likelihoods_are_distributions_without_padding(model):
    for level in model.levels:
        for g, A in enumerate(level.A):
            assert A.shape == (level.n_outcomes[g], level.n_states[level.parents[g]])
            np.testing.assert_allclose(A.sum(0), 1)


def test_prior_counts_go_everywhere_but_the_padding(model):
    added = model.add_counts([1.0, 0.5, 0.25])
    for level, after, q in zip(model.levels, added.levels, (1, 0.5, 0.25), strict=True):
        np.testing.assert_allclose(after.a - level.a, q * level.mask)
    assert model.n_counts == sum(A.size for level in model.levels for A in level.A)


def test_prior_mass_is_the_same_for_every_column(model):
    added = model.add_mass(0.5)
    for level, after in zip(model.levels, added.levels, strict=True):
        gained = after.a.sum(1) - level.a.sum(1)
        np.testing.assert_allclose(gained, 0.5 * level.mask.any(axis=1))


@pytest.mark.parametrize("value", [-1.0, np.nan, [0.1, -0.1, 0.1]])
def test_prior_counts_must_be_counts(model, value):
    with pytest.raises(ValueError, match="concentration must be finite"):
        model.add_counts(value)
    with pytest.raises(ValueError, match="mass must be finite"):
        model.add_mass(value)


def test_inconsistent_levels_are_refused(model):
    level = model.levels[0]
    changes = {
        "a has shape": {"a": level.a[:-1]},
        "must have one row": {"locations": level.locations[:-1]},
        "parents must name every factor": {"parents": np.zeros_like(level.parents)},
        "finite counts": {"a": -level.a},
        "zero in its padding": {"a": level.a + 1},
    }
    for message, change in changes.items():
        with pytest.raises(ValueError, match=message):
            replace(level, **change)


def test_levels_that_do_not_fit_each_other_are_refused(model):
    with pytest.raises(ValueError, match="modalities of level 2 must be the factors of level 1"):
        RGM(levels=(model.levels[0], model.levels[2]), D=model.D)
    with pytest.raises(ValueError, match="top level has 2 factors; expected one"):
        RGM(levels=model.levels[:2], D=model.D)
    with pytest.raises(ValueError, match="D has shape"):
        RGM(levels=model.levels, D=np.ones(9))
    for wrong in (np.full_like(model.D, np.nan), 2 * model.D, -model.D):
        with pytest.raises(ValueError, match="D must hold probabilities"):
            RGM(levels=model.levels, D=wrong)


def test_a_saved_model_is_the_same_when_loaded(model, tmp_path):
    model.save(tmp_path / "model.npz")
    assert_same(model, RGM.load(tmp_path / "model.npz"))
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_damaged_files_are_named(model, tmp_path):
    path = tmp_path / "model.npz"
    model.save(path)
    content = path.read_bytes()
    damaged = {
        "truncated": content[: len(content) // 2],
        "bytes changed": content[:200] + bytes(60) + content[260:],
        "empty": b"",
        "text": b"not a model",
    }
    for wrong in damaged.values():
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match="not a readable model file"):
            RGM.load(path)
    np.savez(path, something=np.ones(3))
    with pytest.raises(ValueError, match="not a readable model file"):
        RGM.load(path)
    with pytest.raises(FileNotFoundError):
        RGM.load(tmp_path / "nothing.npz")


def test_no_changed_byte_goes_unnoticed(model, tmp_path):
    """Whichever byte is wrong: the same model (nothing reads it), or a ValueError."""
    path = tmp_path / "model.npz"
    model.save(path)
    content = path.read_bytes()
    for i in range(0, len(content), 3):
        path.write_bytes(content[:i] + bytes([content[i] ^ 0xFF]) + content[i + 1 :])
        loaded = None
        with suppress(ValueError):
            loaded = RGM.load(path)
        if loaded is not None:
            assert_same(model, loaded)


def test_another_format_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr("rgm_core.model.storage.FORMAT", 99)
    model.save(tmp_path / "model.npz")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format 99, this version reads"):
        RGM.load(tmp_path / "model.npz")


def test_a_failed_save_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    model.save(path)

    def fail(file, **arrays):
        file.write(b"half of it")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        model.add_counts(1.0).save(path)
    monkeypatch.undo()
    assert_same(model, RGM.load(path))
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


def test_an_unwritable_folder_is_an_error(model, tmp_path):
    with pytest.raises(OSError, match="missing"):
        model.save(tmp_path / "missing" / "model.npz")
