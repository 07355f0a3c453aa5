"""How a model grows: grouping, unique combinations, paths, merging, recurrence, model selection."""

from rgm_core.structure.grouping import group_by_information, group_by_location
from rgm_core.structure.learn import learn_structure
from rgm_core.structure.merge import merge_structure
from rgm_core.structure.recognise import noise_kernel, with_noise
from rgm_core.structure.recur import event_similarity, link_events, prune_transitions
from rgm_core.structure.selection import Selection, log_dirichlet_evidence, select_paths, select_states

__all__ = [
    "Selection",
    "event_similarity",
    "group_by_information",
    "group_by_location",
    "learn_structure",
    "link_events",
    "log_dirichlet_evidence",
    "merge_structure",
    "noise_kernel",
    "prune_transitions",
    "select_paths",
    "select_states",
    "with_noise",
]
