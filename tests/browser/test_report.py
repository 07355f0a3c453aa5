"""The report in a browser: what matters is on the first screen, films move, nothing is cut."""

import json
from dataclasses import replace
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from rgm_core.notebook.claims import load_claims
from rgm_core.reproduction.manifest import find_notebooks
from rgm_core.reproduction.records import FORMAT, load_record
from rgm_core.reproduction.report import Entry, make_rows, write_report

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
FAILURE = "Traceback\n----> 3 model.infer(frames)\nValueError: frames must be finite, got NaN"


def record_of(name, folder, claims):
    """What a quick run of a notebook leaves: a figure and a film, and half of its claims."""
    picture = np.random.default_rng(0).integers(0, 255, (300, 900, 3)).astype(np.uint8)
    (folder / "figures").mkdir(exist_ok=True)
    imageio.imwrite(folder / f"figures/{name}.png", picture)
    film = f"media/{name}.mp4"
    (folder / "media").mkdir(exist_ok=True)
    imageio.imwrite(folder / film, np.resize(picture[:64, :64], (24, 64, 64, 3)), fps=12, plugin="FFMPEG")
    record = {
        "format": FORMAT, "notebook": name, "key": "0", "quick": True, "commit": None,
        "uncommitted_changes": False, "parameters": {}, "seed": 0, "seconds": 3.0,
        "versions": {}, "data": {},
        "judged": False, "claims": dict.fromkeys(list(claims.of(name))[::2], 1.0), "nulls": {},
        "figures": {name: {"alt": "a figure", "sha256": "0"}},
        "files": dict.fromkeys((f"figures/{name}.png", film), "0"),
    }  # fmt: skip
    (folder / "records").mkdir(exist_ok=True)
    (folder / f"records/{name}.json").write_text(json.dumps(record))
    return load_record(folder, name)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on two notebooks at quick sizes, one that failed, and others that were not run."""
    folder, claims = tmp_path_factory.mktemp("report"), load_claims(ROOT / "claims.toml")
    entries = [
        Entry(notebook=notebook, state="not run", record=None)
        for notebook in find_notebooks(ROOT / "notebooks")
    ]
    for n in (3, 6):
        record = record_of(entries[n].notebook.name, folder, claims)
        entries[n] = replace(entries[n], state="up to date", record=record)
    entries[9] = replace(entries[9], state="failed", error=FAILURE)
    write_report(folder, make_rows(claims, entries), entries)
    return folder / "report.html"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_shows_what_matters(browser, report, size, scheme):
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(report.as_uri())
    page.wait_for_function("[...document.querySelectorAll('video')].every(v => v.readyState > 0)")
    box = page.locator("img, video").first.bounding_box()
    failure = page.locator(".failed").first.bounding_box()
    films = page.evaluate("[...document.querySelectorAll('.lead video')].map(v => [v.clientWidth, v.loop])")
    text = page.evaluate("document.body.innerText")  # what is visible: folded parts left out
    assert box["y"] < 800
    assert failure["y"] + failure["height"] < height
    assert "model.infer(frames)" in text
    assert len(films) == 2
    assert all(w >= 320 and loops for w, loops in films)
    assert text.count("not attempted") <= 5
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()
