"""Films and sounds from end to end: compress one, allow for a moved camera, play along with another."""

from rgm_core.media.accompanist import Accompanist, Belief
from rgm_core.media.compress import compress
from rgm_core.media.left_out import expect_outcomes, learn_leaving_out
from rgm_core.media.shift import Shifted, infer_shifted

__all__ = [
    "Accompanist",
    "Belief",
    "Shifted",
    "compress",
    "expect_outcomes",
    "infer_shifted",
    "learn_leaving_out",
]
