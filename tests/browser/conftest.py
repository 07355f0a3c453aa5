"""The site, built once; and a browser, if there is one."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rgm_core.model.files import write_text

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Folder of the built site; the build itself must pass without a warning."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent  # of all workers: the first to come builds it, the others wait
    out, said = shared / "site", shared / "site.json"
    try:
        out.mkdir()
    except FileExistsError:
        wait_until(said.exists, seconds=600)
    else:
        command = [sys.executable, ROOT / "docs/build.py", "--out", out]
        build = subprocess.run(command, capture_output=True, text=True, check=False)
        write_text(said, json.dumps([build.returncode, build.stderr]))
    returncode, errors = json.loads(said.read_text())
    assert returncode == 0, errors[-3000:]
    return out / "html"


def wait_until(ready, seconds):
    """Until something is so; it fails if that takes too long."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(0.3)


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served."""
    handler = functools.partial(QuietHandler, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves without a log."""

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
