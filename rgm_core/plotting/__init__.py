"""Figures: every function takes arrays or results and draws them; nothing is computed here."""

from rgm_core.model.extras import require

require("matplotlib")

from rgm_core.plotting.show import show
from rgm_core.plotting.style import COLOURS, style

__all__ = ["COLOURS", "show", "style"]
