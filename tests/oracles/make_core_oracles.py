"""Convert the reference's numbers for structure, inference and learning into small .npz files.

Usage: python tests/oracles/make_core_oracles.py FOLDER, which holds the .mat files; README_core.md
says where these come from.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.io import loadmat

HERE = Path(__file__).parent
SAMPLE = 4001  # learned counts kept, evenly spread over all of a level


def stacked(tensors) -> np.ndarray:
    """Counts of one level, one after the other, each by rows."""
    tensors = [tensors] if tensors.dtype != object else tensors
    return np.concatenate([np.asarray(a, float).ravel() for a in tensors])


def some(values: np.ndarray) -> np.ndarray:
    """About `SAMPLE` of the values, evenly spread."""
    return values[np.unique(np.linspace(0, len(values) - 1, SAMPLE).astype(int))]


def digits(folder: Path) -> dict:
    """Structure and first 20 updates of the digit model, and 5 images classified with it."""
    found = loadmat(folder / "mnist500_train20.mat", simplify_cells=True)
    arrays = {
        "structure": (found["structure_idx"].T - 1).astype(np.int8),
        "locations": found["structure_L"],
        "train": (found["train_idx"].T - 1).astype(np.int8),
        "train_labels": found["train_labels"].astype(np.int8),
        "test": (found["test_idx"].T - 1).astype(np.int8),
        "information": found["MI"].T,
        "elbo": found["F_levels"].T,
        "test_elbo": found["test_G"],
        "test_states": found["test_P"].T,
    }
    for n in range(1, 5):
        kinds = ("init", "post1", "post20")
        initial, first, learned = (stacked(found[f"{kind}_a_level{n}"]) for kind in kinds)
        arrays |= {f"parents{n}": np.atleast_1d(found[f"idA_level{n}"]) - 1}
        arrays |= {f"initial{n}": some(initial), f"initial_sum{n}": initial.sum()}
        arrays |= {f"first{n}": some(first), f"first_sum{n}": first.sum()}
        arrays |= {f"learned{n}": some(learned), f"learned_sum{n}": learned.sum()}
    return arrays


def lattice(folder: Path) -> dict:
    """Structure of a small lattice, and its counts after conversion."""
    found = loadmat(folder / "structure_MB_static.mat", simplify_cells=True)
    arrays = {"outcomes": found["O_idx"].T - 1, "locations": found["L"], "n_outcomes": found["no"]}
    for n, level in enumerate(np.atleast_1d(found["MDP"]), start=1):
        states = slice(None) if n == 1 else slice(None, None, 2)  # the others are paths, of one value
        arrays[f"parents{n}"] = np.atleast_1d(np.asarray(level["id"]["A"], int))[states] - 1
        for g, A in enumerate(level["A"][states]):
            arrays[f"A{n}_{g}"] = np.asarray(A, float)
    converted = loadmat(folder / "mdp2rdp_static.mat", simplify_cells=True)
    arrays["concentration"] = converted["p"]
    for n, level in enumerate((converted["RDP"]["MDP"], converted["RDP"]), start=1):  # nested: top first
        arrays |= {f"a{n}_{g}": np.asarray(a, float) for g, a in enumerate(level["a"])}
    return arrays


def single_level(folder: Path) -> dict:
    """Active learning of one level with two factors, step by step, with and without selection."""
    arrays = {}
    for beta in (0, 512):
        found = loadmat(folder / f"active_learning_beta{beta}.mat", simplify_cells=True)
        arrays |= {f"outcomes{beta}": found["Oi"].T - 1, f"information{beta}": found["MI"]}
        for g, (a, parents) in enumerate(zip(found["a0"], found["idA"], strict=True)):
            arrays[f"a{beta}_{g}"] = a
            arrays[f"parents{beta}_{g}"] = np.atleast_1d(parents).astype(int) - 1
            arrays[f"a{beta}_{g}_steps"] = np.stack([step[g] for step in found["a_seq"]])
        for f in range(2):
            arrays[f"states{beta}_{f}"] = np.stack([step[f] for step in found["X_seq"]])
    return arrays


def contradiction(folder: Path) -> dict:
    """Two certain modalities of one factor that exclude each other: the floor of the logs."""
    case = loadmat(folder / "vbx.mat", simplify_cells=True)["cases"][6]
    names = {"A": "likelihoods", "O": "outcomes", "P": "prior", "Q": "states", "F": "elbo"}
    return {new: np.stack(case[old]) if old in "AO" else case[old] for old, new in names.items()}


def curves(folder: Path) -> dict:
    """Learning curves of the digit model over 10,000 images: every hundredth, and running means."""
    found = np.load(folder / "mnist_curves_N10000.npz")
    images = np.arange(100, 10_001, 100)
    mean = np.cumsum(found["F_levels"].T, axis=0)[images - 1] / images[:, None]
    return {"images": images, "information": found["MI"].T[images - 1], "mean_elbo": mean}


def main() -> None:
    folder = Path(sys.argv[1])
    np.savez_compressed(HERE / "core_digits.npz", **digits(folder))
    np.savez_compressed(HERE / "core_lattice.npz", **lattice(folder))
    np.savez_compressed(HERE / "core_single_level.npz", **single_level(folder))
    np.savez_compressed(HERE / "core_contradiction.npz", **contradiction(folder))
    np.savez_compressed(HERE / "core_curves.npz", **curves(folder))


if __name__ == "__main__":
    main()
