"""Explorers: the picture follows the sliders, and stands alone where there are none."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from rgm_core import Agent, RGMClassifier
from rgm_core.datasets import load_mnist
from rgm_core.games import Pong, play_randomly, rendering
from rgm_core.widgets.explorers import (
    explore_codec,
    explore_drawing,
    explore_fields,
    explore_film,
    explore_occlusion,
    explore_pong,
)

PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def digits():
    return load_mnist("train", n=300)


@pytest.fixture(scope="module")
def classifier(digits):
    return RGMClassifier(n_exemplars=5, rule="published").fit(*digits)


def assert_follows(explorer, **values):
    """Moving any of the controls changes the picture; moving it back restores it."""
    first = bytes(explorer.picture.value)
    assert first.startswith(PNG)
    for name, value in values.items():
        before = explorer.controls[name].value
        explorer.controls[name].value = value
        assert bytes(explorer.picture.value) != first, name
        explorer.controls[name].value = before
        assert bytes(explorer.picture.value) == first, name


def shown(explorer):
    """What the explorer offers to a front end, by MIME type."""
    bundle = explorer._repr_mimebundle_()
    return bundle[0] if isinstance(bundle, tuple) else bundle


def test_codec_explorer(digits):
    assert_follows(explore_codec(digits[0][:100]), tile=8, bins=3, modes=2)


def test_field_explorer(classifier):
    explorer = explore_fields(classifier.model_, classifier.codec_)
    assert_follows(explorer, level=1, state=3)
    level, factor, state = (explorer.controls[name] for name in ("level", "factor", "state"))
    for n, chosen in enumerate(classifier.model_.levels, start=1):  # sliders end where the level does
        level.value = n
        assert factor.max == chosen.n_factors - 1
        factor.value = factor.max
        assert state.max == chosen.n_states[-1] - 1
        assert bytes(explorer.picture.value).startswith(PNG)


def test_occlusion_explorer(classifier, digits):
    explorer = explore_occlusion(classifier.model_, classifier.codec_, digits[0][:5])
    assert_follows(explorer, image=3, rows=(4, 32), columns=(8, 32))


def test_drawing_explorer(classifier, digits):
    explorer = explore_drawing(classifier.model_, classifier.codec_, digits[0][0])
    pad = explorer.controls["drawing"]
    picture = pad.picture(pad.value).copy()
    picture[60:80, 20:120] = 255  # a bar across the digit
    assert_follows(explorer, drawing=memoryview(picture.tobytes()))  # as a front end sends it
    pad.value = bytes(pad.side**2)  # empty paper: nothing is seen
    assert bytes(explorer.picture.value).startswith(PNG)
    assert shown(explorer)["text/plain"] == "Explorer: drawing"


def asked(screen, frame, player=""):
    """What a screen sends when the front end asks for a frame: picture, and what it says of it."""
    sent = []
    screen.send = lambda content, buffers: sent.append((content, buffers))
    screen._answer(screen, {"frame": frame, "player": player}, [])
    ((about, (picture,)),) = sent
    return np.asarray(Image.open(io.BytesIO(picture))), about


@pytest.mark.parametrize("shape", [(4, 8, 9, 3), (4, 8, 9)])
def test_film_explorer(shape):
    frames = np.random.default_rng(0).uniform(-9, 300, shape)
    screen = explore_film(frames, [f"state {k}" for k in range(4)])
    for frame, shown_frame in ((0, 0), (2, 2), (99, 3), (-1, 0)):  # beyond an end: the end
        picture, about = asked(screen, frame)
        expected = np.clip(frames[shown_frame].reshape(8, 9, -1), 0, 255).round()
        np.testing.assert_array_equal(picture, np.broadcast_to(expected, (8, 9, 3)))
        assert (about["frame"], about["caption"]) == (shown_frame, f"state {shown_frame}")
    assert screen.scale == 448 // 9  # whole pixels
    assert shown(screen)["text/plain"] == "Explorer: frame = 0"
    assert base64.b64decode(shown(screen)["image/png"]).startswith(PNG)


def test_pong_is_played_by_the_agent_or_by_you():
    """Frames follow the player that is chosen; going back shows what happened; the agent is a copy."""
    game = Pong(streams=("reward", "cost", "control"))
    play = play_randomly(game, 3000, rng=np.random.default_rng(0))
    agent = Agent(goal=(108, 1), cost=(109, 1), control=110, rng=np.random.default_rng(0))
    agent.learn(play.outcomes, play.actions, game.n_outcomes)
    explorer = explore_pong(agent, game, n_frames=50)
    assert shown(explorer)["text/plain"] == "Explorer: frame = 0, player = agent"
    first, _ = asked(explorer, 0, "agent")
    later, _ = asked(explorer, 20, "agent")
    assert (later != first).any()
    np.testing.assert_array_equal(asked(explorer, 0, "agent")[0], first)  # going back: as it was
    asked(explorer, 30, "right")
    assert game._info()["bat"] == 8  # ten steps to the right
    assert agent.history == []
    height, width = first.shape[:2]
    assert max(height, width) * explorer.scale <= 450


def test_without_a_front_end_the_picture_remains(digits):
    explorer = explore_codec(digits[0][:50])
    assert base64.b64decode(shown(explorer)["image/png"]) == bytes(explorer.picture.value)
    assert shown(explorer)["text/plain"] == "Explorer: tile = 4, bins = 7, modes = 16"


def test_dots_are_discs_drawn_at_once():
    """A plan as drawn disc by disc, the nearest last."""
    rng = np.random.default_rng(0)
    shown, colours = rng.random((5, 4)) < 0.5, rng.random((5, 4, 3))
    one_by_one = field = rendering.empty_field(5, 4, 12)
    for place in np.argwhere(shown):
        one_by_one = rendering.draw_disc(one_by_one, tuple(place + 0.5), 0.16, colours[tuple(place)], 12)
    assert np.allclose(rendering.draw_dots(field, shown, colours, 0.16, 12), one_by_one)
