"""Things that move before a background: found without being told which there are, and where each is."""

import numpy as np
import pytest

from rgm_core.codecs.things import ABSENT, find_things

GROUND, WALL, BALL, BAT = 10, 200, 200, 90


@pytest.fixture(scope="module")
def pictures():
    """400 pictures: a ball as bright as the wall, a bat, and a score that is as bright and moves once."""
    rng = np.random.default_rng(0)
    frames = np.full((400, 32, 40), GROUND, np.uint8)
    frames[:, 8:10] = WALL
    for t, frame in enumerate(frames):
        row, column, place = rng.integers(12, 30), rng.integers(0, 30), rng.integers(12, 28)
        if t % 4:
            frame[row : row + 2, column : column + 2] = BALL
        frame[place : place + 4, 36:38] = BAT
        frame[2:5, 20 + (t > 150)] = BAT
    return frames


def test_things_are_apart_by_grey_level_and_by_where_they_are(pictures):
    things = find_things(pictures, (4, 4))
    assert things.levels.tolist() == [GROUND, BAT, BAT, BALL]  # where the score was, the ground shows
    assert (things.background[8:10] == WALL).all()
    assert things.boxes[3, 2] == 5
    assert (things.boxes[3, 0], things.boxes[2].tolist()) == (3, [3, 9, 5, 1])
    assert things.n_outcomes.tolist() == (1 + things.boxes[:, 2:].prod(axis=1)).tolist()


def test_a_place_is_the_block_of_the_middle(pictures):
    things = find_things(pictures, (4, 4)).keep([3, 2])
    blank = things.background.copy()
    assert things.encode(blank[None]).tolist() == [[ABSENT, ABSENT]]
    blank[20:22, 12:14] = BALL  # block row 5, of which 3 is the first; block column 3 of the box's columns
    blank[12:16, 36:38] = BAT
    (row, column, _, columns), (first, *_) = things.boxes
    assert things.encode(blank[None]).tolist() == [
        [1 + (5 - row) * columns + 3 - column, 1 + 3 - first],
    ]


def test_every_outcome_is_in_range_and_absence_is_told(pictures):
    things = find_things(pictures, (4, 4))
    outcomes = things.encode(pictures)
    assert (outcomes >= 0).all()
    assert (outcomes < things.n_outcomes).all()
    assert (outcomes[::4, 3] == ABSENT).all()
    assert (outcomes[1::4, 3] != ABSENT).all()


def test_what_is_no_moving_picture_is_refused():
    with pytest.raises(ValueError, match="pictures must show something that moves"):
        find_things(np.zeros((5, 8, 8), np.uint8))
    with pytest.raises(ValueError, match="pictures must be grey"):
        find_things(np.zeros((5, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="block must be"):
        find_things(np.zeros((5, 8, 8), np.uint8), (0, 8))


def test_pictures_of_another_size_are_refused(pictures):
    with pytest.raises(ValueError, match=r"each of \(32, 40\) pixels"):
        find_things(pictures).encode(np.zeros((2, 8, 8), np.uint8))
