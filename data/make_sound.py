"""Rebuild the sounds of this folder from the packages that they came in.

Two source distributions from PyPI are read: crowsetta 5.1.2 (bird calls, with annotations) and
librosa 0.7.2 (jazz). The originals are checked by SHA-256. The bird calls are repacked without
loss, their annotations cut to the clips; of the jazz, 16 bars are cut out, mixed to one channel
and resampled. The digests of the results are checked against the registry before anything is
written.
"""

import argparse
import csv
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
from scipy.signal import resample_poly

from rgm_core.datasets.files import DATA_DIR, REGISTRY
from rgm_core.datasets.sound import BEATS_PER_BAR, JAZZ_BEAT, N_BARS

PACKAGES = ("crowsetta==5.1.2", "librosa==0.7.2")  # on PyPI
JAZZ_FIRST_BEAT = 0.010  # seconds: the hi-hat's attacks recur from here, every 60/130 s
JAZZ_SKIPPED = 32  # beats, eight bars: introduction, and build-up of the groove
JAZZ_DECIMATION = 2  # 44,100 Hz to 22,050 Hz
FINCH_START = 5.75  # seconds of the annotated recording at which the clip begins

EXAMPLES = """\
examples:
  uv run data/make_sound.py                    fetch the packages, rebuild data/
  uv run data/make_sound.py --source ~/sdists  use crowsetta-5.1.2.tar.gz and librosa-0.7.2.tar.gz there
  uv run data/make_sound.py --out ~/check      write elsewhere and leave data/ alone
"""


class Original(NamedTuple):
    """A file of a source distribution."""

    package: str
    path: str
    sha256: str


ORIGINALS = {
    "field": Original(
        "crowsetta-5.1.2",
        "doc/scripts/audio/Recording_1_Segment_07-snippet.wav",
        "eb6ba998f6f9572df8fc5ad7698ff6008aa4178e0ac60fa9230e248fe4a5e5aa",
    ),
    "field-calls": Original(
        "crowsetta-5.1.2",
        "doc/scripts/annot/Recording_1_Segment_07.Table.1.selections.txt",
        "36598552f9aed8a097da8bb8a0c46e6401706d7eb18bf2c7783d7bc3c1d253e6",
    ),
    "finch": Original(
        "crowsetta-5.1.2",
        "doc/scripts/audio/b06_concat-snippet.wav",
        "a2ec6dbd07c0323273426e9770b796c19efa09bb3b5cf01e75f3383ee8e9ae83",
    ),
    "finch-syllables": Original(
        "crowsetta-5.1.2",
        "doc/scripts/annot/b06_concat_dtw.TextGrid",
        "dfe807426c9fde92cb7eb8bac0514954a50d316408e087ba94197366faa7ea42",
    ),
    "jazz": Original(
        "librosa-0.7.2",
        "librosa/util/example_data/Kevin_MacLeod_-_Vibe_Ace.ogg",
        "73d6443ef90a7c022f164e5aa90e56c2291585930b39b1656d0765abbc1f1779",
    ),
}


def read_original(key: str, folder: Path) -> bytes:
    """Return the checked content of an original, out of a package in `folder`."""
    original = ORIGINALS[key]
    archive = folder / f"{original.package}.tar.gz"
    with tarfile.open(archive) as package:
        content = package.extractfile(f"{original.package}/{original.path}").read()
    found = hashlib.sha256(content).hexdigest()
    if found != original.sha256:
        raise ValueError(f"{original.path} in {archive} has SHA-256 {found}; expected {original.sha256}")
    return content


def read_table(content: bytes, duration: float) -> list[tuple]:
    """Return onset, offset, low, high and species of the calls that begin within `duration`."""
    rows = csv.DictReader(io.StringIO(content.decode()), delimiter="\t")
    columns = ("Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)")
    calls = [(*(float(row[name]) for name in columns), row["Species"]) for row in rows]
    return [(a, min(b, duration), *rest) for a, b, *rest in calls if a < duration]


def read_text_grid(content: bytes, start: float, duration: float) -> list[tuple]:
    """Return onset, offset and label of the syllables within a clip, in seconds of the clip."""
    fields = r'xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = "([^"]+)"'
    found = re.findall(fields, content.decode())
    times = [(float(a) - start, float(b) - start, label) for a, b, label in found]
    return [(max(a, 0), min(b, duration), label) for a, b, label in times if b > 0 and a < duration]


def write_csv(header: str, rows: Iterable[tuple]) -> bytes:
    """Return rows as CSV, times and frequencies to a tenth of a millisecond or hertz."""
    lines = [header]
    for row in rows:
        lines.append(",".join(x if isinstance(x, str) else f"{x:.4f}" for x in row))
    return ("\n".join(lines) + "\n").encode()


def cut_bars(sound: npt.NDArray, rate: int) -> npt.NDArray[np.int16]:
    """Return 16 bars from the start of the groove, mixed to one channel and resampled."""
    start = round((JAZZ_FIRST_BEAT + JAZZ_SKIPPED * JAZZ_BEAT) * rate)
    stop = start + round(N_BARS * BEATS_PER_BAR * JAZZ_BEAT * rate)
    mono = resample_poly(sound.mean(axis=1)[start:stop], 1, JAZZ_DECIMATION)
    return np.rint(mono * 2**15).astype(np.int16)


def pack(sound: npt.NDArray[np.int16], rate: int) -> bytes:
    """Return a sound as FLAC, which loses nothing."""
    target = io.BytesIO()
    soundfile.write(target, sound, rate, format="FLAC", subtype="PCM_16")
    return target.getvalue()


def build(folder: Path) -> dict[str, bytes]:
    """Return the shipped files by name, built and checked, from a folder of packages."""
    contents, durations = {}, {}
    for key in ("field", "finch"):
        sound, rate = soundfile.read(io.BytesIO(read_original(key, folder)), dtype="int16")
        contents[f"{key}-sound"], durations[key] = pack(sound, rate), len(sound) / rate
    calls = read_table(read_original("field-calls", folder), durations["field"])
    contents["field-calls"] = write_csv("onset,offset,low,high,label", calls)
    grid = read_original("finch-syllables", folder)
    syllables = read_text_grid(grid, FINCH_START, durations["finch"])
    contents["finch-syllables"] = write_csv("onset,offset,label", syllables)
    sound, rate = soundfile.read(io.BytesIO(read_original("jazz", folder)))
    contents["jazz-sound"] = pack(cut_bars(sound, rate), rate // JAZZ_DECIMATION)
    for key, content in contents.items():
        check(key, content)
    return {REGISTRY[key].file: content for key, content in contents.items()}


def check(key: str, content: bytes) -> None:
    """Raise ``ValueError`` unless content has the digest of the registry."""
    found = hashlib.sha256(content).hexdigest()
    if found != REGISTRY[key].sha256:
        raise ValueError(
            f"{REGISTRY[key].file} would have SHA-256 {found}; expected {REGISTRY[key].sha256} "
            f"(libsndfile {soundfile.__libsndfile_version__} may pack the same sound otherwise; "
            "if the change is meant, put the new digest into rgm_core/datasets and data/README.md)"
        )


def fetch_packages(folder: Path) -> None:
    """Put the source distributions into `folder`."""
    uvx, pip = shutil.which("uvx"), shutil.which("pip")
    if not (uvx or pip):
        raise OSError("neither uvx nor pip is installed; give a folder of packages as --source")
    command = [uvx, "pip"] if uvx else [pip]
    command += ["download", "--no-deps", "--no-binary", ":all:", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"pip download {' '.join(PACKAGES)} failed: {done.stderr.strip()}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--source",
        type=Path,
        metavar="FOLDER",
        help="folder with crowsetta-5.1.2.tar.gz and librosa-0.7.2.tar.gz; "
        "if left out, `pip download` fetches them (about 6 MB)",
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
                fetch_packages(Path(scratch))
            files = build(options.source or Path(scratch))
        options.out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            Path(options.out, name).write_bytes(content)
            print(f"{hashlib.sha256(content).hexdigest()}  {name}  {len(content)} bytes")
    except (OSError, KeyError, ValueError, tarfile.TarError) as problem:
        print(f"make_sound.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
