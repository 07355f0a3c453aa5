"""Where numba does not exist the same loops run as plain Python, with the same numbers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from rgm_core import RGMClassifier
from rgm_core.datasets import load_mnist
from rgm_core.inference import compiled

SCRIPT = """
import sys; sys.modules["numba"] = None
import numpy as np; from test_compiled import results; np.savez(sys.argv[1], **results())
"""


def results():
    """What a small classifier of digits learned and says, selection and forgetting included."""
    images, labels = load_mnist("train", 60)
    classifier = RGMClassifier(n_exemplars=2, rule="published").fit(images[:50], labels[:50])
    found = {f"a{n}": level.a for n, level in enumerate(classifier.model_.levels)}
    for name in ("mutual_information", "elbo", "acceptance"):
        found[name] = getattr(classifier.history_, name)
    return found | {"proba": classifier.predict_proba(images), "numba": compiled.njit is not None}


def test_without_numba_the_numbers_are_the_same(tmp_path):
    file = tmp_path / "plain.npz"
    command = [sys.executable, "-W", "error", "-c", SCRIPT, file]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    fast, plain = results(), np.load(file)
    assert fast.pop("numba")
    assert not plain["numba"]
    for name, values in fast.items():
        np.testing.assert_allclose(plain[name], values, rtol=1e-12, err_msg=name)


def test_a_numba_that_does_not_fit_is_told_and_done_without(tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs another NumPy')")
    code = "from rgm_core.inference import compiled; print(compiled.njit)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "None", done.stderr
    assert "numba cannot be used" in done.stderr
    assert "Numba needs another NumPy" in done.stderr
