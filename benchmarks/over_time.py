"""What models of time must show on material that differs: every number beside its null and its bar.

Some rows are claims of notebooks 06 to 08, which are run for them; the others are measured here, on the
film and the piece that methods were developed with, and on a second film and a second piece on which
nothing was chosen. Each part is kept in over_time.json as soon as it is there, and not measured again
unless named. Long material takes longest: see long.py.

    uv run benchmarks/over_time.py                     what is missing, and the table (half an hour)
    uv run benchmarks/over_time.py --parts films       measure these again
    uv run benchmarks/over_time.py --parts             the table alone
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = Path(__file__).parent
KEPT = FOLDER / "over_time.json"


class Row(NamedTuple):
    """A number, what a meaningless model has in its place, and the bar: at least, or at most."""

    name: str
    value: float
    null: float | None
    null_is: str
    least: float | None = None
    most: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the bar is met."""
        if self.least is None and self.most is None:
            return "no bar"
        met = (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )
        return "met" if met else "MISSED"


def from_notebooks() -> Iterator[Row]:
    """Claims of notebooks 06 to 08, as they are obtained now."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, FOLDER.parent / "reproduce.py", "06", "07", "08", "--out", out]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        claims = json.loads((Path(out) / "claims.json").read_text(encoding="utf-8"))
    for name, claim in claims.items():
        if claim["notebook"][:2] in ("06", "07", "08"):
            if claim["value"] is None:
                raise SystemExit(f"notebook {claim['notebook']} failed: see uv run reproduce.py 06 07 08")
            sign, bar = claim["bar"].split()[:2]
            side = {"≥": "least", "≤": "most"}[sign]
            text = f"{name}: {claim['text']}"
            yield Row(text, claim["value"], claim["null"], claim["null_model"], **{side: float(bar)})


def of_film(name: str, film: np.ndarray) -> Iterator[Row]:
    """A film: unseen beats, phases, generation."""
    from film import count_parameters, fit, replay, score_generation, score_phases, score_splits

    from rgm_core import learn_structure
    from rgm_core.metrics import psnr

    for split, s in score_splits(film):
        nothing, model = s["model, nothing seen"], s["models that lack an event"]
        for rival, least in (("mean frame", 3.0), ("nearest neighbour", 0.5)):
            text = f"{name}, hidden half, {split}: dB over the {rival}"
            yield Row(text, model - s[rival], nothing - s[rival], "nothing seen but the phase", least)
        best = s["best training frame"] - s["mean frame"]
        text = f"{name}, {split}: the best training frame, which knows the answer, dB over the mean frame"
        yield Row(text, best, 0.0, "the mean frame")
    codec, outcomes, model, believer = fit(film)
    found, null = score_phases(film, codec, believer)
    yield Row(
        f"{name}, begun 0 to 7 frames late, the worst, dB", min(found), null, "phase taken for known", 30.5
    )
    unique = learn_structure(outcomes, codec.n_outcomes_, codec.locations_, dt=2)
    no_noise = "structure without noise"
    yield Row(f"{name}, different events of 16", len(model.D), len(unique.D), no_noise, most=10)
    unfolded, mean = replay(codec, model, believer, outcomes)[1], np.broadcast_to(film.mean(0), film.shape)
    yield Row(
        f"{name}, replayed from events, dB", psnr(film, unfolded), psnr(film, mean), "the mean frame", 31.0
    )
    share, all_share = (100 * count_parameters(m) / outcomes.size for m in (model, unique))
    yield Row(f"{name}, parameters in % of outcomes", share, all_share, no_noise, most=50)
    made = score_generation(film, codec, outcomes, model)
    yield Row(f"{name}, new blocks made up, %", 100 * made["new blocks"], 0.0, "a replay", 20)
    jump, null = made["median jump at new joins"], made["median of blocks in random order"]
    yield Row(f"{name}, median jump at new joins", jump, null, "blocks in random order", most=16.3)
    largest, own = made["largest jump at new joins"], made["the film's own largest"]
    yield Row(f"{name}, largest jump, in the film's own largest", largest / own, 1.0, "the film", most=1.0)


def films() -> Iterator[Row]:
    """The bird, and somebody who walks."""
    from walker import load_walker

    from rgm_core.datasets import load_pigeon

    yield from of_film("bird", load_pigeon())
    yield from of_film("walker", load_walker())


KINDS = {  # rows by words in the names of players
    "100 ms late": ("delay",),
    "tempo ±3 %": ("tempo",),
    "noise at 0 dB": ("noise at",),
    "from any beat": ("from beat",),
    "three times over": ("three times",),
    "skips, repeats": ("skips", "repeats"),
}


def of_piece(name: str, piece, chosen=("",)) -> Iterator[Row]:
    """A piece: players who differ from the recording, the worst of each kind."""
    from listening import judge, players, unheard

    from rgm_core import Accompanist

    accompanist = Accompanist(sample_rate=piece.sample_rate, beat=piece.beat).fit(piece.sound)
    everyone = players(piece) | unheard(piece)
    judged = {
        player: judge(accompanist, everyone[player], piece)
        for player in everyone
        if any(word in player for word in (*chosen, "no music"))
    }
    (by_chance, _) = judged["noise, no music"]
    for kind, words in KINDS.items():
        of_kind = [scores for player, scores in judged.items() if any(word in player for word in words)]
        for k, (what, least) in enumerate((("right bar", 95.0), ("within a beat", 99.0))):
            value, null = (min(scores[who][k] for scores in of_kind) for who in (0, 1))
            text = f"{name}, {kind} ({len(of_kind)} players): {what}, %"
            yield Row(text, value, null, "dead reckoning", least)
    yield Row(f"{name}, noise and no music: right bar, %", by_chance[0], 100 / piece.n_bars, "chance")


def jazz() -> Iterator[Row]:
    """The piece that the method was developed with."""
    from rgm_core.datasets import load_jazz

    yield from of_piece("jazz", load_jazz())


def prelude() -> Iterator[Row]:
    """A piece on which nothing was chosen; some players of each kind, since it is long."""
    from prelude import load_prelude

    some = (
        "delay",
        "tempo 1.03",
        "tempo 0.97",
        "seed 0",
        "beat 21",
        "beat 41",
        "skips",
        "repeats",
        "three",
    )
    yield from of_piece("prelude", load_prelude(), some)


def own_films() -> Iterator[Row]:
    """Films from files, through ``compress``."""
    from rgm_core import compress
    from rgm_core.datasets import load_pigeon
    from rgm_core.plotting.film import encode_film

    film = load_pigeon()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        path.write_bytes(encode_film(np.tile(film[:64], (5, 1, 1, 1)), fps=24))
        found = compress(path)
        name = "64 frames five times, through mp4: different events"
        yield Row(name, len(found.model.D), len(found.events), "each event is new", 8, 8)
        odd = film[:, :97].repeat(2, axis=2)[:, :, :131]
        path.write_bytes(encode_film(odd, fps=24))
        found = compress(path)
        lost = found.psnr - found.replay_psnr
        yield Row("film of 97 × 131 in mp4: dB that the replay is below the codec", lost, None, "", most=3)


def own_sounds() -> Iterator[Row]:
    """Sounds from files in stereo, through ``compress``."""
    import soundfile
    from prelude import load_prelude

    from rgm_core import compress

    piece = load_prelude()
    rate = piece.sample_rate
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (5, 60):
            mono = piece.sound[: seconds * rate]
            for kind in ("wav", "flac", "ogg", "mp3"):
                path = Path(folder) / f"sound.{kind}"
                soundfile.write(path, np.stack([mono, 0.7 * np.roll(mono, 30)], axis=1), rate)
                found = compress(path)
                name, null = f"{seconds} s of stereo in {kind}: correlation", shuffled(found, mono, rate)
                yield Row(name, found.correlation, null, "voxels in random order", 0.9)


def shuffled(found, sound, rate: int) -> float:
    """Correlation with a sound of its voxels in random order."""
    from rgm_core.codecs.resampling import resample
    from rgm_core.metrics import spectrogram_correlation

    mixed = found.codec.inverse_transform(np.random.default_rng(0).permutation(found.outcomes))
    sound = resample(sound, rate, found.rate)
    n = min(len(sound), len(mixed))
    return spectrogram_correlation(sound[:n], mixed[:n], found.rate)


PARTS = {
    "notebooks": from_notebooks,
    "films": films,
    "jazz": jazz,
    "prelude": prelude,
    "films from files": own_films,
    "sounds from files": own_sounds,
}


def show(kept: dict) -> None:
    """Print the table."""
    for part, measured in kept.items():
        print(f"\n{part} ({measured['cpu_seconds']:.0f} CPU s)")
        for row in (Row(**row) for row in measured["rows"]):
            bars = [
                f"{sign} {bar:g}" for sign, bar in (("≥", row.least), ("≤", row.most)) if bar is not None
            ]
            null = "" if row.null is None else f"(null {row.null:.2f}: {row.null_is})"
            print(f"{row.verdict:7} {row.value:8.2f} {' '.join(bars):12} {row.name} {null}")


def main(arguments=None) -> None:
    """Measure what is missing or named, and print all that is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--parts", nargs="*", choices=PARTS, help="measured again; default: what is missing"
    )
    parser.add_argument("--json", type=Path, default=KEPT)
    asked = parser.parse_args(arguments)
    kept = json.loads(asked.json.read_text(encoding="utf-8")) if asked.json.exists() else {}
    for part in [p for p in PARTS if p not in kept] if asked.parts is None else asked.parts:
        began = time.process_time()
        rows = [row._asdict() for row in PARTS[part]()]
        kept[part] = {"cpu_seconds": round(time.process_time() - began, 1), "rows": rows}
        kept = {p: kept[p] for p in PARTS if p in kept}
        asked.json.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    show(kept)


if __name__ == "__main__":
    main()
