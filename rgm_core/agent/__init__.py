"""Playing: an agent that learns by watching, what it imagines, which states it keeps, and its rivals."""

from rgm_core.agent.agent import Agent
from rgm_core.agent.alike import Merged, merge_alike, merge_states, predict_actions
from rgm_core.agent.basin import basin_of_attraction, reduce_states, rotation_plane, steady_state
from rgm_core.agent.belief import Belief
from rgm_core.agent.decision import Decision
from rgm_core.agent.experience import Experience
from rgm_core.agent.expert import expected_play, expert_states, possible_play
from rgm_core.agent.hierarchy import event_model
from rgm_core.agent.imagine import (
    Fantasy,
    evidence_of_play,
    follow_play,
    imagine,
    leading_components,
    rewarded_episodes,
)
from rgm_core.agent.play import PlayModel, induce_play, model_of
from rgm_core.agent.rivals import DynaQ, QLearner, value_iteration
from rgm_core.agent.separate import Separation, separate

__all__ = [
    "Agent",
    "Belief",
    "Decision",
    "DynaQ",
    "Experience",
    "Fantasy",
    "Merged",
    "PlayModel",
    "QLearner",
    "Separation",
    "basin_of_attraction",
    "event_model",
    "evidence_of_play",
    "expected_play",
    "expert_states",
    "follow_play",
    "imagine",
    "induce_play",
    "leading_components",
    "merge_alike",
    "merge_states",
    "model_of",
    "possible_play",
    "predict_actions",
    "reduce_states",
    "rewarded_episodes",
    "rotation_plane",
    "separate",
    "steady_state",
    "value_iteration",
]
