"""Planning as inference: expected free energy, sophisticated search, induction, explicit action."""

from rgm_core.planning.action import expected_log_likelihood, explicit_action
from rgm_core.planning.basin import basin_of_attraction, reduce_states, rotation_plane, steady_state
from rgm_core.planning.explicit import Move, Planner
from rgm_core.planning.fantasy import imagine, log_evidence_of_play
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
from rgm_core.planning.pomdp import POMDP, join_modalities, predict_belief, update_belief
from rgm_core.planning.reward import QLearner
from rgm_core.planning.search import search

__all__ = [
    "POMDP",
    "ExpectedFreeEnergy",
    "Induction",
    "Move",
    "Planner",
    "QLearner",
    "basin_of_attraction",
    "expected_free_energy",
    "expected_log_likelihood",
    "expected_parameter_gain",
    "explicit_action",
    "imagine",
    "induce",
    "join_modalities",
    "log_evidence_of_play",
    "next_step",
    "path_posterior",
    "possible_transitions",
    "predict_belief",
    "reach_goals",
    "reduce_states",
    "rotation_plane",
    "search",
    "steady_state",
    "steps_to_goal",
    "update_belief",
]
