"""Condense the reference's Pong (``pong_6x5.mat``) and small planner (``pomdp.mat``).

Indices count from 0 and pixels go row by row afterwards; Pong's paths are put in the order left,
stay, right (the reference has right, stay, left). Expected free energies change sign, so that lower
is better, here as in the article.

Usage: python tests/oracles/make_games_oracles.py FOLDER_WITH_MAT_FILES
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.io import loadmat

ROWS, COLUMNS = 6, 5
SIZE = ROWS * COLUMNS
CASES = {"plain": 0, "one_step": 1, "intended": 4}


def convert_pong(pong: dict) -> dict[str, np.ndarray]:
    """Outcome of every modality in every hidden state, transitions, and the inductive run."""
    likelihoods = pong["A"]
    if not all(np.all(np.sort(a, axis=0)[:-1] == 0) for a in likelihoods):
        raise ValueError("the likelihoods of pong_6x5.mat must be one-hot")
    pixels = np.stack([a.argmax(0) for a in likelihoods[:SIZE]])  # (pixel, ball, bat)
    pixels = pixels.reshape(COLUMNS, ROWS, *pixels.shape[1:]).swapaxes(0, 1)
    return {
        "pixels": pixels.reshape(SIZE, *pixels.shape[2:]).astype(np.uint8),
        "reward": likelihoods[int(pong["idreward"]) - 1].argmax(0),
        "cost": likelihoods[int(pong["idcon"]) - 1].argmax(0),
        "control": likelihoods[int(pong["idctl"]) - 1].argmax(0),
        "ball_transitions": pong["B"][0],
        "bat_transitions": pong["B"][1][:, :, ::-1],
        "initial": np.array([d.argmax() for d in pong["D"]]),
        "hits": pong["hid"].astype(int) - 1,
        "misses": pong["cid"].astype(int) - 1,
        "states": pong["s"].astype(int) - 1,
        "paths": 2 - (pong["u"][1].astype(int) - 1),
        "G": -np.stack(list(pong["G"]))[:, ::-1],
    }


def convert_case(case: dict) -> dict[str, np.ndarray]:
    """Model, outcomes, filtered beliefs and expected free energies of one run."""
    model, run = case["in"], case["out"]
    arrays = {f"A{g}": a for g, a in enumerate(model["A"])} | {f"C{g}": c for g, c in enumerate(model["C"])}
    for f in range(2):
        b = model["B"][f]
        arrays |= {f"B{f}": b if b.ndim == 3 else b[:, :, None], f"D{f}": model["D"][f]}
        arrays[f"belief{f}"] = run["X"][f].T
    return arrays | {
        "outcomes": run["o"].T.astype(int) - 1,
        "G": -np.stack(list(run["G"])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the .mat files are")
    folder = parser.parse_args().folder
    here = Path(__file__).parent
    pong = loadmat(folder / "pong_6x5.mat", simplify_cells=True)
    np.savez_compressed(here / "games_pong.npz", **convert_pong(pong))
    cases = loadmat(folder / "pomdp.mat", simplify_cells=True)["cases"]
    converted = {
        f"{name}_{key}": array for name, i in CASES.items() for key, array in convert_case(cases[i]).items()
    }
    np.savez_compressed(here / "games_planning.npz", **converted)


if __name__ == "__main__":
    main()
