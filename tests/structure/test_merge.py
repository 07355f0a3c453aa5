"""Structure of sequences, grouping and merging, against the reference."""

from pathlib import Path

import numpy as np
import pytest

from rgm_core.inference.sequence import infer_sequence
from rgm_core.model import RGM, Dynamics, Level
from rgm_core.model.transitions import Transitions
from rgm_core.structure import learn as structure
from rgm_core.structure.learn import learn_structure
from rgm_core.structure.merge import merge_structure

with np.load(Path(__file__).parents[1] / "oracles" / "dynamics.npz") as file:
    ORACLE = dict(file)
FRAMES = ORACLE["frames"].astype(int)


def oracle_levels(name):
    """Levels of a model of the reference."""
    levels = []
    while f"{name}{len(levels)}_a" in ORACLE:
        prefix = f"{name}{len(levels)}_"
        part = {k.removeprefix(prefix): v for k, v in ORACLE.items() if k.startswith(prefix)}
        factor, edges, counts = np.split(part.pop("b"), [1, 4], axis=1)
        of = [factor[:, 0] == f for f in range(len(part["n_states"]))]
        b = tuple(
            Transitions(edges=edges[rows].astype(int), counts=counts[rows, 0], n_states=int(n))
            for rows, n in zip(of, part["n_states"], strict=True)
        )
        dynamics = Dynamics(b=b, has_parent=part.pop("initial") >= 0)
        levels.append(Level(**part, dynamics=dynamics, locations=np.zeros((len(part["parents"]), 1))))
    return levels


def oracle_model(name):
    levels = oracle_levels(name)
    n = int(levels[-1].n_states[0])
    return RGM(levels=tuple(levels), D=np.full(n, 1 / n))


def assert_same_up_to_order_of_states(found, expected, rows, modalities=None):
    """Compare a level with (some modalities of) the reference's; return how its states are numbered here.

    ``rows[g]`` says how outcomes of modality g are numbered in the reference.
    """
    modalities = np.arange(found.n_modalities) if modalities is None else modalities
    np.testing.assert_array_equal(found.parents, expected.parents[modalities])
    maps = []
    for f, n in enumerate(found.n_states):
        assert n == expected.n_states[f]
        members = found.children(f)
        ours = np.concatenate([found.a[g, : found.n_outcomes[g], :n] for g in members])
        theirs = np.concatenate([expected.a[modalities[g], rows[g], :n] for g in members])
        number = np.array([np.flatnonzero((theirs == a[:, None]).all(0)).item() for a in ours.T])
        np.testing.assert_array_equal(np.sort(number), np.arange(n))
        dense = expected.b[f].dense()[np.ix_(number, number)]
        np.testing.assert_array_equal(found.b[f].dense(), dense)
        maps.append(number)
    return maps


def rows_above(level, maps):
    """How the outcomes of the next level are renumbered: states by their map, paths not at all."""
    rows = []
    for f in np.flatnonzero(level.dynamics.initial >= 0):
        rows += [maps[f], np.arange(level.n_paths[f])]
    return rows


def test_blocks_in_space_and_time_are_those_of_the_reference():
    model, expected = learn_structure(FRAMES, 2, ORACLE["locations"], dt=2), oracle_model("blocks")
    assert model.n_levels == expected.n_levels == 2
    for ours, theirs in zip(model.levels, expected.levels, strict=True):
        np.testing.assert_array_equal(ours.parents, theirs.parents)
        np.testing.assert_array_equal(ours.n_outcomes, theirs.n_outcomes)
        np.testing.assert_allclose(ours.likelihood, theirs.a, atol=1e-12)
        for b, c in zip(ours.B, theirs.b, strict=True):
            np.testing.assert_array_equal(b, c.dense())


@pytest.fixture
def oracle_groups(monkeypatch):
    """Groups of the reference on the lowest level: its choice among equal loadings is rounding."""

    def group(outcomes, size):
        leading = outcomes.shape[1] == 16
        return ORACLE["one0_parents"] if leading else np.zeros(outcomes.shape[1], int)

    monkeypatch.setattr(structure, "group_by_information", group)


@pytest.mark.usefixtures("oracle_groups")
def test_structure_within_given_groups_is_that_of_the_reference():
    model, expected = learn_structure(FRAMES, 2, dt=2, group_size=4), oracle_model("one")
    low, high = model.levels
    np.testing.assert_array_equal(low.dynamics.initial, expected.levels[0].dynamics.initial)
    maps = assert_same_up_to_order_of_states(low, expected.levels[0], [np.arange(2)] * 16)
    assert_same_up_to_order_of_states(high, expected.levels[1], rows_above(low, maps))


@pytest.mark.usefixtures("oracle_groups")
def test_streams_are_predicted_by_the_leading_one_as_in_the_reference():
    outcomes, n_outcomes = np.hstack([FRAMES, ORACLE["extra"]]), np.r_[np.full(16, 2), 2, 3]
    streams = np.r_[np.zeros(16, int), 1, 2]
    model = learn_structure(outcomes, n_outcomes, dt=2, group_size=4, streams=streams)
    (low, high), expected = model.levels, oracle_levels("three")
    rows = [np.arange(n) for n in n_outcomes]
    maps = assert_same_up_to_order_of_states(low, expected[0], rows)
    # the reference has both: 8 to 11, the streams' own, and 12 to 15, predicted by the leading one
    predicted = np.r_[:8, 12:16]
    assert_same_up_to_order_of_states(high, expected[1], rows_above(low, maps), predicted)
    np.testing.assert_array_equal(high.defining, np.arange(12) < 8)


def test_merging_is_that_of_the_reference():
    merged = merge_structure(oracle_model("before"), ORACLE["new_frames"].astype(int))
    for ours, theirs in zip(merged.levels, oracle_model("after").levels, strict=True):
        np.testing.assert_array_equal(ours.a, theirs.a)
        for b, c in zip(ours.b, theirs.b, strict=True):
            np.testing.assert_array_equal(b.dense(), c.dense())


def test_merging_what_is_known_adds_counts_only():
    model = learn_structure(FRAMES, 2, ORACLE["locations"], dt=2)
    merged = merge_structure(model, FRAMES)
    for before, after in zip(model.levels, merged.levels, strict=True):
        np.testing.assert_array_equal(after.a, 2 * before.a)
        for b, c in zip(before.b, after.b, strict=True):
            np.testing.assert_array_equal(c.dense(), 2 * b.dense())


def test_merged_sequence_is_possible_from_every_offset():
    rng = np.random.default_rng(0)
    clip, locations = rng.integers(0, 2, (24, 16)), np.indices((4, 4)).reshape(2, 16).T
    model = learn_structure(clip, 2, locations, dt=2)
    new = rng.integers(0, 2, (13, 16))
    new[3, 5] = -1
    merged = merge_structure(model, new, offsets=range(2))
    for offset in range(2):
        part = new[offset : offset + 12]  # whole events
        assert np.isfinite(infer_sequence(merged, part).log_evidence)
        with pytest.raises(ValueError, match="impossible"):
            infer_sequence(model, part)
    assert np.isfinite(infer_sequence(merged, clip).log_evidence)


def test_merging_keeps_streams_and_factors_without_parent():
    outcomes, n_outcomes = np.hstack([FRAMES, ORACLE["extra"]]), np.r_[np.full(16, 2), 2, 3]
    streams = np.r_[np.zeros(16, int), 1, 2]
    model = learn_structure(outcomes, n_outcomes, dt=2, group_size=4, streams=streams)
    new = np.hstack([ORACLE["new_frames"], ORACLE["extra"][:24]]).astype(int)
    merged = merge_structure(model, new)
    orphans = model.levels[0].dynamics.initial < 0
    assert orphans.any()
    np.testing.assert_array_equal(merged.levels[0].n_states[orphans], 1)
    np.testing.assert_array_equal(merged.levels[1].defining, model.levels[1].defining)
    assert merged.levels[1].a[8].sum() == 16 + 12


def test_bad_sequences_to_merge():
    model = learn_structure(FRAMES, 2, ORACLE["locations"], dt=2)
    with pytest.raises(ValueError, match="must last an event"):
        merge_structure(model, FRAMES, offsets=[31])
    with pytest.raises(ValueError, match="outcomes must have shape"):
        merge_structure(model, FRAMES[:, :4])
    with pytest.raises(ValueError, match="static"):
        merge_structure(learn_structure(FRAMES, 2), FRAMES)


def test_counts_are_of_steps_and_transitions():
    model = learn_structure(FRAMES, 2, ORACLE["locations"], dt=2)
    for n, level in enumerate(model.levels):
        np.testing.assert_array_equal(level.a.sum((1, 2)), 32 // 2**n)
        assert [b.counts.sum() for b in level.b] == [32 // 2**n - 1] * level.n_factors


def test_last_step_without_successor_begins_an_event_that_is_cut_off():
    model = learn_structure(FRAMES[:31], 2, ORACLE["locations"], dt=2)
    assert model.levels[0].a[0].sum() == 31
    assert model.levels[1].a[0].sum() == 16


def test_constant_sequence_is_one_event_for_ever():
    model = learn_structure(np.ones((8, 16), int), 2, ORACLE["locations"], dt=2)
    assert [level.n_states.tolist() for level in model.levels] == [[1] * 4, [1]]
    assert infer_sequence(model, np.ones((40, 16), int)).log_evidence == pytest.approx(0)


def test_one_group_is_a_hidden_markov_model():
    model = learn_structure(np.array([[0, 0], [0, 1], [1, 1]]), 2, dt=2)
    assert model.n_levels == 1
    np.testing.assert_array_equal(model.levels[0].B[0][:, :, 0], [[0, 0, 0], [1, 0, 0], [0, 1, 0]])


def test_unpredictable_modalities_get_no_parent():
    rng = np.random.default_rng(1)
    t = np.arange(200)
    noise = rng.integers(0, 2, (200, 1))
    still = np.zeros((200, 1), int)
    clip = np.hstack([(t % 4 == k)[:, None] for k in range(4)] + [noise, still]).astype(int)
    model = learn_structure(clip, 2, dt=2, group_size=4)
    low = model.levels[0]
    for g in (4, 5):
        assert low.dynamics.initial[low.parents[g]] == -1
        assert low.n_states[low.parents[g]] == 1
    np.testing.assert_allclose(low.A[4][:, 0], np.bincount(noise[:, 0]) / 200)
    posterior = infer_sequence(model, clip)
    expected = -np.log(len(model.D)) + np.log(low.A[4][noise[:, 0], 0]).sum()
    assert posterior.log_evidence == pytest.approx(expected)


def test_leading_stream_without_anything_to_predict_is_an_error():
    rng = np.random.default_rng(2)
    t = np.arange(100)
    clip = np.stack([rng.integers(0, 2, 100), np.zeros(100, int), t % 3, t % 2], axis=1)
    with pytest.raises(ValueError, match="leading stream cannot be predicted"):
        learn_structure(clip, 3, dt=2, group_size=2, streams=np.array([0, 0, 1, 2]))


def test_streams_of_several_groups_are_grouped_on_their_own_first():
    t = np.arange(64)
    leading = np.stack([(t % 8 == k) for k in range(8)], axis=1).astype(int)
    other = np.stack([((t // 2) % 4 == k) for k in range(4)], axis=1).astype(int)
    streams = np.r_[np.zeros(8, int), np.ones(4, int)]
    model = learn_structure(np.hstack([leading, other]), 2, dt=2, group_size=2, streams=streams)
    first, *_, top = model.levels
    assert not set(first.parents[:8]) & set(first.parents[8:])
    assert top.n_factors == 1
    assert any(level.defining is not None for level in model.levels)
    clip = np.hstack([leading, np.full_like(other, -1)])
    predicted = infer_sequence(model, clip).outcomes  # the leading stream tells the other one
    for k in range(4):
        np.testing.assert_array_equal(predicted[8 + k].argmax(1), other[:, k])


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"dt": 3}, "dt must be a whole number in 1 … 2"),
        ({"dt": 2, "labels": np.zeros(32, int)}, "labels need dt=1"),
        ({"group_size": 4}, "need dt=2"),
        ({"dt": 2, "group_size": 1}, "group_size must be a whole number ≥ 2"),
        ({"dt": 2, "streams": np.ones(16, int)}, "streams must use every number"),
        ({"dt": 2, "streams": np.ones(3, int)}, "streams must be integers .16,."),
    ],
)
def test_bad_options(keywords, message):
    with pytest.raises(ValueError, match=message):
        learn_structure(FRAMES, 2, **keywords)


def test_sequence_shorter_than_an_event_is_an_error():
    with pytest.raises(ValueError, match="too short a sequence"):
        learn_structure(FRAMES[:1], 2, ORACLE["locations"], dt=2)


def test_a_dynamic_model_is_saved_and_loaded(tmp_path):
    outcomes, streams = np.hstack([FRAMES, ORACLE["extra"]]), np.r_[np.zeros(16, int), 1, 2]
    model = learn_structure(outcomes, 3, dt=2, group_size=4, streams=streams)
    model.save(tmp_path / "model.npz")
    loaded = RGM.load(tmp_path / "model.npz")
    assert loaded.dt == 2
    for before, after in zip(model.levels, loaded.levels, strict=True):
        np.testing.assert_array_equal(after.dynamics.initial, before.dynamics.initial)
        np.testing.assert_array_equal(after.a, before.a)
        assert (after.defining is None) == (before.defining is None)
        for b, c in zip(before.b, after.b, strict=True):
            np.testing.assert_array_equal(c.dense(), b.dense())
    evidence = [infer_sequence(m, outcomes).log_evidence for m in (model, loaded)]
    assert evidence[0] == evidence[1]
