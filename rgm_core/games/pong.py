"""Pong: a ball that bounces around a box for ever, and a bat to meet it with (equation 5.15)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rgm_core.games import rendering
from rgm_core.games.grid import CELL, GridGame
from rgm_core.model.checks import as_whole
from rgm_core.planning.pomdp import POMDP

BALL, BAT_LEFT, BAT_CENTRE, BAT_RIGHT, BACKGROUND = range(5)
BAT_ROW = 0


def ball_orbit(size: tuple[int, int]) -> np.ndarray:
    """Row and column of the ball along its cycle, from cell (1, 1) with both indices growing.

    It moves one cell a frame on both axes and bounces off all walls, so that its cycle lasts the
    least common multiple of 2 (rows - 1) and 2 (columns - 1) frames.

    Returns
    -------
    (T, 2) int
    """
    periods = [2 * (n - 1) for n in size]
    phase = 1 + np.arange(math.lcm(*periods))[:, None]
    return np.subtract(size, 1) - np.abs(phase % periods - np.subtract(size, 1))


class Pong(GridGame):
    """Pong on a grid; rules, parameters and observations as in :class:`GridGame`, and:

    Every pixel shows the ball (0), the bat's left (1), centre (2) or right part (3), or background
    (4). The bat lies on row 0 and stops at the walls; it hides the ball. A *hit* is the ball on row 0
    at the column of the bat's centre, any other ball there is a *miss*; it bounces off either way.

    Parameters
    ----------
    initial_states : int
        Number of places along the ball's orbit where a game may start, one of which is chosen at
        random by every reset: cell (1, 1) and others that are drawn when the game is reset with a
        seed.

    Notes
    -----
    ``reset(options={"ball": 17, "bat": 4})`` starts at frame 17 of the orbit with the bat's centre
    in column 4. Without, the bat starts at the left wall.
    """

    def __init__(
        self,
        *,
        size: tuple[int, int] = (12, 9),
        initial_states: int = 1,
        distractors: int = 0,
        streams: Sequence[str] = (),
        render_mode: str | None = None,
    ):
        super().__init__(size=size, distractors=distractors, streams=streams, render_mode=render_mode)
        self._orbit = ball_orbit(self.size)
        self.initial_states = as_whole(initial_states, "initial_states", 1, len(self._orbit))

    def unvisited(self) -> np.ndarray:
        """(n, 2) int, row and column of the pixels that are always background."""
        free = np.ones(self.size, bool)
        free[BAT_ROW] = False
        free[tuple(ball_orbit(self.size).T)] = False
        return np.argwhere(free)

    def _set_up(self) -> None:
        others = 1 + self.np_random.permutation(len(self._orbit) - 1)
        self._starts = np.concatenate([[0], others[: self.initial_states - 1]])

    def _start(self, options: dict) -> None:
        if unknown := set(options) - {"ball", "bat"}:
            raise ValueError(f"options may hold 'ball' and 'bat'; found {sorted(unknown)}")
        start = self._starts[self.np_random.integers(self.initial_states)]
        last = len(self._orbit) - 1
        self._ball = as_whole(options.get("ball", start), "ball", 0, last)
        self._bat = as_whole(options.get("bat", 0), "bat", 0, self.size[1] - 1)

    def _advance(self, move: int) -> None:
        self._bat = min(max(self._bat + move, 0), self.size[1] - 1)
        self._ball = (self._ball + 1) % len(self._orbit)

    def _pixels(self) -> np.ndarray:
        return draw_pixels(self.size, self._orbit[self._ball], self._bat)

    def _info(self) -> dict:
        row, column = self._orbit[self._ball]
        arrived, met = bool(row == BAT_ROW), bool(column == self._bat)
        hit = arrived and met
        return {"hit": hit, "miss": arrived and not met, "returned": hit, "bat": self._bat}

    def _draw(self, image: np.ndarray) -> np.ndarray:
        info = self._info()
        colour = rendering.HIT if info["hit"] else rendering.BAT
        bat = (0.5, self._bat + 0.5)
        image = rendering.draw_bar(image, bat, (0.5, 2.8), rendering.BAT_EDGE, CELL, 0.25)
        image = rendering.draw_bar(image, bat, (0.5, 0.9), colour, CELL, 0.1)
        row, column = self._orbit[self._ball] + 0.5
        colour = rendering.MISS if info["miss"] else rendering.BALL
        return rendering.draw_disc(image, (row, column), 0.36, colour, CELL)


def draw_pixels(size: tuple[int, int], ball: np.ndarray, bat: int) -> np.ndarray:
    """Outcomes (rows, columns) of the pixels, with the ball at (row, column) and the bat's centre."""
    pixels = np.full(size, BACKGROUND)
    pixels[tuple(ball)] = BALL
    for part, column in ((BAT_LEFT, bat - 1), (BAT_CENTRE, bat), (BAT_RIGHT, bat + 1)):
        if 0 <= column < size[1]:
            pixels[BAT_ROW, column] = part
    return pixels


def pong_model(size: tuple[int, int] = (12, 9)) -> tuple[POMDP, np.ndarray, np.ndarray]:
    """The game's own generative process, with its hidden states: what a model would have to learn.

    Returns
    -------
    model : POMDP
        Factors: frame of the ball's orbit; column of the bat (its paths are the three actions).
        Modalities: pixels row by row, reward, cost, control.
    hits, misses : (n,) int
        Joint states in which the ball is hit, and missed.
    """
    orbit, columns = ball_orbit(size), size[1]
    bats = np.arange(columns)
    frames = np.array([[draw_pixels(size, ball, bat).ravel() for bat in range(columns)] for ball in orbit])
    arrived = orbit[:, :1] == BAT_ROW
    hit = arrived & (orbit[:, 1:] == bats)
    miss = arrived & ~hit
    pixels = np.eye(5)[frames].transpose(2, 3, 0, 1)  # pixel, outcome, ball, bat
    events = (np.eye(2)[event.astype(int)].transpose(2, 0, 1) for event in (hit, miss))
    moves = [np.clip(bats + move, 0, columns - 1) for move in (-1, 0, 1)]
    cycle = np.roll(np.eye(len(orbit)), 1, axis=0)
    model = POMDP(
        A=(*pixels, *events, np.eye(columns)),
        B=(cycle[:, :, None], np.stack([np.eye(columns)[to].T for to in moves], axis=2)),
        D=(np.eye(len(orbit))[0], np.eye(columns)[0]),
        parents=((0, 1),) * (frames.shape[2] + 2) + ((1,),),
    )
    return model, np.flatnonzero(hit), np.flatnonzero(miss)
