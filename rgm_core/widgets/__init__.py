"""Things to play with in a notebook."""

from rgm_core.model.extras import require

require("anywidget")

from rgm_core.widgets.drawing import DrawingPad, place_digit
from rgm_core.widgets.explorers import (
    Explorer,
    explore_codec,
    explore_drawing,
    explore_fields,
    explore_film,
    explore_occlusion,
    explore_pong,
    slider,
)
from rgm_core.widgets.playing import PlayAlong
from rgm_core.widgets.screen import Screen

__all__ = [
    "DrawingPad",
    "Explorer",
    "PlayAlong",
    "Screen",
    "explore_codec",
    "explore_drawing",
    "explore_fields",
    "explore_film",
    "explore_occlusion",
    "explore_pong",
    "place_digit",
    "slider",
]
