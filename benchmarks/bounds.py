"""What grows, and how far: time and peak memory of the core at 10^5 modalities, 10^6 steps, 10^6 samples.

    uv run benchmarks/bounds.py                      the rows that are not there yet
    uv run benchmarks/bounds.py infer generate       the rows whose names hold one of these words
    uv run benchmarks/bounds.py --table              what was measured, as a table

Each row has a process of its own, and is added to bounds.json as it comes; one that is asked for by name
is measured again. Peak memory is the largest resident set of the process, interpreter, libraries and input
included: see the row ``nothing``. CPU seconds are those of the call alone, with its compilation.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).with_suffix(".json")
LIMIT = 480  # seconds that a row may take


def timed(call) -> dict:
    """CPU seconds of a call, and what it returned in a few words."""
    began = time.process_time()
    found = call()
    return {"cpu_s": round(time.process_time() - began, 2), "found": found}


def nothing():
    import rgm_core.classifier  # noqa: F401

    return timed(lambda: "the library is imported")


def group_a_line():
    from rgm_core.structure import group_by_location

    places = np.arange(100_000)[:, None]
    return timed(lambda: f"{group_by_location(places).max() + 1} groups of 10^5 modalities")


def group_the_plane():
    from rgm_core.structure import group_by_location

    places = np.argwhere(np.ones((317, 316)))
    return timed(lambda: f"{group_by_location(places).max() + 1} groups of 10^5 modalities")


def learn_structure_of_modalities():
    from rgm_core import learn_structure

    outcomes = np.random.default_rng(0).integers(0, 3, (10, 100_000))
    places = np.argwhere(np.ones((317, 316)))[:100_000]
    return timed(lambda: repr(learn_structure(outcomes, 3, places)).splitlines()[0])


def steps():
    """A million steps of a loop of 64, one in a thousand of them not seen."""
    rng = np.random.default_rng(0)
    loop = rng.integers(0, 4, (64, 8))
    outcomes = np.tile(loop, (10**6 // 64 + 1, 1))[: 10**6]
    return np.where(rng.random((10**6, 1)) < 1e-3, -1, outcomes), loop


def model_of_steps():
    from rgm_core import learn_structure

    return learn_structure(np.tile(steps()[1], (2, 1)), 4, dt=2)


def learn_structure_of_steps():
    from rgm_core import learn_structure

    outcomes = np.tile(steps()[1], (10**6 // 64, 1))
    return timed(
        lambda: f"{learn_structure(outcomes, 4, dt=2).n_levels} levels of 10^6 steps, 8 modalities"
    )


def infer_steps():
    from rgm_core import infer

    model, outcomes = model_of_steps(), steps()[0]
    return timed(lambda: f"ln p = {float(infer(model, outcomes).log_evidence):.4g} nats of 10^6 steps")


def filter_steps():
    from rgm_core.inference import filter

    model, outcomes = model_of_steps(), steps()[0][: 10**5]  # a tenth: 10^6 take more than LIMIT
    return timed(lambda: f"ln p = {float(filter(model, outcomes).log_evidence):.4g} nats of 10^5 steps")


def generate_steps():
    from rgm_core import generate_orbit

    model = model_of_steps()
    orbit = generate_orbit(model, 0, n_steps=10**6)
    return timed(lambda: f"{sum(1 for _ in orbit)} steps of an orbit, one at a time")


def model_of_digits():
    from rgm_core import RGMClassifier
    from rgm_core.datasets import load_mnist

    images, labels = load_mnist("train", n=1000)
    return RGMClassifier(rule="published").fit(images, labels), images, labels


def small_model():
    """Four modalities of sixteen digits in small: 48 MB of outcomes are 10^6 samples of it."""
    from rgm_core import learn_structure

    rng = np.random.default_rng(0)
    places = np.argwhere(np.ones((2, 3)))
    return learn_structure(rng.integers(0, 4, (30, 6)), 4, places).add_counts(0.1)


def generate_samples():
    from rgm_core import generate

    model = small_model()
    states = np.random.default_rng(0).integers(len(model.D), size=10**6)
    return timed(lambda: f"outcomes {generate(model, states, rng=0).shape}")


def infer_samples():
    from rgm_core import generate, infer

    model = small_model()
    states = np.random.default_rng(0).integers(len(model.D), size=10**6)
    outcomes = generate(model, states, rng=0)
    return timed(
        lambda: f"mean ln p = {infer(model, outcomes).log_evidence.mean():.4g} nats of 10^6 samples"
    )


def learn_samples():
    from rgm_core import generate, learn

    model = small_model()
    states = np.random.default_rng(0).integers(len(model.D), size=10**6)
    outcomes = generate(model, states, rng=0)
    return timed(lambda: f"{learn(model, outcomes, rule='counts')[0].n_counts} counts from 10^6 samples")


def partial_fit_of_single_images():
    classifier, images, labels = model_of_digits()
    classifier.partial_fit(images[:1], labels[:1])  # compilation
    spent = []
    for n in range(400):
        began = time.process_time()
        classifier.partial_fit(images[n : n + 1], labels[n : n + 1])
        spent.append(time.process_time() - began)
    first, last = (1000 * np.mean(part) for part in (spent[:100], spent[-100:]))
    return {
        "cpu_s": round(sum(spent), 2),
        "found": f"{first:.1f} ms an image, after 300 more {last:.1f} ms",
    }


def show_models():
    model = model_of_digits()[0].model_
    sizes = (len(repr(model)), len(model._repr_html_()), len(repr(model.levels[0])))
    return timed(lambda: "{} characters, as HTML {}, of a level {}".format(*sizes))


ROWS = {
    f.__name__: f
    for f in (
        nothing, group_a_line, group_the_plane, learn_structure_of_modalities, learn_structure_of_steps,
        infer_steps, filter_steps, generate_steps, generate_samples, infer_samples, learn_samples,
        partial_fit_of_single_images, show_models,
    )
}  # fmt: skip


def measure(name: str) -> dict:
    """Measure a row in a process of its own."""
    command = [sys.executable, __file__, "--row", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"found": f"did not end within {LIMIT} s"}
    if done.returncode:
        return {"found": f"failed: {(done.stderr.strip() or str(done.returncode)).splitlines()[-1]:.200}"}
    return json.loads(done.stdout)


def table(rows: dict) -> str:
    """What was measured, as a table in Markdown."""
    lines = ["| row | CPU s | peak GB | found |", "|---|---|---|---|"]
    for name in ROWS:
        if row := rows.get(name):
            cells = (row.get("cpu_s", "–"), row.get("peak_gb", "–"), row["found"])
            lines.append(f"| {name.replace('_', ' ')} | {cells[0]} | {cells[1]} | {cells[2]} |")
    return "\n".join(lines)


def main(arguments=None) -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="parts of the names of rows; default: those not there yet")
    parser.add_argument("--row", choices=ROWS, help="measure this row here, and print it")
    parser.add_argument("--table", action="store_true", help="print what was measured, and stop")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.row:
        found = ROWS[options.row]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps({"peak_gb": round(peak, 2)} | found))
        return
    rows = json.loads(options.json.read_text(encoding="utf-8")) if options.json.is_file() else {}
    asked = [name for name in ROWS if any(word in name for word in options.words)]
    if not options.words:
        asked = [name for name in ROWS if name not in rows]
    for name in () if options.table else asked:
        rows[name] = measure(name)
        print(name, rows[name], flush=True)
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
