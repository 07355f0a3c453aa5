"""Without an extra the core works, and what needs the extra says which one, and how to install it."""

import importlib.util
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import yaml

import rgm_core
from rgm_core.model.extras import EXTRA_OF, optional, require

ROOT = Path(__file__).resolve().parents[1]
HIDE = f"import sys; sys.modules.update(dict.fromkeys({sorted(EXTRA_OF)}));"


def run(code):
    """Run code in a fresh interpreter in which no package of any extra can be imported."""
    done = subprocess.run([sys.executable, "-c", HIDE + code], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip(), done.stderr.strip()


def test_the_core_needs_no_extra():
    code = (
        "from rgm_core import *; from rgm_core.datasets import load_mnist, load_pigeon;"
        "from rgm_core.codecs import ImageCodec, VideoCodec; import rgm_core.planning;"
        "print(VideoCodec().fit_transform(load_pigeon()[:32, :32, :32]).shape[0] > 0,"
        "ImageCodec().fit_transform(load_mnist('train', 50)[0]).shape[0])"
    )
    assert run(code) == ("True 50", "")


NEEDS = {
    "import rgm_core.games": ("gymnasium", "games"),
    "import rgm_core.plotting": ("matplotlib", "notebooks"),
    "import rgm_core.widgets": ("anywidget", "notebooks"),
    "import rgm_core.notebook": ("msgspec", "notebooks"),
    "import reproduce": ("msgspec", "notebooks"),
    "from rgm_core.datasets import load_jazz; load_jazz()": ("soundfile", "media"),
    "from rgm_core.codecs import SoundCodec; SoundCodec(sample_rate=8000).fit([1.0] * 8000)": (
        "pywt",
        "media",
    ),
}
TRY_ALL = f"""
import importlib.util
import json
said = []
for code in {list(NEEDS)}:
    try:
        exec(code)
    except ImportError as error:
        said.append(str(error))
print(json.dumps(said))
"""


def test_a_missing_extra_is_named_with_the_command_that_installs_it():
    said, _ = run(TRY_ALL)
    for message, (package, extra) in zip(json.loads(said), NEEDS.values(), strict=True):
        assert f"{package} is not installed; it comes with the extra '{extra}'" in message
        assert f'pip install "rgm-core[{extra}]"' in message


def test_a_package_that_is_there_is_itself():
    import soundfile

    assert require("soundfile") is optional("soundfile") is soundfile


def test_the_version_is_one():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert rgm_core.__version__ == version("rgm-core") == str(citation["version"])


def test_a_notebook_is_skipped_where_its_extra_is_missing(monkeypatch):
    """With the reason; all others run."""
    spec = importlib.util.spec_from_file_location("conftest_of_notebooks", ROOT / "notebooks/conftest.py")
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    monkeypatch.setitem(sys.modules, "ale_py", None)
    marks = {"11_atari": [], "10_breakout": []}
    items = [
        SimpleNamespace(path=Path(f"{name}.ipynb"), add_marker=mark.append) for name, mark in marks.items()
    ]
    conftest.pytest_collection_modifyitems(items)
    assert marks["10_breakout"] == []
    assert "11_atari needs the extra atari" in marks["11_atari"][0].kwargs["reason"]
