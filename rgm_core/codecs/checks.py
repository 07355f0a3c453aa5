"""Does a codec keep its word? As scikit-learn's ``check_estimator``, for codecs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

__all__ = ["check_codec"]


def check_codec(codec: Any, signals: NDArray, visible: NDArray[np.bool_] | None = None) -> None:
    """Check that a codec does what the other rooms rely on, as scikit-learn's ``check_estimator`` does.

    Parameters
    ----------
    codec : not fitted; it is cloned.
    signals : what it is to be fitted to, an array; more than one sample, not all alike.
    visible : bool, optional
        For codecs that can hide parts of a signal: True and False somewhere. Its axes are the first axes of
        ``signals``, or those after the first. Left out, hiding is not checked.

    Raises
    ------
    AssertionError
        With the rule that is broken.
    """
    fitted = _check_conventions(codec, signals)
    outcomes = _check_outcomes(fitted, signals)
    _check_decoding(fitted, outcomes)
    _check_refusals(fitted, signals, outcomes)
    if visible is not None:
        _check_hiding(fitted, signals, visible, outcomes)


def _check_conventions(codec: Any, signals: NDArray) -> Any:
    """Parameters in, fitted attributes out, nothing else changed; return a fitted clone."""
    fitted: Any = clone(codec)
    before = signals.copy()
    for method in (fitted.transform, fitted.inverse_transform, fitted.variates):
        _require(
            _raises(method, signals, error=NotFittedError), f"{method.__name__} before fit must be refused"
        )
    parameters = repr(fitted.get_params())
    _require(fitted.fit(signals) is fitted, "fit must return the codec itself")
    _require(repr(fitted.get_params()) == parameters, "fit must leave the parameters as they were")
    _require(np.array_equal(signals, before), "fit must leave the signals as they were")
    n, places = np.asarray(fitted.n_outcomes_), np.asarray(fitted.locations_)
    whole = n.ndim == 1 and n.size and np.issubdtype(n.dtype, np.integer) and n.min() >= 2
    _require(whole, f"n_outcomes_ must be integers >= 2, shape (M,); found {n}")
    located = places.shape in [(len(n), 1), (len(n), 2)] and np.isfinite(places).all()
    _require(located, f"locations_ must be finite, (M, 1) or (M, 2); found shape {places.shape}")
    return fitted


def _check_outcomes(codec: Any, signals: NDArray) -> NDArray[np.integer]:
    """Integers within range, the same every time, in portions of any size, and rising with variates."""
    before, outcomes = signals.copy(), codec.transform(signals)
    n, shape = codec.n_outcomes_, np.shape(outcomes)
    fits = len(shape) == 2 and shape[0] > 1 and shape[1] == len(n)
    _require(fits, f"transform must return (n, {len(n)}) outcomes of several samples; found {shape}")
    _require(np.issubdtype(outcomes.dtype, np.signedinteger), "outcomes must be integers, room for -1")
    _require((outcomes >= 0).all() and (outcomes < n).all(), "outcomes must lie in 0 … n_outcomes_ - 1")
    _require((outcomes != outcomes[0]).any(), "different samples must have different outcomes")
    _require(np.array_equal(codec.transform(signals), outcomes), "transform must give the same twice")
    again: Any = clone(codec)
    again = again.fit(signals).transform(signals)
    _require(np.array_equal(again, outcomes), "a codec fitted again must give the same outcomes")
    _require(np.array_equal(signals, before), "transform must leave the signals as they were")
    if hasattr(codec, "portion"):
        codec.portion, usual = 1, codec.portion
        same = np.array_equal(codec.transform(signals), outcomes)
        codec.portion = usual
        _require(same, "outcomes must not depend on the size of the portions")
    variates = codec.variates(signals)
    decoded = outcomes[:, outcomes.shape[1] - variates.shape[1] :]  # modalities that are heard come first
    _require(variates.shape == decoded.shape, "variates must be (n, M'), of the last M' modalities")
    order = np.argsort(variates, axis=0, kind="stable")
    rises = (np.diff(np.take_along_axis(decoded, order, axis=0).astype(int), axis=0) >= 0).all()
    _require(rises, "an outcome must not fall where its variate rises")
    return outcomes


def _check_decoding(codec: Any, outcomes: NDArray[np.integer]) -> None:
    """Integers, the same as certain probabilities; expectations; nothing known."""
    signal = codec.inverse_transform(outcomes)
    _require(np.isfinite(signal).all(), "decoded signals must be finite")
    n_bins = int(codec.n_outcomes_.max())
    certain = np.eye(n_bins)[outcomes]
    same = np.allclose(codec.inverse_transform(certain), signal, atol=1e-3 * np.ptp(signal))
    _require(same, "outcomes and the same as certain probabilities must be decoded alike")
    unknown = codec.inverse_transform(np.full_like(outcomes, -1))
    _require(unknown.shape == signal.shape, "missing outcomes, -1, must be decoded to the same shape")
    flat = codec.inverse_transform(np.full(certain.shape, 1 / n_bins))
    _require(np.allclose(flat, unknown, atol=1e-3 * np.ptp(signal)), "missing must be decoded as no idea")
    _require(not np.allclose(signal, unknown), "what is known must be decoded otherwise than no idea")


def _check_refusals(codec: Any, signals: NDArray, outcomes: NDArray[np.integer]) -> None:
    """What cannot be meant is an error, with nothing repaired."""
    broken = signals.astype(float)
    broken.flat[0] = np.nan
    _require(_raises(codec.transform, broken), "signals that are not finite must be refused")
    _require(_raises(codec.fit, broken), "fit must refuse what is not finite")
    same = np.array_equal(codec.transform(signals), outcomes)
    _require(same, "a fit that failed must leave a codec as it was")
    hidden = np.ma.masked_array(signals, mask=np.zeros(signals.shape, bool))
    hidden[0] = np.ma.masked
    _require(_raises(codec.transform, hidden), "signals behind a mask must be refused: they are not known")
    _require(_raises(codec.transform, signals[:0]), "an empty signal must be refused")
    high = outcomes.copy()
    high[0, -1] = codec.n_outcomes_[-1]
    _require(_raises(codec.inverse_transform, high), "outcomes out of range must be refused")
    _require(
        _raises(codec.inverse_transform, outcomes[:, 1:]), "outcomes that lack modalities must be refused"
    )
    _require(
        _raises(codec.inverse_transform, outcomes + 0.5), "outcomes that are no integers must be refused"
    )
    doubled = 2 * np.eye(int(codec.n_outcomes_.max()))[outcomes]
    _require(_raises(codec.inverse_transform, doubled), "probabilities must sum to one, or be refused")


def _check_hiding(codec: Any, signals: NDArray, visible: NDArray[np.bool_], outcomes) -> None:
    """Hidden parts have no say, and what they alone show is missing."""
    everything, nothing = np.ones_like(visible), np.zeros_like(visible)
    same = np.array_equal(codec.transform(signals, visible=everything), outcomes)
    _require(same, "with everything visible outcomes must be those of the whole signal")
    seen = codec.transform(signals, visible=visible)
    _require((seen == -1).any() and (seen >= 0).any(), "what is hidden must be missing, -1, the rest not")
    _require((codec.transform(signals, visible=nothing) == -1).all(), "nothing seen must be all missing")
    first = visible.shape != signals.shape[: visible.ndim]
    mask = visible[None] if first else visible
    mask = mask.reshape(*mask.shape, *[1] * (signals.ndim - mask.ndim))
    other = np.where(mask, signals, signals.max()).astype(signals.dtype)
    _require(
        np.array_equal(codec.transform(other, visible=visible), seen), "what is hidden must not matter"
    )
    _require(
        _raises(codec.transform, signals, visible=visible[1:]), "visible of another shape must be refused"
    )


def _raises(method, *arguments, error=ValueError, **keywords) -> bool:
    """Whether a call is refused with an error of this kind."""
    try:
        method(*arguments, **keywords)
    except error:
        return True
    return False


def _require(holds: object, rule: str) -> None:
    if not holds:
        raise AssertionError(rule)
