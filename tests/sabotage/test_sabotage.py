"""Wrong cores: each makes a claim of a lesson fail, and a unit test too.

A claim that still holds when the mathematics that it is about is wrong protects nothing. Here one piece of
the core at a time is replaced by a wrong one. What the notebook claims is then computed again, at a small
size, and must miss its bar; and a test of that piece must fail. Where the bar of ``claims.toml`` is for
more data than is used here, the bar is the same tolerance around what the right core gives at this size.
"""

import dataclasses
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from rgm_core.notebook.claims import load_claims

pytestmark = pytest.mark.slow
TESTS = Path(__file__).parents[1]


def core(name: str):
    """The object with a dotted name in the library, as it is at this moment."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(f"rgm_core.{module}"), attribute)


# ---------------------------------------------------------------- what the notebooks claim, in small


def balls_returned() -> float:
    """fig03.returned: balls of the rally returned by expected free energy, %; 12 opponents."""
    model = core("games.rally_model")()
    together = core("planning.join_modalities")(model)
    hits = balls = 0
    for seed in range(12):
        game, rng, past = core("games.Rally")(model), np.random.default_rng(seed), None
        outcomes, _ = game.reset(seed=seed, options={"tendency": seed % 3})
        for _ in range(60):
            before = core("planning.predict_belief")(model, *past) if past else model.initial_belief
            belief, _ = core("planning.update_belief")(model, before, outcomes)
            G = core("planning.expected_free_energy")(together, belief).total
            past = belief, int(rng.choice(3, p=core("planning.path_posterior")(G)))
            outcomes, _, _, _, info = game.step(past[1])
            hits, balls = hits + info["hit"], balls + info["hit"] + info["miss"]
    return 100 * hits / balls


def tipping_mass() -> float:
    """fig04.tipping_mass: by bisection, as the root of the log odds."""
    spot = np.zeros((2, 64), int)
    spot[1, 27] = 1
    low, high = -30.0, -10.0  # decimal logarithms: two states below, one above
    while high - low > 0.004:
        middle = (low + high) / 2
        two = core("structure.select_states")(spot, 2, mass=10.0**middle).chosen[1] > 0
        low, high = (middle, high) if two else (low, middle)
    return (low + high) / 2


# ---------------------------------------------------------------- the wrong cores


def change_parts(**signs):
    """Expected free energy with parts scaled."""

    def wrong(right):
        def evaluate(*args):
            found = right(*args)
            return dataclasses.replace(found, **{k: s * getattr(found, k) for k, s in signs.items()})

        return evaluate

    return wrong


def with_arguments(position: int, change: Callable):
    """The function with one of its positional arguments changed."""

    def wrong(right):
        def changed(*args, **kwargs):
            args = [*args]
            args[position] = change(args[position])
            return right(*args, **kwargs)

        return changed

    return wrong


def with_keyword(name: str, change: Callable):
    """The function with one of its keywords changed."""
    return lambda right: lambda *args, **kw: right(*args, **{**kw, name: change(kw.get(name))})


class Sabotage(NamedTuple):
    """A piece of the core, what is put in its place, and what has to notice."""

    piece: str  # dotted name in rgm_core
    wrong: Callable
    claim: Callable
    unit: str  # file::function of a test
    arguments: tuple = ()  # of the test, if it is parametrised


CASES = {
    "information gain has the wrong sign": Sabotage(
        "planning.free_energy.evaluate_beliefs",
        change_parts(information=-1),
        balls_returned,
        "planning/test_planning::test_expected_free_energy_one_step_ahead_as_the_reference",
        ("plain",),
    ),
    "information gain is left out": Sabotage(
        "planning.free_energy.evaluate_beliefs",
        change_parts(information=0),
        balls_returned,
        "planning/test_planning::test_expected_free_energy_one_step_ahead_as_the_reference",
        ("plain",),
    ),
    "value is left out": Sabotage(
        "planning.free_energy.evaluate_beliefs",
        change_parts(value=0),
        balls_returned,
        "planning/test_planning::test_impossible_preferences_are_worth_the_log_floor",
    ),
    "the worst path is chosen": Sabotage(
        "planning.free_energy.path_posterior",
        with_arguments(0, np.negative),
        balls_returned,
        "planning/test_planning::test_path_posterior_is_softmax_and_nearly_certain_at_the_default_precision",
    ),
    "paths are chosen at random": Sabotage(
        "planning.free_energy.path_posterior",
        with_arguments(0, lambda G: 0 * np.asarray(G)),
        balls_returned,
        "planning/test_planning::test_path_posterior_is_softmax_and_nearly_certain_at_the_default_precision",
    ),
    "no free energy in the selection of states": Sabotage(
        "structure.selection._information",
        lambda right: lambda a: 0.0,
        tipping_mass,
        "structure/test_selection::test_information_decides_where_the_evidence_is_even",
    ),
    "models that are less informative are preferred": Sabotage(
        "structure.selection._information",
        lambda right: lambda a: -right(a),
        tipping_mass,
        "structure/test_selection::test_log_odds_by_hand",
    ),
    "the prior mass is twice what is said": Sabotage(
        "structure.selection.select_states",
        with_keyword("mass", lambda mass: 2 * mass),
        tipping_mass,
        "structure/test_selection::test_log_odds_by_hand",
    ),
}


# ---------------------------------------------------------------- what the right core gives at these sizes

BARS = {  # claim, and None where its own bar is for this size
    balls_returned: ("fig03.returned", None),
    tipping_mass: ("fig04.tipping_mass", None),
}
_RIGHT: dict[Callable, float] = {}


def right_value(claim: Callable) -> float:
    """What the right core gives; called before anything is replaced."""
    if claim not in _RIGHT:
        _RIGHT[claim] = claim()
    return _RIGHT[claim]


def holds(claim: Callable, value: float) -> bool:
    name, tolerance = BARS[claim]
    if tolerance is None:
        return load_claims().claims[name].holds(value)
    return abs(value - right_value(claim)) <= tolerance


def replace(monkeypatch, piece: str, wrong: Callable) -> None:
    """Put a wrong piece everywhere that the right one is known by a name, tests included."""
    owner, _, attribute = piece.rpartition(".")
    try:
        importlib.import_module(f"rgm_core.{owner}")
        right = core(piece)
    except ImportError:  # a method
        cls = core(owner)
        monkeypatch.setattr(cls, attribute, wrong(getattr(cls, attribute)))
        return
    put = wrong(right)
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is right:
                monkeypatch.setattr(module, name, put)


def unit_test(name: str) -> Callable:
    """A test by the path of its file below ``tests`` and its name."""
    path, _, function = name.partition("::")
    module = f"sabotaged_{path.replace('/', '_')}"
    if module not in sys.modules:
        spec = importlib.util.spec_from_file_location(module, TESTS / f"{path}.py")
        sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module])
    return getattr(sys.modules[module], function)


@pytest.mark.parametrize("claim", BARS, ids=lambda claim: claim.__name__)
def test_the_right_core_meets_the_claim(claim):
    assert holds(claim, right_value(claim))


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_core_makes_a_claim_fail(name, monkeypatch):
    case = CASES[name]
    assert holds(case.claim, right_value(case.claim))
    replace(monkeypatch, case.piece, case.wrong)
    assert not holds(case.claim, case.claim())


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_core_makes_a_unit_test_fail(name, monkeypatch):
    case = CASES[name]
    test = unit_test(case.unit)
    test(*case.arguments)
    replace(monkeypatch, case.piece, case.wrong)
    with pytest.raises((AssertionError, ValueError)):
        test(*case.arguments)
