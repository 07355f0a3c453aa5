"""Beliefs: exact sum-product on the tree in space and time, and the published nested scheme."""

from rgm_core.inference.explain import accuracy_and_complexity
from rgm_core.inference.infer import filter, infer, infer_samples, infer_top
from rgm_core.inference.posterior import Beliefs, FilteredPosterior, Posterior, SequencePosterior

__all__ = [
    "Beliefs",
    "FilteredPosterior",
    "Posterior",
    "SequencePosterior",
    "accuracy_and_complexity",
    "filter",
    "infer",
    "infer_samples",
    "infer_top",
]
