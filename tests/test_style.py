"""One hand: the code is laid out by ruff and has nothing that its rules object to."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("rule", [["check"], ["format", "--check"]], ids=["rules", "layout"])
def test_ruff_is_content(rule):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *rule, "--no-cache", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
