"""The model as data: consistent or refused, and safe on disk."""

import zipfile
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from brute_force import random_tree

from rgm_core import learn_structure
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
    with pytest.raises(ValueError, match="concentration must"):
        model.add_counts(value)
    with pytest.raises(ValueError, match="mass must"):
        model.add_mass(value)


def test_inconsistent_levels_are_refused(model):
    level = model.levels[0]
    changes = {
        "a must be finite numbers .* found shape": {"a": level.a[:-1]},
        "locations must be .* a row for each modality": {"locations": level.locations[:-1]},
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
    with pytest.raises(ValueError, match=r"D must be finite numbers \(.*found shape \(9,\)"):
        RGM(levels=model.levels, D=np.ones(9))
    for wrong in (np.full_like(model.D, np.nan), 2 * model.D, -model.D):
        with pytest.raises(ValueError, match="D must hold"):
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


def test_a_stray_keyword_among_the_arrays_is_no_array(tmp_path):
    """With NumPy 1.26 a model was saved with an array ``allow_pickle``, and could not be loaded again."""
    path = tmp_path / "model.npz"
    model = learn_structure(np.arange(4)[:, None] % 3, 3)
    model.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    assert "allow_pickle" not in arrays
    np.savez_compressed(path, **arrays | {"x": np.array(False)})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "old.npz", "w") as new:
        for info in old.infolist():
            new.writestr(info.filename.replace("x.npy", "allow_pickle.npy"), old.read(info))
    assert RGM.load(tmp_path / "old.npz").n_counts == model.n_counts


def test_another_format_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr("rgm_core.model.storage.FORMAT", 99)
    model.save(tmp_path / "model.npz")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="format 99, this version reads"):
        RGM.load(tmp_path / "model.npz")


def rewrite(path, **changes):
    """Change arrays of a model file; None removes one."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez_compressed(path, **{name: value for name, value in arrays.items() if value is not None})


DYNAMIC = learn_structure(np.array([[0, 1], [1, 0], [1, 1], [0, 0], [0, 1], [1, 0]]), 2, dt=2)
WRONG = {  # what is wrong with a file, and what is said about it
    "format 1.9": ({"format": np.array(1.9)}, "format has type float64"),
    "an unknown array": ({"level0_more": np.ones(3)}, "unknown array 'level0_more'"),
    "a level too many": ({"level7_a": np.ones((1, 1, 1))}, "an array is missing"),
    "float parents": ({"level0_parents": np.zeros(2)}, "level0_parents has type float64"),
    "complex counts": ({"level0_a": np.ones((2, 2, 4), complex)}, "level0_a has type complex128"),
    "text": ({"level0_a": np.array(["x"])}, "level0_a has type"),
    "NaN locations": ({"level0_locations": np.full((2, 1), np.nan)}, "locations must hold finite numbers"),
    "defining of another size": ({"level0_defining": np.ones(5, bool)}, "defining must be booleans"),
    "defining as numbers": ({"level0_defining": np.ones(2)}, "level0_defining has type float64"),
    "edges of no factor": ({"level0_edges": np.full((4, 4), 9)}, "edges name a factor that does not"),
    "edges without counts": ({"level0_b": None}, "an array is missing"),
    "no outcomes": ({"level0_n_outcomes": np.array([0, 2])}, "n_outcomes must be ≥ 1"),
    "endless paths": (
        {"level0_edges": np.array([[0, 0, 10**12, 1]]), "level0_b": np.ones(1)}, "use every path"),
    "no states": ({"level0_n_states": np.array([], int)}, "edges name a factor that does not"),
    "prior of another size": ({"D": np.ones(9) / 9}, "D must be finite numbers"),
    "prior of NaN": ({"D": np.full(len(DYNAMIC.D), np.nan)}, "D must hold finite numbers"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "complaint"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_contradicts_itself_is_refused(changes, complaint, tmp_path):
    path = tmp_path / "model.npz"
    DYNAMIC.save(path)
    assert_same(DYNAMIC, RGM.load(path))
    rewrite(path, **changes)
    with pytest.raises(ValueError, match=complaint):
        RGM.load(path)


def test_a_file_is_weighed_before_it_is_unpacked(model, tmp_path, monkeypatch):
    """A file of 1.5 MB unpacked to 1.5 GB before anything was looked at."""
    path = tmp_path / "model.npz"
    rewrite_with = {"level0_a": np.zeros((2, 2, 1_000_000))}
    model.save(path)
    rewrite(path, **rewrite_with)
    assert path.stat().st_size < 200_000
    read = []
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: read.append(1))
    with pytest.raises(ValueError, match=r"32\d+ bytes of arrays; expected at most max_bytes, 1000000"):
        RGM.load(path, max_bytes=1_000_000)
    assert read == []


@pytest.mark.parametrize("field", ["a", "n_outcomes", "parents", "n_states", "locations", "defining"])
def test_a_level_refuses_what_is_no_array_of_its_kind(model, field):
    level = model.levels[0]
    good = getattr(level, field) if field != "defining" else np.ones(level.n_modalities, bool)
    masked = np.ma.masked_array(good, mask=np.arange(good.size).reshape(good.shape) == 0)
    for wrong in (
        None,
        "x",
        good.astype(str),
        good.astype(complex),
        good.tolist()[:-1],
        masked,
        good[None],
    ):
        if wrong is not None or field != "defining":
            with pytest.raises(ValueError, match=f"{field}|one for each modality|every factor"):
                replace(level, **{field: wrong})


def test_layout_and_byte_order_do_not_matter(model):
    level = model.levels[0]
    names = ("a", "n_outcomes", "parents", "n_states", "locations")
    for change in (np.asfortranarray, lambda x: x.astype(x.dtype.newbyteorder(">")), lambda x: x.tolist()):
        other = replace(level, **{name: change(getattr(level, name)) for name in names})
        for name in names:
            found = getattr(other, name)
            np.testing.assert_array_equal(found, getattr(level, name))
            assert found.flags.c_contiguous
            assert found.dtype.isnative


def test_a_model_is_shown_in_a_few_lines(model):
    """The arrays of a model of MNIST made 40,000 characters, and flooded a notebook."""
    for shown in (model, DYNAMIC, *DYNAMIC.levels, *DYNAMIC.levels[0].b):
        assert len(repr(shown)) <= 500
    assert repr(DYNAMIC).startswith("RGM(dynamic, 1 levels, 16 counts)")
    assert model._repr_html_().count("<tr>") == 1 + model.n_levels


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
