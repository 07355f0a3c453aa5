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
from sabotage import small_claims as claims
from sabotage.small_claims import core

from rgm_core.notebook.claims import load_claims

pytestmark = pytest.mark.slow
TESTS = Path(__file__).parents[1]


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


def without_half(evidence):
    """Outcomes (n, G), or evidence made of them, with every other one missing."""
    if isinstance(evidence, np.ndarray):
        return np.where(np.arange(evidence.shape[1]) % 2, evidence, -1)
    if evidence.hard is None:
        return dataclasses.replace(
            evidence, soft=[m if g % 2 else np.zeros_like(m) for g, m in enumerate(evidence.soft)]
        )
    return dataclasses.replace(evidence, hard=without_half(evidence.hard))


def without_costs(model):
    """A model of play that expects no cost anywhere."""
    return dataclasses.replace(model, costs=0 * model.costs)


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
        claims.balls_returned,
        "planning/test_planning::test_expected_free_energy_one_step_ahead_as_the_reference",
        ("plain",),
    ),
    "information gain is left out": Sabotage(
        "planning.free_energy.evaluate_beliefs",
        change_parts(information=0),
        claims.balls_returned,
        "planning/test_planning::test_expected_free_energy_one_step_ahead_as_the_reference",
        ("plain",),
    ),
    "value is left out": Sabotage(
        "planning.free_energy.evaluate_beliefs",
        change_parts(value=0),
        claims.balls_returned,
        "planning/test_planning::test_impossible_preferences_are_worth_the_log_floor",
    ),
    "the worst path is chosen": Sabotage(
        "planning.free_energy.path_posterior",
        with_arguments(0, np.negative),
        claims.balls_returned,
        "planning/test_planning::test_path_posterior_is_softmax_and_nearly_certain_at_the_default_precision",
    ),
    "paths are chosen at random": Sabotage(
        "planning.free_energy.path_posterior",
        with_arguments(0, lambda G: 0 * np.asarray(G)),
        claims.balls_returned,
        "planning/test_planning::test_path_posterior_is_softmax_and_nearly_certain_at_the_default_precision",
    ),
    "no free energy in the selection of states": Sabotage(
        "structure.selection._information",
        lambda right: lambda a: 0.0,
        claims.tipping_mass,
        "structure/test_selection::test_information_decides_where_the_evidence_is_even",
    ),
    "models that are less informative are preferred": Sabotage(
        "structure.selection._information",
        lambda right: lambda a: -right(a),
        claims.tipping_mass,
        "structure/test_selection::test_log_odds_by_hand",
    ),
    "the prior mass is twice what is said": Sabotage(
        "structure.selection.select_states",
        with_keyword("mass", lambda mass: 2 * mass),
        claims.tipping_mass,
        "structure/test_selection::test_log_odds_by_hand",
    ),
    "the phase is taken for known": Sabotage(
        "inference.sequence.infer_sequence",
        with_keyword("phase", lambda phase: 0),
        claims.gain_of_events,
        "inference/test_sequence::test_a_phase_that_is_not_known_is_one_more_hidden_state",
    ),
    "half of the evidence is ignored, in time": Sabotage(
        "inference.tree._sum_rows",
        with_arguments(2, without_half),
        claims.excess_surprise,
        "inference/test_sequence::test_evidence_of_all_data_sums_to_one",
    ),
    "sequences are merged at one offset only": Sabotage(
        "structure.merge.merge_structure",
        with_keyword("offsets", lambda offsets: (0,)),
        claims.gain_of_merging,
        "structure/test_merge::test_merged_sequence_is_possible_from_every_offset",
    ),
    "tiles are off by one": Sabotage(
        "codecs.tiles.centroid_lattice",
        lambda right: lambda *args: right(*args) + 1,
        claims.centre_of_tiles,
        "codecs/test_tiles::test_tiles_equal_the_reference",
        ("2", 4),
    ),
    "outcomes are a bin too high": Sabotage(
        "codecs.modes.quantise",
        lambda right: lambda basis, v: np.minimum(right(basis, v) + 1, basis.n_bins - 1),
        claims.fidelity,
        "codecs/test_modes::test_bins_reach_the_extreme_sample_and_are_nearest",
    ),
    "hidden pixels are not replaced": Sabotage(
        "codecs.base.Codec._signals",
        lambda right: lambda self, samples, seen=None: right(self, samples),
        claims.outcomes_under_cover,
        "test_robustness::test_what_is_hidden_may_be_anything",
    ),
    "groups have no regard to place": Sabotage(
        "structure.grouping.group_by_location",
        with_arguments(0, lambda locations: np.random.default_rng(0).permutation(locations)),
        claims.coverage,
        "structure/test_learn::test_every_place_gets_one_group_and_neighbours_share_it",
    ),
    "half of the evidence is ignored, in pictures": Sabotage(
        "inference.tree._sum_rows",
        with_arguments(2, without_half),
        claims.log_evidence,
        "inference/test_infer::test_hard_outcomes_with_gaps_are_inverted_exactly",
    ),
    "half of the evidence is ignored, in learning": Sabotage(
        "inference.nested.sparse_evidence",
        with_arguments(0, without_half),
        claims.information_level_1,
        "learning/test_active::test_the_compiled_loops_are_the_formula",
    ),
    "every update is accepted": Sabotage(
        "learning.active.learn_actively",
        with_keyword("beta", lambda beta: None),
        claims.accuracy,
        "learning/test_active::test_the_compiled_loops_are_the_formula",
    ),
    "nothing is forgotten": Sabotage(
        "learning.active.learn_actively",
        with_keyword("eta", lambda eta: np.inf),
        claims.information_level_1,
        "learning/test_active::test_forgetting_bounds_the_total_and_zeros_stay_zero",
    ),
    "labels are not used": Sabotage(
        "learning.active.clamp",
        with_arguments(1, lambda labels: None),
        claims.information_classes,
        "learning/test_active::test_the_compiled_loops_are_the_formula",
    ),
    "wavelets are a tenth too high": Sabotage(
        "codecs.wavelet.taps",
        with_arguments(0, lambda frequency: 1.1 * frequency),
        claims.pitch,
        "codecs/test_wavelet::test_each_wavelet_answers_to_its_frequency_as_a_gaussian",
    ),
    "wavelets are a tenth too high, for music": Sabotage(
        "codecs.wavelet.taps",
        with_arguments(0, lambda frequency: 1.1 * frequency),
        claims.complete_music,
        "codecs/test_wavelet::test_coefficients_are_those_of_pywavelets",
    ),
    "wavelets are a tenth too long": Sabotage(
        "codecs.wavelet.taps",
        with_arguments(1, lambda window: 1.1 * window),
        claims.complete_song,
        "codecs/test_wavelet::test_each_wavelet_answers_to_its_frequency_as_a_gaussian",
    ),
    "a Q-learner looks no further than the next frame": Sabotage(
        "agent.rivals.Rival.__init__",
        with_keyword("discount", lambda discount: 0.0),
        claims.rival,
        "agent/test_rivals::test_q_learning_looks_ahead_as_far_as_its_discount",
        (0.9,),
    ),
    "costs are not avoided": Sabotage(
        "agent.play.induce_play",
        with_arguments(0, without_costs),
        claims.returned_in_breakout,
        "agent/test_play::test_a_way_is_worth_less_by_what_it_costs",
        (1.0, 0.0),
    ),
    "plans end after one frame": Sabotage(
        "agent.play.induce_play",
        with_arguments(1, lambda depth: 1),
        claims.hits_of_pong,
        "agent/test_play::test_two_frames_of_induction_are_expectation_written_out",
    ),
}


# ---------------------------------------------------------------- what the right core gives at these sizes

BARS = {  # claim, and None where its own bar is for this size
    claims.balls_returned: ("fig03.returned", None),
    claims.tipping_mass: ("fig04.tipping_mass", None),
    claims.gain_of_events: ("fig05.gain_clean", None),
    claims.gain_of_merging: ("fig05.gain_merged", None),
    claims.excess_surprise: ("fig05.excess", None),
    claims.fidelity: ("fig06.correlation", None),
    claims.centre_of_tiles: ("fig06.lattice", None),
    claims.coverage: ("fig08.coverage_level_1", None),
    claims.outcomes_under_cover: ("fig08.cover", None),
    claims.accuracy: ("fig09.accuracy", 0.7),
    claims.information_level_1: ("fig09.mutual_information_level_1", 2),
    claims.information_classes: ("fig09.mutual_information_classes", 0.01),
    claims.log_evidence: ("fig09.log_evidence", 12.5),
    claims.hits_of_pong: ("fig16.worst_seed", None),
    claims.pitch: ("fig12.pitch", None),
    claims.complete_song: ("fig12.complete", None),
    claims.complete_music: ("fig13.complete", None),
    claims.rival: ("fig15.q_learning", None),
    claims.returned_in_breakout: ("breakout.returned", None),
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
    with pytest.raises((AssertionError, ValueError, ExceptionGroup)):  # a group: of several examples
        test(*case.arguments)
