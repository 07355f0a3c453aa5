"""Sounds to discrete outcomes and back.

Source: Friston et al. (2024), arXiv 2407.20292, sections on bird calls and on music.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from rgm_core.codecs import wavelet
from rgm_core.codecs.base import Codec
from rgm_core.codecs.hearing import Ear, fit_ear, hear_sound
from rgm_core.codecs.modes import check_settings, expected_variates, reconstruct
from rgm_core.codecs.resampling import check_rate, mix_down, resample
from rgm_core.codecs.tiles import tile_positions
from rgm_core.codecs.voxels import choose_runs, join_voxels, transform_voxels
from rgm_core.model.checks import as_measured, as_whole, unchanged_on_failure
from rgm_core.model.evidence import as_outcomes

__all__ = ["SoundCodec"]


class SoundCodec(Codec):
    """Encode sounds as discrete outcomes, and decode outcomes as sounds.

    A sound is mixed to one channel, resampled and scaled to a root mean square of one. Its
    continuous wavelet transform, real parts at audio rate, is cut into voxels in time and
    overlapping tiles of frequencies; each tile has its singular modes, fitted to the sound seen in
    `fit`; the variate of each mode is cut into bins. An outcome is the index of a bin.

    Parameters
    ----------
    sample_rate : samples per second of the sounds, in Hz.
    rate : samples per second of the transform, in Hz.
    voxel : samples of a voxel at `rate`; ``None`` for a 64th of the sound seen in `fit`.
    overlap : samples at `rate` over which neighbouring voxels fade into each other, at most a
        voxel, even. 0 cuts hard, as the published model does, which can be heard as clicks.
    n_frequencies, low, high, grid, width : the wavelets, see `rgm_core.codecs.wavelet.make_bank`.
    tile : spacing of the tiles in frequencies; a tile reaches two spacings from its centroid.
    n_bins : number of bins per mode: odd, so that 0 is a bin centre (an even number is an error).
    max_modes : largest number of modes per tile; ``None`` for no limit.
    su : inverse of the threshold on the normalised eigenvalues of modes: more modes if larger.
    n_bands : number of bands whose loudness is *heard*, see `rgm_core.codecs.hearing`: modalities that
        come before those of the waveform, which is *played*. 0 for the waveform only.

    Attributes
    ----------
    n_outcomes_ : (M,) number of outcomes of each modality.
    locations_ : (M, 1) mean frequency, counted from 0, of the modality's tile, or of its band.
    streams_ : (M,) 0 for what leads (what is heard, if anything is), 1 for what is only played.
    tile_of_ : tile of each modality that is played; tiles are numbered from 0, from low to high.
    bin_centres_ : value of the variate at each bin centre, a row for each modality that is played.
    ear_ : `rgm_core.codecs.hearing.Ear`, or ``None`` without bands.
    basis_ : `rgm_core.codecs.modes.Basis`, with the tiles (``basis_.tiling``) and modes.
    bank_ : `rgm_core.codecs.wavelet.WaveletBank`, with the frequencies in Hz.
    mean_ : (R, F) the mean voxel, which stands in for frequencies that are hidden.
    voxel_, overlap_ : samples of a voxel at `rate`, and over which it fades into its neighbours.
    bit_rate_ : bits per second that outcomes take, if all of a modality were equally frequent.
    gain_ : what sounds are multiplied by to be of the level of the one seen in `fit`, at one.

    Notes
    -----
    A new sound is scaled by the gain of `fit`, so it is encoded as louder or softer than that.
    Silence is encoded as the middle bins, but cannot be fitted. At its two ends, a sound is
    mirrored for as long as a wavelet. Sounds are handled 512 voxels at a time, and modes and bins are
    fitted to 2,048 voxels at most, in 64 runs spread over the sound.

    Source: Friston et al. (2024), arXiv 2407.20292; the settings of its bird calls are the
    defaults, but for the overlap.
    """

    place_axis = 2  # of voxels (n, R, F)
    most_fitted = 2048  # voxels that modes are fitted to, spread over a long sound

    def __init__(
        self,
        *,
        sample_rate,
        rate=8000,
        voxel=None,
        overlap=64,
        n_frequencies=64,
        low=40.0,
        high=4000.0,
        grid="linear",
        width=0.5,
        tile=4,
        n_bins=5,
        max_modes=16,
        su=16,
        n_bands=0,
    ):
        self.sample_rate = sample_rate
        self.rate = rate
        self.voxel = voxel
        self.overlap = overlap
        self.n_frequencies = n_frequencies
        self.low = low
        self.high = high
        self.grid = grid
        self.width = width
        self.tile = tile
        self.n_bins = n_bins
        self.max_modes = max_modes
        self.su = su
        self.n_bands = n_bands

    def fit(self, X: ArrayLike, y=None, *, sample_rate: int | None = None) -> "SoundCodec":
        """Fit level, modes and bins to a sound.

        Parameters
        ----------
        X : sound (n,), or (n, n_channels), which is mixed down; float, int16 or int32.
        y : ignored.
        sample_rate : of X in Hz: an error if it is not that of the codec.

        Raises
        ------
        ValueError
            If the sound is silent, not finite, of the wrong rate, or shorter than two voxels, or a
            parameter is out of range.
        """
        check_rate(self.sample_rate)
        check_rate(self.rate, "rate")
        as_whole(self.n_bands, "n_bands", 0, 256)
        check_settings(self.n_bins, self.max_modes, self.su)
        self._check_sample_rate(sample_rate)
        with unchanged_on_failure(self):
            self._fit(X)
        return self

    def _fit(self, X: ArrayLike) -> None:
        bank = {name: getattr(self, name) for name in ("low", "high", "rate", "grid", "width")}
        self.bank_ = wavelet.make_bank(self.n_frequencies, **bank)
        sound = self._prepare(X)
        self.voxel_ = self._check_voxel(len(sound))
        level = np.sqrt(np.square(sound).mean())
        if level < np.finfo(np.float32).eps:
            raise ValueError(f"X must not be silent; found a root mean square of {level:.2g}")
        self.gain_ = 1 / level
        tiling = tile_positions(np.arange(self.n_frequencies)[:, None], self.tile)
        self._fit_modes(np.concatenate(list(self._voxels(sound, most=self.most_fitted))), tiling)
        self.streams_ = np.zeros(self.basis_.n_modalities, int)
        self.ear_: Ear | None = None
        if self.n_bands:
            self._fit_ear(mix_down(X))
        self.n_outcomes_ = np.full(len(self.streams_), self.n_bins)
        self.bit_rate_ = float(np.log2(self.n_outcomes_).sum() * self.rate / self.voxel_)

    def transform(
        self, X: ArrayLike, *, sample_rate: int | None = None, visible: ArrayLike | None = None,
        tolerance: float = 0.02,
    ) -> NDArray[np.integer]:  # fmt: skip
        """Encode a sound, see `fit`, as outcomes (n_voxels, M) in 0..n_bins-1.

        What does not fill a voxel at the end is dropped, the rest as in `Codec.transform`. ``visible``
        (F,) is False for frequencies of ``bank_`` that are not to be listened to, such as those that a
        telephone takes away; bands that are heard there are missing, -1, too.
        """
        check_is_fitted(self)
        self._check_sample_rate(sample_rate)
        played = super().transform(X, visible=visible, tolerance=tolerance)
        if self.ear_ is None:
            return played
        heard = hear_sound(self.ear_, mix_down(X), len(played)).astype(played.dtype)
        if visible is not None:
            places = np.rint(self.locations_[: self.n_bands, 0]).astype(int)
            heard[:, ~self._check_visible(visible)[places]] = -1
        return np.hstack([heard, played])

    def variates(self, X: ArrayLike, *, sample_rate: int | None = None) -> NDArray[np.floating]:
        """How much of each mode there is in a sound: (n_voxels, M), before they are binned."""
        self._check_sample_rate(sample_rate)
        return super().variates(X)

    def image(self, X: ArrayLike, *, sample_rate: int | None = None) -> NDArray[np.floating]:
        """Return the wavelet transform (F, n) of a sound, real part, at `rate` and scaled."""
        check_is_fitted(self)
        self._check_sample_rate(sample_rate)
        sound = self._prepare(X) * self.gain_
        return wavelet.transform(self.bank_, sound.astype(np.float32))

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Decode outcomes as a sound.

        Parameters
        ----------
        X : (n_voxels, M) integers in 0..n_bins-1, where -1 is a missing outcome and stands for
            the middle bin, whose centre is 0; or (n_voxels, M, n_bins) probabilities, decoded as
            their expectation.

        Returns
        -------
        (n,) sound at `sample_rate` and at the level of the sound fitted. Where modes add up to
        more than full scale, the whole sound is scaled to a peak of one, so it is never clipped.
        """
        check_is_fitted(self)
        played = self._played(X)
        parts = gen_batches(max(len(played), 1), self.portion)
        return self._join(expected_variates(self.basis_, played[part]) for part in parts)

    def decoded_image(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the wavelet transform (F, n) that outcomes stand for, see `inverse_transform`."""
        check_is_fitted(self)
        return self._image(expected_variates(self.basis_, self._played(X)))

    def inverse_image(self, image: ArrayLike) -> NDArray[np.floating]:
        """Return the sound, see `inverse_transform`, of a wavelet transform (F, n)."""
        check_is_fitted(self)
        found = as_measured(image, "image")
        if found.ndim != 2 or len(found) != self.n_frequencies or found.size == 0:
            raise ValueError(f"image must have shape ({self.n_frequencies}, n); found {found.shape}")
        return self._scale(wavelet.resynthesise(found))

    def _join(self, variates: Iterable[NDArray]) -> NDArray[np.floating]:
        """Return the sound of portions of variates: of each voxel its frequencies are added up first."""
        pieces = [reconstruct(self.basis_, part).sum(axis=2, keepdims=True) for part in variates]
        return self._scale(join_voxels(np.concatenate(pieces), self.overlap_)[0])

    def _scale(self, sound: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return a sound at `rate` and level one at the rate and level of the sound fitted."""
        sound = sound.astype(np.float64) / self.gain_
        sound = resample(sound, self.rate, self.sample_rate)
        return sound / max(1.0, np.abs(sound).max())

    def _samples(self, X: ArrayLike, *, fitted: bool = True) -> NDArray[np.floating]:
        return self._prepare(X)

    def _signals(self, samples: NDArray, seen: NDArray | None = None) -> Iterator[NDArray]:
        for voxels in self._voxels(samples):
            yield voxels if seen is None else np.where(seen, voxels, self.mean_)

    def _signal(self, samples: NDArray) -> NDArray[np.floating]:
        return samples

    def _restore(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        return self.inverse_image(join_voxels(signal, self.overlap_))

    def _prepare(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return a sound as one channel at `rate`, without its mean."""
        return resample(mix_down(X), self.sample_rate, self.rate)

    def _check_sample_rate(self, rate: int | None) -> None:
        if rate is not None and as_whole(rate, "sample_rate", 1) != self.sample_rate:
            raise ValueError(f"sample_rate must be that of the codec, {self.sample_rate} Hz; found {rate}")

    def _check_voxel(self, n_samples: int) -> int:
        """Return the samples of a voxel for a sound of so many samples, or raise."""
        voxel = n_samples // 64 if self.voxel is None else self.voxel
        as_whole(voxel, "voxel", 1)
        if n_samples < 2 * voxel:
            raise ValueError(
                f"X must last two voxels of {voxel} samples at {self.rate} Hz; found {n_samples}"
            )
        longest = None if self.voxel is None else voxel  # a voxel that is found shortens the overlap
        as_whole(self.overlap, "overlap", 0, longest, meaning="at most a voxel")
        if self.overlap % 2:
            raise ValueError(f"overlap must be even; found {self.overlap}")
        self.overlap_ = min(self.overlap, voxel // 2 * 2)
        return int(voxel)

    def _fit_ear(self, sound: NDArray[np.floating]) -> None:
        """Add the stream that is heard in front of the one that is played."""
        period, high = self.voxel_ / self.rate, min(self.high, self.sample_rate / 2)
        size = {"n_bands": self.n_bands, "n_bins": self.n_bins}
        self.ear_ = fit_ear(sound, self.sample_rate, period, low=self.low, high=high, **size)
        places = np.interp(self.ear_.frequencies, self.bank_.frequencies, np.arange(self.n_frequencies))
        self.locations_ = np.concatenate([places[:, None], self.locations_])
        self.streams_ = np.repeat([0, 1], [self.n_bands, self.basis_.n_modalities])

    def _played(self, X: ArrayLike) -> NDArray:
        """Return those of the outcomes that are played."""
        found = as_outcomes(X)
        if found.ndim < 2 or found.shape[1] != len(self.streams_) or not len(found):
            sizes = f"{len(self.streams_)} modalities of one voxel or more"
            raise ValueError(f"outcomes must have {sizes}; found shape {found.shape}")
        return found[:, self.n_bands :]

    def _image(self, variates: ArrayLike) -> NDArray[np.floating]:
        """Return the wavelet transform (F, n) that variates (n_voxels, M) stand for."""
        found = as_measured(variates, "variates")
        if found.ndim != 2 or found.shape[1] != self.basis_.n_modalities or not len(found):
            raise ValueError(
                f"variates must have shape (n_voxels, {self.basis_.n_modalities}); found {found.shape}"
            )
        return join_voxels(reconstruct(self.basis_, found), self.overlap_)

    def _voxels(self, sound: NDArray[np.floating], *, most: int | None = None) -> Iterator[NDArray]:
        """Yield the scaled wavelet transform of a prepared sound, cut (n, R, F), in runs of voxels."""
        n_voxels = len(sound) // self.voxel_
        if not n_voxels:
            raise ValueError(
                f"X must last a voxel of {self.voxel_} samples at {self.rate} Hz; found {len(sound)}"
            )
        for run in choose_runs(n_voxels, self.portion, most):
            yield transform_voxels(self.bank_, sound, self.gain_, self.voxel_, self.overlap_, run)
