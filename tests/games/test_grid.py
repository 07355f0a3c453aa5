"""What Pong and Breakout share: Gymnasium's rules, distractors, streams, pictures, random play."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rgm_core.games import Breakout, Pong, flatten_observation, play_randomly

GAMES = (Pong, Breakout)
ALL_STREAMS = ("reward", "cost", "control")
OPTIONS = [
    {},
    {"distractors": 4},
    {"streams": ALL_STREAMS},
    {"size": (10, 7), "distractors": 2, "streams": ("control", "cost")},
]
both = pytest.mark.parametrize("game", GAMES)


@both
@pytest.mark.parametrize("options", OPTIONS)
def test_passes_gymnasiums_checker_without_a_warning(game, options):
    made = gymnasium.make(f"rgm_core/{game.__name__}-v0", render_mode="rgb_array", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(made.unwrapped)
    made.close()


@both
def test_the_same_seed_gives_the_same_play(game):
    options = {"distractors": 3, "streams": ALL_STREAMS}
    plays = [play_randomly(game(**options), 300, rng=np.random.default_rng(s)) for s in (1, 1, 2)]
    assert np.array_equal(plays[0].outcomes, plays[1].outcomes)
    assert not np.array_equal(plays[0].outcomes, plays[2].outcomes)


@both
def test_distractors_are_noise_of_three_outcomes_where_nothing_else_happens(game):
    noisy = play_randomly(game(distractors=4), 3000, rng=np.random.default_rng(0)).outcomes
    plain = play_randomly(game(), 3000, rng=np.random.default_rng(0)).outcomes
    never_used = (plain == 4).all(axis=0)
    changing = never_used & (noisy != 4).any(axis=0)
    assert changing.sum() == 4
    for pixel in noisy[:, changing].T:
        outcomes, counts = np.unique(pixel, return_counts=True)
        assert outcomes.tolist() == [0, 2, 4]
        np.testing.assert_allclose(counts / 3000, 1 / 3, atol=0.04)
        assert abs(np.corrcoef(pixel[1:], pixel[:-1])[0, 1]) < 0.06


@both
def test_distractors_stay_in_place_until_the_next_seed(game):
    made = game(distractors=4)

    def noisy_pixels(**seed):
        made.reset(**seed)
        return {tuple(p) for p in made._distractors.tolist()}

    first = noisy_pixels(seed=5)
    assert noisy_pixels() == first
    assert noisy_pixels(seed=6) != first
    assert noisy_pixels(seed=5) == first


@both
def test_unvisited_pixels_are_those_that_play_never_changes(game):
    made = game()
    frames = play_randomly(made, 30000, persistence=0.8, rng=np.random.default_rng(0)).outcomes
    still = (frames == 4).all(axis=0).reshape(made.size)
    assert still[tuple(made.unvisited().T)].all()


@both
def test_streams_are_extra_modalities_that_agree_with_info(game):
    made = game(streams=ALL_STREAMS[::-1])  # the order of the streams is always the same
    assert made.streams == ALL_STREAMS
    observation, info = made.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(200):
        outcomes = flatten_observation(observation)
        assert np.array_equal(outcomes[:-3].reshape(made.size), observation["pixels"])
        assert outcomes[-3:].tolist() == [info["hit"], info["miss"], info["bat"]]
        assert np.all((outcomes >= 0) & (outcomes < made.n_outcomes))
        observation, reward, terminated, truncated, info = made.step(int(rng.integers(3)))
        assert reward == info["hit"] - info["miss"]
        assert not terminated
        assert not truncated
    assert made.observation_space.contains(observation)


@both
def test_locations_are_rows_and_columns_in_the_order_of_outcomes(game):
    made = game()
    frame, _ = made.reset(seed=0)
    where = made.locations.astype(int)
    assert np.array_equal(flatten_observation(frame), frame[tuple(where.T)])


@both
def test_random_play_lists_what_led_to_each_frame(game):
    play = play_randomly(game(streams=("control",)), 500, rng=np.random.default_rng(3))
    assert play.outcomes.shape == (500, 109)
    assert play.actions[0] == -1
    assert set(play.actions[1:].tolist()) == {0, 1, 2}
    assert not (play.returned & play.misses).any()
    moved = np.diff(play.outcomes[:, -1])
    restarts = np.r_[False, play.misses[:-1]][1:]  # after a miss Breakout starts again
    inside = (moved != 0) & (np.abs(moved) < 3) & ~restarts
    assert inside.sum() > 100
    assert np.array_equal(moved[inside], play.actions[1:][inside] - 1)


def test_random_play_can_start_many_games():
    """Each from one of the initial states, in places that stay the same."""
    game = Pong(initial_states=4)
    play = play_randomly(game, 2000, game_length=20, rng=np.random.default_rng(1))
    starts = play.actions == -1
    assert np.flatnonzero(starts).tolist() == list(range(0, 2000, 20))
    shown = np.unique(play.outcomes[starts], axis=0)
    assert len(shown) == 4


@both
def test_persistence_makes_paths_smooth(game):
    def changes(persistence):
        play = play_randomly(game(), 2000, persistence=persistence, rng=np.random.default_rng(0))
        return np.mean(np.diff(play.actions[1:]) != 0)

    np.testing.assert_allclose([changes(0.0), changes(0.75)], [2 / 3, 1 / 6], atol=0.04)
    assert changes(1.0) == 0


@both
def test_pictures_are_eight_bit_and_change_with_the_frame(game):
    made = game(render_mode="rgb_array", distractors=2)
    made.reset(seed=0)
    first = made.render()
    assert (first.shape, first.dtype) == ((384, 288, 3), np.uint8)
    made.step(2)
    assert (made.render() != first).any()
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 20  # edges are smooth
    assert game().render() is None


@both
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (2, 2)}, "size must be rows and columns, at least"),
        ({"size": (12,)}, "size must be integers"),
        ({"distractors": -1}, "distractors must be a whole number in 0 …"),
        ({"distractors": 1000}, "distractors must be a whole number"),
        ({"streams": ("score",)}, "streams must be distinct names"),
        ({"streams": "reward"}, "streams must be distinct names"),
        ({"render_mode": "human"}, "render_mode must be 'rgb_array' or None"),
    ],
)
def test_bad_options_are_named(game, options, message):
    with pytest.raises(ValueError, match=message):
        game(**options)


@both
def test_steps_need_a_reset_and_a_valid_action(game):
    made = game(render_mode="rgb_array")
    for call in (lambda: made.step(0), made.render):
        with pytest.raises(RuntimeError, match="reset the game"):
            call()
    made.reset(seed=0)
    for action in (3, -1, 0.5, None):
        with pytest.raises(ValueError, match="action must be 0, 1 or 2"):
            made.step(action)
    with pytest.raises(ValueError, match="options"):
        made.reset(options={"speed": 2})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_frames": 0}, "n_frames must be"),
        ({"n_frames": 5, "persistence": 2}, "persistence must be"),
        ({"n_frames": 5, "game_length": -1}, "game_length must be"),
    ],
)
def test_random_play_names_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        play_randomly(Pong(), **arguments, rng=np.random.default_rng(0))
