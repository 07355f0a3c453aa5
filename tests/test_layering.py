"""The house: imports run one way, and no room, module or function grows beyond what one can overlook."""

import ast
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.glob("rgm_core/**/*.py"))
}
MOST_LINES = 300  # of a module
TOO_LONG = {  # and by how much: to shrink, not to grow
    "rgm_core.classifier": 330,
}
MOST_BODY = 60  # lines of a function, docstring left out; most have less than ten
MOST_ENTRIES = 18  # at the top of rgm_core/: rooms and single modules


def rooms():
    """Names of the rooms, the lowest first, as pyproject.toml lists them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return contract["layers"][::-1]


def room_of(module):
    return module.split(".")[1]


@cache
def tree(module):
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports(module, nodes):
    """Modules of the library that some syntax imports."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "rgm_core"}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative path"
            if node.module.split(".")[0] == "rgm_core":
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {name if name in MODULES else node.module for name in names}
    return found - {module}


def functions(module):
    """Functions and methods, and what stands in them without their docstrings."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node.body[ast.get_docstring(node) is not None :]


GRAPH = {module: imports(module, ast.walk(tree(module))) for module in MODULES}


def test_the_graph_is_that_of_the_library():
    """Not an empty one, which would hold every rule."""
    assert len(MODULES) > 70
    assert "rgm_core.model.rgm" in GRAPH["rgm_core.inference.infer"]
    assert sum(map(len, GRAPH.values())) > 150


def test_every_module_has_a_room():
    found = {room_of(module) for module in MODULES if module != "rgm_core"}
    assert found == set(rooms()), "list new rooms at their height in pyproject.toml, tool.importlinter"


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_imports_run_down(module):
    """The package's own names, such as the version, lie below all rooms."""
    height = {room: n for n, room in enumerate(rooms())}
    used = {room_of(name) for name in GRAPH[module] if name != "rgm_core"}
    if module == "rgm_core":
        assert used == set()  # names are imported when they are first used
    else:
        assert [room for room in used if height[room] > height[room_of(module)]] == []


def test_no_module_imports_itself_by_a_detour():
    inside = {m: {i for i in used if i != "rgm_core"} for m, used in GRAPH.items()}
    list(TopologicalSorter(inside).static_order())  # raises CycleError


def test_no_import_is_hidden_in_a_function():
    hidden = {
        f"{module}.{function.name}"
        for module in MODULES
        for function, body in functions(module)
        if imports(module, [node for statement in body for node in ast.walk(statement)])
    }
    assert hidden == set()


def test_modules_are_short():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: n for name, n in lengths.items() if n > TOO_LONG.get(name, MOST_LINES)} == {}


def test_functions_are_short():
    lengths = {
        f"{module}.{function.name}": body[-1].end_lineno - body[0].lineno + 1
        for module in MODULES
        for function, body in functions(module)
        if body
    }
    assert {name: n for name, n in lengths.items() if n > MOST_BODY} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= 10  # half of them


def test_the_top_is_easy_to_overlook():
    entries = {room_of(module) for module in MODULES if module != "rgm_core"}
    assert len(entries) <= MOST_ENTRIES, "a module that belongs to a room goes into it"
