"""What is assumed, as checked data: levels of Dirichlet counts, transitions, evidence."""

from rgm_core.model.evidence import Evidence, as_evidence
from rgm_core.model.rgm import RGM, Level
from rgm_core.model.transitions import Transitions

__all__ = [
    "RGM",
    "Evidence",
    "Level",
    "Transitions",
    "as_evidence",
]
