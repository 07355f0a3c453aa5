"""Compiled loops are never stale, and need no place on disk. Tried on a package of two small loops."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgm_core.inference import compiled

pytest.importorskip("numba")

INNER = """
from toy.inference.compiled import compiled
@compiled
def inner(x):
    return x + 1
"""
OUTER = """
from toy.inference.compiled import compiled
from toy.inference.inner import inner
@compiled
def outer(x):
    return 10 * inner(x)
"""


@pytest.fixture
def toy(tmp_path):
    folder = tmp_path / "toy/inference"
    folder.mkdir(parents=True)
    (folder / "compiled.py").write_text(Path(compiled.__file__).read_text())
    (folder / "inner.py").write_text(INNER)
    (folder / "outer.py").write_text(OUTER)
    return folder


def run(toy, **environment):
    """What the outer loop makes of 1, and how many loops came from the disk."""
    code = "from toy.inference.outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"
    command = [sys.executable, "-c", code]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    done = subprocess.run(
        command, cwd=toy.parents[1], env=inherited | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_an_edit_in_another_file_is_seen(toy):
    assert run(toy) == ["20", "0"]
    assert run(toy) == ["20", "1"]  # kept, so that it would be stale
    (toy / "inner.py").write_text(INNER.replace("x + 1", "x + 2"))
    assert run(toy) == ["30", "0"]


def test_a_user_who_can_write_nowhere(toy):
    """A container with a random user could not even import the package."""
    (toy / "__pycache__").write_text("no folder can be made here")
    assert run(toy, HOME="/dev/null", XDG_CACHE_HOME="/dev/null") == ["20", "0"]


def test_all_loops_are_digested():
    package = Path(compiled.__file__).parents[1]
    found = {path.name for path in package.rglob("*.py") if "@compiled" in path.read_text("utf-8")}
    assert {"nested.py", "active.py"} <= found
    assert not [path for path in package.rglob("*.py") if "njit" in path.read_text() and path.name not in
                ("compiled.py",)]  # fmt: skip
