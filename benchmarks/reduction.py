"""What model reduction saves, and what it costs: states merged by evidence, after learning by counts.

    uv run benchmarks/reduction.py --images 1000 3000

Images of MNIST: the first ones are learned, with up to 100 states a class on top where the default has one;
training images 10,001 to 11,000 are read at their own pose.
"""

import argparse

import numpy as np

from rgm_core import RGMClassifier
from rgm_core.datasets import load_mnist
from rgm_core.structure.reduce import reduce_model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[1000], metavar="N")
    options = parser.parse_args()
    images, labels = load_mnist("train", n=11_000)
    for n in options.images:
        classifier = RGMClassifier(max_states=(128, 400, 1000)).fit(images[:n], labels[:n])
        classifier.set_params(pose=0)
        reduced, gain = reduce_model(classifier.model_, mass=classifier.mass)
        found = [describe(classifier, model, images[10_000:], labels[10_000:]) for model in
                 (classifier.model_, reduced)]  # fmt: skip
        print(f"{n:,} images: {found[0]} -> {found[1]}; evidence of the counts {gain:+,.0f} nats")


def describe(classifier, model, images, labels) -> str:
    """States below the classes, parameters of all levels, and accuracy on images that were not learned."""
    classifier.model_ = model
    n_parameters = sum(np.count_nonzero(level.mask) for level in model.levels)
    accuracy = 100 * classifier.score(images, labels)
    return f"{model.levels[-2].n_states[0]:,} states, {n_parameters:,} parameters, {accuracy:.1f} %"


if __name__ == "__main__":
    main()
