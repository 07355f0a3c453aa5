"""The environment: one complete list of exact versions, and no file that is tied to one machine."""

import re
import subprocess
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
REMEDY = (
    "`uv pip freeze` shows the versions in use; put them in [tool.uv] constraint-dependencies of "
    "pyproject.toml and in environment.yml"
)
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|npmjs|anaconda|jsdelivr|unpkg)\.(?:org|com|net)|index-url|/simple/?\b"
)
MACHINE = re.compile(r"(?<![\w.:/<>-])/(?:work|tmp|root|home|Users)/[\w.-]+")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def pinned(project):
    """Constraint of each package, by its canonical name."""
    found = [Requirement(line) for line in project["tool"]["uv"]["constraint-dependencies"]]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


@pytest.fixture(scope="module")
def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def direct(project):
    """Names of the dependencies that pyproject.toml itself lists."""
    groups = [line for group in project["dependency-groups"].values() for line in group]
    lines = project["project"]["dependencies"] + [line for line in groups if isinstance(line, str)]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def needed(names):
    """The given packages and all that they need on this system, by way of their metadata."""
    found, waiting = set(), set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        for line in requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.add(canonicalize_name(requirement.name))
        waiting -= found
    return found


def tracked_texts():
    """Path and text of every file of the repository, as git lists them; binary files left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: nothing says which files belong to the repository")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def found_in_files(pattern):
    """Places in the repository that hold a pattern; this file, which spells it, left out."""
    return [
        f"{name}: {match.group()}"
        for name, text in tracked_texts()
        if (ROOT / name) != Path(__file__).resolve()
        for match in pattern.finditer(text)
    ]


def test_constraints_are_exact_and_sorted(project):
    lines = project["tool"]["uv"]["constraint-dependencies"]
    names = [canonicalize_name(Requirement(line).name) for line in lines]
    assert names == sorted(set(names)), "one line for each package, in alphabetical order"
    for line in lines:
        (specifier,) = Requirement(line).specifier
        assert specifier.operator == "==", f"{line}: not one exact version"
        assert "*" not in specifier.version, f"{line}: not one exact version"


def test_conda_environment_holds_the_same_versions(project, conda):
    (pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    constraints = project["tool"]["uv"]["constraint-dependencies"]
    assert [line for line in pip if not line.startswith("-")] == constraints, REMEDY
    assert pip[-1] == "--editable ."


def test_conda_python_is_one_that_the_project_allows(project, conda):
    (python,) = [e for e in conda["dependencies"] if isinstance(e, str) and e.startswith("python=")]
    allowed = Requirement(f"python{project['project']['requires-python']}").specifier
    assert allowed.contains(python.removeprefix("python="))


def test_every_direct_dependency_is_pinned(project, pinned):
    assert direct(project) - pinned.keys() == set(), REMEDY


def test_every_package_in_use_is_pinned(project, pinned):
    """A dependency of a dependency can change results just as well."""
    assert needed(direct(project)) - pinned.keys() == set(), REMEDY


def test_pinned_versions_satisfy_the_declared_bounds(project, pinned):
    for line in project["project"]["dependencies"]:
        bound = Requirement(line)
        (exact,) = pinned[canonicalize_name(bound.name)].specifier
        assert bound.specifier.contains(exact.version), f"{line}, but pinned is {exact}"


def test_installed_versions_are_the_pinned_ones(project, pinned):
    """What runs these tests is what the results were made with."""
    wrong = {
        name: (version(name), str(pinned[name].specifier))
        for name in sorted(needed(direct(project)) & pinned.keys())
        if not pinned[name].specifier.contains(version(name))
    }
    assert wrong == {}, f"installed, pinned: {wrong}; install with uv or environment.yml, or: {REMEDY}"


def test_no_file_names_a_package_registry():
    """Addresses of registries belong to whoever installs: a mirror or a proxy must work as well."""
    assert found_in_files(REGISTRY) == []


def test_no_file_holds_a_path_of_a_machine():
    assert found_in_files(MACHINE) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRY, 'source = { registry = "https:' '//pypi.org/simple" }'),
        (REGISTRY, "https:" "//files.pythonhosted.org/packages/x.whl"),
        (MACHINE, "File /home/someone/project/notebook.py:3"),
        (MACHINE, '"cwd": "/tmp/build-1"'),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern, text):
    assert pattern.search(text)
