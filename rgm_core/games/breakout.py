"""Breakout: a ball, a bat that goes around the sides, and a wall of bricks to clear."""

from __future__ import annotations

import numpy as np

from rgm_core.games import rendering
from rgm_core.games.grid import CELL, GridGame

BAT, BALL, BRICK_CENTRE, BRICK_EDGE, BACKGROUND = range(5)
WALL = 3  # rows of bricks
START_ROW = 4
UP, DOWN = -1, 1
BRICK_WIDTH = 3


class Breakout(GridGame):
    """Breakout on a grid; rules, parameters and observations as in :class:`GridGame`, and:

    Every pixel shows the bat (0), the ball (1), the centre (2) or the edge (3) of a brick, or
    background (4). Bricks are three cells wide. The bat is one cell of the last row and goes around
    the sides. The ball moves one cell a frame on both axes and bounces off the side walls.

    - It reaches the row below the bricks, moving up: a *hit*; a row of bricks goes, unless it is the
      last one, and the ball turns down.
    - With one row left it gets there more than one column away from the middle: it has broken
      through. The wall is *cleared*, and rebuilt; the ball starts again.
    - It reaches the last row: there the bat returns it, or it is a *miss* and all starts again.

    The ball starts on row 4, one column to the left or right of the middle (at random), and moves
    down and away from the middle; the bat starts in the middle. ``info`` also holds ``cleared`` and
    ``wall``, the number of rows of bricks.
    """

    min_size = (8, 5)

    def unvisited(self) -> np.ndarray:
        """(n, 2) int, row and column of the pixels that are always background."""
        rows, columns = np.indices(self.size)
        other_colour = (rows + columns + START_ROW + self.size[1] // 2) % 2 == 0  # as on a chessboard
        free = other_colour & (rows >= WALL) & (rows < self.size[0] - 1)
        return np.argwhere(free)

    def _start(self, options: dict) -> None:
        if options:
            raise ValueError(f"options must be empty; found {sorted(options)}")
        self._restart(WALL)
        self._forget_events()

    def _restart(self, wall: int) -> None:
        side = int(self.np_random.choice((-1, 1)))
        middle = self.size[1] // 2
        self._ball = np.array([START_ROW, middle + side])
        self._velocity = np.array([DOWN, side])
        self._bat, self._wall = middle, wall

    def _forget_events(self) -> None:
        self._hit = self._miss = self._returned = self._cleared = False

    def _advance(self, move: int) -> None:
        over = self._miss or self._cleared
        self._forget_events()
        if over:  # the frame of the miss has been shown: start again
            self._restart(WALL)
            return
        self._bat = (self._bat + move) % self.size[1]
        self._ball = self._ball + self._velocity
        row, column = self._ball
        if column in (0, self.size[1] - 1):
            self._velocity[1] = 1 if column == 0 else -1
        if row == self.size[0] - 1:
            self._arrive(column)
        elif row == self._wall and self._velocity[0] == UP:
            self._strike(column)

    def _arrive(self, column: int) -> None:
        """The ball is on the last row."""
        self._returned = bool(column == self._bat)
        self._miss = not self._returned
        self._velocity[0] = UP

    def _strike(self, column: int) -> None:
        """The ball is below the bricks, moving up."""
        self._hit = True
        self._cleared = self._wall == 1 and abs(int(column) - self.size[1] // 2) > 1
        self._wall = max(self._wall - 1, 1)
        self._velocity[0] = DOWN

    def _pixels(self) -> np.ndarray:
        pixels = np.full(self.size, BACKGROUND)
        centre = np.arange(self.size[1]) % BRICK_WIDTH == BRICK_WIDTH // 2
        pixels[: self._wall] = np.where(centre, BRICK_CENTRE, BRICK_EDGE)
        pixels[tuple(self._ball)] = BALL
        pixels[-1, self._bat] = BAT
        return pixels

    def _info(self) -> dict:
        return {
            "hit": self._hit,
            "miss": self._miss,
            "returned": self._returned,
            "cleared": self._cleared,
            "bat": self._bat,
            "wall": self._wall,
        }

    def _draw(self, image: np.ndarray) -> np.ndarray:
        for row in range(self._wall):
            for left in range(0, self.size[1], BRICK_WIDTH):
                image = _draw_brick(image, row, left, min(BRICK_WIDTH, self.size[1] - left))
        colour = rendering.HIT if self._returned else rendering.BAT
        bat = (self.size[0] - 0.5, self._bat + 0.5)
        image = rendering.draw_bar(image, bat, (0.5, 0.96), colour, CELL, 0.25)
        colour = rendering.MISS if self._miss else rendering.BALL
        return rendering.draw_disc(image, tuple(self._ball + 0.5), 0.36, colour, CELL)


def _draw_brick(image: np.ndarray, row: int, left: int, width: int) -> np.ndarray:
    centre = (row + 0.5, left + width / 2)
    image = rendering.draw_bar(image, centre, (0.88, width - 0.12), rendering.BRICK_EDGE, CELL)
    inner = (0.62, width - 0.38)
    return rendering.draw_bar(image, centre, inner, rendering.BRICK, CELL)
