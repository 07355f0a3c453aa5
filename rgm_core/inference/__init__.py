"""Beliefs: exact sum-product on the tree in space and time, and the published nested scheme."""

from rgm_core.inference.infer import Posterior, infer, infer_top
from rgm_core.inference.sequence import SequencePosterior, infer_sequence

__all__ = [
    "Posterior",
    "SequencePosterior",
    "infer",
    "infer_sequence",
    "infer_top",
]
