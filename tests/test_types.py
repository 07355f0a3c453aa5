"""What editors and type checkers are told is what is there."""

import re
from inspect import isfunction
from pathlib import Path

import rgm_core

PACKAGE = Path(rgm_core.__file__).parent


def test_the_package_says_that_it_has_types():
    assert (PACKAGE / "py.typed").is_file()


def test_the_stub_has_the_public_names_and_their_homes():
    stub = (PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    lines = re.findall(r"^from rgm_core\.(\S+) import (\w+) as \2$", stub, re.MULTILINE)
    names = {name: home for home, name in lines}
    assert names == rgm_core._HOME
    assert "__version__: str" in stub


def test_every_argument_of_a_public_function_has_a_type():
    public = {name: getattr(rgm_core, name) for name in rgm_core.__all__}
    functions = {name: found for name, found in public.items() if isfunction(found)}
    assert {"infer", "learn", "learn_structure"} <= set(functions)
    for name, found in functions.items():
        code = found.__code__
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        assert {*arguments, "return"} <= set(found.__annotations__), name
