"""Accuracy against the number of training images: ours beside plain learners, all from the same images.

    uv run benchmarks/scaling.py --images 100 400 1000 3000 10000
    uv run benchmarks/scaling.py --images 60000 --learners counts "1-NN"
    uv run benchmarks/scaling.py --data fashion --folder FOLDER --images 1000 10000
    uv run benchmarks/scaling.py --data digits --images 100 400 1000
    uv run benchmarks/scaling.py --images 1000 10000 --learners counts --states 256 800 2000

Rows are added to scaling.json as they come, and one that is there already is not computed again. The images
of MNIST are those of ``load_mnist``: up to 11,000 training images need no network. ``digits`` are the 1,797
of 8 × 8 pixels that come with scikit-learn; the last 500 are for testing. Others are read from a folder
with the four files ``train-images-idx3-ubyte`` … (plain or gzipped), as Fashion-MNIST has them.

Order 0 is that of the file; order k takes the same images in an order drawn with seed k. All are tested on
the same test images. ``counts`` is read at the image's own pose, and at every pose: five shifts times three
slants.
"""

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsClassifier

from rgm_core import RGMClassifier
from rgm_core.classifier import PUBLISHED
from rgm_core.codecs import ImageCodec
from rgm_core.datasets import load_mnist
from rgm_core.metrics import upper_half_accuracy

RESULTS = Path(__file__).with_suffix(".json")
RULES = {
    "counts": {"rule": "counts"},
    "published rule": {"rule": "published"},
    "published constants": dict(PUBLISHED),
}
LEARNERS = (*RULES, "1-NN", "naive Bayes")
KEY = ("data", "learner", "images", "order", "states")


def main(arguments=None) -> None:
    options = parse(arguments)
    rows = json.loads(options.json.read_text())["rows"] if options.json.is_file() else []
    train, test = load(options)
    for n in options.images:
        for order in options.orders:
            chosen = np.arange(n) if order == 0 else np.random.default_rng(order).permutation(n)
            for learner in options.learners:
                key = {"data": options.data, "learner": learner, "images": n, "order": order}
                key["states"] = options.states
                if any(all(row[k] == key[k] for k in KEY) for row in rows):
                    continue
                learned = tuple(part[chosen] for part in train)
                for found in measure(learner, learned, test, options.states):
                    rows.append(key | found)
                    print(*rows[-1].values(), flush=True)
                options.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
    print_costs(rows)


def parse(arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[100, 400, 1000], metavar="N")
    parser.add_argument("--orders", type=int, nargs="+", default=[0], metavar="K", help="0: as in the file")
    parser.add_argument("--learners", nargs="+", default=LEARNERS, choices=LEARNERS)
    parser.add_argument("--states", type=int, nargs=3, metavar="S", help="max_states; default: ours")
    parser.add_argument("--data", default="mnist", metavar="NAME", help="name in the rows; see --folder")
    parser.add_argument("--folder", type=Path, help="of the original files; needed unless MNIST")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.data not in ("mnist", "digits") and options.folder is None:
        parser.error("--folder is needed for data other than mnist and digits")
    return options


def load(options) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test images with their labels."""
    if options.data == "digits":
        images, labels = load_digits(return_X_y=True)
        images = (images.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
        return [(images[:-500], labels[:-500]), (images[-500:], labels[-500:])]
    if options.folder is None:
        return [load_mnist("train", n=max(options.images)), load_mnist("test")]
    return [read_idx(options.folder, split) for split in ("train", "t10k")]


def read_idx(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) and labels (n,) of a split, from files as MNIST has them."""
    found = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        path = folder / f"{split}-{kind}-ubyte"
        data = path.read_bytes() if path.is_file() else gzip.decompress(Path(f"{path}.gz").read_bytes())
        found.append(np.frombuffer(data, np.uint8, offset=header))
    return found[0].reshape(-1, 28, 28), found[1].astype(int)


def measure(learner: str, train, test, states) -> Iterator[dict]:
    """Fit and test one learner: a row, or two where it is read at one pose and at all."""
    start = time.process_time()
    if learner in RULES:
        settings = RULES[learner] | ({} if states is None else {"max_states": tuple(states)})
        model = RGMClassifier(**settings).fit(*train)
        poses = (0, model.pose) if learner == "counts" else (0,)
    else:
        model, poses = plain(learner, train), (0,)
    fitted = time.process_time() - start
    for pose in poses:
        if learner in RULES:
            model.pose = pose
        start = time.process_time()
        proba = np.concatenate([model.predict_proba(part) for part in np.array_split(test[0], 10)])
        seconds = time.process_time() - start
        yield {"pose": pose} | judge(proba, test[1]) | {"fit_cpu_s": fitted, "test_cpu_s": seconds}


def plain(learner: str, train):
    """A plain classifier of images: on pixels, or on the outcomes of our codec."""
    if learner == "1-NN":
        return OnInputs(KNeighborsClassifier(1), lambda x: x.reshape(len(x), -1) / np.float32(255), train)
    codec = ImageCodec().fit(train[0])
    return OnInputs(CategoricalNB(min_categories=codec.n_outcomes_), codec.transform, train)


class OnInputs:
    """A classifier of what a function makes of images."""

    def __init__(self, model, inputs, train):
        self.inputs, self.model = inputs, model.fit(inputs(train[0]), train[1])

    def predict_proba(self, images):
        proba = np.zeros((len(images), 10))
        proba[:, self.model.classes_] = self.model.predict_proba(self.inputs(images))
        return proba


def judge(proba: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracies in %, the mean log probability of the class in nats, and calibration in ten bins."""
    sure, correct = proba.max(axis=1), proba.argmax(axis=1) == labels
    told = np.log(np.maximum(proba[np.arange(len(labels)), labels], 1e-12))
    bins = np.minimum((10 * sure).astype(int), 9)
    n = np.bincount(bins, minlength=10)
    return {
        "tested": len(labels),
        "accuracy": round(100 * float(correct.mean()), 2),
        "upper_half": round(100 * upper_half_accuracy(correct, sure), 2),
        "log_probability": round(float(told.mean()), 4),
        "in_bin": n.tolist(),
        "sure": (np.bincount(bins, sure, 10) / np.maximum(n, 1)).round(4).tolist(),
        "right": (np.bincount(bins, correct, 10) / np.maximum(n, 1)).round(4).tolist(),
    }


def print_costs(rows: list[dict]) -> None:
    """CPU time that counting takes, against images and against states, with exponents."""
    ours = [row for row in rows if row["learner"] == "counts" and row["pose"] == 0 and row["order"] == 0]
    for data in sorted({row["data"] for row in ours}):
        some = [row for row in ours if row["data"] == data]
        by_images = sorted((row["images"], row["fit_cpu_s"]) for row in some if row["states"] is None)
        print_exponents(f"{data}, images", by_images)
        largest = max((row["images"] for row in some if row["states"]), default=0)
        states = [
            (sum(r["states"]), r["fit_cpu_s"]) for r in some if r["states"] and r["images"] == largest
        ]
        print_exponents(f"{data}, states at {largest:,} images", sorted(states))


def print_exponents(title: str, costs: list[tuple[int, float]]) -> None:
    """CPU seconds at each size, per unit, and the exponent with which they grow from the one before."""
    for i, (size, seconds) in enumerate(costs):
        line = f"{title}: {size:7,} {seconds:8.1f} CPU s {1000 * seconds / size:8.2f} ms each"
        if i:
            smaller, less = costs[i - 1]
            line += f", exponent {np.log(seconds / less) / np.log(size / smaller):.2f}"
        print(line)


if __name__ == "__main__":
    main()
