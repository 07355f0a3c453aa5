"""Every way in that docs/launch.md names, walked in a fresh environment outside the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONDA_NAMES = {"dask-core": "dask", "matplotlib-base": "matplotlib", "pysoundfile": "soundfile"}
ON_COLAB = (
    "ipykernel",
    "ipython",
    "ipywidgets",
    "jinja2",
    "matplotlib",
    "nbformat",
    "pillow",
    "pip",
    "rich",
)
DATA = """
import rgm_core
from rgm_core.datasets import load_bird_calls, load_jazz, load_mnist, load_pigeon
assert "site-packages" in rgm_core.__file__, rgm_core.__file__
assert rgm_core.__version__ == "{version}"
assert load_pigeon().shape == (128, 128, 128, 3)
assert load_jazz().sound.shape == (651345,) or load_jazz().n_bars == 16
assert len(load_bird_calls("field").onsets) == 9
assert load_mnist("train", n=11_000)[0].shape == (11_000, 28, 28)
"""
CORE = """
from rgm_core import RGMClassifier
from rgm_core.datasets import load_mnist, load_jazz
images, labels = load_mnist("train", n=600)
classifier = RGMClassifier(n_exemplars=5, rule="published").fit(images[:500], labels[:500])
assert classifier.score(images[500:], labels[500:]) > 0.6
try:
    load_jazz()
except ModuleNotFoundError as error:
    assert 'pip install "rgm-core[media]"' in str(error)
else:
    raise AssertionError("soundfile should not be here")
"""
GOOGLE = """
import pathlib
def enable_custom_widget_manager():
    pathlib.Path({flag!r}).touch()
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv, which makes the environments"),
]


def run(*command, cwd, path=None):
    """Run a command without what this test's own environment would lend it; return what it prints."""
    keep = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = keep | {"UV_PYTHON_DOWNLOADS": "never", "OMP_NUM_THREADS": "1"}
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def interpreter(version):
    """A Python of this version on this machine, or skip."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    found += [path] if (path := shutil.which(f"python{version}")) else []
    for candidate in found:
        if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    pytest.skip(f"no Python {version} on this machine")


@pytest.fixture
def environment(tmp_path):
    """Make an empty environment; returns its folder of commands."""

    def make(version, *packages, cwd=tmp_path):
        run("uv", "venv", "-q", "--python", interpreter(version), tmp_path / "env", cwd=tmp_path)
        python = tmp_path / "env/bin/python"
        run("uv", "pip", "install", "-q", "--python", python, *packages, cwd=cwd)
        return python.parent

    return make


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run("uv", "build", "-q", "--wheel", "--out-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture
def clone(tmp_path):
    """What a code host would hand out: the last commit."""
    run("git", "clone", "-q", "--depth", "1", ROOT.as_uri(), tmp_path / "clone", cwd=tmp_path)
    return tmp_path / "clone"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_wheel_brings_its_data(version, wheel, environment, tmp_path):
    commands = environment(version, f"{wheel}[media]")
    run(
        commands / "python",
        "-W",
        "error",
        "-c",
        DATA.format(version=wheel.name.split("-")[1]),
        cwd=tmp_path,
    )


def test_the_core_alone_learns_digits(wheel, environment, tmp_path):
    commands = environment("3.12", wheel)
    installed = run("uv", "pip", "list", "--python", commands / "python", cwd=tmp_path)
    assert not {"matplotlib", "jupyterlab", "gymnasium", "soundfile"} & set(installed.split())
    run(commands / "python", "-c", CORE, cwd=tmp_path)


def test_pip_installs_a_clone(clone, environment, tmp_path):
    commands = environment("3.11", ".[media]", cwd=clone)
    version = re.search(r'__version__ = "(.*)"', (ROOT / "rgm_core/__init__.py").read_text())[1]
    run(commands / "python", "-c", DATA.format(version=version), cwd=tmp_path)


def test_the_colab_cell_prepares_a_notebook(environment, tmp_path):
    """The cell of docs/launch.md as it stands, on what Colab has; then a notebook that needs data."""
    page = (ROOT / "docs/launch.md").read_text()
    (cell,) = re.findall(r"```text\n(!git clone.*?)```", page, re.DOTALL)
    cell = re.sub(r"https://github.com/\S+", ROOT.as_uri(), cell)
    commands = environment("3.12", *ON_COLAB)
    google = tmp_path / "google/colab"
    google.mkdir(parents=True)
    (google / "output.py").write_text(GOOGLE.format(flag=str(tmp_path / "enabled")))
    script = tmp_path / "colab.ipy"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{cell}\n%run 02_renormalisation.ipynb\n"
    )
    run(commands / "ipython", script, cwd=tmp_path, path=commands)
    assert (tmp_path / "enabled").exists()


def test_binder_installs_and_warms_up(clone, environment, tmp_path):
    """Its three files, as repo2docker uses them: packages, a Python, and a step that compiles."""
    version = (clone / "binder/runtime.txt").read_text().strip().removeprefix("python-")
    commands = environment(version, "-r", "binder/requirements.txt", cwd=clone)
    run("bash", "binder/postBuild", cwd=clone, path=commands)
    assert list((commands.parent / "lib").rglob("rgm_core/**/*.nbi")), "nothing was compiled"
    execute = ("jupyter-nbconvert", "--to", "notebook", "--execute", "notebooks/02_renormalisation.ipynb")
    run(commands / execute[0], *execute[1:], "--output", "done.ipynb", cwd=clone, path=commands)


@pytest.mark.parametrize("platform", ["linux", "macos", "windows"])
def test_the_conda_environment_can_be_resolved(platform, tmp_path):
    """conda itself is not at hand: the same packages and ranges, resolved from wheels for each system."""
    *lines, _ = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    names = [line.split(" ", 1) for line in lines if line.partition(" ")[0] not in ("python", "pip")]
    wanted = "\n".join(f"{CONDA_NAMES.get(name, name)}{bound}" for name, bound in names)
    (tmp_path / "wanted.in").write_text(wanted)
    options = ("--python-platform", platform, "--python-version", "3.12", "--only-binary", ":all:")
    resolved = run("uv", "pip", "compile", "-q", *options, "wanted.in", cwd=tmp_path)
    assert ("pywinpty==" in resolved) == (platform == "windows")  # the pin that stopped the other two
