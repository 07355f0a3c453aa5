"""The agent's events as a renormalising generative model: the two levels that they are states on top of.

Level 1 has a factor for each group of modalities, level 2 one factor, whose states are the events. A table
of windows says the same in fewer words, and can grow by a frame at a time, so the agent keeps that; this
is the model which it is a table of, for the library's own inference, generation and pictures.
"""

from __future__ import annotations

import numpy as np

from rgm_core.agent.agent import Agent
from rgm_core.model.checks import check_type
from rgm_core.model.rgm import RGM
from rgm_core.model.transitions import Transitions
from rgm_core.structure.grow import Layer, grow_dynamic


def event_model(agent: Agent) -> RGM:
    """The model whose top states are the agent's events, in their order.

    Parameters
    ----------
    agent : Agent
        It must have learned.

    Returns
    -------
    RGM
        Of news (outcome 0 is "as expected"), one modality for each of ``agent.separation.pixels``. An event
        is two steps. On top an event leads to the event *one* frame later, as often as was counted: the two
        overlap by a frame.

    Raises
    ------
    ValueError
        If there are no modalities of which events could be made.
    """
    check_type(agent, Agent, "agent")
    if not hasattr(agent, "model"):
        raise ValueError("agent must have learned; call agent.learn with some play first")
    windows, groups = agent.model.windows, agent.separation.groups
    if not len(groups):
        raise ValueError("the agent's events are made of no modality: it has a control stream only")
    frames = windows.reshape(-1, windows.shape[2]).astype(int)  # event after event, two frames each
    layer = Layer(
        outcomes=frames,
        n_outcomes=frames.max(axis=0) + 1,
        locations=agent.separation.pixels[:, None].astype(float),
        streams=np.zeros(len(groups), int),
        predicted=np.zeros(len(groups), bool),
    )
    lower, above = grow_dynamic(layer, groups, None)
    top, _ = grow_dynamic(above, np.zeros(len(above.n_outcomes), int), None)
    top = top.with_transitions((_overlapping(agent),))
    return RGM(levels=(lower, top), D=np.full(len(windows), 1 / len(windows)))


def _overlapping(agent: Agent) -> Transitions:
    """Which event follows which a frame later, each on a path of its own."""
    edges = agent.model.edges
    counts = np.array([agent.experience.follows[tuple(edge)].sum() for edge in edges.tolist()])
    first = np.searchsorted(edges[:, 0], edges[:, 0])
    paths = np.arange(len(edges)) - first
    table = np.stack([edges[:, 0], paths, edges[:, 1]], axis=1)
    return Transitions(edges=table, counts=counts, n_states=agent.model.n_events)
