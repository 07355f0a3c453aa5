"""Write the models of the live pages: uv run docs/live.py

docs/_static/live/ holds pages' programs (rgm.js, digits.js, pong.js) and what this script makes for them:
digits.model.js, a classifier that learned 10,000 digits, and pong.model.js, an agent that watched 10,000
frames of random play. Numbers are rounded to few bits, and what is rounded is the model: `read_digits`
gives it back to Python, and a test compares the beliefs of both.
"""

import base64
import gzip
import json
from pathlib import Path

import numpy as np

from rgm_core import RGM, Agent, RGMClassifier
from rgm_core.agent import belief as belief_settings
from rgm_core.agent import play as play_settings
from rgm_core.codecs import ImageCodec
from rgm_core.codecs.modes import Basis
from rgm_core.codecs.preprocessing import resize_matrix, smoothing_matrix
from rgm_core.codecs.tiles import Tiling, tile_positions
from rgm_core.datasets import load_mnist
from rgm_core.games import Pong, play_randomly
from rgm_core.model.level import Level

FOLDER = Path(__file__).resolve().parent / "_static/live"
N_LEARNED = 10_000  # digits, and frames of random play
MAX_MODES = 8  # of a tile: half of the published number, for half of the bytes
N_EXAMPLES = 20  # test digits to begin with on the page
CODES = 255  # count codes, equally spaced in logarithms; code 0 is padding
UNIT = 32_767  # of modes and weights, stored as whole numbers of 16 bits
SIDE, TILE = 32, 4  # of a preprocessed digit, and of a tile, pixels
STREAMS = ("reward", "cost", "control")


def main() -> None:
    """Learn, and write both models."""
    write("digits", digits())
    write("pong", pong())


def digits() -> dict[str, np.ndarray]:
    """Arrays of a classifier of digits, and test digits to show it."""
    images, labels = load_mnist("train", n=N_LEARNED)
    classifier = RGMClassifier(rule="published", codec=ImageCodec(max_modes=MAX_MODES)).fit(images, labels)
    examples = load_mnist("test", n=N_EXAMPLES)[0]
    model, basis = classifier.model_, classifier.codec_.basis_
    return model_arrays(model) | basis_arrays(basis) | {"examples": examples}


def model_arrays(model: RGM) -> dict[str, np.ndarray]:
    """A static model; counts as codes, one logarithmic table for all."""
    counts = np.concatenate([level.a[level.mask] for level in model.levels])
    table = np.geomspace(counts.min(), counts.max(), CODES)
    step = np.log(table[-1] / table[0]) / (CODES - 1)
    arrays = {"counts": np.concatenate([[0], table]), "D": model.D}
    for n, level in enumerate(model.levels):
        codes = np.zeros(level.a.shape, np.uint8)
        codes[level.mask] = 1 + np.rint(np.log(level.a[level.mask] / table[0]) / step)
        sizes = {"n_outcomes": level.n_outcomes, "parents": level.parents, "n_states": level.n_states}
        arrays |= {f"codes{n}": codes} | {f"{k}{n}": v.astype(np.uint16) for k, v in sizes.items()}
    return arrays


def basis_arrays(basis: Basis) -> dict[str, np.ndarray]:
    """A codec of grey digits: tiles one after the other, and how pixels are resized and smoothed."""
    tiling = basis.tiling
    return {
        "members": np.concatenate(tiling.members).astype(np.uint16),
        "n_members": np.array([len(m) for m in tiling.members], np.uint16),
        "weights": np.rint(UNIT * np.concatenate(tiling.weights)).astype(np.int16),
        "n_modes": np.array([modes.shape[2] for modes in basis.modes], np.uint16),
        "modes": np.concatenate([np.rint(UNIT * m).astype(np.int16).ravel() for m in basis.modes]),
        "reach": basis.bin_centres[:, -1].astype(np.float32),
        "resizing": smoothing_matrix(SIDE) @ resize_matrix(28, SIDE),
    }


def read_digits(path: Path) -> tuple[RGM, ImageCodec]:
    """The model and the codec that a page has."""
    arrays = unpack(path)
    tiling = tile_positions(np.argwhere(np.ones((SIDE, SIDE))), TILE)
    ends, members = np.cumsum(arrays["n_members"], dtype=int)[:-1], arrays["n_members"].astype(int)
    weights = tuple(np.split(arrays["weights"] / UNIT, ends))
    sizes = list(zip(members, arrays["n_modes"].tolist(), strict=True))
    parts = np.split(arrays["modes"] / UNIT, np.cumsum([m * k for m, k in sizes])[:-1])
    tile_of = np.repeat(np.arange(len(sizes)), arrays["n_modes"])
    codec = ImageCodec(max_modes=MAX_MODES)
    codec.basis_ = Basis(
        tiling=Tiling(
            centroids=tiling.centroids, members=tuple(np.split(arrays["members"].astype(int), ends)),
            weights=weights, locations=tiling.locations, n_positions=tiling.n_positions,
        ),
        n_channels=1,
        modes=tuple(part.reshape(1, m, k) for part, (m, k) in zip(parts, sizes, strict=True)),
        bin_centres=np.outer(arrays["reach"].astype(float), np.linspace(-1, 1, codec.n_bins)),
        tile_of=tile_of,
    )  # fmt: skip
    codec.image_shape_, codec.n_features_in_, codec.value_range_ = (28, 28), 784, (0.0, 255.0)
    codec.n_outcomes_ = np.full(len(tile_of), codec.n_bins)
    codec.locations_ = tiling.locations[tile_of]
    return read_model(arrays, codec.locations_), codec


def read_model(arrays: dict[str, np.ndarray], locations: np.ndarray) -> RGM:
    """The model that arrays of `model_arrays` hold; places matter at level 1 only."""
    levels = []
    for n in range(sum(name.startswith("codes") for name in arrays)):
        sizes = {k: arrays[f"{k}{n}"].astype(int) for k in ("n_outcomes", "parents", "n_states")}
        where = locations if n == 0 else np.zeros((len(sizes["parents"]), 2))
        levels.append(Level(a=arrays["counts"][arrays[f"codes{n}"]], locations=where, **sizes))
    return RGM(levels=tuple(levels), D=arrays["D"])


def pong_agent() -> tuple[Agent, Pong]:
    """An agent that watched random play, frozen, and its game."""
    game = Pong(streams=STREAMS)
    play = play_randomly(game, N_LEARNED, rng=0)
    reward, cost, control = (game.modality(name) for name in STREAMS)
    agent = Agent(goal=(reward, 1), cost=(cost, 1), control=control, rng=1)
    agent.learn(play.outcomes, play.actions, game.n_outcomes)
    agent.learning = False
    return agent, game


def pong() -> dict[str, np.ndarray]:
    """Arrays of the agent: its events, how they go on, and what it has planned."""
    agent, game = pong_agent()
    model, separation = agent.model, agent.separation
    if model.memory != "none":
        raise ValueError(f"the page's agent has no memory; this one remembers the {model.memory}")
    settings = {
        "size": game.size, "hope": play_settings.HOPE, "tie": play_settings.TIE,
        "patience": play_settings.PATIENCE, "disturbed": belief_settings.DISTURBED,
        "surprise": belief_settings.SURPRISE,
    }  # fmt: skip
    return {key: np.asarray(value, float) for key, value in settings.items()} | {
        "windows": model.windows, "edges": model.edges.astype(np.uint16), "following": model.following,
        "moves": model.moves[0], "ahead": agent.ahead[:, 0], "pixels": separation.pixels.astype(np.uint16),
        "expected": separation.expected.astype(np.uint8),
    }  # fmt: skip


def write(name: str, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as a script that also a page from file:// can load."""
    content = base64.b64encode(pack(arrays)).decode()
    (FOLDER / f"{name}.model.js").write_text(f'rgm.packed.{name} = "{content}";\n')


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays, compressed: length of a header, the header in JSON, and the bytes, aligned to eight."""
    body, header = b"", {}
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        header[name] = {"kind": array.dtype.str[1:], "shape": array.shape, "start": len(body)}
        body += array.tobytes() + b"\0" * (-array.nbytes % 8)
    text = json.dumps(header).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return gzip.compress(len(text).to_bytes(4, "little") + text + body, 9, mtime=0)


def unpack(path: Path) -> dict[str, np.ndarray]:
    """What `write` wrote."""
    content = gzip.decompress(base64.b64decode(path.read_text().split('"')[1]))
    body, arrays = 4 + int.from_bytes(content[:4], "little"), {}
    for name, about in json.loads(content[4:body]).items():
        size, start = int(np.prod(about["shape"])), body + about["start"]
        flat = np.frombuffer(content, f"<{about['kind']}", size, start)
        arrays[name] = flat.reshape(about["shape"])
    return arrays


if __name__ == "__main__":
    main()
