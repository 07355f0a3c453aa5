"""The table of constants in DEVIATIONS.md: priors and forgetting, on images that are used nowhere else.

    uv run python benchmarks/constants.py               all rows, about half an hour on one core
    uv run python benchmarks/constants.py --checkout    what a checkout holds images for, two minutes

Needs all 60,000 training images: a checkout holds 11,000, ``load_mnist`` finds or fetches the rest.
Each model learns from 10,000 images, once each, and is tested on those of images 11,001 to 60,000 that it
has not learned from. With ``--checkout`` it learns from images 1 to 5,000 and is tested on 5,001 to 10,000;
these numbers are kept in constants.json. The codec is fitted to the images the first model learns from.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator

from rgm_core import RGMClassifier
from rgm_core.codecs import ImageCodec
from rgm_core.datasets import load_mnist

N_LEARNED, FIRST_TESTED = 10_000, 11_000
STARTS = (0, 20_000, 40_000)
N_CHECKOUT = 5_000
RESULTS = Path(__file__).with_suffix(".json")
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


def accuracy(settings: dict, codec, images, labels, learned: slice, tested) -> float:
    """Accuracy, in %, of one model on the images numbered ``tested``."""
    classifier = RGMClassifier(codec=FrozenEstimator(codec), scheme="exact", **settings)
    classifier.fit(images[learned], labels[learned])
    return 100 * classifier.score(images[tested], labels[tested])


def splits(checkout: bool) -> list[tuple[slice, np.ndarray]]:
    """Which images are learned from, and which are tested on."""
    if checkout:
        return [(slice(N_CHECKOUT), np.arange(N_CHECKOUT, 2 * N_CHECKOUT))]
    all_tested = np.arange(FIRST_TESTED, 60_000)
    learned = [slice(start, start + N_LEARNED) for start in STARTS]
    return [(part, np.setdiff1d(all_tested, np.arange(part.start, part.stop))) for part in learned]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkout", action="store_true", help="only images that a checkout holds")
    checkout = parser.parse_args().checkout
    parts = splits(checkout)
    images, labels = load_mnist("train", n=2 * N_CHECKOUT if checkout else 60_000)
    codec = ImageCodec().fit(images[parts[0][0]])
    table = {}
    for name, settings in ROWS:
        table[name] = [accuracy(settings, codec, images, labels, *part) for part in parts]
        print(
            f"{name:16}",
            *(f"{value:7.2f}" for value in table[name]),
            f"{np.mean(table[name]):6.2f}",
            flush=True,
        )
    if checkout:
        RESULTS.write_text(
            json.dumps({name: round(found[0], 2) for name, found in table.items()}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
