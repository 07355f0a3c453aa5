"""Games as Gymnasium environments: Pong, Breakout, and a rally small enough to plan exactly."""

from rgm_core import _register_games
from rgm_core.model.extras import require

require("gymnasium")

from rgm_core.games.adapter import Outcomes
from rgm_core.games.breakout import Breakout
from rgm_core.games.noise import NoisyPixels
from rgm_core.games.playing import Play, flatten_observation, play_randomly, play_with
from rgm_core.games.pong import Pong, pong_model
from rgm_core.games.rally import Rally, rally_model

__all__ = [
    "Breakout",
    "NoisyPixels",
    "Outcomes",
    "Play",
    "Pong",
    "Rally",
    "flatten_observation",
    "play_randomly",
    "play_with",
    "pong_model",
    "rally_model",
]

_register_games()
