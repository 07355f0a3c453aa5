"""Image models that learn by exact counts: where things are is a cause too, and evidence has a precision.

An image shows its class at any *pose*: shifted by a few pixels, and slanted. Every image is counted at its
own and at one other shift in turn; the class of a new image is read at every pose,

    p(c | x) = Σ_t p(t | x) p(c | x, t),    p(t | x) ∝ p(x at t)^γ_t,

with a precision γ_t as for the outcomes: the evidence of poses is as redundant (equation 4.13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from numbers import Integral

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.utils import check_scalar
from tqdm.auto import tqdm

from rgm_core.learning.active import History
from rgm_core.learning.choice import Encoder, encode, fifths
from rgm_core.learning.counts import Counts, add_counts, expected_counts, read_factors, read_top
from rgm_core.learning.precision import (
    EXPECTED,
    PRECISIONS,
    choose_precision,
    class_evidence,
    mix_poses,
    with_precision,
)
from rgm_core.model.rgm import RGM
from rgm_core.structure.states import add_class_states, find_states

N_FOUND = 2000  # images among which states are found: a bound on memory
N_COPIES = 4000  # of them at different poses, at most
MANY = 20_000  # images to begin with, from which on level 1 has twice the states: it takes longer
N_ASIDE = 1000  # images from which a first precision is learned: four fifths teach, one is asked
N_TURNS = 500  # images from which on one fifth is enough; of fewer, each in turn
PORTION = 250  # images whose counts are added before beliefs change
N_ASKED = 10  # images of a portion that are asked for their class first, to learn the precision
MEMORY = 0.95  # share of what older portions said of the precision that is kept at each portion
SLANTS = (0.0, -0.15, 0.15)  # pixels by which a row moves for each row that it is below the middle


@dataclass(frozen=True, kw_only=True)
class Counting:
    """How images become counts.

    Parameters
    ----------
    codec : fitted codec; its ``shares`` are used if it has any, else its ``transform``.
    pose : int
        Largest shift in pixels, 0 for none, and no slant.
    max_states : as of :func:`rgm_core.structure.states.find_states`; None for 128, 800 and one a class, 256
        at level 1 if many images are there to begin with.
    mass : as of :func:`rgm_core.structure.states.find_states`.
    precision : float or None
        Of the evidence of level 1; None learns it.

    Attributes
    ----------
    shifts : poses (dy, dx, 0) at which images are learned, their own first, then the nearest.
    poses : poses (dy, dx, slant) at which they are read: first the slants at their own place.
    """

    codec: Encoder
    pose: int
    max_states: Sequence[int] | None = None
    mass: float = 0.5
    precision: float | None = None
    shifts: list = field(init=False)
    poses: list = field(init=False)

    def __post_init__(self):
        check_scalar(self.pose, "pose", Integral, min_val=0)
        steps = range(-self.pose, self.pose + 1)
        order = sorted(product(steps, steps), key=lambda step: (step[0] ** 2 + step[1] ** 2, step))
        near = [step for step in order if abs(step[0]) + abs(step[1]) <= self.pose]
        object.__setattr__(self, "shifts", [(*step, 0.0) for step in order])
        slants = SLANTS if self.pose else SLANTS[:1]
        object.__setattr__(self, "poses", [(*step, slant) for step in near for slant in slants])

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Outcomes of images: shares (n, G, O) if the codec has them (equation 4.12), else integers."""
        return encode(self.codec, images)

    def copies(self, images: np.ndarray, first: int, n: int) -> np.ndarray:
        """Outcomes of images at `n` shifts each, ``n`` times as many: first all at their own.

        The others are taken in turn, so that image ``first + i`` begins with another than its neighbours.
        """
        turn = first + np.arange(len(images))
        which = [0 * turn] + [1 + (turn + k) % max(len(self.shifts) - 1, 1) for k in range(n - 1)]
        return np.concatenate([self.encode(place(images, self.shifts, w)) for w in which])

    def outcomes_at(self, images: np.ndarray, which: Sequence[int]) -> np.ndarray:
        """Outcomes of images at some of the poses, pose by pose."""
        return np.concatenate(
            [self.encode(place(images, self.poses, np.full(len(images), t))) for t in which]
        )


def place(images: np.ndarray, poses: list[tuple[int, int, float]], which: np.ndarray) -> np.ndarray:
    """Put each image (n, H, W, ...) at one of the poses (dy, dx, slant); edges are repeated.

    Rows move by ``slant`` pixels for each row that they are below the middle; between two pixels their
    values are mixed.
    """
    dtype = np.result_type(images, np.float32) if any(poses[t][2] for t in which) else images.dtype
    placed = np.empty(images.shape, dtype)
    rows, columns = np.arange(images.shape[1]), np.arange(images.shape[2])
    for t in np.unique(which):
        chosen, (dy, dx, slant) = which == t, poses[t]
        y = (rows - dy).clip(0, rows[-1])[:, None]
        moved = dx + slant * (rows - rows[-1] / 2)[:, None]
        x, part = columns - np.floor(moved).astype(int), moved - np.floor(moved)
        image = images[chosen]
        placed[chosen] = image[:, y, x.clip(0, columns[-1])]
        if slant:
            beside = image[:, y, (x - 1).clip(0, columns[-1])]
            part = part.reshape(part.shape + (1,) * (images.ndim - 3)).astype(placed.dtype)
            placed[chosen] += part * (beside - placed[chosen])
    return placed


def start(counting: Counting, images, labels, *, n_classes: int) -> tuple[RGM, np.ndarray]:
    """Find the states among the first images, and the precision of their evidence.

    Returns
    -------
    model : RGM
        With prior counts only where states were found; the counts of the images are still to be added.
    scores : (n_precisions,) float
        Class evidence under each precision, nats; see :mod:`rgm_core.learning.precision`.
    """
    if counting.max_states is None:
        counting = replace(counting, max_states=(128 if len(images) < MANY else 256, 800, 1))
    scores = np.zeros(len(PRECISIONS))
    if counting.precision is None and len(images) < 2 * N_FOUND:  # else those after the first are asked
        scores = _ask_the_rest(counting, images[:N_ASIDE], labels[:N_ASIDE], n_classes)
    first = _exemplars(labels, N_FOUND)
    return _precise(counting, _found(counting, images[first], labels[first], n_classes), scores), scores


def learn_images(counting: Counting, model: RGM, scores, images, labels, *, past: int, progress=False):
    """Count images, portion by portion; `past` were counted before.

    Returns
    -------
    model : RGM
    scores : (n_precisions,) float
    history : History
        A row an image.
    """
    model, histories = _welcome(counting, model, images, labels), []
    for begin in tqdm(range(0, len(images), PORTION), disable=not progress, unit="portion"):
        part = slice(begin, begin + PORTION)
        seen, known, turn = images[part], labels[part], past + begin
        if counting.precision is None and turn >= N_FOUND:
            scores = MEMORY * scores + _ask(counting, model, seen[:N_ASKED], known[:N_ASKED])
            model = _precise(counting, model, scores)
        n = min(2, len(counting.shifts))
        model, history = _count(model, counting.copies(seen, turn, n), np.tile(known, n), len(seen))
        histories.append(history)
    return model, scores, History.concatenate(histories)


def read_images(counting: Counting, model: RGM, images) -> tuple[np.ndarray, np.ndarray]:
    """Posterior over classes (n, K), and log evidence (n,) nats, over all poses of each image."""
    poses = range(len(counting.poses))
    joint = np.stack([read_top(model, counting.outcomes_at(images, [t])) for t in poses])  # (poses, n, K)
    return softmax(mix_poses(joint), axis=1), logsumexp(joint, axis=(0, 2)) - np.log(len(joint))


def level_evidence(counting: Counting, model: RGM, images) -> np.ndarray:
    """What each level adds to the log evidence of images at their own pose, (n, n_levels) nats."""
    return expected_counts(model, counting.encode(images)).elbo


def _welcome(counting: Counting, model: RGM, images, labels) -> RGM:
    """Give states to classes of which no image was counted yet, as if they had been there at first."""
    if model.n_levels < 3:  # too small a picture for states between
        return model
    counted = model.levels[-1].a[0].sum(axis=0) > (1 + 1e-9) * counting.mass  # more than its prior
    new = np.setdiff1d(labels, np.flatnonzero(counted))
    bound = 1 if counting.max_states is None else max(1, counting.max_states[2] // len(model.D))
    for c in new:
        shown = images[labels == c][:N_FOUND]
        n = max(1, min(len(counting.shifts), N_COPIES // len(shown)))
        below = read_factors(model, counting.copies(shown, 0, n))
        model = add_class_states(model, below, int(c), bound=bound, mass=counting.mass)
    return model


def _count(model: RGM, outcomes, labels, n_images: int) -> tuple[RGM, History]:
    """Add the counts of a portion, and the history of its first rows: the images at their own pose."""
    counts = expected_counts(model, outcomes, labels)
    model, history = add_counts(model, Counts(a=counts.a, elbo=counts.elbo[:n_images]))
    seen = model.levels[-1].a[0].sum(axis=0)
    return replace(model, D=seen / seen.sum()), history


def _found(counting: Counting, images, labels, n_classes: int) -> RGM:
    """The states that are found among images, at some of their poses."""
    n = max(1, min(len(counting.shifts), N_COPIES // len(images)))
    outcomes = counting.copies(images, 0, n)
    sizes = np.asarray(counting.codec.n_outcomes_)
    if outcomes.ndim == 2:
        outcomes = (outcomes[:, :, None] == np.arange(sizes.max())).astype(np.float32)
    settings = {"max_states": counting.max_states, "mass": counting.mass, "n_classes": n_classes}
    return find_states(outcomes, sizes, counting.codec.locations_, np.tile(labels, n), **settings)


def _ask_the_rest(counting: Counting, images, labels, n_classes: int) -> np.ndarray:
    """Class evidence of a fifth of the images under a model that has learned from the others, nats.

    Of few images each fifth is asked in turn. All are learned at their own pose; none of a class with one
    image only.
    """
    scores, fifth = np.zeros(len(PRECISIONS)), fifths(labels)
    own = replace(counting, pose=0, precision=EXPECTED)
    for k in range(1, 6 if len(images) < N_TURNS else 2):
        asked = fifth == k % 5
        if not asked.any() or np.setdiff1d(labels, labels[~asked]).size:
            continue
        model = _precise(own, _found(own, images[~asked], labels[~asked], n_classes), scores)
        model = learn_images(own, model, scores, images[~asked], labels[~asked], past=0)[0]
        scores = scores + _ask(counting, model, images[asked], labels[asked])
    return scores


def _ask(counting: Counting, model: RGM, images, labels) -> np.ndarray:
    """Class evidence of images, read upright and slanted, under each precision, (n_precisions,) nats."""
    slants = range(min(len(SLANTS), len(counting.poses)))
    return class_evidence(model, counting.outcomes_at(images, slants), labels)


def _precise(counting: Counting, model: RGM, scores: np.ndarray) -> RGM:
    precision = choose_precision(scores) if counting.precision is None else counting.precision
    return with_precision(model, precision)


def _exemplars(labels: np.ndarray, n: int) -> np.ndarray:
    """The first n images, and the first one of any class that is not among these."""
    rest = np.setdiff1d(np.unique(labels[n:]), labels[:n])
    late = [n + np.flatnonzero(labels[n:] == c)[0] for c in rest]
    return np.concatenate([np.arange(min(n, len(labels))), np.array(late, int)])
