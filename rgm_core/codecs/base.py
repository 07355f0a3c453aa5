"""What every codec promises, and what images, films and other pictures share.

A codec makes integer *outcomes* of signals and back, in scikit-learn's conventions. The next rooms rely on
this much and no more: `fit`; `transform` to integers (n, M), -1 where nothing was seen; ``n_outcomes_`` and
``locations_`` of the M modalities; `inverse_transform` of integers or of probabilities. `Codec` does the
part that is common (equations 1.3 to 1.7); `rgm_core.codecs.check_codec` tests any codec.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from rgm_core.codecs.modes import decode, encode, fit_basis, project, share
from rgm_core.codecs.tiles import Tiling
from rgm_core.model.checks import as_any_array, as_measured, as_number
from rgm_core.model.evidence import as_outcomes

__all__ = ["Codec"]

MAX_CHANNELS = 4  # of a picture: more are taken for its width


class Codec(TransformerMixin, BaseEstimator):
    """Signals to discrete outcomes and back, by the modes of overlapping tiles.

    A codec of its own kind inherits from this, writes ``fit`` (which ends in `_fit_modes`) and the three
    methods that are abstract here: what a sample is, how it becomes a signal (n, channels, positions), and
    back.

    Attributes
    ----------
    n_outcomes_ : (M,) number of outcomes of each modality.
    locations_ : (M, 1) or (M, 2) place of each modality.
    tile_of_ : (M,) tile of each modality.
    bin_centres_ : (M, b) value of the variate at each bin centre.
    basis_ : `rgm_core.codecs.modes.Basis`, with the tiles and modes.
    mean_ : the mean sample seen in `fit`, which stands in for what is hidden.
    place_shape_ : shape of `visible` in `transform`.
    """

    n_bins: int  # what a codec takes as parameters: see `rgm_core.codecs.modes.fit_basis`
    max_modes: int | None
    su: float

    portion = 512  # samples handled at once, to bound memory
    place_axis = 1  # of samples: the first of the axes that `visible` has

    @abstractmethod
    def _samples(self, X: ArrayLike, *, fitted: bool = True) -> NDArray:
        """Check X, against what was fitted if so; samples along the first axis, or ``ValueError``."""

    @abstractmethod
    def _signal(self, samples: NDArray) -> NDArray[np.floating]:
        """Samples as a signal (n, C, P)."""

    @abstractmethod
    def _restore(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        """A decoded signal (n, C, P) in the form of X."""

    def _hidden_positions(self, visible: NDArray[np.bool_]) -> NDArray:
        """(P,) share of each position of the signal that is hidden: here all or nothing."""
        return ~visible.ravel()

    def transform(
        self, X: ArrayLike, *, visible: ArrayLike | None = None, tolerance: float = 0.02
    ) -> NDArray[np.integer]:
        """Encode signals, of the shape seen in `fit`, as outcomes (n, M).

        Values beyond the bins of `fit` go to the end bins. Outcomes are int8, or int16 if there are more
        than 127 bins.

        Parameters
        ----------
        X : signals, as in `fit`.
        visible : bool, optional
            One value for each place (for pictures (H, W)), False where the signal is hidden, whatever its
            values. A modality is missing, -1, if more than `tolerance` of its mode's energy lies there.
        tolerance : share of a mode that may be hidden, 0 to 1; what is hidden of a modality that is
            kept is taken from the mean of the training signals.

        Raises
        ------
        ValueError
            If signals or visible have the wrong shape, type or values.
        """
        check_is_fitted(self)
        if visible is None:
            return np.concatenate([encode(self.basis_, s) for s in self._signals(self._samples(X))])
        as_number(tolerance, "tolerance", "a share from 0 to 1", low=0, high=1)
        visible = self._check_visible(visible)
        samples, seen = self._samples(self._without_hidden(X, visible)), self._with_channels(visible)
        outcomes = np.concatenate([encode(self.basis_, s) for s in self._signals(samples, seen)])
        missing = self._hidden_share(self._hidden_positions(visible)) > tolerance
        outcomes[:, missing] = -1
        return outcomes

    def variates(self, X: ArrayLike) -> NDArray[np.floating]:
        """How much of each mode there is in signals: (n, M) values, before they are binned."""
        check_is_fitted(self)
        return np.concatenate([project(self.basis_, s) for s in self._signals(self._samples(X))])

    def shares(self, X: ArrayLike) -> NDArray[np.floating]:
        """Encode signals as soft outcomes (n, M, n_bins): a value between two bins counts for both.

        What :meth:`transform` rounds to the nearest bin is shared between the two nearest, in proportion
        to how near they are (equation 4.12).
        """
        check_is_fitted(self)
        parts = (project(self.basis_, s) for s in self._signals(self._samples(X)))
        return np.concatenate([share(self.basis_, variates) for variates in parts])

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Decode outcomes as signals.

        Parameters
        ----------
        X : (n, M) integers in 0..n_bins-1, where -1 is missing and stands for the middle bin, whose
            centre is 0; or (n, M, n_bins) probabilities, decoded as their expectation.
        """
        check_is_fitted(self)
        outcomes = as_outcomes(X)
        parts = self._portions(outcomes) if outcomes.ndim else [outcomes]
        return np.concatenate([self._restore(decode(self.basis_, part)) for part in parts])

    def _fit_modes(self, samples: NDArray, tiling: Tiling, *, copies: int = 1) -> None:
        """Fit modes and bins to samples, and set what the contract asks for."""
        self.basis_ = fit_basis(
            self._signal(samples),
            tiling,
            n_bins=self.n_bins,
            max_modes=self.max_modes,
            su=self.su,
            copies=copies,
        )
        self.mean_ = samples.mean(axis=0, dtype=self.basis_.dtype)
        end = self.place_axis + tiling.locations.shape[1]
        self.place_shape_ = samples.shape[self.place_axis : end]
        self.tile_of_ = self.basis_.tile_of
        self.locations_ = tiling.locations[self.tile_of_]
        self.bin_centres_ = self.basis_.bin_centres
        self.n_outcomes_ = np.full(self.basis_.n_modalities, self.n_bins)

    def _portions(self, rows: NDArray) -> Iterator[NDArray]:
        """Rows in portions, at least one of them, which may be empty."""
        for part in gen_batches(max(len(rows), 1), self.portion):
            yield rows[part]

    def _signals(self, samples: NDArray, seen: NDArray | None = None) -> Iterator[NDArray]:
        """Samples as signals, portion by portion; the mean where something is not seen."""
        for part in self._portions(samples):
            yield self._signal(part if seen is None else np.where(seen, part, self.mean_))

    def _without_hidden(self, X: ArrayLike, visible: NDArray[np.bool_]) -> NDArray:
        """Signals with zeros where they are hidden and not finite: what is there has no say."""
        found, hidden = as_measured(X, "X", finite=False), self._with_channels(~visible)
        if found.dtype.kind != "f" or found.shape[-hidden.ndim :][: visible.ndim] != visible.shape:
            return found
        return np.where(hidden & ~np.isfinite(found), 0, found)

    def _with_channels(self, places: NDArray) -> NDArray:
        """A value for each place, with axes for the channels that come after the places in a sample."""
        n_channel_axes = 1 + self.mean_.ndim - self.place_axis - places.ndim
        return places.reshape(*places.shape, *[1] * n_channel_axes)

    def _check_visible(self, visible: ArrayLike) -> NDArray[np.bool_]:
        found = as_any_array(visible, "visible")
        if np.ma.is_masked(visible) or found.dtype != bool or found.shape != self.place_shape_:
            raise ValueError(
                f"visible must be a boolean array {self.place_shape_}, one value for each place; "
                f"found shape {found.shape}, dtype {found.dtype}"
            )
        return found

    def _hidden_share(self, hidden: NDArray) -> NDArray[np.floating]:
        """(M,) share of the energy of each mode that lies in what is hidden of each position (P,)."""
        shares = [
            (modes**2 * hidden[members][:, None]).sum(axis=(0, 1))
            for members, _, modes, _ in self.basis_.by_tile()
        ]
        return np.concatenate(shares)


def check_layout(shape: tuple[int, ...], name: str, axes: tuple[str, str]) -> None:
    """Raise ``ValueError`` where the shape of pictures is likely to mean something else than it says.

    Parameters
    ----------
    shape : of pictures, (n, H, W) or (n, H, W, C).
    name : of the argument.
    axes : what their first and their last axis are called.
    """
    first, last = axes
    if len(shape) == 4 and shape[3] > MAX_CHANNELS:
        raise ValueError(
            f"{name} must have their {last} last, ({first}, H, W, C), at most {MAX_CHANNELS} of them; "
            f"found {shape}: where they come second, use np.moveaxis({name}, 1, -1)"
        )
    if len(shape) == 3 and shape[2] in (3, 4) and shape[1] >= 2 * shape[2]:
        raise ValueError(
            f"{name} must have shape ({first}, H, W) or ({first}, H, W, C); found {shape}: one colour "
            f"{name.removesuffix('s')} is {(1, *shape)}, and grey ones, {shape[2]} wide, are {(*shape, 1)}"
        )
