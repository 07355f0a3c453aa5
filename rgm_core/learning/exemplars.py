"""Image models as published: states are copies of exemplars, and updates are selected (section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from rgm_core.inference.infer import infer_samples, infer_top
from rgm_core.learning.active import History, learn_actively
from rgm_core.learning.counting import Encoder
from rgm_core.model.rgm import RGM
from rgm_core.structure.learn import learn_structure

SCHEMES = ("exact", "published")


@dataclass(frozen=True, kw_only=True)
class Exemplars:
    """How images become counts: the settings of :class:`rgm_core.RGMClassifier` that say so.

    Parameters
    ----------
    codec : fitted codec.
    n_exemplars, mass, concentration, beta, eta, scheme : as of the classifier.
    """

    codec: Encoder
    n_exemplars: int
    mass: float
    concentration: tuple[float, float] | None
    beta: float | None
    eta: float
    scheme: str

    def __post_init__(self):
        check_scalar(self.n_exemplars, "n_exemplars", Integral, min_val=1)
        if self.scheme not in SCHEMES:
            raise ValueError(f'scheme must be "exact" or "published"; found {self.scheme!r}')
        if self.concentration is not None and np.shape(self.concentration) != (2,):
            raise ValueError(
                "concentration must be two floats, for the likelihoods and for that of the classes, "
                f"or None; found {self.concentration!r}"
            )


def start(how: Exemplars, images, labels, *, n_classes: int) -> tuple[RGM, None]:
    """Build the structure from the first images of each class, and add the prior counts."""
    first = [np.flatnonzero(labels == c)[: how.n_exemplars] for c in range(n_classes)]
    exemplars = how.codec.transform(images[np.concatenate(first)])
    shown = np.repeat(np.arange(n_classes), [len(index) for index in first])
    structure = learn_structure(exemplars, how.codec.n_outcomes_, how.codec.locations_, labels=shown)
    if how.concentration is None:
        return structure.add_mass(how.mass), None
    below, classes = how.concentration
    return structure.add_counts([below] * (structure.n_levels - 1) + [classes]), None


def learn_images(
    how: Exemplars, model: RGM, scores: None, images, labels, *, past: int, progress: bool = False
) -> tuple[RGM, None, History]:
    """Learn from each image in turn; how many came before (`past`) does not matter."""
    outcomes, settings = how.codec.transform(images), {"beta": how.beta, "eta": how.eta}
    model, history = learn_actively(model, outcomes, labels=labels, progress=progress, **settings)
    return model, scores, history


def read_images(how: Exemplars, model: RGM, images) -> tuple[np.ndarray, np.ndarray]:
    """Posterior over classes (n, K), and log evidence (n,) nats."""
    outcomes = how.codec.transform(images)
    if how.scheme == "exact":
        return infer_top(model, outcomes)
    found = infer_samples(model, outcomes, scheme=how.scheme)
    return found.states[-1][0], found.log_evidence


def level_evidence(how: Exemplars, model: RGM, images) -> np.ndarray:
    """What each level adds to the score of the published scheme, (n, n_levels) nats."""
    return infer_samples(model, how.codec.transform(images), scheme="published").elbo
