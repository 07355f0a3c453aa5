"""Kinds of input that were once answered wrongly, and in silence: each with the right answer."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from brute_force import random_tree, random_wiring
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from sklearn.exceptions import NotFittedError

from rgm_core import RGMClassifier, generate, infer, learn, learn_structure
from rgm_core.codecs import ImageCodec
from rgm_core.generation import predict_outcomes
from rgm_core.learning import learn_actively
from rgm_core.metrics import psnr, success_rate
from rgm_core.model.checks import as_generator
from rgm_core.model.logs import draw, safe_log
from rgm_core.planning import POMDP, update_belief
from rgm_core.structure.grouping import group_by_location

SEEDS = st.integers(0, 2**32 - 1)
MODEL = learn_structure(np.array([[0, 1], [1, 1]]), 2).add_counts(0.5)


def test_integers_are_outcomes_in_a_list_as_in_an_array():
    """A list was read as one sample of likelihoods, with a log evidence of -0.875."""
    rows = [[0, 1], [1, 1]]
    expected = infer(MODEL, np.array(rows)).log_evidence
    np.testing.assert_allclose(expected, np.log([0.375, 0.375]), atol=1e-12)
    for same in (rows, tuple(rows), [np.array(row) for row in rows], [np.array(row, "u1") for row in rows]):
        np.testing.assert_array_equal(infer(MODEL, same).log_evidence, expected)
    np.testing.assert_array_equal(infer(MODEL, rows[0]).log_evidence, expected[:1])
    soft = infer(MODEL, [np.array([[1.0, 0], [0, 1]]), np.array([[0.0, 1], [0, 1]])])
    np.testing.assert_allclose(soft.log_evidence, expected)
    with pytest.raises(ValueError, match="rows of one length"):
        infer(MODEL, [[0, 1], [1, 1, 0]])
    for wrong in ([[True, False]], [["a", "b"]], np.zeros((1, 2))):
        with pytest.raises(ValueError, match="outcomes must be integers"):
            infer(MODEL, wrong)


@given(seed=SEEDS)
def test_layout_byte_order_and_type_of_outcomes_do_not_matter(seed):
    """Fortran order met 900 characters of a compiler's error; the mask of an array was dropped."""
    rng = np.random.default_rng(seed)
    model = random_tree(rng)
    sizes = model.levels[0].n_outcomes
    outcomes = rng.integers(0, sizes, (4, len(sizes)))
    hidden = rng.random(outcomes.shape) < 0.2
    gaps = np.where(hidden, -1, outcomes)
    masked = np.ma.masked_array(np.where(hidden, 99, outcomes), mask=hidden)
    others = (np.asfortranarray(gaps), gaps.astype(">i4"), gaps.astype("i1"), masked, gaps[::-1][::-1])
    for scheme in ("exact", "published"):
        expected = infer(model, gaps, scheme=scheme).log_evidence
        for other in others:
            np.testing.assert_array_equal(infer(model, other, scheme=scheme).log_evidence, expected)
        unsigned = infer(model, outcomes.astype("u1"), scheme=scheme).log_evidence
        np.testing.assert_array_equal(unsigned, infer(model, outcomes, scheme=scheme).log_evidence)
    expected = learn_actively(model, gaps)[0].levels[0].a
    for other in others:
        np.testing.assert_array_equal(learn_actively(model, other)[0].levels[0].a, expected)


@pytest.mark.parametrize("rule", ["published", "counts"])
@pytest.mark.parametrize("labelled", [True, False])
def test_where_nothing_is_observed_nothing_is_learned(rule, labelled):
    """Class counts went from 4.75 to 14.8 after 300 empty images."""
    rng = np.random.default_rng(0)
    model = random_tree(rng)
    labels = np.zeros(20, int) if labelled else None
    empty = np.full((20, 5), -1)
    soft = [np.ones((20, n)) for n in model.levels[0].n_outcomes]
    for nothing in (empty, soft):
        after, _ = learn(model, nothing, labels=labels, rule=rule)
        for old, new in zip(model.levels, after.levels, strict=True):
            np.testing.assert_array_equal(old.a, new.a)
    half = empty.copy()
    half[:, :3] = 0  # factors 0 and 1 of level 1 see something, factor 2 does not
    after, _ = learn(model, half, labels=labels, rule=rule)
    changed = [level.a != old.a for level, old in zip(after.levels, model.levels, strict=True)]
    assert [bool(c.any()) for c in changed] == [True, True, True]
    assert not changed[0][3:].any()
    assert not changed[1][2].any()


@given(seed=SEEDS)
def test_flat_likelihoods_are_missing_outcomes(seed):
    """Also where a state has no counts for the modality that is missing."""
    rng = np.random.default_rng(seed)
    model = random_tree(rng)
    level = model.levels[0]
    a = level.a.copy()
    a[rng.integers(len(a)), :, 0] = 0
    model = replace(model, levels=(replace(level, a=a), *model.levels[1:]))
    outcomes = rng.integers(-1, level.n_outcomes, (3, len(a)))
    soft = [
        np.where(column[:, None] < 0, 1.0, np.eye(n)[column])
        for column, n in zip(outcomes.T, level.n_outcomes, strict=True)
    ]
    try:
        expected = infer(model, outcomes)
    except ValueError:
        with pytest.raises(ValueError, match="impossible"):
            infer(model, soft)
    else:
        np.testing.assert_allclose(infer(model, soft).log_evidence, expected.log_evidence)


def log_enumeration(model, outcomes):
    """ln p(outcomes) by summing over every combination of states, in logs from the counts on."""
    tables = [safe_log(level.a) - _log_total(safe_log(level.a)) for level in model.levels]
    choices = [product(*map(range, level.n_states)) for level in model.levels]
    terms = []
    for states in product(*map(list, choices)):
        term = safe_log(model.D)[states[-1][0]]
        for n, level in enumerate(model.levels):
            below = outcomes if n == 0 else states[n - 1]
            for g, o in enumerate(below):
                if o >= 0:
                    term = term + tables[n][g, o, states[n][level.parents[g]]]
        terms.append(term)
    return logsumexp(terms)


def _log_total(log_a):
    top = log_a.max(axis=1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.exp(log_a - top).sum(axis=1, keepdims=True)
    return top + np.where(total > 0, safe_log(total), 0)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_counts_of_any_size(seed):
    """A likelihood of 1e-308 was impossible in some models, and gave NaN under the published scheme."""
    rng = np.random.default_rng(seed)
    model = random_wiring(rng)
    low, high = sorted(rng.uniform(-320, 305, 2))
    sizes = [10 ** rng.uniform(low, high, level.a.shape) * level.mask for level in model.levels]
    model = model.with_counts(
        [a + 5e-324 * level.mask for level, a in zip(model.levels, sizes, strict=True)]
    )
    outcomes = rng.integers(0, model.levels[0].n_outcomes, (2, model.levels[0].n_modalities))
    expected = [log_enumeration(model, row) for row in outcomes]
    found = infer(model, outcomes)
    np.testing.assert_allclose(found.log_evidence, expected, rtol=1e-9, atol=1e-9)
    for states in found.states:
        for q in states:
            np.testing.assert_allclose(q.sum(1), 1, rtol=1e-9)
    published = infer(model, outcomes, scheme="published")
    assert np.isfinite(published.log_evidence).all()


@pytest.mark.parametrize(("n", "evidence"), [(323, -744.02), (324, -746.33), (5000, -11513.2)])
def test_beliefs_are_updated_in_logs(n, evidence):
    """323 modalities gave [1/2, 1/2] and -743.75; one more was "impossible"."""
    A = np.array([[0.1, 0.1], [0.9, 0.9]])
    model = POMDP(A=(A,) * n, B=(np.eye(2)[:, :, None],), D=(np.array([2 / 3, 1 / 3]),))
    belief, found = update_belief(model, model.initial_belief, np.zeros(n, int))
    np.testing.assert_allclose(belief, [2 / 3, 1 / 3])
    assert found == pytest.approx(n * np.log(0.1))
    assert found == pytest.approx(evidence, abs=0.4)


def test_nothing_is_generated_from_a_state_without_counts():
    """The outcome was 2 where only 0 and 1 exist."""
    level = MODEL.levels[0]
    model = MODEL.with_counts([level.a * [[[1, 0]]]])
    assert generate(model, np.array([0]), rng=0).max() < 2
    for call in (lambda: generate(model, np.array([0, 1]), rng=0), lambda: predict_outcomes(model, [1])):
        with pytest.raises(ValueError, match="no counts in the likelihood of modality 0"):
            call()
    with pytest.raises(ValueError, match="a row has none"):
        draw(np.array([[0.5, 0.5], [0, 0]]), np.random.default_rng(0))
    assert draw(np.full((1000, 2), 5e-324), np.random.default_rng(0)).max() == 1


def test_a_seed_is_as_good_as_a_generator():
    same = [generate(MODEL, np.arange(2), rng=rng) for rng in (0, np.int64(0), np.random.default_rng(0))]
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(same[0], same[2])
    for wrong in (None, "x", 1.5, -1, True, np.random):
        with pytest.raises(ValueError, match="rng must be a numpy"):
            as_generator(wrong)


def test_metrics_refuse_what_they_cannot_measure():
    """NaN and nothing at all were infinitely good; unequal shapes were broadcast."""
    picture = np.zeros((2, 2))
    assert psnr(picture, picture) == np.inf
    for other in (picture[0], np.zeros((2, 2, 1)), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match=r"(other|original) must"):
            psnr(picture, other)
    with pytest.raises(ValueError, match="not empty"):
        psnr([], [])
    flags = np.ones(4, bool)
    for wrong in ((flags, flags[:3]), (flags.astype(int), flags), (flags[None], flags[None])):
        with pytest.raises(ValueError, match="must be booleans"):
            success_rate(*wrong, window=1)
    with pytest.raises(ValueError, match="window must"):
        success_rate(flags, flags, window=1.5)


def test_grouping_on_a_line_takes_no_table():
    """A (G, G/2) table of distances had 64,000 modalities killed for memory."""
    groups = group_by_location(np.arange(100_000)[:, None])
    assert groups.max() + 1 == 50_000
    assert np.bincount(groups).max() <= 3


@given(seed=SEEDS, dims=st.integers(1, 2))
def test_grouping_is_by_the_nearest_of_the_lattice(seed, dims):
    rng = np.random.default_rng(seed)
    locations = rng.integers(0, rng.integers(1, 20), (rng.integers(1, 40), dims)).astype(float)
    k = len(np.unique(locations, axis=0))
    m = int(np.ceil((k / 2**dims) ** (1 / dims)))
    low, high = locations.min(0), locations.max(0)
    cells = [np.abs(locations[:, d, None] - np.linspace(low[d], high[d], m)).argmin(1) for d in range(dims)]
    _, expected = np.unique(np.stack(cells, axis=1), axis=0, return_inverse=True)
    groups = group_by_location(locations)
    assert len(set(zip(groups.tolist(), expected.ravel().tolist(), strict=True))) == groups.max() + 1


@pytest.mark.parametrize("keywords", [{"eta": None}, {"eta": "x"}, {"beta": "x"}, {"eta": np.nan}])
def test_constants_of_learning_are_numbers(keywords):
    with pytest.raises(ValueError, match=f"{next(iter(keywords))} must be"):
        learn_actively(MODEL, np.zeros((1, 2), int), **keywords)


@pytest.mark.parametrize("wrong", ["a", None, [1, 2, 3], -1, np.nan, np.array([[1.0]])])
def test_prior_counts_are_numbers(wrong):
    for call in (MODEL.add_mass, MODEL.add_counts):
        with pytest.raises(ValueError, match=r"(mass|concentration) must"):
            call(wrong)


def test_a_planner_takes_lists_and_refuses_wrong_numbers():
    B, D = [[[1.0], [0.0]], [[0.0], [1.0]]], [0.5, 0.5]
    model = POMDP(A=([[1.0, 0.0], [0.0, 1.0]],), B=(B,), D=(D,))
    assert update_belief(model, [0.5, 0.5], [0])[0].tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"C\[0\] must hold finite numbers"):
        POMDP(A=model.A, B=model.B, D=model.D, C=([np.inf, 1.0],))
    with pytest.raises(ValueError, match=r"a\[0\] must hold finite counts ≥ 0"):
        POMDP(A=model.A, B=model.B, D=model.D, a=(-np.eye(2),))


FLAT = np.random.default_rng(0).integers(0, 255, (24, 12, 12))


@pytest.mark.parametrize(
    ("images", "value_range"),
    [
        (FLAT.astype(np.uint8), (0, 255)),
        ((FLAT * 257).astype(np.uint16), (0, 65535)),
        (FLAT / 127.5 - 1, (-1, 254 / 127.5 - 1)),
        ((FLAT / 254).astype(np.float32), (0, 1)),
        (FLAT > 127, (0, 1)),
    ],
)
def test_images_are_decoded_in_the_range_that_they_came_in(images, value_range):
    """16-bit images came back as 0 … 255, those of -1 … 1 without their dark half."""
    codec = ImageCodec(preprocess=False, n_bins=31, max_modes=None, su=np.inf).fit(images)
    np.testing.assert_allclose(codec.value_range_, value_range, rtol=1e-6)
    decoded = codec.inverse_transform(codec.transform(images))
    low, high = codec.value_range_
    assert low <= decoded.min() < low + (high - low) / 4
    assert high - (high - low) / 4 < decoded.max() <= high
    assert np.abs(decoded - images).mean() < 0.1 * (high - low)
    with pytest.raises(ValueError, match="images must have pixels of about"):
        codec.transform(images.astype(float) * 1000 + 1e6)


def test_a_range_can_be_asked_for():
    codec = ImageCodec(preprocess=False, value_range=(-10, 300)).fit(FLAT)
    assert codec.value_range_ == (-10, 300)
    for wrong in ((0, 100), (300, 0), (0,), "ab", (0, np.nan)):
        with pytest.raises(ValueError, match="value_range must"):
            ImageCodec(preprocess=False, value_range=wrong).fit(FLAT)


def test_layouts_of_images_are_not_guessed():
    """Channels first were 28 channels; one colour image was 28 pictures."""
    first = np.zeros((5, 3, 28, 28))
    with pytest.raises(ValueError, match="channels last"):
        ImageCodec().fit(first)
    with pytest.raises(ValueError, match=r"one colour image is \(1, 28, 28, 3\)"):
        ImageCodec().fit(np.zeros((28, 28, 3)))
    with pytest.raises(ValueError, match="if in colour"):
        RGMClassifier().fit(np.random.default_rng(0).random((20, 3072)), np.arange(20) % 2)


def test_what_is_hidden_may_be_anything():
    codec = ImageCodec(preprocess=False).fit(FLAT)
    visible = np.ones((12, 12), bool)
    visible[:5] = False
    hidden = np.where(visible, FLAT, np.nan)
    expected = codec.transform(FLAT, visible=visible)
    np.testing.assert_array_equal(codec.transform(hidden, visible=visible), expected)
    hidden[0, 11, 11] = np.nan
    with pytest.raises(ValueError, match="finite"):
        codec.transform(hidden, visible=visible)


def test_a_failed_fit_leaves_the_classifier_as_it_was():
    images, labels = FLAT.astype(float), np.arange(24) % 2
    classifier = RGMClassifier()
    for _ in range(2):  # not fitted, then fitted
        before = dict(vars(classifier))
        for X, y in (
            (images[:4], labels[:3]),
            (images, np.zeros(24)),
            (images * np.nan, labels),
        ):
            with pytest.raises(ValueError):
                classifier.fit(X, y)
            assert vars(classifier) == before
        if "model_" not in before:
            for call in (classifier.predict, classifier.elbo, classifier.log_evidence):
                with pytest.raises(NotFittedError):
                    call(images)
            classifier.fit(images, labels)
    assert classifier.predict(images).shape == (24,)
    with pytest.raises(ValueError, match=r"classes must be \[0, 1\]"):
        classifier.partial_fit(images, labels, classes=[0, 1, 2])
    classifier.partial_fit(images, labels, classes=[1, 0])


def test_images_in_colour_are_classified():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    images = rng.random((60, 10, 10, 3)) * 0.3
    images[np.arange(60), :, :, labels] += 0.7  # red or green
    classifier = RGMClassifier(codec=ImageCodec(preprocess=False)).fit(images[:40], labels[:40])
    assert classifier.score(images[40:], labels[40:]) > 0.9  # by chance 0.5
