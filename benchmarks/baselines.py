"""Plain classifiers on the digits of notebook 05: the same 10,000 training images, the same tests.

    uv run python benchmarks/baselines.py          prints accuracies and writes baselines.json

The constants of the random features are chosen on the last 2,000 of the training images, with features
fitted to the others; the other classifiers have scikit-learn's defaults. Predictions are kept, so that
tests can be paired.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from rgm_core.codecs import ImageCodec
from rgm_core.datasets import load_mnist
from rgm_core.metrics import upper_half_accuracy

N_TRAIN, N_TEST, N_CHOICE = 10_000, 1_000, 2_000
RESULTS = Path(__file__).with_suffix(".json")


def random_features(gamma: float, alpha: float):
    """Ridge regression on random Fourier features: a kernel machine in two lines."""
    sampler = RBFSampler(gamma=gamma, n_components=2000, random_state=0)
    return make_pipeline(sampler, RidgeClassifier(alpha=alpha))


def choose_features(train, labels) -> tuple[float, float]:
    """The constants of random features that are best on training images held out for the choice."""
    grid = [(gamma, alpha) for gamma in (0.01, 0.03) for alpha in (0.1, 1.0)]
    fit, choice = slice(None, -N_CHOICE), slice(-N_CHOICE, None)
    scores = [
        random_features(*constants).fit(train[fit], labels[fit]).score(train[choice], labels[choice])
        for constants in grid
    ]
    return grid[int(np.argmax(scores))]


def confidence(model, images) -> np.ndarray:
    """The largest class probability of each image, or the margin where there are no probabilities."""
    scores = getattr(model, "predict_proba", None) or model.decision_function
    return np.max(scores(images), axis=1)


def evaluate(model, inputs, labels) -> dict:
    """Accuracy on all images and on the more confident half, in %, and the predictions."""
    said = model.predict(inputs)
    upper = upper_half_accuracy(said == labels, confidence(model, inputs))
    return {
        "accuracy": 100 * float((said == labels).mean()),
        "upper_half": 100 * upper,
        "predictions": "".join(map(str, said)),
    }


def main() -> None:
    """Fit and test every classifier."""
    images, labels = load_mnist("train", n=N_TRAIN + N_TEST)
    official, official_labels = load_mnist("test", n=10_000)
    truth = np.split(labels, [N_TRAIN])
    pixels = [part.reshape(len(part), -1) / 255 for part in (images, official)]
    train, test = np.split(pixels[0], [N_TRAIN])
    codec = ImageCodec().fit(images[:N_TRAIN])
    outcomes = [codec.transform(part) for part in (images, official)]
    constants = choose_features(train, truth[0])
    on_pixels = (train, test, pixels[1])
    on_outcomes = (outcomes[0][:N_TRAIN], outcomes[0][N_TRAIN:], outcomes[1])
    bayes = CategoricalNB(min_categories=codec.n_outcomes_)
    models = {
        "nearest neighbour": (KNeighborsClassifier(1).fit(train, truth[0]), on_pixels),
        "3 nearest neighbours": (KNeighborsClassifier(3).fit(train, truth[0]), on_pixels),
        "naive Bayes on our outcomes": (bayes.fit(on_outcomes[0], truth[0]), on_outcomes),
        "logistic regression": (LogisticRegression(max_iter=1000).fit(train, truth[0]), on_pixels),
        "ridge on random features": (random_features(*constants).fit(train, truth[0]), on_pixels),
    }
    results = {}
    for name, (model, (_, ours, theirs)) in models.items():
        results[name] = {
            "paper": evaluate(model, ours, truth[1]),
            "official": evaluate(model, theirs, official_labels),
        }
        print(f"{name:28}", {k: round(v["accuracy"], 2) for k, v in results[name].items()})
    kept = {
        "random features": dict(zip(("gamma", "alpha"), constants, strict=True)),
        "classifiers": results,
    }
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
