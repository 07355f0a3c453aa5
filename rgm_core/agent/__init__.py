"""Playing: an agent that learns by watching, what it imagines, which states it keeps, and its rivals."""

from rgm_core.agent.agent import Agent, Decision
from rgm_core.agent.basin import basin_of_attraction, reduce_states, rotation_plane, steady_state
from rgm_core.agent.imagine import imagine, log_evidence_of_play
from rgm_core.agent.rivals import DynaQ, QLearner, value_iteration

__all__ = [
    "Agent",
    "Decision",
    "DynaQ",
    "QLearner",
    "basin_of_attraction",
    "imagine",
    "log_evidence_of_play",
    "reduce_states",
    "rotation_plane",
    "steady_state",
    "value_iteration",
]
