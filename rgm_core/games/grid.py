"""What grid games share: pixels as discrete outcomes, distractors, streams, pictures, random play."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import gymnasium
import numpy as np
from gymnasium import spaces

from rgm_core.games import rendering
from rgm_core.games.adapter import stream_modality
from rgm_core.model.checks import as_array, as_whole

N_OUTCOMES = 5  # of a pixel
NOISE_OUTCOMES = (0, 2, 4)  # that a distractor pixel shows, at random
STREAMS = ("reward", "cost", "control")
LEFT, STAY, RIGHT = 0, 1, 2
MOST_PIXELS = 10**6
CELL = 32  # pixels: a video of 12 x 9 cells then has sides that codecs take, multiples of 16


class GridGame(gymnasium.Env):
    """A ball game on a grid, seen as one discrete outcome a pixel.

    Parameters
    ----------
    size : (int, int)
        Rows and columns.
    distractors : int
        Number of pixels that neither ball nor bat ever visit, and that show one of three outcomes
        at random in every frame. Which pixels is drawn when the game is reset with a seed.
    streams : sequence of str
        Outcomes to observe besides the pixels, of "reward" (1 after scoring), "cost" (1 after a
        miss) and "control" (position of the bat). With any, an observation is a dictionary.
    render_mode : str, optional
        "rgb_array", for :meth:`render`.

    Notes
    -----
    Actions: 0 moves the bat one cell to the left, 1 keeps it, 2 moves it one cell to the right.
    The reward is 1 for scoring and -1 for a miss. The game goes on for ever: wrap it in
    ``gymnasium.wrappers.TimeLimit`` for episodes. ``info`` holds ``hit``, ``miss``, ``returned``
    (the bat met the ball) and ``bat`` (its column).
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 12}  # noqa: RUF012 - Gymnasium's own

    def __init__(
        self,
        *,
        size: tuple[int, int] = (12, 9),
        distractors: int = 0,
        streams: Sequence[str] = (),
        render_mode: str | None = None,
    ):
        self.size = _check_size(size, self.min_size)
        self.streams = _check_streams(streams)
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode must be 'rgb_array' or None; found {render_mode!r}")
        self.render_mode = render_mode
        self.n_distractors = as_whole(distractors, "distractors", 0, len(self.unvisited()))
        self.observation_space = self._observation_space()
        self.action_space = spaces.Discrete(3)
        self._distractors, self._noise = np.empty((0, 2), int), np.empty(0, int)
        self._begun = False

    min_size = (4, 3)

    @property
    def n_outcomes(self) -> np.ndarray:
        """(G,) int, number of outcomes of each modality: pixels row by row, then the streams."""
        rows, columns = self.size
        sizes = {"reward": 2, "cost": 2, "control": columns}
        return np.array([N_OUTCOMES] * (rows * columns) + [sizes[name] for name in self.streams])

    @property
    def locations(self) -> np.ndarray:
        """(rows·columns, 2) float, row and column of each pixel."""
        return np.argwhere(np.ones(self.size)).astype(float)

    def modality(self, name: str) -> int:
        """Which of the outcomes is the stream "reward", "cost" or "control", as this game shows them.

        Raises
        ------
        ValueError
            If the game has no such stream.
        """
        return stream_modality(name, self.streams, self.size[0] * self.size[1])

    def get_keys_to_action(self) -> dict[tuple[int, ...], int]:
        """Keys for :func:`gymnasium.utils.play.play`: a to the left, d to the right (``noop=1`` stays)."""
        return {(ord("a"),): LEFT, (ord("d"),): RIGHT}

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start anew; see :class:`gymnasium.Env`. A seed also redraws what is random in the set-up."""
        super().reset(seed=seed)
        if seed is not None or not self._begun:
            chosen = self.np_random.permutation(len(self.unvisited()))[: self.n_distractors]
            self._distractors = self.unvisited()[chosen]
            self._set_up()
            self._begun = True
        self._start(options or {})
        return self._observe(), self._info()

    def step(self, action: int):
        """Move the bat, then the ball; see :class:`gymnasium.Env`.

        Raises
        ------
        ValueError
            If the action is not 0, 1 or 2.
        RuntimeError
            If the game has not been reset.
        """
        if not self._begun:
            raise RuntimeError("reset the game before the first step")
        if not self.action_space.contains(action):
            raise ValueError(f"action must be 0, 1 or 2; found {action!r}")
        self._advance(int(action) - STAY)
        info = self._info()
        return self._observe(), float(info["hit"]) - float(info["miss"]), False, False, info

    def render(self) -> np.ndarray | None:
        """The present frame as uint8 (rows·32, columns·32, 3), if the render mode is "rgb_array"."""
        if self.render_mode is None:
            return None
        if not self._begun:
            raise RuntimeError("reset the game before rendering it")
        image = rendering.empty_field(*self.size, CELL)
        for (row, column), outcome in zip(self._distractors, self._noise, strict=True):
            colour = rendering.NOISE[NOISE_OUTCOMES.index(outcome)]
            image = rendering.draw_bar(image, (row + 0.5, column + 0.5), (0.5, 0.5), colour, CELL)
        return rendering.to_rgb(self._draw(image))

    @abstractmethod
    def unvisited(self) -> np.ndarray:
        """(n, 2) int, row and column of the pixels that are always background."""

    def _set_up(self) -> None:
        """Draw what stays the same until the next seed."""

    @abstractmethod
    def _start(self, options: dict) -> None:
        """Put ball and bat where they start."""

    @abstractmethod
    def _advance(self, move: int) -> None:
        """One frame; ``move`` is -1, 0 or 1."""

    @abstractmethod
    def _pixels(self) -> np.ndarray:
        """(rows, columns) int, outcomes without distractors."""

    @abstractmethod
    def _info(self) -> dict:
        """What happened."""

    @abstractmethod
    def _draw(self, image: np.ndarray) -> np.ndarray:
        """Draw ball and bat."""

    def _observe(self) -> np.ndarray | dict:
        pixels = self._pixels().astype(np.int64)
        if self.n_distractors:
            self._noise = self.np_random.choice(NOISE_OUTCOMES, size=self.n_distractors)
            pixels[tuple(self._distractors.T)] = self._noise
        if not self.streams:
            return pixels
        info = self._info()
        values = {"reward": info["hit"], "cost": info["miss"], "control": info["bat"]}
        return {"pixels": pixels} | {name: np.int64(values[name]) for name in self.streams}

    def _observation_space(self) -> spaces.Space:
        pixels = spaces.MultiDiscrete(np.full(self.size, N_OUTCOMES))
        if not self.streams:
            return pixels
        sizes = self.n_outcomes[pixels.nvec.size :]
        shown: dict[str, spaces.Space] = {"pixels": pixels}
        shown |= {name: spaces.Discrete(n) for name, n in zip(self.streams, sizes, strict=True)}
        return spaces.Dict(shown)


def _check_size(size: tuple[int, int], smallest: tuple[int, int]) -> tuple[int, int]:
    rows, columns = as_array(size, "size", int, (2,), f"rows and columns, at least {smallest}").tolist()
    if rows < smallest[0] or columns < smallest[1] or rows * columns > MOST_PIXELS:
        raise ValueError(
            f"size must be rows and columns, at least {smallest}, of {MOST_PIXELS} pixels at most; "
            f"found {size}"
        )
    return rows, columns


def _check_streams(streams: Sequence[str]) -> tuple[str, ...]:
    listed = isinstance(streams, list | tuple) and all(isinstance(name, str) for name in streams)
    if not listed or len(set(streams)) < len(streams) or set(streams) - set(STREAMS):
        raise ValueError(f"streams must be distinct names of {STREAMS}; found {streams!r}")
    return tuple(name for name in STREAMS if name in streams)
