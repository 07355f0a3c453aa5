"""Bytes that a fuzzer chooses, guided by the branches that they reach, instead of model files and arrays.

    uv run --with atheris benchmarks/fuzz.py load --seconds 60
    uv run --with atheris benchmarks/fuzz.py infer learn codec --seconds 60

Of each target the number of inputs and of failures is added to fuzz.json. A failure is an error that is
neither ValueError nor TypeError, or an answer that makes no sense; the first one ends its target, and what
caused it is printed. The tests in tests/test_fuzz.py and tests/codecs/test_hostile.py try the same by rules
and without coverage; this script is for a night, and Atheris has no wheels for every Python and system.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

RESULTS = Path(__file__).with_suffix(".json")
DTYPES = ("i1", "u1", ">i4", "i8", "u8", "f2", "f4", "f8", "?")


def seed_file() -> bytes:
    """A small model file, whole."""
    from rgm_core import learn_structure

    with TemporaryDirectory() as folder:
        path = Path(folder, "model.npz")
        learn_structure(np.array([[0, 1, 2], [1, 1, 0], [2, 0, 1], [0, 1, 2]]), 3, dt=2).save(path)
        return path.read_bytes()


def as_array(data: bytes) -> np.ndarray:
    """Bytes as an array: its type, its axes, its entries."""
    if len(data) < 4:
        return np.zeros(0)
    dtype = np.dtype(DTYPES[data[0] % len(DTYPES)])
    shape = [1 + n % 9 for n in data[2 : 2 + data[1] % 4]]
    size = int(np.prod(shape, dtype=int)) * dtype.itemsize
    filled = (data[4:] * (size // max(len(data) - 4, 1) + 1))[:size] if len(data) > 4 else bytes(size)
    return np.frombuffer(filled, dtype).reshape(shape)


def load(data: bytes) -> None:
    from rgm_core import RGM, infer

    model = RGM.load(io.BytesIO(data), max_bytes=10**7)
    if not model.is_dynamic:
        assert np.isfinite(infer(model, np.full((1, model.levels[0].n_modalities), -1)).log_evidence).all()


@cache
def models():
    """A static and a dynamic model."""
    from rgm_core import learn_structure

    outcomes = np.random.default_rng(0).integers(0, 3, (8, 4))
    return [learn_structure(outcomes, 3, dt=dt).add_counts(0.1) for dt in (1, 2)]


def infer(data: bytes) -> None:
    from rgm_core import infer
    from rgm_core.inference import filter

    static, dynamic = models()
    for call, model in ((infer, static), (infer, dynamic), (filter, dynamic)):
        try:
            found = call(model, as_array(data))
        except (ValueError, TypeError):
            continue
        assert np.isfinite(found.log_evidence).all()


def learn(data: bytes) -> None:
    from rgm_core import learn, learn_structure

    x = as_array(data)
    for rule in ("published", "counts"):
        try:
            found, _ = learn(models()[0], x, rule=rule)
        except (ValueError, TypeError):
            continue
        assert all(np.isfinite(level.a).all() for level in found.levels)
    learn_structure(x, 4, dt=1 + data[-1] % 2 if data else 1)


def codec(data: bytes) -> None:
    from rgm_core.codecs import ImageCodec, SoundCodec, VideoCodec

    sound = SoundCodec(sample_rate=800, rate=800, high=400.0, voxel=8, overlap=4, n_frequencies=3)
    x = as_array(data)
    for each in (
        ImageCodec(tile=2, size=4),
        ImageCodec(tile=2, preprocess=False),
        VideoCodec(tile=2),
        sound,
    ):
        try:
            seen = each.fit(x).transform(x)
        except (ValueError, TypeError):
            continue
        assert (seen >= 0).all()
        assert np.isfinite(each.inverse_transform(seen)).all()


TARGETS = {f.__name__: f for f in (load, infer, learn, codec)}


def fuzz(name: str, seconds: int) -> None:
    """Fuzz a target in this process; what it finds goes to standard error, how often it was called too."""
    import atheris

    with atheris.instrument_imports(include=["rgm_core"]):
        import rgm_core.classifier  # noqa: F401
    calls, ends = 0, time.monotonic() + seconds

    def once(data: bytes) -> None:
        nonlocal calls
        calls += 1
        try:
            with np.errstate(all="ignore"):
                TARGETS[name](data)
        except (ValueError, TypeError):
            pass
        except BaseException:
            print(f"inputs: {calls}", file=sys.stderr)
            raise
        if time.monotonic() > ends:
            print(f"inputs: {calls}", file=sys.stderr, flush=True)
            os._exit(0)

    corpus = Path(f"fuzz-corpus-{os.getpid()}")
    corpus.mkdir()
    (corpus / "seed").write_bytes(seed_file() if name == "load" else bytes(range(64)))
    atheris.Setup([sys.argv[0], f"-max_total_time={2 * seconds}", "-max_len=4096", str(corpus)], once)
    atheris.Fuzz()


def main(arguments=None) -> None:
    """Fuzz targets one after the other, each in a process of its own, in a folder of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="+", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60, help="of each")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        import atheris  # noqa: F401
    except ImportError:
        sys.exit("Atheris is not installed: uv run --with atheris benchmarks/fuzz.py …")
    if options.here:
        return fuzz(options.targets[0], options.seconds)
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for name in options.targets:
        with TemporaryDirectory() as folder:
            command = [sys.executable, str(Path(__file__).resolve()), name, "--here"]
            command += ["--seconds", str(options.seconds)]
            without = os.environ | {"NUMBA_DISABLE_JIT": "1"}  # of compiled loops no branch would be seen
            done = subprocess.run(
                command, cwd=folder, env=without, capture_output=True, text=True, errors="replace"
            )
        counted = [line for line in done.stderr.splitlines() if line.startswith("inputs: ")]
        inputs = int(counted[-1].split()[1]) if counted else 0
        rows[name] = {"inputs": inputs, "seconds": options.seconds, "failures": int(done.returncode != 0)}
        print(name, rows[name], "" if not done.returncode else done.stdout[-3000:] + done.stderr[-3000:])
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
