"""Play by somebody's choices: what was seen, done and rendered."""

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import Autoreset, RecordVideo, TimeLimit

from rgm_core import Agent
from rgm_core.games import Breakout, Pong, play_randomly, play_with
from rgm_core.games.grid import STREAMS


def test_records_what_was_seen_and_done():
    seen = []

    def act(outcomes):
        seen.append(outcomes)
        return len(seen) % 3

    game = Pong(streams=("control",), render_mode="rgb_array")
    play = play_with(act, game, 30, seed=0, n_pictures=4)
    np.testing.assert_array_equal(play.outcomes[:-1], seen)
    np.testing.assert_array_equal(play.actions, [-1, *(np.arange(1, 30) % 3)])
    assert play.pictures.shape == (4, 12 * 32, 9 * 32, 3)
    assert (play.pictures[0] != play.pictures[3]).any()
    assert not play.cleared.any()


def test_same_seed_same_play():
    plays = [play_with(lambda _: 1, Breakout(), 200, seed=5) for _ in range(2)]
    np.testing.assert_array_equal(plays[0].outcomes, plays[1].outcomes)
    assert plays[0].misses.any()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="n_frames must be"):
        play_with(lambda _: 1, Pong(), 0, seed=0)
    with pytest.raises(ValueError, match="n_pictures must be 0 for a game without render_mode"):
        play_with(lambda _: 1, Pong(), 5, seed=0, n_pictures=2)


@pytest.mark.parametrize("name", ["Pong", "Breakout"])
def test_several_games_at_once_are_those_games_one_by_one(name):
    """Gymnasium's vector of environments: each is seeded, stepped and seen as it is alone."""
    games = gymnasium.make_vec(
        f"rgm_core/{name}-v0", num_envs=3, vectorization_mode="sync", streams=STREAMS
    )
    seen, _ = games.reset(seed=[4, 5, 6])
    moves = np.random.default_rng(0).integers(3, size=(40, 3))
    together = [seen["pixels"].copy()]
    together += [games.step(move)[0]["pixels"].copy() for move in moves]
    for k, seed in enumerate((4, 5, 6)):
        alone = gymnasium.make(f"rgm_core/{name}-v0", streams=STREAMS)
        frames = [alone.reset(seed=seed)[0]["pixels"], *(alone.step(m)[0]["pixels"] for m in moves[:, k])]
        np.testing.assert_array_equal(np.array(together)[:, k], frames)
    games.close()


def test_a_game_that_starts_again_by_itself_is_no_jump():
    """With TimeLimit and Autoreset the ball jumps back after 25 frames; play says that a game begins."""
    game = Autoreset(TimeLimit(Pong(streams=STREAMS), 25))
    play = play_randomly(game, 400, rng=0)
    begins = np.flatnonzero(play.actions == -1)
    np.testing.assert_array_equal(begins, np.arange(0, 400, 26))
    np.testing.assert_array_equal(play.outcomes[begins, :108], play.outcomes[[0] * len(begins), :108])
    agent = Agent(goal=(108, 1), cost=(109, 1), control=110, rng=0).learn(play.outcomes, play.actions)
    moved = [np.diff(np.argwhere(board)[:, 1] // 9)[0] for board in _balls(agent)]
    assert np.abs(moved).max() == 1  # row by row; a jump moves it far


def _balls(agent):
    """News (2, K) of the ball of the events that show it in both frames, as masks over all pixels."""
    for window in agent.model.windows:
        board = np.zeros((2, 108), bool)
        board[:, agent.separation.pixels] = window == 1  # outcome 0, the ball, and one
        if (board.sum(axis=1) == 1).all():
            yield board


def test_games_can_be_filmed_by_gymnasium(tmp_path):
    # moviepy asks for an older pillow than the project is tested with: `uv run --with moviepy pytest …`
    pytest.importorskip("moviepy")
    game = RecordVideo(
        Pong(render_mode="rgb_array"), str(tmp_path / "film"), video_length=5, disable_logger=True
    )
    game.reset(seed=0)
    for _ in range(6):
        game.step(1)
    game.close()
    assert list(tmp_path.glob("film/*.mp4"))
