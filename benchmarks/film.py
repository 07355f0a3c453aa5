"""What a model of a film knows about frames that it was not trained on, beside plain guesses.

Codec and structure come from the training part of each split alone; the noise was chosen on the whole
film, by its replay, and the splits were looked at while the method was developed.

    uv run benchmarks/film.py
    uv run benchmarks/film.py --film walker    a film on which nothing was chosen
"""

from __future__ import annotations

import argparse

import numpy as np
from walker import load_walker

from rgm_core import generate_orbit, infer, learn_structure
from rgm_core.codecs import VideoCodec
from rgm_core.datasets import load_pigeon
from rgm_core.generation.unfold import unfold_events
from rgm_core.metrics import psnr
from rgm_core.structure import with_noise

LEVEL = 128.0  # noise in grey levels: of 8, 16 … the largest that replays the training film at 31 dB
VISIBLE = np.broadcast_to(np.arange(128) < 64, (128, 128))


def beats(*numbers):
    """Frames of wing beats, eight frames each."""
    return np.concatenate([np.arange(8 * n, 8 * n + 8) for n in numbers])


SPLITS = {
    "0-95 -> 96-127": (np.arange(96), np.arange(96, 128)),
    "hover 40-79 -> 80-95": (np.arange(40, 80), np.arange(80, 96)),
    "hover beats 6, 8, 10 -> 7, 9, 11": (beats(6, 8, 10), beats(7, 9, 11)),
}


def fit(film):
    """Codec, outcomes, noise, structure and softened model of a film."""
    codec = VideoCodec(su=128, n_bins=33)
    outcomes = codec.fit_transform(film)
    noise = codec.noise_in_bins(LEVEL)
    model = learn_structure(outcomes, codec.n_outcomes_, codec.locations_, dt=2, noise=noise)
    return codec, outcomes, model, with_noise(model, noise)


def complete(codec, believer, film):
    """A film of which the right half is hidden, completed; and the log evidence."""
    posterior = infer(believer, codec.transform(film, visible=VISIBLE), phase=None)
    return codec.inverse_transform(np.stack(posterior.outcomes, axis=1)), posterior


def begun_late(codec, believer, film, late):
    """The film begun some frames late, its right half completed, and what it should be.

    Blocks may begin at either frame: the one that explains the film better, a block. The frames before the
    first whole block are missing.
    """
    part, found = film[late:], []
    for skip in range(codec.block):
        lead = np.full((int(skip > 0), len(codec.tile_of_)), -1)
        outcomes = np.vstack([lead, codec.transform(part[skip:], visible=VISIBLE)])
        evidence = infer(believer, outcomes[1:], phase=None).log_evidence / (len(outcomes) - 1)
        posterior = infer(believer, outcomes, phase=None)
        frames = codec.inverse_transform(np.stack(posterior.outcomes, axis=1))
        frames = frames[-skip % codec.block :][: len(part)]
        found.append((evidence, frames, part[: len(frames)]))
    return max(found, key=lambda each: each[0])[1:]


def nearest(train, test):
    """Training frames whose visible half is most like that of each test frame."""
    a, b = (x[:, VISIBLE].reshape(len(x), -1).astype(float) for x in (train, test))
    distance = (b**2).sum(1)[:, None] - 2 * b @ a.T + (a**2).sum(1)
    return train[distance.argmin(axis=1)]


def show_splits(film):
    print("PSNR of the hidden right half, dB:  model, mean frame, nearest neighbour; codec, nothing hidden")
    hidden = ~VISIBLE
    for name, (train, test) in SPLITS.items():
        codec, _, _, believer = fit(film[train])
        guesses = [
            complete(codec, believer, film[test])[0],
            np.broadcast_to(film[train].mean(0), film[test].shape),
            nearest(film[train], film[test]),
            codec.inverse_transform(codec.transform(film[test])),
        ]
        print(f"{name:36}", *(f"{psnr(film[test][:, hidden], g[:, hidden]):12.2f}" for g in guesses))


def show_phases(film):
    codec, outcomes, model, believer = fit(film)
    hidden = ~VISIBLE
    events = infer(believer, outcomes).states[-1][0].argmax(axis=1)
    unfolded = codec.inverse_transform(np.stack(unfold_events(model, events), axis=1))
    n_edges = sum(len(b.edges) for level in model.levels for b in level.b)
    n_parameters = sum(int((level.a > 0).sum()) for level in model.levels) + n_edges
    print(f"\nevents {events.tolist()}: {len(model.D)} different")
    print(
        f"replay from events alone {psnr(film, unfolded):.2f} dB; "
        f"codec {psnr(film, codec.inverse_transform(outcomes)):.2f} dB"
    )
    print(
        f"non-zero parameters {n_parameters}, "
        f"{n_parameters / outcomes.size:.0%} of {outcomes.size} outcomes"
    )
    print("hidden half of the film begun 0 ... 7 frames late, dB:", end="")
    for late in range(8):
        frames, part = begun_late(codec, believer, film, late)
        print(f" {psnr(part[:, hidden], frames[:, hidden]):.2f}", end="", flush=True)
    aligned = infer(believer, codec.transform(film[2:], visible=VISIBLE))
    frames = codec.inverse_transform(np.stack(aligned.outcomes, axis=1))
    print(
        "\nnull, two frames late and the phase taken for known: "
        f"{psnr(film[2:, hidden], frames[:, hidden]):.2f}"
    )
    show_generation(film, codec, outcomes, model)


def rms_jump(frames):
    """Root mean square difference of successive frames."""
    return np.sqrt((np.diff(frames.astype(float), axis=0) ** 2).mean(axis=(1, 2, 3)))


def show_generation(film, codec, outcomes, model, n_seeds=20):
    """New blocks, and the jump into and out of them; the null draws every block at random from the film."""
    known = {row.tobytes() for row in np.unique(np.array(outcomes), axis=0)}
    decoded = codec.inverse_transform(outcomes)
    own = rms_jump(decoded)[1::2]
    known = {row.tobytes() for row in most_probable(model, outcomes)}
    fresh, total, jumps, shuffled = 0, 0, [], []
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        steps = np.array([s.outcomes for s in generate_orbit(model, 0, rng=rng, n_steps=256)], np.int8)
        new = np.array([row.tobytes() not in known for row in steps])
        joins = rms_jump(codec.inverse_transform(steps))[1::2]
        jumps.append(joins[new[1:] | new[:-1]])
        fresh, total = fresh + new.sum(), total + len(new)
        drawn = decoded.reshape(-1, 2, *film.shape[1:])[rng.permutation(len(outcomes))]
        shuffled.append(rms_jump(drawn.reshape(film.shape))[1::2])
    jumps = np.concatenate(jumps)
    print(
        f"generated, {n_seeds} seeds: {total} blocks, {fresh / total:.0%} new; jump at new joins median "
        f"{np.median(jumps):.1f}, largest {jumps.max():.1f}"
    )
    print(
        f"the film's own joins: median {np.median(own):.1f}, largest {own.max():.1f}; "
        f"blocks in random order: median {np.median(np.concatenate(shuffled)):.1f}"
    )


def most_probable(model, outcomes):
    """Outcomes of the states that the film itself went through: its blocks, up to noise."""
    posterior = infer(model.add_mass(1e-6), outcomes)
    level = model.levels[0]
    states = [q.argmax(axis=1) for q in posterior.states[0]]
    columns = [level.a[g].argmax(axis=0)[states[f]] for g, f in enumerate(level.parents)]
    return np.stack(columns, axis=1).astype(np.int8)


def main(arguments=None) -> None:
    """Print what the model knows about a film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--film", choices=("pigeon", "walker"), default="pigeon")
    film = load_pigeon() if parser.parse_args(arguments).film == "pigeon" else load_walker()
    show_splits(film)
    show_phases(film)


if __name__ == "__main__":
    main()
