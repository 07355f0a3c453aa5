"""All codecs keep the same contract, and the check of it finds those that do not."""

import numpy as np
import pytest

from rgm_core.codecs import Codec, ImageCodec, SoundCodec, VideoCodec, check_codec
from rgm_core.codecs.tiles import tile_positions
from rgm_core.datasets import load_mnist
from rgm_core.model.checks import as_array

RNG = np.random.default_rng(3)
RIGHT = np.arange(20) >= 8


class SeriesCodec(Codec):
    """A fourth codec, as CONTRIBUTING asks for: series of numbers, one a row."""

    def __init__(self, *, tile=4, n_bins=5, max_modes=4, su=8):
        self.tile, self.n_bins, self.max_modes, self.su = tile, n_bins, max_modes, su

    def fit(self, X, y=None):
        samples = self._samples(X, fitted=False)
        self._fit_modes(samples, tile_positions(np.arange(samples.shape[1])[:, None], self.tile))
        return self

    def _samples(self, X, *, fitted=True):
        found = as_array(X, "X", float, (None, None), "series and places")
        if not found.size:
            raise ValueError(f"X must not be empty; found shape {found.shape}")
        if fitted and found.shape[1:] != self.place_shape_:
            raise ValueError(f"X must have {self.place_shape_[0]} places; found {found.shape[1]}")
        return found

    def _signal(self, samples):
        return samples[:, None, :]

    def _restore(self, signal):
        return signal[:, 0]


def pictures(*shape):
    return RNG.uniform(0, 255, shape)


@pytest.mark.parametrize(
    ("codec", "signals", "visible"),
    [
        (ImageCodec(tile=5), pictures(30, 20, 20), np.tile(RIGHT, (20, 1))),
        (ImageCodec(preprocess=False), pictures(30, 12, 20, 3), np.tile(RIGHT, (12, 1))),
        (VideoCodec(tile=4, n_bins=5), pictures(24, 12, 20), np.tile(RIGHT, (12, 1))),
        (SeriesCodec(), pictures(30, 20), RIGHT),
        (SoundCodec(sample_rate=8000, n_frequencies=16), pictures(9600) / 255 - 0.5, None),
    ],
    ids=["digits", "colours", "film", "series", "sound"],
)
def test_codecs_keep_the_contract(codec, signals, visible):
    check_codec(codec, signals, visible)


class Floats(SeriesCodec):
    def transform(self, X, **hiding):
        return super().transform(X, **hiding).astype(float)


class Peeks(SeriesCodec):
    """Leaves out what is hidden, but looks at it first."""

    def transform(self, X, visible=None, tolerance=0.02):
        outcomes, hidden = super().transform(X), super().transform(X, visible=visible)
        return np.where(hidden < 0, -1, outcomes)


class Blind(SeriesCodec):
    """Takes no notice of what is hidden."""

    def transform(self, X, visible=None, tolerance=0.02):
        return super().transform(X)


class Drifts(SeriesCodec):
    """Judges each portion by its own mean."""

    def _signal(self, samples):
        return super()._signal(samples - samples.mean(axis=0))


class Repairs(SeriesCodec):
    def inverse_transform(self, X):
        X = np.asarray(X)
        return super().inverse_transform(X.clip(-1, self.n_bins - 1) if X.ndim == 2 else X)


class Meddles(SeriesCodec):
    def fit(self, X, y=None):
        super().fit(X)
        X[:] = 0
        return self


class Nowhere(SeriesCodec):
    def fit(self, X, y=None):
        super().fit(X)
        self.locations_ = self.locations_[:, 0]
        return self


class Constant(SeriesCodec):
    """Says nothing about its signals."""

    def transform(self, X, **hiding):
        return np.zeros_like(super().transform(X, **hiding))


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Floats, "room for -1"),
        (Peeks, "must not matter"),
        (Blind, "must be missing"),
        (Drifts, "size of the portions"),
        (Repairs, "out of range"),
        (Meddles, "leave the signals"),
        (Nowhere, "locations_"),
        (Constant, "different samples"),
    ],
)
def test_a_broken_codec_is_found_out(broken, rule):
    with pytest.raises(AssertionError, match=rule):
        check_codec(broken(), pictures(30, 20), RIGHT)


def test_half_a_digit_is_read_as_the_whole_one_is():
    """What is kept with the left half hidden: the outcomes of the whole digit, or a bin beside them.

    By chance, against the next digit, 65 % agree.
    """
    images, _ = load_mnist("train", n=300)
    visible = np.tile(np.arange(28) >= 14, (28, 1))
    codec = ImageCodec().fit(images[:200])
    whole, half = codec.transform(images[200:]), codec.transform(images[200:], visible=visible)
    kept = half[0] >= 0
    assert 0.3 < kept.mean() < 0.45  # of the modalities: tiles reach over the border
    assert (half[:, kept] == whole[:, kept]).mean() > 0.75
    assert (np.abs(half[:, kept] - whole[:, kept]) <= 1).mean() > 0.95


def test_visible_is_checked():
    codec = SeriesCodec().fit(pictures(30, 20))
    with pytest.raises(ValueError, match=r"visible must be a boolean array \(20,\)"):
        codec.transform(pictures(3, 20), visible=np.ones(20))
