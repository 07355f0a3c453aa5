"""The same images again and again: what seeing them up to forty times does to accuracy and log loss.

The first 1,000 training images are handed to `partial_fit` over and over; training images 10,001 to 11,000
are asked. It takes some minutes a rule.

    uv run benchmarks/passes.py
    uv run benchmarks/passes.py --rule published --times 1 2 5
"""

import argparse

import numpy as np
from sklearn.metrics import log_loss

from rgm_core import RGMClassifier
from rgm_core.datasets import load_mnist
from rgm_core.learning.learn import RULES


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rule", nargs="+", default=["counts", "published"], choices=RULES)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 5, 10, 20, 40], metavar="N")
    asked = parser.parse_args(arguments)
    images, labels = load_mnist("train", n=11_000)
    for rule in asked.rule:
        classifier = RGMClassifier(rule=rule)
        for seen in range(1, max(asked.times) + 1):
            classifier.partial_fit(images[:1000], labels[:1000])
            if seen in asked.times:
                proba = np.clip(classifier.predict_proba(images[10_000:]), 1e-12, 1)
                right = 100 * np.mean(classifier.classes_[proba.argmax(axis=1)] == labels[10_000:])
                print(
                    f"{rule}, {seen}: {right:.1f} %, {log_loss(labels[10_000:], proba):.3f} nats",
                    flush=True,
                )


if __name__ == "__main__":
    main()
