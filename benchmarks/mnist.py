"""How fast the classifier learns and classifies MNIST, and how much memory that takes.

Needs nothing but the images in ``data/``. One process measures everything; it begins with an empty
cache of compiled code, so that the time of compilation is seen, and its memory counted.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
WARM_UP = 100  # images of the first fit, which compiles
N_ONLINE = 50  # images that are learned in a call each

EPILOG = """\
what is measured:
  compilation     the first fit in a process with no compiled code cached, less the second
  training        RGMClassifier.fit: codec, structure, and learning from each image in turn, once, with
                  active selection; CPU seconds are those of all threads together
  classification  RGMClassifier.predict of the official test images, from pixels to labels
  peak memory     largest resident set of the process, data and compilation included

Close other programs first: images a second are counted by the clock.

examples:
  uv run benchmarks/mnist.py                          everything, about a minute
  uv run benchmarks/mnist.py --train 1000 --repeat 1  a quick look (the bars are for 10,000)
  uv run benchmarks/mnist.py --threads 1              on one core
  uv run benchmarks/mnist.py --json benchmarks/mnist.json   keep the numbers
"""


class Row(NamedTuple):
    """A measured number; ``bar`` is what is wanted of it, with the sign of the comparison."""

    name: str
    value: float
    unit: str
    bar: str = ""

    @property
    def verdict(self) -> str:
        if not self.bar:
            return ""
        sign, limit = self.bar.split()
        limit = float(limit.replace(",", ""))
        return "met" if (self.value <= limit if sign == "≤" else self.value >= limit) else "missed"


def main(arguments=None) -> None:
    options = parse(arguments)
    if options.threads:  # read when NumPy and Numba are first imported
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(options.threads)))
    with tempfile.TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        rows = measure(options)
    print_table(rows)
    if options.json:
        write_json(options.json, rows, options)


def parse(arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--train", type=int, default=10_000, metavar="N", help="training images, 100 to 10,000"
    )
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="times to classify (median)")
    parser.add_argument("--threads", type=int, metavar="N", help="limit the threads; default: all cores")
    parser.add_argument("--published", action="store_true", help="the published constants and inference")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file as well")
    options = parser.parse_args(arguments)
    if not WARM_UP <= options.train <= 10_000:
        parser.error(f"--train must lie in {WARM_UP} to 10000; found {options.train}")
    if options.repeat < 1 or (options.threads is not None and options.threads < 1):
        parser.error("--repeat and --threads must be 1 or more")
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    return options


def measure(options) -> list[Row]:
    from rgm_core import RGMClassifier  # only now: the environment says how many threads
    from rgm_core.classifier import PUBLISHED
    from rgm_core.datasets import load_mnist

    images, labels = load_mnist("train", n=11_000)
    learned, held_out = slice(options.train), slice(10_000, None)
    classifier = RGMClassifier(**(PUBLISHED if options.published else {"rule": "published"}))
    rows = [compilation(classifier, images, labels)]
    rows += training(classifier, images[learned], labels[learned])
    rows += classification(classifier, *load_mnist("test"), options.repeat)
    accuracy = 100 * classifier.score(images[held_out], labels[held_out])
    rows += [Row("accuracy, training images 10,001 to 11,000", accuracy, "%")]
    rows += [online(classifier, images[held_out], labels[held_out])]
    rows += [Row("peak memory", peak_memory(), "GB", "≤ 1")]
    return rows


def compilation(classifier, images, labels) -> Row:
    """The first fit, and the first prediction, less the second ones."""

    def use():
        classifier.fit(images[:WARM_UP], labels[:WARM_UP]).predict(images[:WARM_UP])

    first, second = timed(use), timed(use)
    return Row("compilation, once in an installation", first.cpu - second.cpu, "CPU s")


def training(classifier, images, labels) -> list[Row]:
    total = timed(lambda: classifier.fit(images, labels))
    codec = timed(lambda: type(classifier.codec_)().fit(images))
    return [
        Row(
            f"training on {len(images):,} images",
            total.cpu,
            "CPU s",
            "≤ 60" if len(images) == 10_000 else "",
        ),
        Row("of it, fitting the codec", codec.cpu, "CPU s"),
        Row("training by the clock", total.wall, "s"),
    ]


def classification(classifier, images, labels, repeat: int) -> list[Row]:
    times = [timed(lambda: classifier.predict(images)) for _ in range(repeat)]
    n = len(images)
    return [
        Row("classification", n / statistics.median(t.wall for t in times), "images/s", "≥ 5,000"),
        Row("classification, of CPU time", n / statistics.median(t.cpu for t in times), "images/s"),
        Row(f"accuracy, {n:,} official test images", 100 * classifier.score(images, labels), "%"),
    ]


def online(classifier, images, labels) -> Row:
    """Learning in a call an image, as when images come one by one; last, since it changes the model."""

    def learn():
        for i in range(N_ONLINE):
            classifier.partial_fit(images[i : i + 1], labels[i : i + 1])

    return Row("one image a call of partial_fit", 1000 * timed(learn).cpu / N_ONLINE, "CPU ms/image")


class Times(NamedTuple):
    wall: float
    cpu: float


def timed(action) -> Times:
    """Seconds by the clock, and of CPU in all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return Times(time.perf_counter() - wall, time.process_time() - cpu)


def peak_memory() -> float:
    """Largest resident set of this process so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def print_table(rows: list[Row]) -> None:
    print(f"{'':44}{'measured':>10} {'':13}{'bar':8}")
    for row in rows:
        value = f"{row.value:,.{0 if row.value >= 1000 else 2}f}"
        print(f"{row.name:44}{value:>10} {row.unit:13}{row.bar:8} {row.verdict}".rstrip())


def write_json(path: Path, rows: list[Row], options) -> None:
    from rgm_core.model.files import write_text  # not before: importing is measured

    settings = {name: value for name, value in vars(options).items() if name != "json"}
    measured = [
        row._asdict() | {"value": float(f"{row.value:.4g}"), "verdict": row.verdict} for row in rows
    ]
    text = json.dumps(
        {"machine": machine(), "settings": settings, "measured": measured}, indent=2, ensure_ascii=False
    )
    write_text(path, text + "\n")


def machine() -> dict:
    packages = {name: version(name) for name in ("numpy", "numba", "scipy", "scikit-learn")}
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **packages,
    }


def processor() -> str:
    """Name of the processor, where the system tells."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


if __name__ == "__main__":
    main()
