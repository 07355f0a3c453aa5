"""Settings of all tests: property tests try the same examples everywhere, and are not timed.

What takes minutes is marked ``slow``, and runs with ``uv run pytest --slow``; property tests then try
many examples that are new each time.

Tests, and the notebooks and programs that they start, compute with one thread each, as `reproduce.py` does:
two run side by side, and a second thread of linear algebra would spend a core on waiting for the first.
"""

import os

import pytest
from hypothesis import settings

os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")})

settings.register_profile("everywhere", deadline=None, derandomize=True)
settings.register_profile("slow", deadline=None, max_examples=1000)


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run also what takes minutes")


def pytest_configure(config):
    settings.load_profile("slow" if config.getoption("--slow") else "everywhere")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        skip = pytest.mark.skip(reason="slow: run with --slow")
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(skip)
