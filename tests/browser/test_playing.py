"""The accompanist in a real browser: a microphone and a file are heard, and what comes back is played."""

import base64
from pathlib import Path

import numpy as np
import pytest
import soundfile
from melody import RATE, melody

from rgm_core import Accompanist
from rgm_core.widgets import PlayAlong

from .conftest import CHROMIUM, QUIET

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]
SCRIPT = Path(__file__).resolve().parents[2] / "rgm_core/widgets/playing.js"
BEAT, N_BEATS = 0.4, 24
MODEL = """async ([script, values]) => {
    const source = new Blob([script], { type: "text/javascript" });
    const { default: widget } = await import(URL.createObjectURL(source));
    const listeners = [], encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
    const model = {
        get: (name) => values[name],
        on: (name, listener) => listeners.push(listener),
        off: () => {},
        send: async (content, _, buffers = []) => {
            const [message, sound] = await window.kernel(content, buffers.map(encode));
            if (!message) return;
            const bytes = Uint8Array.from(atob(sound), (letter) => letter.charCodeAt(0));
            listeners.forEach((listener) => listener(message, [new DataView(bytes.buffer)]));
        },
    };
    widget.render({ model, el: document.body });
}"""
DRAWN = "n => Number(document.querySelector('canvas').dataset.drawn ?? 0) >= n"


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A player who plays the melody again and again, as a file."""
    path = tmp_path_factory.mktemp("music") / "player.wav"
    soundfile.write(path, melody(BEAT * N_BEATS), RATE)
    return path


@pytest.fixture(scope="module")
def listener(music):
    """A browser whose microphone hears the file."""
    from playwright.sync_api import sync_playwright

    fake = (
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={music}", "--autoplay-policy=no-user-gesture-required",
    )  # fmt: skip
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=(*QUIET, *fake))
        yield chromium
        chromium.close()


@pytest.fixture
def page(listener):
    """An empty page with the widget's front end, and the widget itself as its kernel."""
    widget = PlayAlong(Accompanist(sample_rate=RATE, beat=BEAT).fit(melody(BEAT * N_BEATS)))
    answers = []
    widget.send = lambda content, buffers: answers.append([content, base64.b64encode(buffers[0]).decode()])

    def kernel(content, buffers):
        answers.clear()
        widget._answer(widget, content, [base64.b64decode(buffer) for buffer in buffers])
        return answers[0] if answers else [None, None]

    page = listener.new_page()
    page.route("http://localhost/", lambda route: route.fulfill(content_type="text/html", body=""))
    page.goto("http://localhost/")  # where a microphone is allowed
    page.expose_function("kernel", kernel)
    values = {name: getattr(widget, name) for name in ("rate", "n_bars", "columns")}
    page.evaluate(MODEL, [SCRIPT.read_text(), values])
    page.widget = widget
    yield page
    page.close()


def assert_heard(page):
    """A few seconds are heard and drawn, one bar is believed in, and beliefs go on through the bars."""
    page.wait_for_function(DRAWN, arg=100)
    beliefs = list(page.widget.beliefs)
    assert all(belief.heard for belief in beliefs[20:])
    assert np.mean([belief.bars.max() for belief in beliefs[40:]]) > 0.9
    steps = np.diff([belief.positions.argmax() for belief in beliefs[40:]])
    assert np.mean(steps == 1) > 0.8  # a music that was not heard as it was played would make it leap
    assert page.locator("div").last.text_content() == page.widget.caption
    page.get_by_role("button", name="stop").click()


def test_it_plays_along_with_the_microphone(page):
    page.get_by_role("button", name="microphone").click()
    assert_heard(page)


def test_it_plays_along_with_a_file(page, music):
    page.get_by_label("a file").set_input_files(music)
    assert_heard(page)
    heard = np.array([belief.place for belief in page.widget.beliefs])
    true = (np.arange(len(heard)) + 0.5) * page.widget.accompanist.latency_
    assert np.mean(np.abs(heard - true)[32:] < BEAT) > 0.95
