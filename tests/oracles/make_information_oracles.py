"""Convert the reference's information measures (``mi.mat``) to ``mi.npz`` beside this script.

The gradients in the file (``dEda``, ``dEdA``) are left out: nothing here needs them.

Usage: python tests/oracles/make_information_oracles.py FOLDER_WITH_MI_MAT
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.io import loadmat

FIELDS = ("a", "c", "h", "E", "E_c", "E_ch", "dir_norm", "ap", "b", "KLdir", "dirMI")
SCALARS = {"E", "E_c", "E_ch", "KLdir", "dirMI"}


def convert(case: np.void) -> dict[str, np.ndarray]:
    """Read one case: scalars 0-D, preferences with the shape of the axes that they are about."""
    case = {name: np.asarray(case[name]) for name in FIELDS}
    arrays = {k: v.reshape(()) if k in SCALARS else v for k, v in case.items()}
    arrays["c"] = arrays["c"].ravel()
    # The reference flattens state axes first index fastest.
    arrays["h"] = arrays["h"].reshape(arrays["a"].shape[1:], order="F")
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where mi.mat is")
    cases = loadmat(parser.parse_args().folder / "mi.mat")["cases"].ravel()
    structs = [case.ravel()[0] for case in cases]  # each cell holds a 1 x 1 struct
    converted = {
        f"case{i}_{name}": array
        for i, struct in enumerate(structs)
        for name, array in convert(struct).items()
    }
    np.savez_compressed(Path(__file__).with_name("mi.npz"), **converted)


if __name__ == "__main__":
    main()
