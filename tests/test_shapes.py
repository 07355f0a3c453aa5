"""Shapes and types are those that docstrings state: jaxtyping and beartype hold calls against them.

A docstring says ``outcomes : (T, G) int``; here that becomes the annotation ``Integer[np.ndarray, "T G"]``,
and a call that works (tests/calls.py) is made again under `jaxtyped`: what goes in and what comes out must
have these axes, a letter the same length wherever it stands; fields of results, those of their class.
"""

import functools
import inspect
import re
import types
from typing import Any

import numpy as np
import pytest
from beartype import beartype
from calls import CALLS
from jaxtyping import Bool, Float, Integer, Real, Shaped, TypeCheckError, jaxtyped

STATED = re.compile(r"^ *(?:(\w+) : )?\(([^()]+)\)(?: (int|float|bool)\w*)?(?=$|[,.:;])", re.MULTILINE)
GOES_IN = {"int": Integer, "float": Real, "bool": Bool, None: Shaped}
COMES_OUT = GOES_IN | {"float": Float}


def shape(text: str) -> str | None:
    """A shape as jaxtyping writes it; None where an axis is an expression, such as T - 1."""
    axes = [axis.strip() for axis in text.strip(",").split(",")]
    return " ".join(axes) if all(re.fullmatch(r"\w+|\.\.\.", axis) for axis in axes) else None


def stated(text: str, kinds: dict) -> dict[str, object]:
    """Annotations by name ("" where there is none) that a part of a docstring states."""
    found = {}
    for name, axes, kind in STATED.findall(text):
        if (dims := shape(axes)) is not None:
            found[name] = kinds[kind or None][np.ndarray, dims]
    return found


def parts(documented) -> dict[str, str]:
    """The parts of a docstring by their headings."""
    pieces = re.split(r"^(\w+)\n-+\n", inspect.getdoc(documented) or "", flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def checked(function, arguments):
    """A copy of a function, annotated as its docstring states for those arguments that are arrays."""
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    about = parts(function)
    goes_in = stated(about.get("Parameters", ""), GOES_IN)
    arrays = {name for name, value in arguments.items() if isinstance(value, np.ndarray)}
    copy.__annotations__ = {name: kind for name, kind in goes_in.items() if name in arrays}
    results = re.findall(r"^\S.*", about.get("Returns", ""), re.MULTILINE)
    comes_out = [next(iter(stated(line, COMES_OUT).values()), Any) for line in results]
    if len(results) == 1:
        copy.__annotations__["return"] = comes_out[0]
    elif results and all(re.match(r"\w+ : ", line) for line in results):
        copy.__annotations__["return"] = tuple[tuple(comes_out)]
    return jaxtyped(typechecker=beartype)(copy), len(copy.__annotations__)


def check_fields(result) -> int:
    """Hold the fields of a result against the docstring of its class; return how many there were."""
    fields = stated("\n".join(parts(type(result)).values()), COMES_OUT)
    n_checked = 0
    with jaxtyped("context"):
        for name, kind in fields.items():
            value = getattr(result, name, None)
            if isinstance(value, np.ndarray):
                assert isinstance(value, kind), (
                    f"{type(result).__name__}.{name}: {kind}, found {value.shape}"
                )
                n_checked += 1
    return n_checked


def run(case) -> int:
    """Make the call of a case under the eyes of the type checkers; return how many shapes were held."""
    called, arguments = CALLS[case]
    function, bound = called, ()
    if isinstance(called, types.MethodType):
        function, bound = called.__func__, (called.__self__,)
    if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
        return check_fields(called(**arguments))
    copy, n_checked = checked(function, arguments)
    return n_checked + check_fields(copy(*bound, **arguments))


@functools.cache
def held(case) -> int:
    return run(case)


@pytest.mark.parametrize("case", CALLS)
def test_shapes_are_those_that_docstrings_state(case):
    held(case)


def shortened(x):
    """Leave out the last.

    Parameters
    ----------
    x : (n,) float

    Returns
    -------
    (n,) float
        Really n - 1.
    """
    return x[:-1]


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros((3, 2)), np.zeros(3, bool)])
def test_a_wrong_shape_is_found(x):
    call, n_checked = checked(shortened, {"x": x})
    assert n_checked == 2
    with pytest.raises(TypeCheckError):
        call(x)


def test_many_shapes_are_stated():
    """Else nothing would be held."""
    assert sum(map(held, CALLS)) > 120
