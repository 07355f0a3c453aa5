"""The table of constants in DEVIATIONS.md: priors and forgetting, on images that are used nowhere else.

    uv run python benchmarks/constants.py            all rows, about half an hour on one core
    uv run python benchmarks/constants.py --first    the first of the three training sets only

Needs all 60,000 training images: a checkout holds 11,000, ``load_mnist`` finds or fetches the rest.
Each model learns from 10,000 images, once each, and is tested on those of images 11,001 to 60,000 that it
has not learned from. The codec is fitted to images 1 to 10,000.
"""

import argparse

import numpy as np
from sklearn.frozen import FrozenEstimator

from rgm_core import RGMClassifier
from rgm_core.codecs import ImageCodec
from rgm_core.datasets import load_mnist

N_LEARNED, FIRST_TESTED = 10_000, 11_000
STARTS = (0, 20_000, 40_000)
PUBLISHED_PRIOR = {"concentration": (1 / 16, 1 / 128)}
ROWS = [
    ("published, 512", PUBLISHED_PRIOR | {"eta": 512.0}),
    ("published, 1024", PUBLISHED_PRIOR | {"eta": 1024.0}),
    ("mass 1/2, 512", {"mass": 0.5, "eta": 512.0}),
    ("mass 1/2, 768", {"mass": 0.5, "eta": 768.0}),
    ("mass 1/2, 1024", {"mass": 0.5, "eta": 1024.0}),
    ("mass 1/4, 1024", {"mass": 0.25, "eta": 1024.0}),
    ("mass 1, 768", {"mass": 1.0, "eta": 768.0}),
]


def accuracy(settings: dict, codec, images, labels, start: int) -> float:
    """Accuracy, in %, of one model that has learned from 10,000 images from ``start`` on."""
    learned = slice(start, start + N_LEARNED)
    tested = np.setdiff1d(np.arange(FIRST_TESTED, len(images)), np.arange(start, start + N_LEARNED))
    classifier = RGMClassifier(codec=FrozenEstimator(codec), scheme="exact", **settings)
    classifier.fit(images[learned], labels[learned])
    return 100 * classifier.score(images[tested], labels[tested])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", action="store_true", help="the first training set only")
    starts = STARTS[:1] if parser.parse_args().first else STARTS
    images, labels = load_mnist("train", n=60_000)
    codec = ImageCodec().fit(images[:N_LEARNED])
    print(f"{'prior, eta':16}", *(f"{start + 1:6,}–" for start in starts), "  mean")
    for name, settings in ROWS:
        found = [accuracy(settings, codec, images, labels, start) for start in starts]
        print(f"{name:16}", *(f"{value:7.2f}" for value in found), f"{np.mean(found):6.2f}", flush=True)


if __name__ == "__main__":
    main()
