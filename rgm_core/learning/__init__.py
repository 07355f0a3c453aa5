"""Learning by counting: exactly, or by active selection as published; transitions between events."""

from rgm_core.learning.active import History, learn_actively, select_update
from rgm_core.learning.active_sequence import learn_sequence_actively
from rgm_core.learning.counts import Counts, add_counts, expected_counts, read_top
from rgm_core.learning.learn import learn
from rgm_core.learning.portions import learn_counts
from rgm_core.learning.sequences import learn_sequence
from rgm_core.learning.shares import as_shares
from rgm_core.learning.transitions import learn_transitions

__all__ = [
    "Counts",
    "History",
    "add_counts",
    "as_shares",
    "expected_counts",
    "learn",
    "learn_actively",
    "learn_counts",
    "learn_sequence",
    "learn_sequence_actively",
    "learn_transitions",
    "read_top",
    "select_update",
]
