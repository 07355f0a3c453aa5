"""What the agent thought at one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgm_core.agent.belief import Belief
from rgm_core.agent.play import HOPE, PATIENCE
from rgm_core.planning.induction import UNREACHABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the agent thought at one frame.

    Parameters
    ----------
    state : int
        The event that it took the last two frames for.
    place : int
        Where its own part was.
    known : bool
        Whether the frame was just what this event makes it.
    value : float
        Probability of a goal before a cost, discounted for every frame until then.
    steps : int
        Frames to the goal that this value amounts to; -1 if it is too small, and the agent explores.
    action : int
    """

    state: int
    place: int
    known: bool
    value: float
    steps: int
    action: int


def decide(belief: Belief, values: np.ndarray, action: int) -> Decision:
    """What was thought when an action was chosen for its value, of values (A,)."""
    value = float(values.max())
    steps = UNREACHABLE if value < HOPE else 1 + max(round(np.log(value) / np.log(PATIENCE)), 0)
    state = int(belief.events.argmax())
    return Decision(
        state=state, place=belief.place, known=belief.known, value=value, steps=steps, action=action
    )
