"""Learning by counting: active selection of updates, as published; transitions between events."""

from rgm_core.learning.active import History, learn, select_update
from rgm_core.learning.transitions import learn_transitions

__all__ = ["History", "learn", "learn_transitions", "select_update"]
