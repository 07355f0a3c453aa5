"""What is assumed, as checked data: levels of Dirichlet counts, transitions, evidence."""

from rgm_core.model.blocks import block_prior
from rgm_core.model.evidence import Evidence, as_evidence
from rgm_core.model.level import Dynamics, Level
from rgm_core.model.rgm import RGM
from rgm_core.model.transitions import Transitions

__all__ = [
    "RGM",
    "Dynamics",
    "Evidence",
    "Level",
    "Transitions",
    "as_evidence",
    "block_prior",
]
