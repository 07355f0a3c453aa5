"""What a film and a sound that were compressed have in common: a model of events, and the events."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rgm_core.model.rgm import RGM
from rgm_core.structure.recognise import with_noise


@dataclass(frozen=True, kw_only=True)
class Compressed:
    """A recording as a model of its events.

    Parameters
    ----------
    model : RGM
        As learned; soften it with :func:`rgm_core.structure.with_noise` and ``noise``.
    noise : float, or (G,) float
        Noise in bins, under which events recur.
    outcomes : (n, G) int
        Of every block or voxel.
    events : (n_events,) int
        State on top of each event.
    sample : float
        What an orbit of the model makes up, decoded.
    """

    model: RGM = field(repr=False)
    noise: float | np.ndarray = field(repr=False)
    outcomes: np.ndarray = field(repr=False)
    events: np.ndarray
    sample: np.ndarray = field(repr=False)

    @property
    def believer(self) -> RGM:
        """The model softened for inference on other recordings."""
        return with_noise(self.model, self.noise)
