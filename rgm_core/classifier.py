"""The scikit-learn face of an image RGM: fit, predict, score, and the evidence for each image.

Source: Friston et al. (2024), arXiv 2407.20292, section on MNIST; equations 2.6, 3.1 to 3.6 and 4.1 to 4.6.
"""

from __future__ import annotations

from math import isqrt, prod
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.utils import gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from rgm_core.codecs import ImageCodec
from rgm_core.learning import History, counting, exemplars
from rgm_core.learning.choice import choose_codec
from rgm_core.learning.counting import Counting
from rgm_core.learning.exemplars import Exemplars
from rgm_core.learning.learn import RULES
from rgm_core.model.checks import unchanged_on_failure
from rgm_core.model.rgm import RGM

MIN_SIDE = 8  # of a flattened image that would be taken for one in colour
BLOCK = 1000  # images handled at once, to bound memory
N_FITTED = 10_000  # images that the codec is fitted to, at most, when images are learned by counts
CODECS = (ImageCodec(), ImageCodec(contrast="root"))  # of which the images choose, by counts
AS_THEY_COME = ImageCodec(preprocess=False)  # one more for small images; large ones have too many tiles
SMALL, TINY = range(8, 33), range(8, 17)  # pixels a side; tiny images stay as they come unless others win

#: Settings of the published model: ``RGMClassifier(**PUBLISHED)``.
PUBLISHED = MappingProxyType(
    {
        "rule": "published",
        "concentration": (1 / 16, 1 / 128),
        "eta": 512.0,
        "scheme": "published",
    }
)


class RGMClassifier(ClassifierMixin, BaseEstimator):
    """Classify images with a renormalising generative model.

    The first images give the structure: groups of pixels, groups of groups, and a class on top. Then
    every image is seen once, in order, and counted. No gradients, no epochs.

    Parameters
    ----------
    n_exemplars : int
        By ``rule="published"``: images of each class that build the structure, the first in order (all,
        if there are fewer).
    rule : {"counts", "published"}
        "counts" finds states among the first images, and adds exact expected counts with soft outcomes, a
        learned precision of the evidence, and pose as a cause. "published" copies states from exemplars,
        and takes counts up where they raise the mutual information of causes and consequences.
    pose : int
        By "counts": largest shift at which an image still shows its class, in pixels; unless 0 it may be
        slanted, too. Reading takes 15 times as long with 1.
    max_states : three int, optional
        By "counts": largest number of states of a factor, at level 1, between, and on top over all classes:
        128, 800, one a class; 256 at level 1 if the first call has 20,000 images or more.
    precision : float, optional
        By "counts": of the evidence of level 1; by default learned from images not counted yet.
    codec : transformer, optional
        From images to outcomes, by default an ``ImageCodec``; by "counts" one of ranks, of roots, or (8
        to 32 pixels a side) of images as they come, see `rgm_core.learning.choice`. It is cloned and
        fitted to the first images seen; wrap a fitted one in ``sklearn.frozen.FrozenEstimator`` to use it.
    mass : float
        Prior counts of every column of the likelihoods, shared by its outcomes.
    concentration : (float, float), optional
        By "published", as are ``beta``, ``eta`` and ``scheme``. Prior counts of every *entry* instead,
        for the likelihoods and for that of the classes: (1/16, 1/128) as published.
    beta : float or None
        Precision of the selection of updates, 1/nats; None accepts every update.
    eta : float
        Forgetting: the total count that each likelihood converges to; ``inf`` never forgets.
        512 as published.
    scheme : {"exact", "published"}
        Inference behind predictions: exact sum-product, or the published scheme.
    progress : bool
        Show a progress bar while learning.
    random_state : int, RandomState or None
        Not used: learning is determined by the images and their order. Part of the signature for
        code that sets it on every estimator.

    Attributes
    ----------
    classes_ : (K,) labels, sorted.
    codec_ : the fitted codec.
    model_ : RGM, with the learned counts; the states of its top factor are the classes.
    scores_ : what images said of the precisions in ``rgm_core.learning.precision.PRECISIONS``, nats.
    history_ : History of learning, one row an image.
    n_features_in_ : number of pixels of an image.

    Notes
    -----
    Images come as (n, H, W), (n, H, W, C) or flattened as (n, H * W): square where that is possible, else
    as pictures one pixel high.

    Settings were chosen on training images (DEVIATIONS.md); the article's: ``RGMClassifier(**PUBLISHED)``.

    Examples
    --------
    >>> from rgm_core import RGMClassifier
    >>> from rgm_core.datasets import load_mnist
    >>> images, labels = load_mnist("train", n=600)
    >>> classifier = RGMClassifier().fit(images[:500], labels[:500])
    >>> classifier.score(images[500:], labels[500:])
    0.91
    """

    def __init__(
        self,
        n_exemplars=13,
        *,
        rule="counts",
        pose=1,
        max_states=None,
        precision=None,
        codec=None,
        mass=0.5,
        concentration=None,
        beta=512.0,
        eta=1024.0,
        scheme="exact",
        progress=False,
        random_state=None,
    ):
        self.n_exemplars = n_exemplars
        self.rule = rule
        self.pose = pose
        self.max_states = max_states
        self.precision = precision
        self.codec = codec
        self.mass = mass
        self.concentration = concentration
        self.beta = beta
        self.eta = eta
        self.scheme = scheme
        self.progress = progress
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> RGMClassifier:
        """Fit the codec, learn the structure from the first exemplars, then learn from every image.

        Parameters
        ----------
        X : (n, H, W) or (n, H * W) numeric images.
        y : (n,) class of each image.

        Raises
        ------
        ValueError
            If images or labels have the wrong shape or values, or there is one class only.
        """
        with unchanged_on_failure(self):
            images, y = self._check_images(X, y, reset=True)
            classes = np.unique(y)
            return self._learn(images, y, classes, *self._start(images, y, classes), past=[])

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None):
        """Learn from more images, each seen once; the first call also builds codec and structure.

        To see them again does no harm by "counts", and costs accuracy by "published".

        Parameters
        ----------
        X, y : as in :meth:`fit`. It is from the images of the first call that codec and structure are
            made, so give it more than a few. It must show every class by ``rule="published"``; by
            "counts" a class that comes later gets its states from the call that shows it first.
        classes : (K,) all classes that will ever appear, by default those of the first call.
        """
        if hasattr(self, "model_"):
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(f"classes must be {self.classes_.tolist()}, as at first; found {classes}")
            images, y = self._check_images(X, y, reset=False)
            learned = self.classes_, self.codec_, self.model_, self.scores_
            return self._learn(images, y, *learned, past=self._histories)
        with unchanged_on_failure(self):
            images, y = self._check_images(X, y, reset=True)
            classes = np.unique(y if classes is None else classes)
            unseen = np.setdiff1d(classes, y)
            if unseen.size and self.rule == "published":
                raise ValueError(f"y must show every class in the first call; missing {unseen.tolist()}")
            return self._learn(images, y, classes, *self._start(images, y, classes), past=[])

    @property
    def history_(self) -> History:
        """What happened at each image, see :class:`rgm_core.learning.History`."""
        self._histories = [History.concatenate(self._histories)]
        return self._histories[0]

    def predict(self, X: ArrayLike) -> NDArray:
        """Most probable class of each image, (n,)."""
        probable = self.predict_proba(X).argmax(axis=1)
        return self.classes_[probable]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Posterior over the classes for each image, (n, K)."""
        return self._posterior(X)[0]

    def log_evidence(self, X: ArrayLike) -> NDArray[np.float64]:
        """Exact log evidence ln p(outcomes) of each image, (n,) nats: how familiar it looks.

        By ``rule="counts"`` with the learned precision, and over all poses.
        """
        return self._posterior(X, exact=True)[1]

    def elbo(self, X: ArrayLike) -> NDArray[np.float64]:
        """What each level adds to the evidence lower bound: exactly, or under the published scheme.

        Returns
        -------
        (n, n_levels) nats, level 1 first. The article ranks its confidence by the sum of the last
        two.
        """
        return np.concatenate(list(self._read(X, "level_evidence")))

    def _read(self, X, what: str, *, exact: bool = False):
        """What a function of the module of the rule says of images, a block at a time."""
        check_is_fitted(self, "model_")
        images = self._check_images(X, reset=False)[0]
        rule, settings = self._rule(self.codec_, exact=exact)
        for part in gen_batches(len(images), BLOCK):
            yield getattr(rule, what)(settings, self.model_, images[part])

    def _posterior(self, X, *, exact: bool = False):
        """Posterior over classes (n, K) and log evidence (n,)."""
        return tuple(map(np.concatenate, zip(*self._read(X, "read_images", exact=exact), strict=True)))

    def _rule(self, codec, *, exact: bool = False) -> tuple[ModuleType, Counting | Exemplars]:
        """The module that learns and reads by the rule, and its settings."""
        if self.rule not in RULES:
            raise ValueError(f'rule must be "counts" or "published"; found {self.rule!r}')
        if self.rule == "counts":
            names = ("pose", "max_states", "mass", "precision")
            return counting, Counting(codec=codec, **{name: getattr(self, name) for name in names})
        names = ("n_exemplars", "mass", "concentration", "beta", "eta", "scheme")
        settings: dict[str, Any] = {name: getattr(self, name) for name in names}
        if exact:
            settings["scheme"] = "exact"
        return exemplars, Exemplars(codec=codec, **settings)

    def _check_images(self, X: Any, y: Any = "no_validation", *, reset: bool) -> tuple[NDArray, NDArray]:
        """Images (n, H, W), and labels, none if there are none, after scikit-learn's own checks."""
        X = np.asarray(X) if isinstance(X, (list, tuple)) else X
        shape = X.shape[1:] if isinstance(X, np.ndarray) and X.ndim in (3, 4) else None
        table: Any = X if shape is None else X.reshape(len(X), prod(shape))
        dtype = [np.float64, np.float32, np.uint8, np.uint16]  # others become the first, float64
        checked: Any = validate_data(self, X=table, y=y, reset=reset, dtype=dtype, order="C")
        flat, labels = checked if isinstance(checked, tuple) else (checked, np.empty(0))
        if reset:
            side, colour = isqrt(flat.shape[1]), isqrt(flat.shape[1] // 3)
            if shape is None and 3 * colour**2 == flat.shape[1] and colour >= MIN_SIDE:
                raise ValueError(f"X must have shape (n, H, W, 3) if in colour; found {flat.shape}")
            square = (side, side) if side**2 == flat.shape[1] else (1, flat.shape[1])
            self.image_shape_ = square if shape is None else shape
        if shape not in (None, self.image_shape_):
            raise ValueError(f"X must hold images of {self.image_shape_} pixels; found {shape}")
        images = flat.reshape(len(flat), *self.image_shape_)
        if isinstance(checked, tuple):
            check_classification_targets(labels)
        return images, labels

    def _start(self, images, y, classes) -> tuple[TransformerMixin, RGM, NDArray | None]:
        """Fit the codec and build the structure from the first images."""
        self._rule(None)  # is it known?
        if len(classes) < 2:
            raise ValueError(f"y has one class only, {classes[0]!r}; expected two classes or more")
        labels, first, chosen = np.searchsorted(classes, y), images, self.codec
        if self.rule == "counts":
            first = images[:N_FITTED].astype(np.float64 if images.dtype == np.float64 else np.float32)
            sides = {*first.shape[1:3]}
            small = (AS_THEY_COME, *CODECS) if sides <= {*TINY} else (*CODECS, AS_THEY_COME)
            codecs = small if sides <= {*SMALL} else CODECS
            chosen = choose_codec(codecs, first, labels[:N_FITTED]) if chosen is None else chosen
        codec: Any = clone(ImageCodec() if chosen is None else chosen)
        codec.fit(first, y[: len(first)])  # y: a frozen estimator asks for it
        rule, settings = self._rule(codec)
        return codec, *rule.start(settings, images, labels, n_classes=len(classes))

    def _learn(self, images, y, classes, codec, model, scores, *, past: list[History]) -> RGMClassifier:
        """Learn from every image; only then replace what was learned before."""
        unknown = np.setdiff1d(y, classes)
        if unknown.size:
            raise ValueError(f"y must hold classes {classes.tolist()}; found {unknown.tolist()}")
        labels, n = np.searchsorted(classes, y), sum(len(history.elbo) for history in past)
        rule, settings = self._rule(codec)
        model, scores, history = rule.learn_images(
            settings, model, scores, images, labels, past=n, progress=self.progress
        )
        self.classes_, self.codec_, self.model_, self.scores_ = classes, codec, model, scores
        self._histories = [*past, history]  # not joined here: images may come one by one
        return self
