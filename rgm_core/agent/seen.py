"""What was seen of play, checked: frames with the actions that led to them, and events of them."""

from __future__ import annotations

import numpy as np

from rgm_core.model.checks import as_any_array, as_array

MOST = 2**15 - 2  # outcomes are kept as int16
MOST_ACTIONS = 4096  # a table of places by actions by places is kept


def as_event(event: tuple[int, int], name: str) -> tuple[int, int]:
    """Return a modality and an outcome of it, both ≥ 0, or raise ValueError."""
    modality, outcome = as_array(event, name, int, (2,), "a modality and one of its outcomes").tolist()
    if modality < 0 or outcome < 0:
        raise ValueError(f"{name} must name a modality ≥ 0 and one of its outcomes ≥ 0; found {event}")
    return modality, outcome


def as_frames(outcomes: np.ndarray) -> np.ndarray:
    """Return frames (T, G) of outcomes, all seen, or raise ValueError."""
    frames = as_array(outcomes, "outcomes", int, (None, None), "frames and modalities")
    if not frames.size or frames.min() < 0 or frames.max() > MOST:
        extremes = f"{frames.min()} … {frames.max()}" if frames.size else "none"
        raise ValueError(f"outcomes must lie in 0 … {MOST}, ≥ 0 and none missing; found {extremes}")
    return frames


def as_play(outcomes: np.ndarray, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frames (T, G), and the actions (T,) that led to them, -1 where a game begins."""
    frames = as_frames(outcomes)
    if as_any_array(actions, "actions").ndim == 0:
        raise ValueError(
            f"actions must be {len(frames)} integers, one for each frame; found {actions!r:.60}"
        )
    actions = as_array(actions, "actions", int, (len(frames),), "one for each frame")
    if actions.min() < -1 or actions.max() >= MOST_ACTIONS:
        raise ValueError(
            f"actions must lie in 0 … {MOST_ACTIONS - 1}, or be -1 where a game begins; "
            f"found {actions.min()} … {actions.max()}"
        )
    return frames, actions


def limits_of(outcomes: np.ndarray, n_outcomes: np.ndarray | None, control: int) -> np.ndarray:
    """(G,) int, what outcomes must lie below; without numbers only the control's must be known."""
    if n_outcomes is None:
        limits = np.full(outcomes.shape[1], np.iinfo(int).max)
        limits[control] = outcomes[:, control].max() + 1
        return limits
    n_outcomes = as_array(n_outcomes, "n_outcomes", int, outcomes.shape[1:], "one for each modality")
    if not np.all(outcomes < n_outcomes):
        raise ValueError(
            f"n_outcomes must be {outcomes.shape[1]} integers above all outcomes; found {n_outcomes}"
        )
    return n_outcomes


def check_play(outcomes, actions, modalities) -> tuple[np.ndarray, np.ndarray]:
    """Return frames (T, G) and actions (T,) that an agent can learn from, or raise ValueError."""
    outcomes, actions = as_play(outcomes, actions)
    if len(outcomes) < 3:
        raise ValueError(f"outcomes must hold at least three frames; found {len(outcomes)}")
    if not (actions[1:] >= 0).any():
        raise ValueError("actions must be ≥ 0 for some of the frames; found none")
    if max(modalities) >= outcomes.shape[1]:
        raise ValueError(
            f"goal, cost and control must name modalities below {outcomes.shape[1]}; found {modalities}"
        )
    return outcomes, actions
