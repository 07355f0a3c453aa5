"""Condense the reference's results about pixels into the small files that the tests read.

Usage: python tests/oracles/make_codec_oracles.py REFERENCE MNIST

REFERENCE holds tile.mat, rgb2O_mnist.mat and mnist500_train20.mat (README_codec.md says how they
were made); MNIST holds the file train-images-idx3-ubyte. Everything counts from 0 in the output.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.io import loadmat

HERE = Path(__file__).parent


def stack(cells) -> tuple[np.ndarray, np.ndarray]:
    """Return the flattened cells one after the other, and the size of each."""
    flat = [np.ravel(cell) for cell in cells]
    return np.concatenate(flat), np.array([len(part) for part in flat])


def tiles(reference: dict) -> dict:
    """Tilings of a line (1) and a lattice (2): positions, members, locations, weights."""
    out = {}
    for name in "12":
        members, sizes = stack(reference[f"G{name}"].ravel())
        out[f"positions{name}"] = reference[f"L{name}"].astype(np.int16) - 1
        out[f"members{name}"] = members.astype(np.int16) - 1
        out[f"sizes{name}"] = sizes
        out[f"locations{name}"] = reference[f"M{name}"] - 1
        out[f"weights{name}"] = stack(reference[f"H{name}"].ravel())[0]
    return out


def pixels(reference: dict) -> dict:
    """Fourteen digits, the basis of the first ten, and their outcomes; tiles of 8 pixels."""
    images = {name: reference[name].transpose(2, 0, 1) for name in ("raw", "resized", "smoothed")}
    equalised = reference["equalised"].transpose(2, 0, 1)
    n = equalised[0].size
    rank = np.rint(n - np.sqrt(-24 * n * np.log(equalised / 255))).astype(np.int16)
    assert np.allclose(255 * np.exp(-((rank - n) ** 2.0) / (24 * n)), equalised, atol=1e-9)
    members, modes = [], []
    for tile_members, tile_modes in zip(reference["G"].ravel(), reference["V"].ravel(), strict=True):
        colour, row, column = np.unravel_index(
            tile_members.ravel().astype(int) - 1, reference["Nsz"].ravel().astype(int), order="F"
        )
        for other in (1, 2):  # the three colours are identical: one is enough
            assert np.allclose(tile_modes[colour == other], tile_modes[colour == 0], atol=1e-12)
        members.append((row * 32 + column)[colour == 0])
        modes.append(tile_modes[colour == 0])
    for name in ("recon", "recon2"):
        assert (reference[name] == reference[name][:, :, :1]).all()
    return {
        "raw": np.rint(images["raw"] * 255).astype(np.uint8),
        "resized": images["resized"][:3],
        "smoothed": images["smoothed"][:3],
        "rank": rank,
        "members": stack(members)[0].astype(np.int16),
        "sizes": stack(members)[1],
        "modes": stack(modes)[0].astype(np.float32),
        "variates": np.concatenate(list(reference["u"].ravel()), axis=1),
        "bin_centres": np.concatenate(list(reference["A"].ravel())),
        "tile_of": reference["grp"].ravel().astype(np.int16) - 1,
        "locations": reference["L"] - 1,
        "outcomes": reference["O_idx"].T.astype(np.int8) - 1,
        "new_outcomes": reference["O2_idx"].T.astype(np.int8) - 1,
        "decoded": reference["recon"][:, :, 0].transpose(2, 0, 1),
        "new_decoded": reference["recon2"][:, :, 0].transpose(2, 0, 1),
        "soft_decoded": reference["recon_soft"][:, :, 0],
    }


def digits(reference: dict, images: np.ndarray) -> dict:
    """1,500 digits, and the outcomes of some of them in their basis; tiles of 4 pixels."""
    return {
        "images": images[:1500],
        "exemplars": reference["structure_exemplars"].ravel().astype(np.int16) - 1,
        "exemplar_outcomes": reference["structure_idx"].T.astype(np.int8) - 1,
        "first_outcomes": reference["train_idx"].T.astype(np.int8) - 1,
        "test_outcomes": reference["test_idx"].T.astype(np.int8) - 1,
        "locations": reference["structure_L"] - 1,
    }


def main() -> None:
    """Write the three files next to this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference", type=Path, help="folder of the .mat files")
    parser.add_argument("mnist", type=Path, help="folder of train-images-idx3-ubyte")
    arguments = parser.parse_args()
    raw = np.fromfile(arguments.mnist / "train-images-idx3-ubyte", np.uint8)
    images = raw[16:].reshape(-1, 28, 28)
    load = {
        name: loadmat(arguments.reference / f"{name}.mat")
        for name in ("tile", "rgb2O_mnist", "mnist500_train20")
    }
    np.savez_compressed(HERE / "codec_tiles.npz", **tiles(load["tile"]))
    np.savez_compressed(HERE / "codec_pixels.npz", **pixels(load["rgb2O_mnist"]))
    np.savez_compressed(HERE / "codec_digits.npz", **digits(load["mnist500_train20"], images))


if __name__ == "__main__":
    main()
