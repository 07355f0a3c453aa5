"""What event is it? Beliefs by filtering evidence from every modality, so that noise is seen through.

An event is two frames, and the next one begins with the second of them, so that each frame is evidence
once. Where nothing known could follow, and after a reset, an event may have begun anywhere: then the frame
before speaks too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgm_core.agent.play import PlayModel
from rgm_core.model.logs import safe_log

DISTURBED = 0.01  # probability that a modality shows something else than its event makes it show
SURPRISE = 1e-3  # probability that what follows is not what the counts say


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What the agent believes at a frame.

    Parameters
    ----------
    events : (E,) float
        Distribution over events.
    place : int
        Where the agent's own part is.
    remembered : int
        What the model's memory holds.
    known : bool
        Whether the frame is just what the most probable event makes it.
    accuracy, complexity : float
        Expected log likelihood of the frame, and divergence of the belief from what was predicted, in
        nats. Accuracy - complexity = ln p(frame | frames before), the evidence: the first is what the
        lower level contributes to it, the second the level of events.
    """

    events: np.ndarray
    place: int
    remembered: int
    known: bool
    accuracy: float
    complexity: float


def predict_events(
    model: PlayModel, belief: Belief | None, before: np.ndarray | None, place: int
) -> np.ndarray:
    """Distribution (E,) over the event that a frame ends, before its news are seen.

    Parameters
    ----------
    model : PlayModel
    belief : Belief, optional
        At the frame before; none after a reset.
    before : (K,) int16, optional
        News of the frame before.
    place : int
        Where the agent is now.
    """
    anything = np.full(model.n_events, 1 / model.n_events)
    if before is not None:
        anything = _normalise(_log_likelihood(model.windows[:, 0], before))
    if belief is None:
        return anything
    followed = model.follow(belief.events, place)
    return (1 - SURPRISE) * followed + (1 - (1 - SURPRISE) * followed.sum()) * anything


def infer_events(
    model: PlayModel, predicted: np.ndarray, news: np.ndarray, place: int, remembered: int
) -> Belief:
    """Bayes' rule: the belief after the news (K,) of a frame, from what was predicted (E,)."""
    likelihood = _log_likelihood(model.windows[:, 1], news)
    events = _normalise(safe_log(predicted) + likelihood)
    probable = events > 0
    gain = np.log(events[probable]) - np.log(predicted[probable])
    return Belief(
        events=events,
        place=place,
        remembered=remembered,
        known=bool((model.windows[events.argmax(), 1] == news).all()),
        accuracy=float(events[probable] @ likelihood[probable]),
        complexity=float(events[probable] @ gain),
    )


def _log_likelihood(frames: np.ndarray, news: np.ndarray) -> np.ndarray:
    """ln p(news | event), (E,): the news (E, K) that each event makes, but for disturbances."""
    differ = (frames != news).sum(axis=1)
    other = DISTURBED / max(int(frames.max(initial=1)), 1)  # shared by the other outcomes
    return differ * np.log(other) + (frames.shape[1] - differ) * np.log1p(-DISTURBED)


def _normalise(log_weights: np.ndarray) -> np.ndarray:
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()
