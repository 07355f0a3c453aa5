"""Notebooks in a real JupyterLab: they run, a slider moves its picture, a pad takes a drawing.

Three short ones are run always; with RGM_BROWSER=all in the environment, those of the course too, which
the tests of their outputs run in any case.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from rgm_core.model.extras import missing
from rgm_core.notebook.claims import load_claims

ROOT = Path(__file__).resolve().parents[2]
FOUND = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
EVERYTHING = [name for name in FOUND if not missing(load_claims().sizes(name).extra)]
CHOSEN = EVERYTHING if os.environ.get("RGM_BROWSER") == "all" else []
SLIDER = """
from rgm_core.datasets import load_mnist
from rgm_core.widgets.explorers import explore_codec
explore_codec(load_mnist("train", n=100)[0])
"""
DRAWING = """
from rgm_core import RGMClassifier
from rgm_core.datasets import load_mnist
from rgm_core.widgets.explorers import explore_drawing
images, labels = load_mnist("train", n=500)
classifier = RGMClassifier(n_exemplars=5, rule="published").fit(images, labels)
explore_drawing(classifier.model_, classifier.codec_, images[0])
"""
PLAYING = """
import numpy as np
from rgm_core import Agent
from rgm_core.games import Pong, play_randomly
from rgm_core.widgets.explorers import explore_pong
game = Pong(streams=("reward", "cost", "control"))
play = play_randomly(game, 5000, rng=np.random.default_rng(0))
agent = Agent(goal=(108, 1), cost=(109, 1), control=110, rng=np.random.default_rng(0))
agent.learn(play.outcomes, play.actions, game.n_outcomes)
explore_pong(agent, game, n_frames=2000)
"""
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are on the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells
    .flatMap(cell => cell.outputs || []).filter(output => output.output_type === 'error')"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab that serves a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for name, code in (("slider", SLIDER), ("drawing", DRAWING), ("playing", PLAYING)):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(code)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, folder / f"notebooks/{name}.ipynb")
    for name, values in SETTINGS.items():
        file = folder / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        f"--port={port}", "--ip=127.0.0.1",
        "--IdentityProvider.token=", "--expose-app-in-browser",
        f"--ServerApp.root_dir={folder / 'notebooks'}",
    ]  # fmt: skip
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/status", folder / "log")
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def wait_for(address, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def open_notebook(lab, browser):
    """Open a notebook and run all of its cells."""
    pages = []

    def run(name):
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(240_000)
        pages.append(page)
        page.goto(f"{lab}/lab/workspaces/{name}/tree/{name}.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel")
        assert page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        return page

    yield run
    for page in pages:
        page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


@pytest.mark.parametrize("name", CHOSEN)
def test_notebook_runs_from_top_to_bottom(name, open_notebook):
    page = open_notebook(name)
    assert page.evaluate(ERRORS) == []


def test_a_slider_moves_its_picture(open_notebook):
    page = open_notebook("slider")
    assert page.evaluate(ERRORS) == []
    handle = page.locator(".widget-hslider .noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    with picture_changes(page, "slider"):
        handle.press("ArrowRight")


def test_a_digit_is_drawn(open_notebook):
    page = open_notebook("drawing")
    assert page.evaluate(ERRORS) == []
    paper = page.locator(".jupyter-widgets canvas")
    paper.scroll_into_view_if_needed()
    with picture_changes(page, "cleared"):
        page.get_by_role("button", name="clear").click()
    box = paper.bounding_box()
    with picture_changes(page, "drawn"):  # a 7
        page.mouse.move(box["x"] + 90, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 190, box["y"] + 60, steps=5)
        page.mouse.move(box["x"] + 130, box["y"] + 230, steps=5)
        page.mouse.up()


def test_pong_is_played_on_one_screen(open_notebook):
    """Controls and court fit on a laptop; the court moves; the arrow moves the bat."""
    page = open_notebook("playing")
    assert page.evaluate(ERRORS) == []
    court = page.locator(".jupyter-widgets canvas, .jp-OutputArea canvas").first
    court.wait_for()
    page.wait_for_function("document.querySelector('canvas[data-drawn]')?.dataset.drawn > 0")
    play = page.get_by_role("button", name="play", exact=False).first
    top, box = play.bounding_box()["y"], court.bounding_box()
    assert box["y"] + box["height"] - top <= 700
    picture = "() => document.querySelector('canvas[data-drawn]').toDataURL()"
    court.click()
    for key in ("ArrowLeft", "ArrowRight"):
        before = page.evaluate(picture)
        court.press(key)
        page.wait_for_function(f"before => ({picture})() !== before", arg=before)
    drawn = "() => Number(document.querySelector('canvas[data-drawn]').dataset.drawn)"
    before = page.evaluate(drawn)
    court.press(" ")
    page.wait_for_timeout(10_000)
    court.press(" ")
    shown = page.evaluate(drawn) - before
    if folder := os.environ.get("RGM_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "playing.png")
    idle = os.getloadavg()[0] < os.cpu_count()
    assert shown >= (100 if idle else 10), f"{shown} pictures in 10 s"


@contextmanager
def picture_changes(page, name):
    """What is done here must change the first picture; RGM_SCREENSHOTS names a folder for a look at it."""
    before = page.locator(".jupyter-widgets img").first.get_attribute("src")
    yield
    page.wait_for_function(
        "before => document.querySelector('.jupyter-widgets img').src !== before", arg=before
    )
    if folder := os.environ.get("RGM_SCREENSHOTS"):
        page.wait_for_timeout(500)
        page.screenshot(path=Path(folder) / f"{name}.png")
