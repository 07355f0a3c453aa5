"""MNIST: handwritten digits, shipped in part, the rest downloaded once and checked."""

import bz2
import gzip
import io
import math
import operator
import os
import tempfile
import zlib
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pooch

from rgm_core.datasets import files
from rgm_core.datasets.files import cache_folder, read_shipped, verified


class OriginalFile(NamedTuple):
    """A file as first published; the SHA-256 is that of its uncompressed content."""

    file: str
    sha256: str


MAX_BYTES = 2**26  # of a file, packed or not: the largest, of the training images, has 47 MB
MNIST_SIZES = MappingProxyType({"train": 60_000, "test": 10_000})
MNIST_SHIPPED = MappingProxyType({"train": 11_000, "test": 10_000})  # how many are in data/
MNIST_ORIGINALS = MappingProxyType(
    {
        "mnist-train-images": OriginalFile(
            "train-images-idx3-ubyte",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        "mnist-train-labels": OriginalFile(
            "train-labels-idx1-ubyte",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "mnist-test-images": OriginalFile(
            "t10k-images-idx3-ubyte",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        "mnist-test-labels": OriginalFile(
            "t10k-labels-idx1-ubyte",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    }
)
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def load_mnist(split: str, n: int | None = None) -> tuple[npt.NDArray[np.uint8], npt.NDArray]:
    """Load handwritten digits and their labels: the first `n` of MNIST, in the original order.

    The first 11,000 training images and all 10,000 test images come with the package and need no
    network. For more than that the original files (11 MB) are downloaded once into the folder
    ``mnist`` of the user's cache, or of the folder that the environment variable ``RGM_CORE_CACHE``
    names. Original files put there by hand, plain or gzipped, are used just the same.

    Parameters
    ----------
    split : {"train", "test"}
        Which of the two official sets.
    n : int, optional
        How many, counted from the start; all 60,000 or 10,000 if left out.

    Returns
    -------
    images : (n, 28, 28) uint8
        Grey levels, 0 the paper and 255 the ink.
    labels : (n,) int64
        The digit that each image shows, 0 to 9.

    Raises
    ------
    ValueError
        If an argument is out of range, or a file is not what its checksum says.
    OSError
        If images are wanted that are neither here nor to be downloaded; it says what to do.
    """
    if split not in tuple(MNIST_SIZES):
        raise ValueError(f'split is {split!r}; expected "train" or "test"')
    n = _count(n, split)
    images, labels = (_mnist_array(split, kind, n)[:n] for kind in ("images", "labels"))
    return images.copy(), labels.astype(np.int64)


def read_original(key: str, folder: str | os.PathLike) -> bytes:
    """Return the checked content of an original MNIST file, plain or gzipped, from a folder.

    Parameters
    ----------
    key : one of `MNIST_ORIGINALS`.
    folder : where the file lies under its original name, with or without ``.gz``.

    Raises
    ------
    FileNotFoundError
        If the folder holds neither.
    ValueError
        If the file is damaged or is another one.
    """
    original = MNIST_ORIGINALS[key]
    for name in (original.file, f"{original.file}.gz"):
        path = Path(folder, name)
        if path.is_file():
            remedy = "delete it, or put the original MNIST file there"
            return _unpacked(path.read_bytes(), original.sha256, str(path), remedy)
    raise FileNotFoundError(f"{folder} holds neither {original.file} nor {original.file}.gz")


def read_idx(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    """Read an array of bytes in the IDX format of the original MNIST files.

    Parameters
    ----------
    content : two zeros, type (8), number of dimensions, big-endian sizes, then the values.
    name : what to call the data in an error.

    Returns
    -------
    numpy.ndarray
        Read-only, of the shape that the header gives.
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        found = content[:3].hex(" ")
        raise ValueError(f'{name} begins with "{found}"; expected IDX of bytes, "00 00 08"')
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"{name} is {len(content)} bytes long; its header alone takes {start}")
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"{name} holds {len(content) - start} values; expected {math.prod(shape)} "
            f"for the shape {shape} in its header"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _count(n: int | None, split: str) -> int:
    """Return how many images are meant by `n`, or say why none are."""
    size = MNIST_SIZES[split]
    if n is None:
        return size
    try:
        count = 0 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        count = 0
    if not 1 <= count <= size:
        raise ValueError(f'n is {n!r}; expected an integer from 1 to {size} for split "{split}"')
    return count


def _mnist_array(split: str, kind: str, n: int) -> npt.NDArray[np.uint8]:
    """Return at least the first `n` images or labels: shipped, from the cache, or downloaded."""
    key = f"mnist-{split}-{kind}"
    shipped = files.REGISTRY[key].file
    if n <= MNIST_SHIPPED[split] and (files.DATA_DIR / shipped).is_file():
        return read_idx(bz2.decompress(read_shipped(key)), shipped)
    folder = cache_folder() / "mnist"
    try:
        content = read_original(key, folder)
    except FileNotFoundError:
        content = _download(key, folder)
    return read_idx(content, MNIST_ORIGINALS[key].file)


def _download(key: str, folder: Path) -> bytes:
    """Return the checked content of an original file, from the first mirror that has it."""
    problems = []
    for mirror in MNIST_MIRRORS:
        try:
            return _download_from(mirror, MNIST_ORIGINALS[key], folder)
        except (OSError, ValueError) as problem:  # the network's errors are OSErrors
            problems.append(f"{mirror}: {problem}")
    raise OSError(_offline_message(MNIST_ORIGINALS[key].file, folder, problems))


def _download_from(mirror: str, original: OriginalFile, folder: Path) -> bytes:
    """Download an original file into `folder`: complete and checked, or not at all."""
    name = f"{original.file}.gz"
    fetch = pooch.HTTPDownloader(chunk_size=2**16)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch, name)
        fetch(url=mirror + name, output_file=str(path), pooch=None)
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ValueError(f"{name} has {size} bytes, expected at most {MAX_BYTES}: not kept")
        content = _unpacked(path.read_bytes(), original.sha256, name, "not kept")
        os.replace(path, folder / name)
    return content


def _offline_message(file: str, folder: Path, problems: list[str]) -> str:
    """Say what is to be had without a network, and how to get the rest."""
    names = ", ".join(original.file for original in MNIST_ORIGINALS.values())
    n_train, n_test = MNIST_SHIPPED["train"], MNIST_SHIPPED["test"]
    return (
        f"{file}.gz is not in {folder} and could not be downloaded. Without a network the "
        f"package offers the first {n_train} training images, load_mnist('train', "
        f"n={n_train}), and all {n_test} test images. For more, put the original MNIST files "
        f"into {folder}, plain or with .gz: {names}; or set {files.CACHE_VARIABLE} to a folder whose "
        f"subfolder mnist has them."
    ) + "".join(f"\n- tried {problem}" for problem in problems)


def _unpacked(content: bytes, sha256: str, name: str, remedy: str) -> bytes:
    """Return the checked content of an original file, which may be gzipped."""
    if content.startswith(b"\x1f\x8b"):  # not by name: some servers send .gz files unpacked
        try:
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as problem:
            raise ValueError(f"{name} is a damaged gzip file ({problem}): {remedy}") from problem
        if len(content) > MAX_BYTES:
            raise ValueError(f"{name} unpacks to more than {MAX_BYTES} bytes: {remedy}")
    return verified(content, sha256, name, remedy)
