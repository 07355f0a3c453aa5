"""The site: complete, offline, without broken links, readable by everyone."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PAGES = ["index", "gallery", "claims", "docs/teaching", "docs/live_digits", "docs/live_pong"]
PAGES += ["api/index", "api/rgm_core.inference.infer"]
FIRST = 3  # notebooks whose pages are opened in every run; the others with the slow tests
PAGES += [f"notebooks/{name}" for name in NOTEBOOKS[:FIRST]]
PAGES += [pytest.param(f"notebooks/{name}", marks=pytest.mark.slow) for name in NOTEBOOKS[FIRST:]]


class Page(HTMLParser):
    """What a page links to, loads and names."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids, self.without_alt = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.update(found[key] for key in ("id", "name") if found.get(key))
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag in ("img", "script", "audio", "video", "source", "iframe") and found.get("src"):
            self.loads.append(found["src"])
        if tag == "link" and found.get("href") and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(found["href"])
        if tag == "img" and not found.get("alt"):
            self.without_alt.append(found.get("src"))


@pytest.fixture(scope="session")
def pages(site):
    found = (path for path in site.rglob("*.html") if "_static" not in path.parts)  # there: templates
    return {path: Page(path.read_text(encoding="utf-8")) for path in found}


def outside(link):
    return link.split(":")[0] in ("http", "https", "mailto", "data") or link.startswith("//")


def test_every_notebook_has_a_page(site):
    assert [name for name in NOTEBOOKS if not (site / f"notebooks/{name}.html").exists()] == []


def test_nothing_is_loaded_from_elsewhere(pages):
    loads = {
        load for page in pages.values() for load in page.loads if outside(load) and load[:5] != "data:"
    }
    assert loads == set()


def test_links_lead_somewhere(site, pages):
    broken = []
    for path, page in pages.items():
        for link in (*page.links, *page.loads):
            if outside(link):
                continue
            file, anchor = urldefrag(unquote(link.split("?")[0]) if "#" not in link else unquote(link))
            target = (path.parent / file.split("?")[0]).resolve() if file else path
            if not target.exists() or (anchor and target in pages and anchor not in pages[target].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_pictures_have_descriptions(site, pages):
    assert {
        str(p.relative_to(site)): page.without_alt for p, page in pages.items() if page.without_alt
    } == {}


@pytest.mark.parametrize("name", PAGES)
def test_pages_open_without_errors_and_for_everyone(name, address, browser):
    """No console error, no failed request, mathematics set, media playable, nothing serious for axe."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda answer: errors.append(answer.url) if answer.status >= 400 else None)
    page.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
    page.goto(f"{address}/{name}.html", wait_until="load")
    if page.locator(".math").count():
        page.wait_for_selector("mjx-container svg", state="attached", timeout=20_000)
    page.wait_for_function(
        "[...document.querySelectorAll('audio, video')].every(m => m.readyState > 0 && m.duration > 0)",
        timeout=20_000,
    )
    found = list(errors)  # before axe, which fetches style sheets on its own
    results = Axe().run(page).response["violations"]
    serious = {
        rule["id"]: [node["html"][:150] for node in rule["nodes"]][:3]
        for rule in results
        if rule["impact"] in ("serious", "critical")
    }
    page.close()
    assert (found, serious) == ([], {})


def test_the_first_page_is_light_and_moves(address, browser):
    """Less than 1.5 MB before pictures, films and sounds; a film, and a thumbnail of every notebook."""
    page, sizes = browser.new_page(viewport={"width": 1280, "height": 800}), []
    media = (".mp4", ".wav", ".flac", ".gif", ".webp", ".png")
    count = lambda answer: sizes.append(0 if answer.url.endswith(media) else len(answer.body()))  # noqa: E731
    page.on("response", count)
    page.goto(f"{address}/index.html", wait_until="load")
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < 1.5e6
    assert page.locator(".stage video").count() >= 1
    assert page.locator(".thumbnails img").count() == len(NOTEBOOKS)
    page.close()
