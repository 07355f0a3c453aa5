"""Planning as inference: expected free energy, sophisticated search, induction, explicit action."""

from rgm_core.planning.action import expected_log_likelihood, explicit_action
from rgm_core.planning.free_energy import (
    ExpectedFreeEnergy,
    expected_free_energy,
    expected_parameter_gain,
    path_posterior,
)
from rgm_core.planning.induction import (
    Induction,
    induce,
    next_step,
    possible_transitions,
    reach_goals,
    steps_to_goal,
)
from rgm_core.planning.planner import Move, Planner
from rgm_core.planning.pomdp import POMDP, join_modalities, predict_belief, update_belief
from rgm_core.planning.search import search

__all__ = [
    "POMDP",
    "ExpectedFreeEnergy",
    "Induction",
    "Move",
    "Planner",
    "expected_free_energy",
    "expected_log_likelihood",
    "expected_parameter_gain",
    "explicit_action",
    "induce",
    "join_modalities",
    "next_step",
    "path_posterior",
    "possible_transitions",
    "predict_belief",
    "reach_goals",
    "search",
    "steps_to_goal",
    "update_belief",
]
