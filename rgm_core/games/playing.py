"""Playing grid games, at random or by somebody's choices, and what was seen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium
import numpy as np

from rgm_core.games.adapter import n_actions
from rgm_core.games.grid import STREAMS
from rgm_core.model.checks import as_any_array, as_generator, as_number, as_whole, check_type

LONGEST = 10**9  # frames: more would never end


def flatten_observation(observation: np.ndarray | dict) -> np.ndarray:
    """An observation as outcomes (G,) int: pixels row by row, then reward, cost and control."""
    if not isinstance(observation, dict):
        return np.ravel(as_any_array(observation, "observation"))
    known = [name for name in ("pixels", *STREAMS) if name in observation]
    if not known or len(known) < len(observation):
        raise ValueError(
            f"observation must have some of the entries pixels, {', '.join(STREAMS)}, and no other; "
            f"found {[*observation]!s:.80}"
        )
    parts = [np.ravel(as_any_array(observation[name], name)) for name in known]
    for name, part in zip(known, parts, strict=True):
        if (part.size and part.dtype.kind not in "iu") or (name != "pixels" and part.size != 1):
            kind = f"{part.size} of {part.dtype}"
            raise ValueError(f"observation[{name!r}] must be whole numbers, of a stream one; found {kind}")
    return np.concatenate(parts).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Frames of a game.

    Parameters
    ----------
    outcomes : (T, G) int
        From `flatten_observation`.
    actions : (T,) int
        Action that led to each frame; the first frame of a game, after the reset, has -1.
    hits, misses, returned : (T,) bool
        Frames that scored, missed the ball, and met it with the bat.
    cleared : (T,) bool
        Frames in which the last brick went (Breakout).
    rewards : (T,) float
        What the environment paid at each frame; 0 after a reset.
    pictures : (n, height, width, 3) uint8
        The first n frames as rendered, if that was asked for.
    """

    outcomes: np.ndarray
    actions: np.ndarray
    hits: np.ndarray
    misses: np.ndarray
    returned: np.ndarray
    cleared: np.ndarray | None = None
    rewards: np.ndarray | None = None
    pictures: np.ndarray | None = None

    @property
    def hit_rate(self) -> float:
        """Part of the ball's arrivals that the bat met; NaN if it never arrived."""
        arrivals = self.returned.sum() + self.misses.sum()
        return float(self.returned.sum() / arrivals) if arrivals else float("nan")


def play_randomly(
    game: gymnasium.Env,
    n_frames: int,
    *,
    persistence: float = 0.5,
    game_length: int | None = None,
    rng: np.random.Generator | int,
) -> Play:
    """Play at random, along smooth paths; a game that ends is followed by another.

    Parameters
    ----------
    game : gymnasium.Env
        With actions 0, 1, …: a grid game, or another environment, seen through
        :class:`rgm_core.games.Outcomes`. It is reset with a seed from ``rng``.
    n_frames : int
        Number of frames, the first one included.
    persistence : float
        Probability of keeping the last action; else one of all is drawn anew.
    game_length : int, optional
        Number of frames after which a new game starts (from one of its initial states).
    rng : numpy.random.Generator or int

    Raises
    ------
    ValueError
        If an argument is out of range, or actions or observations are of another kind.
    """
    check_type(game, gymnasium.Env, "game")
    rng, n_frames = as_generator(rng), as_whole(n_frames, "n_frames", 1, LONGEST)
    game_length = n_frames if game_length is None else as_whole(game_length, "game_length", 1)
    persistence = as_number(persistence, "persistence", "in 0 … 1", low=0, high=1)
    actions = _smooth_actions(n_frames, n_actions(game), persistence, rng)
    actions[::game_length] = -1
    seed = int(rng.integers(2**31))
    return _record(game, n_frames, lambda t, _: actions[t], seed=seed)


def play_with(
    act: Callable[[np.ndarray], int],
    game: gymnasium.Env,
    n_frames: int,
    *,
    seed: int,
    n_pictures: int = 0,
    restart: Callable[[], None] | None = None,
) -> Play:
    """Let somebody play one long game, or one after the other if games end.

    Parameters
    ----------
    act : function
        From the outcomes (G,) of a frame to an action, such as ``agent.act``.
    game : gymnasium.Env
    n_frames : int
        Number of frames, the first one included.
    seed : int
        Of the game, which is reset.
    n_pictures : int
        Number of frames that are rendered, from the first.
    restart : function, optional
        Called when another game begins, such as ``agent.reset``: what comes next follows from nothing.

    Raises
    ------
    ValueError
        If n_frames or n_pictures is out of range, or the game does not render.
    """
    check_type(game, gymnasium.Env, "game")
    if not callable(act):
        raise TypeError(f"act must be a function from outcomes to an action; found {act!r:.60}")
    n_frames, seed = as_whole(n_frames, "n_frames", 1, LONGEST), as_whole(seed, "seed", 0)
    n_pictures = as_whole(n_pictures, "n_pictures", 0, n_frames)
    if n_pictures and game.render_mode is None:
        raise ValueError('n_pictures must be 0 for a game without render_mode="rgb_array"')

    def choose(t: int, now: np.ndarray | None) -> int:
        if now is None and restart is not None:
            restart()
        return -1 if now is None else as_whole(act(now), "act", 0, meaning="what it returns")

    return _record(game, n_frames, choose, seed=seed, n_pictures=n_pictures)


def _record(
    game: gymnasium.Env,
    n_frames: int,
    choose: Callable[[int, np.ndarray | None], int],
    *,
    seed: int,
    n_pictures: int = 0,
) -> Play:
    """Play; frame t follows from the action ``choose(t, outcomes before)``, or a reset if it is -1.

    After a game has ended there are no outcomes before, and a reset whatever is chosen.
    """
    frames, actions, rewards, infos, pictures = [], [], [], [], []
    over = True
    for t in range(n_frames):
        action = choose(t, None if over else frames[-1])
        actions.append(-1 if over else action)
        if actions[-1] < 0:
            observation, info = game.reset(seed=None if t else seed)
            reward, over = 0.0, False
        else:
            observation, reward, terminated, truncated, info = game.step(actions[-1])
            over = terminated or truncated
        frames.append(_check_frame(flatten_observation(observation)))
        rewards.append(float(reward))
        infos.append(info)
        if t < n_pictures:
            pictures.append(game.render())
    events = (np.array([i.get(k, False) for i in infos]) for k in ("hit", "miss", "returned", "cleared"))
    hits, misses, returned, cleared = events
    return Play(
        outcomes=np.stack(frames), actions=np.array(actions), hits=hits, misses=misses,
        returned=returned, cleared=cleared, rewards=np.array(rewards), pictures=np.array(pictures),
    )  # fmt: skip


def _check_frame(frame: np.ndarray) -> np.ndarray:
    if frame.dtype.kind not in "iu":
        raise ValueError(
            f"observations must be whole numbers; found dtype {frame.dtype} "
            "(rgm_core.games.Outcomes adapts Discrete, MultiDiscrete and small images)"
        )
    return frame


def _smooth_actions(n: int, n_actions: int, persistence: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) int, actions that are each kept with a probability, else drawn anew."""
    redraw = rng.random(n) >= persistence
    redraw[0] = True
    drawn = rng.integers(n_actions, size=n)
    return drawn[np.maximum.accumulate(np.where(redraw, np.arange(n), 0))]
