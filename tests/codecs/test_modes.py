"""Tests of the generic codec of signals: invariants on random signals, and its messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.codecs.modes import (
    decode,
    encode,
    expected_variates,
    fit_basis,
    principal_modes,
    project,
    quantise,
    reconstruct,
)
from rgm_core.codecs.tiles import tile_positions

SETTINGS = {"n_bins": 5, "max_modes": 4, "su": 16}
LINE = tile_positions(np.arange(12)[:, None], 4)


def random_basis(seed, n_samples=9, n_channels=2, tiling=LINE, **changes):
    """Fit a basis to a random signal; return both."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n_samples, n_channels, tiling.n_positions))
    return fit_basis(signal, tiling, **(SETTINGS | changes)), signal


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(seed=seeds, n_samples=st.integers(1, 30), n_channels=st.integers(1, 3))
def test_all_modes_without_bins_give_the_signal_back(seed, n_samples, n_channels):
    # One dimension or two; more or fewer samples than features.
    for tiling in (LINE, tile_positions(np.argwhere(np.ones((6, 5))), 3)):
        basis, signal = random_basis(seed, n_samples, n_channels, tiling, max_modes=None, su=np.inf)
        kept = np.zeros(tiling.n_positions)  # the weights that the radius leaves
        for members, weights in zip(tiling.members, tiling.weights, strict=True):
            kept[members] += weights
        found = reconstruct(basis, project(basis, signal))
        np.testing.assert_allclose(found, signal * kept, atol=1e-6)


@given(seed=seeds, tall=st.booleans(), copies=st.integers(1, 4))
def test_modes_are_the_singular_vectors(seed, tall, copies):
    # Both Gram matrices, and the threshold, against the singular value decomposition itself.
    shape = (12, 7) if tall else (7, 12)
    data = np.random.default_rng(seed).normal(size=shape)
    data[:, 3] = 0  # an empty column does not count
    modes = principal_modes(data, max_modes=5, su=1, copies=copies)
    _, singular, vectors = np.linalg.svd(data, full_matrices=False)
    n_filled = copies * (shape[1] - 1)
    p = n_filled if shape[0] > n_filled else shape[0]
    n_kept = min(5, int((singular**2 * p / (singular**2).sum() > 1).sum()))
    assert modes.shape == (shape[1], n_kept)
    np.testing.assert_allclose(np.abs(modes), np.abs(vectors[:n_kept].T), atol=1e-7)
    assert (modes[np.abs(modes).argmax(axis=0), np.arange(n_kept)] > 0).all()


@given(seed=seeds)
def test_copies_stand_for_identical_channels(seed):
    # A grey image must keep the modes that it keeps as three identical colours.
    basis, signal = random_basis(seed, n_samples=40, n_channels=1, su=3, copies=3, max_modes=None)
    coloured = fit_basis(np.repeat(signal, 3, axis=1), LINE, n_bins=5, su=3, max_modes=None)
    np.testing.assert_array_equal(basis.tile_of, coloured.tile_of)
    np.testing.assert_allclose(basis.bin_centres * np.sqrt(3), coloured.bin_centres, rtol=1e-9)


@given(seed=seeds)
def test_quantised_centres_are_their_own_outcomes(seed):
    # Encoding is stable: a variate that is a bin centre has the outcome of that bin.
    basis, _ = random_basis(seed)
    outcomes = np.random.default_rng(seed).integers(0, 5, (6, basis.n_modalities))
    np.testing.assert_array_equal(quantise(basis, expected_variates(basis, outcomes)), outcomes)


@given(seed=seeds)
def test_one_tile_encodes_what_it_decodes(seed):
    # Without overlap and with equal weights the modes are orthonormal on signals themselves.
    tiling = tile_positions(np.arange(4)[:, None], 4)
    basis, _ = random_basis(seed, tiling=tiling)
    outcomes = np.random.default_rng(seed).integers(0, 5, (6, basis.n_modalities))
    np.testing.assert_array_equal(encode(basis, decode(basis, outcomes)), outcomes)


@given(seed=seeds)
def test_bins_reach_the_extreme_sample_and_are_nearest(seed):
    basis, signal = random_basis(seed)
    variates = project(basis, signal)
    np.testing.assert_allclose(np.abs(variates).max(axis=0), basis.bin_centres[:, -1], rtol=1e-9)
    distances = np.abs(variates[:, :, None] - basis.bin_centres)
    np.testing.assert_array_equal(quantise(basis, variates), distances.argmin(axis=2))


@given(seed=seeds)
def test_certain_probabilities_decode_as_their_outcomes(seed):
    basis, signal = random_basis(seed)
    outcomes = encode(basis, signal)
    certain = np.eye(5)[outcomes]
    np.testing.assert_allclose(decode(basis, certain), decode(basis, outcomes), atol=1e-12)
    flat = np.full_like(certain, 1 / 5)
    missing = np.full_like(outcomes, -1)
    np.testing.assert_allclose(decode(basis, flat), 0, atol=1e-12)  # the expectation
    np.testing.assert_array_equal(decode(basis, missing), 0)  # the middle bin centre


def test_variates_outside_the_bins_go_to_the_end_bins():
    basis, signal = random_basis(0)
    np.testing.assert_array_equal(np.unique(encode(basis, 1e6 * signal)), [0, 4])


def test_modalities_of_a_tile_are_consecutive():
    basis, _ = random_basis(0)
    assert (np.diff(basis.tile_of) >= 0).all()
    np.testing.assert_array_equal(np.bincount(basis.tile_of), [m.shape[-1] for m in basis.modes])


def test_empty_tiles_have_no_modes_and_decode_as_zero():
    signal = np.zeros((5, 1, 40))
    signal[:, :, :4] = np.arange(1, 21).reshape(5, 1, 4)
    basis = fit_basis(signal, tile_positions(np.arange(40)[:, None], 4), **SETTINGS)
    assert basis.tile_of.max() < 9
    assert (decode(basis, encode(basis, signal))[:, :, -8:] == 0).all()


def test_single_precision_stays_single_and_agrees():
    basis, signal = random_basis(0)
    single = fit_basis(signal.astype(np.float32), LINE, **SETTINGS)
    found = decode(single, encode(single, signal.astype(np.float32)))
    assert found.dtype == single.dtype == np.float32
    np.testing.assert_allclose(found, decode(basis, encode(basis, signal)), atol=1e-5)


@pytest.mark.parametrize(("n_bins", "dtype"), [(127, np.int8), (129, np.int16)])
def test_outcomes_take_the_smallest_type_that_holds_them(n_bins, dtype):
    basis, signal = random_basis(0, n_bins=n_bins)
    outcomes = encode(basis, signal)
    assert outcomes.dtype == dtype
    assert outcomes.min() >= 0
    assert outcomes.max() == n_bins - 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_bins": 8}, "n_bins must be odd.*found 8: use 7 or 9"),
        ({"n_bins": 1}, "n_bins must be a whole number in 3 … 32767; found 1"),
        ({"n_bins": 7.0}, "n_bins must be a whole number in 3 … 32767; found 7.0"),
        ({"max_modes": 0}, "max_modes must be a whole number ≥ 1; found 0"),
        ({"su": 0}, "su must be a number > 0; found 0"),
        ({"su": np.nan}, "su must be a number > 0; found nan"),
        ({"su": 1e-6}, "signal has no modes to keep.*su=1e-06 is too small"),
        ({"copies": 0}, "copies must be a whole number ≥ 1; found 0"),
    ],
)
def test_bad_settings_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        random_basis(0, **changes)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (np.zeros((3, 2, 12)), "zero everywhere"),
        (np.ones((3, 12)), r"shape \(n_samples, n_channels, 12\); found \(3, 12\)"),
        (np.ones((3, 2, 11)), r"shape \(n_samples, n_channels, 12\); found \(3, 2, 11\)"),
        (np.ones((0, 2, 12)), r"found \(0, 2, 12\)"),
        (np.full((3, 2, 12), np.nan), "signal must be finite"),
        (np.full((3, 2, 12), "a"), "signal must be numeric"),
    ],
)
def test_bad_signals_are_named(signal, message):
    with pytest.raises(ValueError, match=message):
        fit_basis(signal, LINE, **SETTINGS)


def test_signals_with_other_channels_than_the_basis_are_refused():
    basis, _ = random_basis(0)
    with pytest.raises(ValueError, match=r"shape \(n_samples, 2, 12\); found \(3, 1, 12\)"):
        encode(basis, np.ones((3, 1, 12)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: np.zeros((2, m + 1), int), "outcomes must have shape"),
        (lambda m: np.zeros(m, int), "outcomes must have shape"),
        (lambda m: np.full((2, m, 4), 0.25), "outcomes must have shape"),
        (lambda m: np.zeros((2, m)), r"shape \(n, M\) must be integers; found float64"),
        (lambda m: np.full((2, m), 5), r"in 0..4, or -1 if missing; found 5..5"),
        (lambda m: np.full((2, m), -2), r"in 0..4, or -1 if missing; found -2..-2"),
        (lambda m: np.full((2, m, 5), 0.25), "sum to one"),
        (lambda m: np.tile([1.5, -0.5, 0, 0, 0], (2, m, 1)), ">= 0"),
        (lambda m: np.full((2, m, 5), np.nan), "sum to one"),
        (lambda m: np.full((2, m, 5), "a"), "outcomes must be numeric"),
    ],
)
def test_bad_outcomes_are_named(make, message):
    basis, _ = random_basis(0)
    with pytest.raises(ValueError, match=message):
        decode(basis, make(basis.n_modalities))
