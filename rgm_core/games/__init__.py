"""Games as Gymnasium environments: Pong, Breakout, and a rally small enough to plan exactly."""

from rgm_core.extras import require

gymnasium = require("gymnasium")

from rgm_core.games.breakout import Breakout
from rgm_core.games.playing import Play, flatten_observation, play_randomly, play_with
from rgm_core.games.pong import Pong, pong_model
from rgm_core.games.rally import Rally, rally_model

__all__ = [
    "Breakout",
    "Play",
    "Pong",
    "Rally",
    "flatten_observation",
    "play_randomly",
    "play_with",
    "pong_model",
    "rally_model",
]

gymnasium.register("rgm_core/Breakout-v0", entry_point=Breakout)
gymnasium.register("rgm_core/Pong-v0", entry_point=Pong)
gymnasium.register("rgm_core/Rally-v0", entry_point=Rally)
