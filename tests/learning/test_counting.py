"""Images learned by exact counts: as few or as many as there are, at any pose, in streams."""

import pickle

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from rgm_core import RGM, RGMClassifier
from rgm_core.codecs import ImageCodec
from rgm_core.datasets import load_mnist
from rgm_core.learning import as_shares, read_top
from rgm_core.learning.counting import Counting, place
from rgm_core.learning.precision import PRECISIONS, choose_precision, class_evidence

SETTINGS = {"rule": "counts", "max_states": (16, 24, 60)}  # small, for quick tests


@pytest.fixture(scope="module")
def digits():
    """The first 500 digits of MNIST, in their order."""
    return load_mnist("train", n=500)


@pytest.fixture(scope="module")
def few(digits):
    return digits[0][:100], digits[1][:100]


@pytest.fixture(scope="module")
def fitted(few):
    return RGMClassifier(**SETTINGS).fit(*few)


def counts(classifier):
    return [level.a for level in classifier.model_.levels]


def test_few_images_are_classified_better_than_by_the_nearest_neighbour(digits, few, fitted):
    """The plainest learner is the null."""
    images, labels = digits[0][100:], digits[1][100:]
    nearest = KNeighborsClassifier(1).fit(few[0].reshape(100, -1), few[1])
    assert fitted.score(images, labels) > nearest.score(images.reshape(400, -1), labels)


def test_labels_are_used(digits, few, fitted):
    shuffled = np.random.default_rng(0).permutation(few[1])
    other = RGMClassifier(**SETTINGS).fit(few[0], shuffled)
    assert (other.predict(digits[0][100:200]) != fitted.predict(digits[0][100:200])).mean() > 0.3


def test_same_images_same_counts(few, fitted):
    again = RGMClassifier(**SETTINGS, random_state=7).fit(*few)
    for one, other in zip(counts(again), counts(fitted), strict=True):
        np.testing.assert_array_equal(one, other)


def test_states_are_bounded_whatever_the_number_of_images(fitted):
    *levels, last, top = fitted.model_.levels
    assert levels[0].n_states.max() <= 16
    assert all(level.n_states.max() <= 24 for level in levels[1:])
    assert last.n_states[0] <= 60
    assert top.n_states[0] == 10
    assert np.count_nonzero(top.a[0], axis=1).max() == 1, "a state on top belongs to one class"


def test_every_image_counts_once_at_each_of_its_poses(few, fitted):
    """Two poses of 100 images; before, the same images as exemplars at all nine; half a prior count."""
    at_level_one = fitted.model_.levels[0].a.sum(axis=(1, 2))
    prior = 0.5 * fitted.model_.levels[0].n_states[fitted.model_.levels[0].parents]
    np.testing.assert_allclose(at_level_one, prior + 9 * 100 + 2 * 100, rtol=1e-6)


def test_a_stream_goes_on_where_it_stopped(digits, few, fitted):
    images, labels = digits
    stream = pickle.loads(pickle.dumps(fitted)).partial_fit(images[100:150], labels[100:150])
    assert stream.history_.elbo.shape == (150, fitted.model_.n_levels)
    assert all((a >= b).all() for a, b in zip(counts(stream), counts(fitted), strict=True))
    assert not np.array_equal(counts(stream)[0], counts(fitted)[0])


def test_a_class_may_come_later_if_it_was_announced(digits):
    images, labels = digits
    early = labels[:100] < 9
    stream = RGMClassifier(**SETTINGS).partial_fit(
        images[:100][early], labels[:100][early], classes=np.arange(10)
    )
    assert not (stream.predict(images[100:200]) == 9).any(), "never seen: no prior probability"
    stream.partial_fit(images[100:300], labels[100:300])
    assert np.count_nonzero(stream.model_.levels[-1].a[0][:, 9]) > 1, "it has states of its own"
    found = stream.predict(images[300:][labels[300:] == 9])
    assert (found == 9).mean() > 0.5, "chance is 0.1; measured 0.88"


def test_probabilities_are_a_mixture_over_poses(few, fitted):
    """One pose alone is read as the model's posterior; all of them as their mixture, by hand."""
    image = few[0][:1].astype(np.float32)
    proba = fitted.predict_proba(image)
    placed = [
        slanted(np.roll(image[0], shift, axis=(0, 1)), slant)
        for shift in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
        for slant in (-0.15, 0, 0.15)
    ]
    joint = read_top(fitted.model_, fitted.codec_.shares(np.stack(placed).astype(np.float32)))
    evidence = np.logaddexp.reduce(joint, axis=1)
    weight = np.exp(0.2 * (evidence - evidence.max()))
    expected = weight / weight.sum() @ np.exp(joint - evidence[:, None])
    np.testing.assert_allclose(proba[0], expected, rtol=1e-3, atol=1e-5)
    mean = np.logaddexp.reduce(evidence) - np.log(15)
    np.testing.assert_allclose(fitted.log_evidence(image), mean, rtol=1e-4)


def slanted(image, slant):
    """Move each row by hand, between pixels by linear interpolation."""
    columns = np.arange(image.shape[1])
    middle = (len(image) - 1) / 2
    return np.stack(
        [np.interp(columns - slant * (r - middle), columns, row) for r, row in enumerate(image)]
    )


def test_poses_slant_images_of_any_kind():
    """A whole pixel a row is a shift; less is a mixture of neighbours; colours move together."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 255, (2, 5, 6, 3)).astype(np.uint8)
    poses = [(0, 0, 1.0), (0, 0, -0.3)]
    found = place(images, poses, np.array([0, 1]))
    assert found.dtype == np.float32
    for image, one, (*_, slant) in zip(images, found, poses, strict=True):
        for colour in range(3):
            np.testing.assert_allclose(one[..., colour], slanted(image[..., colour], slant), rtol=1e-5)


def test_poses_shift_images_and_repeat_their_edges():
    image = np.arange(12.0).reshape(1, 3, 4)
    poses = Counting(codec=None, pose=1).shifts
    assert poses[0] == (0, 0, 0)
    assert len(set(poses)) == 9
    assert len(set(Counting(codec=None, pose=1).poses)) == 15
    assert Counting(codec=None, pose=0).poses == [(0, 0, 0)]
    np.testing.assert_array_equal(place(image, poses, np.zeros(1, int)), image)
    down = place(image, poses, np.array([poses.index((1, 0, 0))]))
    np.testing.assert_array_equal(down[0], image[0][[0, 0, 1]])


def test_the_precision_is_the_most_probable_after_images_were_asked(digits, fitted):
    """Held-out images prefer a precision between its extremes; where none is asked the prior decides."""
    outcomes = fitted.codec_.shares(digits[0][100:300].astype(np.float32))
    found = class_evidence(fitted.model_, outcomes, digits[1][100:300])
    assert found.shape == fitted.scores_.shape == (len(PRECISIONS),)
    assert found.max() > found[-1]
    assert fitted.model_.levels[0].precision == choose_precision(fitted.scores_)
    assert choose_precision(np.zeros(len(PRECISIONS))) == 0.2
    assert choose_precision(np.eye(len(PRECISIONS))[1] * 50) == PRECISIONS[1]
    given = RGMClassifier(**SETTINGS, precision=0.3).fit(digits[0][:60], digits[1][:60])
    assert given.model_.levels[0].precision == 0.3


def test_a_saved_model_reads_the_same(fitted, few, tmp_path):
    fitted.model_.save(tmp_path / "digits.npz")
    shares = fitted.codec_.shares(few[0][:5].astype(np.float32))
    again = RGM.load(tmp_path / "digits.npz")
    np.testing.assert_array_equal(read_top(again, shares), read_top(fitted.model_, shares))


def test_colours_words_and_other_shapes(few):
    images, labels = few
    words = np.array(list("abcdefghij"))[labels]
    colours = RGMClassifier(**SETTINGS, pose=0).fit(np.stack([images[:, 4:24]] * 3, axis=-1), words)
    assert colours.image_shape_ == (20, 28, 3)
    assert colours.score(np.stack([images[:, 4:24]] * 3, axis=-1), words) > 0.8, "images it has seen"


def test_one_image_a_class_and_constant_images():
    rng = np.random.default_rng(0)
    images = rng.random((3, 12, 12))
    assert RGMClassifier(rule="counts").fit(images, [0, 1, 2]).predict(images).tolist() == [0, 1, 2]
    flat = RGMClassifier(rule="counts").fit(np.full((6, 8, 8), 3.0), [0, 1, 0, 1, 1, 1])
    np.testing.assert_allclose(flat.predict_proba(np.full((1, 8, 8), 3.0))[0], [1 / 3, 2 / 3], atol=0.1)


def test_a_codec_without_soft_outcomes_will_do(few):
    class Plain(ImageCodec):
        shares = property()  # raises AttributeError: hasattr is False

    classifier = RGMClassifier(**SETTINGS, pose=0, codec=Plain()).fit(*few)
    assert classifier.score(*few) > 0.8, "images it has seen"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": "guess"}, "rule must be"),
        ({"pose": -1}, "pose == -1"),
        ({"max_states": (1, 2)}, "three integers"),
        ({"mass": 0.0}, "mass must be"),
        ({"precision": -1.0}, "precision must be"),
    ],
)
def test_bad_settings_are_refused(few, settings, message):
    with pytest.raises(ValueError, match=message):
        RGMClassifier(**(SETTINGS | settings)).fit(*few)


def test_shares_are_what_transform_rounds(few):
    codec = ImageCodec().fit(few[0])
    shares, hard = codec.shares(few[0][:5]), codec.transform(few[0][:5])
    np.testing.assert_allclose(shares.sum(axis=2), 1)
    assert np.count_nonzero(shares, axis=2).max() == 2
    clear = np.sort(shares, axis=2)[:, :, -1] > 0.5 + 1e-9
    np.testing.assert_array_equal(shares.argmax(axis=2)[clear], hard[clear])
    assert (
        as_shares(RGMClassifier(**SETTINGS, pose=0).fit(*few).model_.levels[0], shares).shape
        == shares.shape
    )
