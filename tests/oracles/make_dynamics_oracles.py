"""Condense the reference's results about sequences into the small files that the tests read.

Usage: python tests/oracles/make_dynamics_oracles.py REFERENCE

REFERENCE holds structure_MB_dynamic.mat, structure_faster_1stream.mat, structure_faster_3streams.mat,
structure_merge.mat, rgm_group.mat and hierarchical_learning.mat (README_dynamics.md says how they were
made). Everything counts from 0 in the output.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.io import loadmat

HERE = Path(__file__).parent


def first(cell) -> int:
    """First index in a cell, counted from 0; -1 if it is empty."""
    return int(np.ravel(cell)[0]) - 1 if np.size(cell) else -1


def padded(tables) -> np.ndarray:
    """Tables of different sizes as one stack, filled up with zeros."""
    stack = np.zeros((len(tables), *np.max([table.shape for table in tables], axis=0)))
    for slot, table in zip(stack, tables, strict=True):
        slot[tuple(slice(n) for n in table.shape)] = table
    return stack


def model(levels, name: str, counts: str = "ab") -> dict:
    """Counts, parents and wiring of every level; transitions as rows factor, state, path, next, count."""
    out = {}
    for n, level in enumerate(np.ravel(levels)):
        level = level[0, 0]
        a, b = ([np.asarray(x, float) for x in level[key].ravel()] for key in counts)
        a = [np.where(x < 1e-9, 0, x) for x in a]  # the reference floors some zeros
        b = [x.reshape(*x.shape[:2], -1) for x in b]
        edges = [np.insert(np.argwhere(x.transpose(1, 2, 0) > 0), 0, f, 1) for f, x in enumerate(b)]
        edges = np.concatenate(edges)
        f, state, path, following = edges.T
        values = [b[i][k, j, u] for i, j, u, k in zip(f, state, path, following, strict=True)]
        wiring = level["id"][0, 0]
        out |= {
            f"{name}{n}_a": padded(a),
            f"{name}{n}_n_outcomes": np.array([len(x) for x in a]),
            f"{name}{n}_n_states": np.array([len(x) for x in b]),
            f"{name}{n}_parents": np.array([first(cell) for cell in wiring["A"].ravel()]),
            f"{name}{n}_initial": np.array([first(cell) for cell in _initial(wiring)]),
            f"{name}{n}_b": np.column_stack([edges, values]),
        }
    return out


def _initial(wiring):
    """Modality of the next level for each factor; the top has none."""
    return wiring["D"].ravel() if "D" in wiring.dtype.names else ()


def levels_of(top) -> np.ndarray:
    """A model and the one nested in it, the lowest level first."""
    cells = np.empty(2, object)
    cells[:] = [top[0, 0]["MDP"], top]
    return cells


def learning(reference) -> dict:
    """A sequence of frames, a model before and after it has learned from them, and its free energies."""
    below = reference["in_lrn"][0, 0]["MDP"][0, 0]
    outcomes = np.vectorize(np.argmax, otypes=[int])(below["S"])
    return {
        "outcomes": outcomes.T.astype(np.int8),
        "beta": reference["in_lrn"][0, 0]["beta"].item(),
        "eta": reference["in_lrn"][0, 0]["eta"].item(),
        "elbo_top": reference["lrnF"].ravel(),
        "elbo_below": reference["lrnQF"].item(),
        **model(levels_of(reference["in_lrn"]), "before"),
        **model(levels_of(reference["post"]), "after"),
    }


def groups(cells, n: int) -> np.ndarray:
    """Group of each of n modalities, from lists of members."""
    of = np.full(n, -1)
    for group, members in enumerate(np.ravel(cells)):
        of[np.ravel(members).astype(int) - 1] = group
    return of


def main() -> None:
    """Read the reference, write dynamics.npz and dynamics_learning.npz."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference", type=Path)
    folder = parser.parse_args().reference
    read = {
        name: loadmat(folder / f"{name}.mat")
        for name in ("structure_MB_dynamic", "structure_faster_1stream", "structure_faster_3streams")
    }
    blocks, one, three = read.values()
    merge, group = loadmat(folder / "structure_merge.mat"), loadmat(folder / "rgm_group.mat")
    arrays = {
        "frames": blocks["O_idx"].T.astype(np.int8) - 1,
        "locations": blocks["L"] - 1,
        "extra": three["X_idx"].T.astype(np.int8) - 1,
        "new_frames": merge["O2_idx"].T.astype(np.int8) - 1,
        "group_outcomes": group["O_idx"].T.astype(np.int8) - 1,
        "group_information": group["MI"],
        "group_by_4": groups(group["G4"], 12),
        "group_by_6": groups(group["G6"], 12),
        "group_pairs_by_3": groups(group["G2m"], 12),
    }
    assert np.array_equal(one["O_idx"], blocks["O_idx"])
    assert np.array_equal(three["O_idx"], blocks["O_idx"])
    arrays |= model(blocks["MDP"], "blocks", "AB")
    arrays |= model(one["MDP"], "one") | model(three["MDP"], "three")
    arrays |= model(merge["MDP"], "before") | model(merge["MDPm"], "after")
    np.savez_compressed(HERE / "dynamics.npz", **arrays)
    learned = learning(loadmat(folder / "hierarchical_learning.mat"))
    np.savez_compressed(HERE / "dynamics_learning.npz", **learned)


if __name__ == "__main__":
    main()
