"""Figures: every function takes arrays or results and draws them; nothing is computed here.

What needs one pair of axes is drawn on ``ax``, if one is given, else on a figure of its own; either way the
figure is returned. Images of all kinds are drawn by `rgm_core.plotting.images.plot_images`.
"""

from rgm_core.model.extras import require

require("matplotlib")

from rgm_core.plotting.show import show
from rgm_core.plotting.style import COLOURS, style

__all__ = ["COLOURS", "show", "style"]
