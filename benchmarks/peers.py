"""Side by side with what others use: the same task, the same data, the same machine; also where we lose.

    uv run --group peers benchmarks/peers.py                  all, about five minutes
    uv run --group peers benchmarks/peers.py pymdp film       some of: pymdp, hmmlearn, digits, film, sound

Results, with the versions of all packages, go to benchmarks/peers.json; what was not run stays as it was.
docs/peers.py makes a page of it. Peers are needed for this script only.
"""

import argparse
import io
import json
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

RESULTS = Path(__file__).with_suffix(".json")
PACKAGES = (
    "rgm-core",
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "inferactively-pymdp",
    "jax",
    "hmmlearn",
    "av",
)
BATCHES = (1, 100, 10_000)
SIZES = (400, 1000, 4000, 10_000)  # digits learned; 60,000 are not shipped
N_TEST = 2000


def fastest(task, repeats: int = 5) -> float:
    """Least seconds of a few calls."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def one_level():
    """A level of one factor: 16 modalities of 7 outcomes, 50 states; its likelihoods, and a prior."""
    rng = np.random.default_rng(0)
    A = rng.dirichlet(np.full(7, 0.5), (16, 50)).swapaxes(1, 2)
    return A, rng.dirichlet(np.ones(50))


def observed(n: int) -> np.ndarray:
    """Outcomes (n, 16)."""
    return np.random.default_rng(n).integers(0, 7, (n, 16))


def ours_in_batch(n: int):
    """A function that infers n posteriors (n, 50)."""
    from rgm_core import RGM, infer
    from rgm_core.model import Level

    A, D = one_level()
    level = Level(
        a=A,
        n_outcomes=np.full(16, 7),
        parents=np.zeros(16, int),
        n_states=[50],
        locations=np.zeros((16, 1)),
    )
    model, outcomes = RGM(levels=(level,), D=D), observed(n)
    return lambda: infer(model, outcomes).states[0][0]


def pymdp_in_batch(n: int):
    """The same by pymdp, compiled."""
    import jax
    from pymdp.agent import Agent

    A, D = one_level()
    stay = np.eye(50)[:, :, None]
    agent = Agent(A=list(A), B=[stay], D=[D], A_dependencies=[[0]] * 16, batch_size=n)
    step = jax.jit(lambda outcomes: agent.infer_states(outcomes, agent.D)[0])
    outcomes = [np.ascontiguousarray(o[:, None]) for o in observed(n).T]
    return lambda: np.asarray(step(outcomes)).reshape(n, 50)


def work(peer: str, n: int, path: str) -> None:
    """Infer in a process of its own, since memory is measured; write posteriors, seconds and MB."""
    infer_all = {"ours": ours_in_batch, "pymdp": pymdp_in_batch}[peer](n)
    start = time.perf_counter()
    posterior = infer_all()
    first = time.perf_counter() - start
    seconds = fastest(infer_all)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    np.savez(path, posterior=posterior, first=first, seconds=seconds, peak=peak)


def compare_pymdp() -> dict:
    """Round trip, expected free energies, and one inference in batches."""
    rows, found = [], {}
    with TemporaryDirectory() as folder:
        for n in BATCHES:
            for peer in ("ours", "pymdp"):
                path = f"{folder}/{peer}-{n}.npz"
                subprocess.run([sys.executable, __file__, "--work", peer, str(n), path], check=True)
                found[peer] = dict(np.load(path))
            differ = float(np.abs(found["ours"]["posterior"] - found["pymdp"]["posterior"]).max())
            row = {"batch": n, "posteriors_differ": differ}
            for peer, values in found.items():
                row[peer] = {k: float(values[k]) for k in ("seconds", "first", "peak")}
            rows.append(row)
    return {"batches": rows} | free_energies()


def free_energies() -> dict:
    """Largest differences over three random worlds: after a round trip, and of expected free energies."""
    from pymdp.agent import Agent

    from rgm_core.planning import POMDP, expected_free_energy
    from rgm_core.planning.pymdp import from_pymdp, to_pymdp

    there, energy = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        columns = lambda *shape: np.moveaxis(rng.dirichlet(np.ones(shape[0]), shape[1:]), -1, 0)  # noqa: B023, E731
        world = POMDP(
            A=(columns(5, 3, 2), columns(2, 2), columns(4, 3)), B=(columns(3, 3, 3), columns(2, 2, 1)),
            C=tuple(rng.uniform(0.1, 2, n) for n in (5, 2, 4)), D=(columns(3), columns(2)),
            parents=((0, 1), (1,), (0,)),
        )  # fmt: skip
        agent = Agent(**to_pymdp(world), policy_len=1)
        back = from_pymdp(agent.A, agent.B, agent.C, agent.D, A_dependencies=agent.A_dependencies)
        there += [
            np.abs(x - y).max() for x, y in zip((*back.A, *back.B), (*world.A, *world.B), strict=True)
        ]
        _, negative = agent.infer_policies([d[None, None] for d in world.D])
        policies = np.asarray(getattr(agent.policies, "policy_arr", agent.policies))[:, 0]
        ours = expected_free_energy(world, world.initial_belief).total
        order = [int(np.flatnonzero((world.paths == p).all(axis=1))[0]) for p in policies]
        energy.append(np.abs(-np.asarray(negative)[0] - ours[order]).max())
    return {"round_trip": float(max(there)), "free_energy": float(max(energy))}


def compare_hmmlearn() -> dict:
    """The chain on top of a dynamic model: forward and backward over 2,000 events of 50 states."""
    from hmmlearn.hmm import CategoricalHMM

    from rgm_core import RGM, infer
    from rgm_core.model import Dynamics, Level, Transitions

    rng, S, n_outcomes, T = np.random.default_rng(0), 50, 20, 2000
    P, E, D = (
        rng.dirichlet(np.ones(S), S),
        rng.dirichlet(np.full(n_outcomes, 0.3), S),
        rng.dirichlet(np.ones(S)),
    )
    edges = np.array([(s, t, t) for s in range(S) for t in range(S)])
    dynamics = Dynamics(b=(Transitions(edges=edges, counts=P.ravel(), n_states=S),), has_parent=[False])
    level = Level(
        a=E.T[None],
        n_outcomes=[n_outcomes],
        parents=[0],
        n_states=[S],
        locations=np.zeros((1, 1)),
        dynamics=dynamics,
    )
    model, events = RGM(levels=(level,), D=D), rng.integers(0, n_outcomes, (T, 1))
    peer = CategoricalHMM(n_components=S)
    peer.startprob_, peer.transmat_, peer.emissionprob_, peer.n_features = D, P, E, n_outcomes
    log_evidence, posterior = peer.score_samples(events)
    ours = infer(model, events)
    return {
        "log_evidence_differs": abs(float(ours.log_evidence) - float(log_evidence)),
        "posteriors_differ": float(np.abs(ours.states[0][0] - posterior).max()),
        "ours": {"seconds": fastest(lambda: infer(model, events))},
        "hmmlearn": {"seconds": fastest(lambda: peer.score_samples(events))},
    }


def compare_digits() -> dict:
    """Accuracy, log loss and seconds of what sees each digit once, and of the nearest neighbour."""
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import log_loss
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier

    from rgm_core import RGMClassifier
    from rgm_core.datasets import load_mnist

    images, labels = load_mnist("train", n=max(SIZES))
    test, truth = load_mnist("test", n=N_TEST)
    flat, flat_test = images.reshape(len(images), -1) / 255, test.reshape(len(test), -1) / 255
    models = {
        "RGMClassifier": lambda: RGMClassifier(),
        "nearest neighbour": lambda: KNeighborsClassifier(1),
        "logistic regression, one pass": lambda: SGDClassifier(loss="log_loss", random_state=0),
        "Gaussian naive Bayes, one pass": lambda: GaussianNB(var_smoothing=0.01),
    }
    RGMClassifier(max_states=(8, 8, 20)).fit(images[:100], labels[:100])  # compiles
    rows = []
    for name, make in models.items():
        for n in SIZES:
            x, new = (images[:n], test) if name == "RGMClassifier" else (flat[:n], flat_test)
            model, start = make(), time.perf_counter()
            if name == "logistic regression, one pass":
                model.partial_fit(x, labels[:n], classes=range(10))
            else:
                model.fit(x, labels[:n])
            learned, belief = time.perf_counter() - start, model.predict_proba(new)
            accuracy = float((belief.argmax(axis=1) == truth).mean())
            loss = None if name == "nearest neighbour" else float(log_loss(truth, belief, labels=range(10)))
            rows.append(
                {"model": name, "images": n, "accuracy": accuracy, "log_loss": loss, "seconds": learned}
            )
            print(rows[-1], flush=True)
    return {"tested": N_TEST, "rows": rows}


def stored(model, codec) -> dict:
    """Bytes of a model, compressed, and of the codec's modes and bins in half precision, compressed."""
    content = io.BytesIO()
    half = [np.asarray(modes, np.float16) for modes in codec.basis_.modes]
    np.savez_compressed(content, *half, reach=codec.basis_.bin_centres[:, -1].astype(np.float16))
    with TemporaryDirectory() as folder:
        model.save(f"{folder}/model.npz")
        return {"model": Path(f"{folder}/model.npz").stat().st_size, "codec": content.tell()}


def transcoded(samples, kind: str, **options) -> tuple[int, list]:
    """Bytes of a film (H.264) or sound (Opus) through PyAV, and the frames that come out."""
    import av

    content = io.BytesIO()
    with av.open(content, "w", format="matroska" if kind == "libx264" else "ogg") as out:
        if kind == "libx264":
            stream = out.add_stream(kind, rate=24, options={k: str(v) for k, v in options.items()})
            stream.height, stream.width, stream.pix_fmt = *samples.shape[1:3], "yuv444p"
            frames = (av.VideoFrame.from_ndarray(frame, "rgb24") for frame in samples)
        else:
            stream = out.add_stream(
                kind, rate=48_000, options={"b": str(options["b"]), "vbr": "on"}, layout="mono"
            )
            pieces = np.split(samples.astype(np.float32), range(960, len(samples), 960))
            frames = (av.AudioFrame.from_ndarray(piece[None], "flt", "mono") for piece in pieces)
        for t, frame in enumerate(frames):
            if kind == "libopus":
                frame.sample_rate, frame.pts = 48_000, 960 * t
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    size = content.tell()
    content.seek(0)
    with av.open(content) as back:
        return size, [
            f.to_ndarray(format="rgb24") if kind == "libx264" else f.to_ndarray() for f in back.decode()
        ]


def compare_film() -> dict:
    """The film of a bird, replayed from its events, and by H.264: bytes and PSNR."""
    from rgm_core import infer, learn_structure
    from rgm_core.codecs import VideoCodec
    from rgm_core.datasets import load_pigeon
    from rgm_core.generation.unfold import unfold_events
    from rgm_core.metrics import psnr
    from rgm_core.structure import with_noise

    film = load_pigeon()
    codec = VideoCodec(su=128, n_bins=33)
    outcomes = codec.fit_transform(film)
    noise = codec.noise_in_bins(128.0)
    model = learn_structure(outcomes, codec.n_outcomes_, codec.locations_, dt=2, noise=noise)
    events = infer(with_noise(model, noise), outcomes).states[-1][0].argmax(axis=1)
    replayed = codec.inverse_transform(np.stack(unfold_events(model, events), axis=1)[: len(outcomes)])
    ours = {"psnr": float(psnr(film, replayed)), "bytes": stored(model, codec)}
    rows = []
    for crf in (18, 24, 30, 36, 42, 48):
        size, frames = transcoded(film, "libx264", crf=crf, preset="slow")
        rows.append({"crf": crf, "bytes": size, "psnr": float(psnr(film, np.stack(frames)))})
    return {"ours": ours, "H.264": rows, "raw": film.nbytes}


def compare_sound() -> dict:
    """Sixteen bars of jazz from discrete outcomes, and by Opus: bytes and correlation of spectrograms."""
    from scipy.signal import resample_poly

    from rgm_core import learn_structure
    from rgm_core.codecs import SoundCodec
    from rgm_core.datasets import load_jazz
    from rgm_core.metrics import spectrogram_correlation

    jazz = load_jazz()
    codec = SoundCodec(sample_rate=jazz.sample_rate, n_frequencies=32, n_bins=9, max_modes=32, su=16).fit(
        jazz.sound
    )
    outcomes = codec.transform(jazz.sound)
    model = learn_structure(outcomes, codec.n_outcomes_, codec.locations_, dt=2)

    def fidelity(decoded, start=0):
        n = min(len(decoded) - start, len(jazz.sound))
        return float(
            spectrogram_correlation(jazz.sound[:n], decoded[start : start + n], jazz.sample_rate, high=4000)
        )

    ours = {"correlation": fidelity(codec.inverse_transform(outcomes)), "bytes": stored(model, codec)}
    ours["bytes"]["outcomes"] = int(codec.bit_rate_ * len(jazz.sound) / jazz.sample_rate / 8)
    up, rows = resample_poly(jazz.sound, 48_000, jazz.sample_rate), []
    for rate in (6000, 12_000, 24_000, 48_000, 96_000):
        size, frames = transcoded(up, "libopus", b=rate)
        decoded = resample_poly(np.concatenate([f[0] for f in frames]), jazz.sample_rate, 48_000)
        lags = (
            0,
            round(312 / 48_000 * jazz.sample_rate),
        )  # the encoder's look-ahead, if it was not cut off
        rows.append(
            {"bit/s": rate, "bytes": size, "correlation": max(fidelity(decoded, lag) for lag in lags)}
        )
    return {"ours": ours, "Opus": rows, "raw": 2 * len(jazz.sound)}


TASKS = {
    "pymdp": compare_pymdp,
    "hmmlearn": compare_hmmlearn,
    "digits": compare_digits,
    "film": compare_film,
    "sound": compare_sound,
}


def main(arguments=None) -> None:
    """Run what is asked for, and keep the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(TASKS)}; default: all")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        return work(options.work[0], int(options.work[1]), options.work[2])
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"found {', '.join(sorted(unknown))}; expected {', '.join(TASKS)}")
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for task in options.tasks or TASKS:
        kept[task] = TASKS[task]()
        kept["versions"] = {name: version(name) for name in PACKAGES} | {
            "Python": platform.python_version()
        }
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
        print(task, json.dumps(kept[task]), flush=True)


if __name__ == "__main__":
    main()
