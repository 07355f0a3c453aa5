"""Files in ``data/``, which a wheel holds too: provenance, checksum, and reading what was checked."""

import hashlib
import os
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pooch

_HERE = Path(__file__).resolve()
_PACKED = _HERE.parent / "data"  # where a wheel has them
DATA_DIR = _PACKED if _PACKED.is_dir() else _HERE.parents[2] / "data"
CACHE_VARIABLE = "RGM_CORE_CACHE"  # environment variable: folder for downloaded files


class DataFile(NamedTuple):
    """A file of the repository's ``data/`` folder, and whom to thank for it."""

    file: str
    sha256: str
    licence: str
    credit: str


_MNIST_TERMS = (
    "CC BY-SA 3.0",
    "Yann LeCun and Corinna Cortes; derived from NIST Special Databases 1 and 3",
)
_FIELD_TERMS = ("CC0 1.0", "L. M. Chronister, T. A. Rhinehart, A. Place and J. Kitzes (2021)")
_FINCH_TERMS = ("CC BY 4.0", "R. O. Tachibana and T. Morita (2021)")

REGISTRY = MappingProxyType(
    {
        "mnist-train-images": DataFile(
            "mnist-train-images-first-11000.idx3.bz2",
            "da4a3dbc6741f770f77c976bb1a12c71340af5f0688600e90792e90df59cf722",
            *_MNIST_TERMS,
        ),
        "mnist-train-labels": DataFile(
            "mnist-train-labels-first-11000.idx1.bz2",
            "135eebccc87265fcfbb158ddb267685c150f6cd3e5f096a134573059af283762",
            *_MNIST_TERMS,
        ),
        "mnist-test-images": DataFile(
            "mnist-test-images.idx3.bz2",
            "61a5ca3032d708d621f5bac05d449e134223a3c53cccd2365c2e559d5d41d94f",
            *_MNIST_TERMS,
        ),
        "mnist-test-labels": DataFile(
            "mnist-test-labels.idx1.bz2",
            "ed7b18e159736750c608329c98e308e0d2b9186ae366dc011d61725cec421ee9",
            *_MNIST_TERMS,
        ),
        "field-sound": DataFile(
            "bird-calls-field.flac",
            "147f550bc98bbd37a253c013c7bc506e11379e0bf697d9bddcf05fc449a547d2",
            *_FIELD_TERMS,
        ),
        "field-calls": DataFile(
            "bird-calls-field.csv",
            "900ee3a9e267404e5a9caa08342194d49d0596aacac9112af15f8f864404dc26",
            *_FIELD_TERMS,
        ),
        "finch-sound": DataFile(
            "bird-calls-finch.flac",
            "c25b86017eab5e640953a27ebb117711dafbddab90796f6270e8ba5632fb10f2",
            *_FINCH_TERMS,
        ),
        "finch-syllables": DataFile(
            "bird-calls-finch.csv",
            "d21ca12d9b3213750b40e43c78e48f9376f5a4644436969c0d8bf293e4ca1b09",
            *_FINCH_TERMS,
        ),
        "jazz-sound": DataFile(
            "vibe-ace-16-bars.flac",
            "032a964aea99b8c36fa8bab476269a9e607e300ca8f8bf2636904da9f35e4de7",
            "CC BY 3.0",
            "Kevin MacLeod (incompetech.com)",
        ),
        "pigeon": DataFile(
            "pigeon-128-frames.rgb.xz",
            "699e3b0ed028faea7dabce7b579b5e9b9acca41b65f80b0b83a978a5e3a14280",
            "CC BY 3.0",
            "© 2008 Blender Foundation, www.bigbuckbunny.org",
        ),
    }
)


def read_shipped(key: str) -> bytes:
    """Return the checked content of a file in ``data/``, given its key in `REGISTRY`."""
    entry = REGISTRY[key]
    path = DATA_DIR / entry.file
    remedy = f"restore it with `git checkout -- data/{entry.file}`, or install rgm-core again"
    return verified(path.read_bytes(), entry.sha256, str(path), remedy)


def cache_folder() -> Path:
    """Return the folder for downloaded files, which need not exist yet."""
    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("rgm-core")).expanduser()


def verified(content: bytes, sha256: str, name: str, remedy: str) -> bytes:
    """Return `content` if it has the given SHA-256."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{name} is damaged or another file: {len(content)} bytes with SHA-256 {found}, "
            f"expected {sha256}: {remedy}"
        )
    return content
