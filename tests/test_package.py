"""The package as a whole: its names, what importing it costs, and the examples in its docstrings."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import rgm_core

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("matplotlib", "numba", "numpy", "pooch", "pywt", "scipy", "sklearn")
MODULES = sorted(module.name for module in pkgutil.walk_packages(rgm_core.__path__, prefix="rgm_core."))


def run(code):
    """Run code in a fresh interpreter; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", rgm_core.__all__)
def test_public_names_are_what_they_say(name):
    found = getattr(rgm_core, name)
    assert found.__name__ == name
    assert found.__module__.startswith("rgm_core.")
    assert found.__doc__


def test_public_names_are_listed():
    assert set(rgm_core.__all__) <= set(dir(rgm_core))
    assert {"RGM", "RGMClassifier", "generate", "infer", "learn", "learn_structure"} <= set(dir(rgm_core))


def test_star_import_gives_the_public_names():
    assert run("from rgm_core import *; print(sorted(n for n in dir() if n[0] != '_'))") == str(
        sorted(rgm_core.__all__)
    )


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="module 'rgm_core' has no attribute 'infre'"):
        rgm_core.infre  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'infre'"):
        from rgm_core import infre  # noqa: F401


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, rgm_core; print([name for name in {HEAVY} if name in sys.modules])"
    assert run(code) == "[]"


def test_the_core_does_not_load_plotting():
    """Inference and learning work where there is no display, and without matplotlib's start-up."""
    code = "import sys; from rgm_core import *; print('matplotlib' in sys.modules)"
    assert run(code) == "False"


def test_importing_and_learning_leave_global_randomness_alone():
    code = (
        "import numpy as np; state = np.random.get_state()[1].copy();"
        "from rgm_core import learn_structure, learn, generate;"
        "model = learn_structure(np.array([[0, 1], [1, 1]]), 2).add_counts(0.5);"
        "learn(model, np.array([[0, 1]]), rule='counts');"
        "generate(model, np.array([0]), rng=np.random.default_rng(0));"
        "print((np.random.get_state()[1] == state).all())"
    )
    assert run(code) == "True"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_right(name):
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failures == 0


def test_there_are_examples_in_docstrings():
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    found = {test.name for test in tests if test.examples}
    assert "rgm_core.classifier.RGMClassifier" in found
    assert "rgm_core.inference.infer.infer" in found
