"""The live pages compute what the library computes: in a real browser, number by number."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rgm_core import infer
from rgm_core.agent.decision import decide
from rgm_core.datasets import load_mnist
from rgm_core.games import Pong, flatten_observation
from rgm_core.generation import predict_outcomes
from rgm_core.widgets import place_digit

ROOT = Path(__file__).resolve().parents[2]
LIVE = ROOT / "docs/_static/live"
SPEC = importlib.util.spec_from_file_location("live", ROOT / "docs/live.py")
live = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(live)
READ = """async images => {
    const digits = await rgm.digits.open();
    return images.map(image => {
        const { outcomes, states, logEvidence, pictures } = digits.read(image);
        const lists = states.map(level => level.map(q => Array.from(q)));
        const drawn = pictures.map(picture => Array.from(picture));
        return { outcomes: Array.from(outcomes), states: lists, logEvidence, pictures: drawn };
    });
}"""
PLAY = """({ size, ball, bat, actions }) => {
    const game = new rgm.pong.Pong(size), frames = [];
    game.reset(ball, bat);
    for (const action of [null, ...actions]) {
        if (action !== null) game.step(action);
        frames.push(game.outcomes);
    }
    return frames;
}"""
THINK = """async ({ frames, actions }) => {
    const player = new rgm.pong.Player(await rgm.load("pong"));
    return frames.map((frame, t) => {
        const { values, event, steps, known } = player.act(frame);
        const { events, action } = player;
        player.action = actions[t];
        return { values, event, steps, known, events, action };
    });
}"""
COMPETE = """async (n) => {
    const arrays = await rgm.load("pong"), player = new rgm.pong.Player(arrays);
    const game = new rgm.pong.Pong(Array.from(arrays.size));
    let hits = 0, misses = 0;
    for (let t = 0; t < n; t++) {
        game.step(player.act(game.outcomes).action);
        [hits, misses] = [hits + game.hit, misses + game.miss];
    }
    return [hits, misses];
}"""


@pytest.fixture(scope="module")
def page(browser):
    """An empty page that has the programs and the models, as a live page has."""
    page = browser.new_page()
    page.set_content("<p>nothing to draw on</p>")
    for name in ("rgm", "digits.model", "pong.model", "digits", "pong"):
        page.add_script_tag(path=LIVE / f"{name}.js")
    yield page
    page.close()


@pytest.fixture(scope="module")
def agent():
    """The agent that docs/live.py exports."""
    return live.pong_agent()[0]


def test_beliefs_about_digits_are_those_of_the_library(page):
    """Outcomes equal, beliefs of all levels and log evidence within 1e-4, pictures within a grey level."""
    model, codec = live.read_digits(LIVE / "digits.model.js")
    images = load_mnist("test", n=120)[0][100:]  # others than the page's examples
    found = page.evaluate(READ, [image.ravel().tolist() for image in images])
    outcomes = codec.transform(images)
    posterior = infer(model, outcomes)
    assert np.array_equal([one["outcomes"] for one in found], outcomes)
    assert np.allclose([one["logEvidence"] for one in found], posterior.log_evidence, atol=1e-4, rtol=0)
    for n, beliefs in enumerate(posterior.states):
        for f, belief in enumerate(beliefs):
            assert np.abs(np.array([one["states"][n][f] for one in found]) - belief).max() < 1e-4
        expected = codec.inverse_transform(predict_outcomes(model, beliefs, level=n, factor=None))
        drawn = np.array([one["pictures"][n + 1] for one in found]).reshape(expected.shape)
        assert np.abs(drawn - expected).max() < 1e-2


def test_the_page_s_model_still_reads_digits():
    """Rounding to 8 bits has cost nothing worth naming: the table of the first page has 94.7 %."""
    model, codec = live.read_digits(LIVE / "digits.model.js")
    images, labels = load_mnist("test", n=500)
    accuracy = (infer(model, codec.transform(images)).states[-1][0].argmax(1) == labels).mean()
    assert accuracy > 0.92
    assert (LIVE / "digits.model.js").stat().st_size < 1.5e6


def test_an_unseen_digit_tells_nothing(page):
    """On empty paper all beliefs are the prior's."""
    model, _ = live.read_digits(LIVE / "digits.model.js")
    (blank,) = page.evaluate(READ, [[0] * 784])
    assert set(blank["outcomes"]) == {-1}
    assert np.allclose(blank["states"][-1][0], model.D)
    assert abs(blank["logEvidence"]) < 1e-9


def test_a_drawing_is_placed_as_in_a_notebook(page):
    rng = np.random.default_rng(0)
    for height, width in ((100, 30), (37, 90), (12, 15)):
        picture = np.zeros((140, 140), np.uint8)
        picture[10 : 10 + height, 20 : 20 + width] = np.kron(rng.integers(0, 2, (20, 20)), np.ones((5, 5)))[
            :height, :width
        ] * np.uint8(255)
        placed = page.evaluate(
            "([p, n]) => Array.from(rgm.digits.place(p, n))", [picture.ravel().tolist(), 140]
        )
        assert np.abs(np.reshape(placed, (28, 28)) - place_digit(picture)).max() <= 2


@pytest.mark.parametrize(("size", "ball", "bat"), [((12, 9), 0, 0), ((12, 9), 130, 5), ((5, 4), 7, 3)])
def test_the_game_is_the_library_s(page, size, ball, bat):
    """Same start, same actions, same frames."""
    game = Pong(size=size, streams=live.STREAMS)
    actions = np.random.default_rng(1).integers(0, 3, 400).tolist()
    frames = [flatten_observation(game.reset(options={"ball": ball, "bat": bat}, seed=0)[0])]
    frames += [flatten_observation(game.step(action)[0]) for action in actions]
    played = page.evaluate(PLAY, {"size": size, "ball": ball, "bat": bat, "actions": actions})
    assert np.array_equal(played, frames)


def test_the_agent_thinks_as_the_library_s(page, agent):
    """Beliefs, values and plans agree at every frame of random play, and so does what is best."""
    game = Pong(streams=live.STREAMS)
    actions = np.random.default_rng(2).integers(0, 3, 200)
    frames = [flatten_observation(game.reset(options={"ball": 50, "bat": 4}, seed=0)[0])]
    frames += [flatten_observation(game.step(action)[0]) for action in actions[:-1]]
    agent.reset()
    request = {"frames": np.array(frames).tolist(), "actions": actions.tolist()}
    for frame, action, found in zip(frames, actions, page.evaluate(THINK, request), strict=True):
        belief = agent.infer_states(frame)
        values = agent.plan(belief)
        assert np.abs(belief.events - found["events"]).max() < 1e-9
        assert np.abs(values - found["values"]).max() < 1e-9
        assert values[found["action"]] >= values.max() * (1 - 1e-6)
        decision = decide(belief, values, int(action))
        assert (decision.state, decision.steps, decision.known) == (
            found["event"], found["steps"], found["known"],
        )  # fmt: skip
        agent._belief, agent._before = belief, agent.separation.news(frame[None])[0]
        agent.history.append(decision)


def test_the_agent_hits_in_the_browser_too(page):
    hits, misses = page.evaluate(COMPETE, 1000)
    assert hits + misses > 42  # the ball arrives every 22 frames
    assert misses <= 3


def test_the_pages_answer(browser, address):
    """A stroke changes the beliefs; an arrow moves the bat; both games go on by themselves."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/docs/live_digits.html")
    page.wait_for_selector("#live-digits[data-drawn]")
    verdict = "() => document.querySelector('.verdict').textContent"
    page.get_by_role("button", name="clear").click()
    empty = page.evaluate(verdict)
    box = page.locator("canvas.paper").bounding_box()
    page.mouse.move(box["x"] + 90, box["y"] + 60)  # a 7
    page.mouse.down()
    page.mouse.move(box["x"] + 190, box["y"] + 60, steps=5)
    page.mouse.move(box["x"] + 130, box["y"] + 230, steps=5)
    page.mouse.up()
    page.wait_for_function(f"before => ({verdict})() !== before", arg=empty)
    assert page.evaluate(verdict).startswith("Most probable: 7")
    page.goto(f"{address}/docs/live_pong.html")
    page.wait_for_selector("#live-pong[data-drawn]")
    court = page.locator("#live-pong canvas").first
    picture = "() => document.querySelector('#live-pong canvas').toDataURL()"
    before = page.evaluate(picture)
    court.press("ArrowLeft")
    assert page.evaluate(picture) != before
    court.press(" ")
    page.wait_for_function("document.querySelector('#live-pong').dataset.drawn > 8")
    page.close()
