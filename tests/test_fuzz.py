"""Whatever is passed to a public function: an answer that makes sense, or an error that names the argument.

By default a few examples of each; ``uv run pytest --slow tests/test_fuzz.py`` tries a thousand that are new
each time. Files are damaged here: none is kept.
"""

import io
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from brute_force import random_tree
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rgm_core import RGM, generate, infer, learn, learn_structure
from rgm_core.codecs import ImageCodec
from rgm_core.generation import predict_outcomes
from rgm_core.inference import filter as filter_outcomes
from rgm_core.metrics import psnr, selective_accuracy, success_rate
from rgm_core.structure.grouping import group_by_location

STATIC = random_tree(np.random.default_rng(0))
DYNAMIC = learn_structure(np.random.default_rng(0).integers(0, 3, (12, 4)), 3, dt=2).add_counts(0.1)

numbers = st.one_of(
    st.integers(-2, 3), st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=3)
)
dtypes = st.sampled_from(["i1", "u1", ">i4", "i8", "u8", "f4", "f8", "?", "c8", "U1", "O"])
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, shapes) if dtype != "O" else st.just(np.array([None]))
)
outcomes = hnp.arrays(
    st.sampled_from(["i1", "i8", ">i2"]),
    st.tuples(st.integers(1, 4), st.just(5)),
    elements=st.integers(-1, 1),
)
layouts = st.sampled_from([np.asarray, np.asfortranarray, lambda x: x[::-1], lambda x: x.tolist()])
anything = st.one_of(
    arrays, st.lists(numbers, max_size=6), st.lists(st.lists(numbers, max_size=6), max_size=4), numbers,
    st.tuples(outcomes, layouts).map(lambda pair: pair[1](pair[0])),
)  # fmt: skip

SLOW = settings.default.max_examples > 100  # the profile that --slow loads
FEW = settings() if SLOW else settings(max_examples=15)
REFUSALS = (ValueError, TypeError)


def makes_sense(posterior):
    assert np.isfinite(posterior.log_evidence).all()
    for level in posterior.states:
        for q in level:
            np.testing.assert_allclose(q.sum(axis=-1), 1, rtol=1e-6)


@FEW
@given(x=anything)
@pytest.mark.filterwarnings("default")
def test_inference(x):
    for scheme in ("exact", "published"):
        with suppress(*REFUSALS):
            makes_sense(infer(STATIC, x, scheme=scheme))
    with suppress(*REFUSALS):
        makes_sense(infer(DYNAMIC, x))
    with suppress(*REFUSALS):
        makes_sense(filter_outcomes(DYNAMIC, x))


@FEW
@given(x=anything, labels=anything)
@pytest.mark.filterwarnings("default")
def test_learning(x, labels):
    for rule in ("published", "counts"):
        for given_labels in (None, labels):
            with suppress(*REFUSALS):
                model, _ = learn(STATIC, x, labels=given_labels, rule=rule)
                assert all(np.isfinite(level.a).all() for level in model.levels)
                assert all((new.a >= 0).all() for new in model.levels)


@FEW
@given(x=anything, n=anything, places=anything, dt=numbers)
@pytest.mark.filterwarnings("default")
def test_structure(x, n, places, dt):
    for sizes in (3, n):
        with suppress(*REFUSALS):
            model = learn_structure(x, sizes, places, dt=dt)
            assert model.levels[-1].n_factors == 1
        with suppress(*REFUSALS):
            learn_structure(x, sizes)
    with suppress(*REFUSALS):
        group_by_location(places)


@FEW
@given(states=anything, level=st.integers(-5, 5), factor=st.integers(-2, 4), rng=numbers)
@pytest.mark.filterwarnings("default")
def test_generation(states, level, factor, rng):
    with suppress(*REFUSALS):
        made = generate(STATIC, states, level=level, factor=factor, rng=rng)
        assert (made >= -1).all()
        assert (made < STATIC.levels[0].n_outcomes).all()
    with suppress(*REFUSALS):
        p = predict_outcomes(STATIC, states, level=level, factor=factor)
        np.testing.assert_allclose(p.sum(axis=2), 1, rtol=1e-6)


@FEW
@given(x=anything, y=anything, window=numbers)
@pytest.mark.filterwarnings("default")
def test_metrics(x, y, window):
    with suppress(*REFUSALS):
        assert not np.isnan(psnr(x, y))
    with suppress(*REFUSALS):
        assert np.isfinite(selective_accuracy(x, y)).all()
    with suppress(*REFUSALS):
        assert np.isfinite(success_rate(x, y, window)[1]).all()


@FEW
@given(x=arrays, preprocess=st.booleans())
@pytest.mark.filterwarnings("default")
def test_pictures(x, preprocess):
    with suppress(*REFUSALS):
        codec = ImageCodec(preprocess=preprocess, tile=2, size=6).fit(x)
        seen = codec.transform(x)
        assert (seen >= 0).all()
        assert np.isfinite(codec.inverse_transform(seen)).all()


def packed(model):
    file = io.BytesIO()
    levels = {}
    for n, level in enumerate(model.levels):
        for name in ("a", "n_outcomes", "parents", "n_states", "locations"):
            levels[f"level{n}_{name}"] = getattr(level, name)
    np.savez_compressed(file, format=np.array(1), D=model.D, **levels)
    return file.getvalue()


WHOLE = packed(STATIC)
BYTES = st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=20)


NAMES = ("format", "D", "level0_a", "level1_parents", "level2_n_states", "level0_locations")
NAMES += ("level9_a", "level0_b", "../x", "x")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def check_load(path):
    """A model that is whole, or a ValueError: no other error, and nothing that fails later."""
    with suppress(ValueError):
        model = RGM.load(path)
        with suppress(ValueError):
            makes_sense(infer(model, np.zeros((1, model.levels[0].n_modalities), int)))


@FEW
@given(changes=BYTES, cut=st.one_of(st.none(), st.integers(0, len(WHOLE))))
@pytest.mark.filterwarnings("default")
def test_files_with_bytes_changed_or_cut(tmp_path_factory, changes, cut):
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    path = tmp_path_factory.mktemp("fuzz") / "model.npz"
    path.write_bytes(bytes(content[:cut]))
    check_load(path)


@FEW
@given(name=st.sampled_from(NAMES), x=arrays)
@pytest.mark.filterwarnings("default")
def test_files_with_an_array_exchanged(tmp_path_factory, name, x):
    with np.load(io.BytesIO(WHOLE)) as file:
        content = {key: file[key] for key in file.files} | {name: x}
    path = tmp_path_factory.mktemp("fuzz") / "model.npz"
    np.savez_compressed(path, **content)
    check_load(path)


@FEW
@given(header=st.binary(max_size=200), method=st.sampled_from(METHODS))
@pytest.mark.filterwarnings("default")
def test_files_with_a_header_of_nonsense(tmp_path_factory, header, method):
    path = tmp_path_factory.mktemp("fuzz") / "model.npz"
    size = len(header).to_bytes(2, "little")
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as whole, zipfile.ZipFile(path, "w", method) as archive:
        for info in whole.infolist():
            damaged = b"\x93NUMPY\x01\x00" + size + header
            archive.writestr(info.filename, damaged if info.filename == "D.npy" else whole.read(info))
    check_load(path)
