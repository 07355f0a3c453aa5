"""The environment: extras that hold what they say, one complete list of exact versions, nothing tied to
one machine."""

import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rgm_core.model.extras import EXTRA_OF

ROOT = Path(__file__).resolve().parents[1]
REMEDY = (
    "`uv pip freeze` shows the versions in use; put them in [tool.uv] constraint-dependencies of "
    "pyproject.toml"
)
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|npmjs|anaconda|jsdelivr|unpkg)\.(?:org|com|net)|index-url|/simple/?\b"
)
OWN = "rgm-core"
CONDA_NAMES = {"dask-core": "dask", "matplotlib-base": "matplotlib", "pysoundfile": "soundfile"}
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


def requirements(project, *extras):
    """What pyproject.toml lists: the core, and the given extras with those that they name."""
    lines = list(project["project"]["dependencies"])
    for extra in extras:
        lines += project["project"]["optional-dependencies"][extra]
    found = [Requirement(line) for line in lines]
    for own in [r for r in found if r.name == OWN]:
        found += requirements(project, *own.extras)[len(project["project"]["dependencies"]) :]
    return [requirement for requirement in found if requirement.name != OWN]


def direct(project):
    """The dependencies that pyproject.toml itself lists and `uv run` installs: core, extras, groups."""
    installed = {name: group for name, group in project["dependency-groups"].items() if name != "peers"}
    groups = [line for group in installed.values() for line in group]
    lines = [Requirement(line) for line in groups if isinstance(line, str)]
    return requirements(project, "all") + [r for r in lines if r.name != OWN]


def needed(wanted):
    """The given packages and all that they need on this system, by way of their metadata."""
    found, waiting = set(), {(canonicalize_name(r.name), e) for r in wanted for e in ("", *r.extras)}
    while waiting:
        name, extra = waiting.pop()
        found.add((name, extra))
        for line in requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                own = canonicalize_name(requirement.name)
                waiting |= {(own, more) for more in ("", *requirement.extras)} - found
    return {name for name, _ in found}


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


def test_the_core_is_small(project):
    """Learning digits needs no front end, no films and no games."""
    assert len(project["project"]["dependencies"]) <= 8


def test_conda_environment_is_what_the_extras_need(project, conda):
    """The same packages with the same lower bounds, from conda-forge: no pins, no test or site packages."""
    *lines, pip = conda["dependencies"]
    assert (conda["channels"], pip) == (["conda-forge"], {"pip": ["--editable ."]})
    found = {}
    for line in lines:
        name, _, bound = line.partition(" ")
        found[CONDA_NAMES.get(name, name)] = bound
    expected = {"pip": "", "python": project["project"]["requires-python"]}
    for requirement in requirements(project, "all"):
        for name in (requirement.name, *requirement.extras):  # dask[distributed]: two packages of conda's
            expected[name] = str(requirement.specifier)
    assert found == expected


def test_a_missing_package_is_looked_for_in_the_extra_that_has_it(project):
    """Each name of `rgm_core.model.extras.EXTRA_OF` is a package of that very extra, and of no other."""
    homes = packages_distributions()
    for module, extra in EXTRA_OF.items():
        names = homes.get(module, [module.replace("_", "-")])
        distributions = {canonicalize_name(name) for name in names}
        lines = project["project"]["optional-dependencies"][extra]
        assert distributions & {canonicalize_name(Requirement(line).name) for line in lines}, module


def test_no_extra_but_its_own_brings_what_is_under_the_gpl(project):
    assert not {"ale-py"} & {requirement.name for requirement in requirements(project, "all")}


def test_every_package_in_use_is_pinned(project, pinned):
    """A dependency of a dependency can change results just as well."""
    assert needed(direct(project)) - pinned.keys() == set(), REMEDY


def test_pinned_versions_satisfy_the_declared_bounds(project, pinned):
    for bound in direct(project):
        line = str(bound)
        (exact,) = pinned[canonicalize_name(bound.name)].specifier
        assert bound.specifier.contains(exact.version), f"{line}, but pinned is {exact}"


def test_installed_versions_are_the_pinned_ones(project, pinned):
    """What runs these tests is what the results were made with."""
    wrong = {
        name: (version(name), str(pinned[name].specifier))
        for name in sorted(needed(direct(project)) & pinned.keys())
        if not pinned[name].specifier.contains(version(name))
    }
    assert wrong == {}, f"installed, pinned: {wrong}; install with uv, or: {REMEDY}"


def test_no_file_names_a_package_registry():
    """Addresses of registries belong to whoever installs: a mirror or a proxy must work as well."""
    assert found_in_files(REGISTRY) == []


def test_no_file_holds_a_path_of_a_machine():
    assert found_in_files(MACHINE) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRY, 'source = { registry = "https:' + '//pypi.org/simple" }'),
        (REGISTRY, "https://files." + "pythonhosted.org/packages/x.whl"),
        (MACHINE, "File /home/someone/project/notebook.py:3"),
        (MACHINE, '"cwd": "/tmp/build-1"'),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern, text):
    assert pattern.search(text)
