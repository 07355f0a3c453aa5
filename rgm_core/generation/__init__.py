"""Samples: outcomes from states, and orbits of a dynamic model."""

from rgm_core.generation.orbits import Step, generate_orbit
from rgm_core.generation.samples import generate, predict_outcomes

__all__ = [
    "Step",
    "generate",
    "generate_orbit",
    "predict_outcomes",
]
