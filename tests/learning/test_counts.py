"""Learning by counting: expected counts against enumeration, and sums that do not care where."""

from dataclasses import replace

import numpy as np
import pytest
from brute_force import Enumeration, random_level, random_tree, random_wiring
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.inference.infer import infer
from rgm_core.learning import History, as_shares, expected_counts, learn, learn_counts, read_top
from rgm_core.model.rgm import RGM

SEEDS = st.integers(0, 2**32 - 1)


def make(rng, *, random=random_tree):
    """A tree, outcomes with gaps and labels with gaps."""
    model = random(rng)
    level = model.levels[0]
    outcomes = rng.integers(-1, level.n_outcomes, (7, level.n_modalities))
    outcomes[0] = -1
    return model, outcomes, rng.integers(-1, len(model.D), 7)


def with_precision(model, *precisions):
    pairs = zip(model.levels, precisions, strict=True)
    return replace(model, levels=tuple(replace(level, precision=p) for level, p in pairs))


def assert_close(one, other, tolerance=1e-12):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def by_enumeration(model, outcomes, labels):
    """Expected counts by summing over all hidden states of each sample; nothing unseen is counted."""
    counts = [np.zeros(level.a.shape) for level in model.levels]
    for seen, label in zip(outcomes, labels, strict=True):
        messages = [
            np.ones(k) if o < 0 else np.eye(k)[o]
            for o, k in zip(seen, model.levels[0].n_outcomes, strict=True)
        ]
        prior = np.eye(len(model.D))[label] if label >= 0 else model.D
        exact, known = Enumeration(model, messages, prior), seen >= 0
        for n, level in enumerate(model.levels):
            for g in range(level.n_modalities):
                if known[g]:
                    pair = exact.pairs(n, g)
                    counts[n][g, : pair.shape[0], : pair.shape[1]] += pair
            known = [known[level.children(f)].any() for f in range(level.n_factors)]
            known = np.array(known)
    return counts


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, random=st.sampled_from([random_tree, random_wiring]))
def test_expected_counts_are_those_of_enumeration(seed, random):
    model, outcomes, labels = make(np.random.default_rng(seed), random=random)
    assert_close(expected_counts(model, outcomes, labels).a, by_enumeration(model, outcomes, labels), 1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_precision_two_is_seeing_everything_twice(seed):
    """A precision of 2 on level 1 is a model that has each of its modalities two times."""
    model, outcomes, labels = make(np.random.default_rng(seed))
    first = model.levels[0]
    twice = replace(
        first,
        **{name: np.repeat(getattr(first, name), 2, axis=0) for name in ("a", "n_outcomes", "parents")},
        locations=np.repeat(first.locations, 2, axis=0),
    )
    double = expected_counts(
        replace(model, levels=(twice, *model.levels[1:])), np.repeat(outcomes, 2, axis=1), labels
    )
    precise = expected_counts(with_precision(model, 2, 1, 1), outcomes, labels)
    assert_close(precise.a[1:], double.a[1:], 1e-9)
    np.testing.assert_allclose(precise.a[0], double.a[0][::2], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(precise.elbo, double.elbo, rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, precision=st.sampled_from([1.0, 0.2]))
def test_reading_agrees_with_inference(seed, precision):
    """The pass up alone, and the evidence level by level, against `infer`."""
    model, outcomes, _ = make(np.random.default_rng(seed), random=random_wiring)
    model = with_precision(model, *[precision] * model.n_levels)
    found, exact = read_top(model, outcomes), infer(model, outcomes)
    np.testing.assert_allclose(np.logaddexp.reduce(found, axis=1), exact.log_evidence, atol=1e-9)
    elbo = expected_counts(model, outcomes).elbo
    np.testing.assert_allclose(elbo.sum(axis=1), exact.log_evidence, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(elbo, exact.elbo, rtol=1e-8, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, cut=st.integers(1, 6))
def test_counts_of_samples_add(seed, cut):
    """Counted anywhere, in any order: the sum is that of all of them at once."""
    rng = np.random.default_rng(seed)
    model, outcomes, labels = make(rng)
    order = rng.permutation(7)
    parts = [expected_counts(model, outcomes[part], labels[part]) for part in (order[:cut], order[cut:])]
    whole = expected_counts(model, outcomes, labels)
    assert_close((parts[0] + parts[1]).a, whole.a)
    assert_close((parts[0] + parts[1]).elbo, whole.elbo[order])


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_every_observation_is_counted_once(seed):
    """The counts of level 1 sum to the outcomes seen, and no column's zero becomes positive."""
    model, outcomes, labels = make(np.random.default_rng(seed), random=lambda r: random_tree(r, zeros=0))
    counts = expected_counts(model, outcomes, labels)
    np.testing.assert_allclose(counts.a[0].sum(axis=(1, 2)), (outcomes >= 0).sum(axis=0), rtol=1e-9)
    assert all(
        a.min() >= 0 and not a[~level.mask].any() for a, level in zip(counts.a, model.levels, strict=True)
    )


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, portion=st.integers(1, 8))
def test_portions_may_come_from_anywhere(seed, portion):
    """An array, an iterator and one portion after the other: the same counts and history."""
    model, outcomes, labels = make(np.random.default_rng(seed))
    whole, history = learn(model, outcomes, labels=labels, rule="counts", portion=portion)
    cuts = [slice(i, i + portion) for i in range(0, 7, portion)]
    stream, other = learn_counts(model, ((outcomes[c], labels[c]) for c in cuts))
    step = model
    for c in cuts:
        step, _ = learn_counts(step, outcomes[c], labels=labels[c])
    for one, two, three in zip(whole.levels, stream.levels, step.levels, strict=True):
        np.testing.assert_allclose(one.a, two.a, rtol=1e-12)
        np.testing.assert_allclose(one.a, three.a, rtol=1e-12)
    assert_close(history.elbo, other.elbo)
    assert history.mutual_information.shape == history.acceptance.shape == (7, model.n_levels)


def test_what_is_missing_teaches_nothing_at_any_level():
    """Neither a sample of which nothing was seen, nor the part of the tree where nothing was."""
    model, outcomes, labels = make(np.random.default_rng(1))
    nothing = np.full_like(outcomes, -1)
    assert not any(a.any() for a in expected_counts(model, nothing, labels).a)
    outcomes[:, model.levels[0].children(0)] = -1
    outcomes[:, model.levels[0].children(1)] = 0
    counts = expected_counts(model, outcomes, labels)
    assert not counts.a[0][model.levels[0].children(0)].any()
    assert not counts.a[1][0].any(), "factor 0 of level 1 is modality 0 of level 2"
    assert counts.a[1][1].any()


def test_all_shares_equal_is_missing_and_scale_does_not_matter():
    model, outcomes, _ = make(np.random.default_rng(2))
    level = model.levels[0]
    soft = [
        5.0 * np.where(o[:, None] < 0, 1.0, np.eye(k)[np.maximum(o, 0)])
        for o, k in zip(outcomes.T, level.n_outcomes, strict=True)
    ]
    np.testing.assert_array_equal(as_shares(level, soft), as_shares(level, outcomes))
    shares = as_shares(level, outcomes)
    np.testing.assert_array_equal(as_shares(level, 3 * shares), shares)


def test_an_observation_between_two_outcomes_counts_for_both():
    """Half of each: its log likelihood is the mean of theirs, and it is half an observation of each."""
    level = random_level(np.random.default_rng(3), [2, 3], [0, 0], [3])
    model = RGM(levels=(level,), D=np.full(3, 1 / 3))
    one, two = np.array([[0, 2]]), np.array([[1, 1]])
    halves = (as_shares(level, one) + as_shares(level, two)) / 2
    mean = (read_top(model, one) + read_top(model, two)) / 2
    np.testing.assert_allclose(read_top(model, halves), mean)
    counts = expected_counts(model, halves).a[0].sum(axis=2)
    np.testing.assert_allclose(counts, [[0.5, 0.5, 0], [0, 0.5, 0.5]])


def test_single_precision_shares_give_the_same_counts():
    model, outcomes, labels = make(np.random.default_rng(4))
    shares = as_shares(model.levels[0], outcomes)
    single = expected_counts(model, shares.astype(np.float32), labels)
    assert_close(single.a, expected_counts(model, shares, labels).a, 1e-4)


def test_evidence_far_beyond_the_range_of_floats_is_counted():
    """A class that explains an image e^2000 times worse than another is still counted when clamped."""
    level = random_tree(np.random.default_rng(0)).levels[0]
    a = np.array([[[1 - 1e-12, 1e-12], [1e-12, 1 - 1e-12]]])
    first = replace(
        level, a=np.repeat(a, 80, axis=0), n_outcomes=np.full(80, 2), parents=np.zeros(80, int),
        n_states=np.array([2]), locations=np.zeros((80, 1)),
    )  # fmt: skip
    top = replace(
        level, a=np.eye(2)[None], n_outcomes=np.array([2]), parents=np.zeros(1, int),
        n_states=np.array([2]), locations=np.zeros((1, 1)),
    )  # fmt: skip
    model = RGM(levels=(first, top), D=np.full(2, 0.5))
    counts = expected_counts(model, np.zeros((1, 80), int), np.array([1]))
    np.testing.assert_allclose(counts.a[1][0], [[0, 0], [0, 1]], atol=1e-12)


def test_a_precision_is_saved_with_the_model_and_one_without_has_one(tmp_path):
    model = make(np.random.default_rng(5))[0]
    precise = with_precision(model, 0.2, 1, 1)
    precise.save(tmp_path / "precise.npz")
    model.save(tmp_path / "plain.npz")
    assert [level.precision for level in RGM.load(tmp_path / "precise.npz").levels] == [0.2, 1, 1]
    assert RGM.load(tmp_path / "plain.npz").levels[0].precision == 1
    with np.load(tmp_path / "plain.npz") as file:
        assert not any("precision" in name for name in file.files), "files as before there were any"


def impossible():
    model, outcomes, labels = make(np.random.default_rng(6))
    a = model.levels[0].a.copy()
    a[0, 1] = 0
    return model.with_counts([a, *(level.a for level in model.levels[1:])]), outcomes, labels


BAD = {
    "another rule": ({"rule": "guess"}, "rule must be"),
    "no portion": ({"portion": 0}, "portion must be a whole number ≥ 1"),
    "labels short": ({"labels": np.zeros(3, int)}, "labels must be integers"),
    "labels too large": ({"labels": np.full(7, 9)}, "labels must lie in"),
    "outcomes too large": ({"outcomes": np.full((7, 5), 9)}, "outcomes of modality 0 must lie in"),
    "shares of another shape": ({"outcomes": np.zeros((7, 4, 3))}, r"must have shape \(n, 5, 3\)"),
    "negative shares": ({"outcomes": np.full((7, 5, 3), -1.0)}, "finite shares"),
    "shares NaN": ({"outcomes": np.full((7, 5, 3), np.nan)}, "finite shares"),
    "nothing in the stream": ({"outcomes": iter([]), "labels": None}, "no portion at all"),
    "no pairs in the stream": ({"outcomes": iter([1]), "labels": None}, "must yield portions"),
    "labels beside a stream": ({"outcomes": iter([])}, "labels must come with the portions"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case):
    model, outcomes, labels = make(np.random.default_rng(6))
    changes, message = BAD[case]
    given = {"outcomes": outcomes, "labels": labels, "rule": "counts"} | changes
    with pytest.raises(ValueError, match=message):
        learn(model, given.pop("outcomes"), **given)


def test_an_outcome_that_the_model_excludes_is_refused():
    model, outcomes, labels = impossible()
    with pytest.raises(ValueError, match="add_mass"):
        learn(model, outcomes, labels=labels, rule="counts")


def test_the_model_given_is_not_changed():
    model, outcomes, labels = make(np.random.default_rng(7))
    before = [level.a.copy() for level in model.levels]
    learned, history = learn(model, outcomes, labels=labels, rule="counts")
    assert_close([level.a for level in model.levels], before, 0)
    assert isinstance(history, History)
    assert learned.levels[0].a.sum() == pytest.approx(before[0].sum() + (outcomes >= 0).sum())
