"""What a model of a film knows about frames that it was not trained on, beside plain guesses.

Codec and structure come from the training part of each split alone; the noise was chosen on the whole
film, by its replay, and the splits were looked at while the method was developed.

    uv run benchmarks/film.py
    uv run benchmarks/film.py --film walker    a film on which nothing was chosen
    uv run benchmarks/film.py --left-out       beats of a training part, each completed from the others
"""

from __future__ import annotations

import argparse

import numpy as np
from walker import load_walker

from rgm_core import generate_orbit, infer, learn_structure
from rgm_core.codecs import VideoCodec
from rgm_core.datasets import load_pigeon
from rgm_core.generation.unfold import unfold_events
from rgm_core.media import expect_outcomes, learn_leaving_out
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


def nearest(train, test, part):
    """Training frames that are most like each test frame in a part of the picture."""
    a, b = (x[:, part].reshape(len(x), -1).astype(float) for x in (train, test))
    distance = (b**2).sum(1)[:, None] - 2 * b @ a.T + (a**2).sum(1)
    return train[distance.argmin(axis=1)]


def lacking_an_event(codec, outcomes):
    """Models of a film, each learned without one of its events."""
    noise = codec.noise_in_bins(LEVEL)
    return learn_leaving_out(outcomes, codec.n_outcomes_, codec.locations_, noise=noise)


def expect(codec, models, film):
    """A film of which the right half is hidden, as models expect it on average."""
    return codec.inverse_transform(expect_outcomes(models, codec.transform(film, visible=VISIBLE)))


def show_left_out(film):
    """What was chosen where: each beat of the second split's training part, completed from the others."""
    train, hidden, errors = SPLITS["hover 40-79 -> 80-95"][0], ~VISIBLE, []
    for left_out in np.split(train, len(train) // 8):
        test = film[left_out]
        codec, outcomes, _, believer = fit(film[np.setdiff1d(train, left_out)])
        guesses = complete(codec, believer, test)[0], expect(codec, lacking_an_event(codec, outcomes), test)
        errors.append([np.square(test[:, hidden] - g[:, hidden]).mean() for g in guesses])
    one, average = 10 * np.log10(255**2 / np.mean(errors, axis=0))
    print(f"beats left out: one model {one:.2f} dB, average of models that lack an event {average:.2f} dB")


def score_splits(film):
    """PSNR in dB of the hidden half on each split, of the model and of plain guesses."""
    hidden = ~VISIBLE
    for name, (train, test) in SPLITS.items():
        codec, outcomes, _, believer = fit(film[train])
        nothing = infer(believer, np.full((len(test) // codec.block, len(codec.tile_of_)), -1))
        guesses = {
            "model": complete(codec, believer, film[test])[0],
            "models that lack an event": expect(codec, lacking_an_event(codec, outcomes), film[test]),
            "mean frame": np.broadcast_to(film[train].mean(0), film[test].shape),
            "nearest neighbour": nearest(film[train], film[test], VISIBLE),
            "model, nothing seen": codec.inverse_transform(np.stack(nothing.outcomes, axis=1)),
            "best training frame": nearest(film[train], film[test], hidden),  # it knows the answer
            "codec, nothing hidden": codec.inverse_transform(codec.transform(film[test])),
        }
        yield name, {guess: psnr(film[test][:, hidden], g[:, hidden]) for guess, g in guesses.items()}


def show_splits(film):
    print("PSNR of the hidden right half, dB")
    for name, scores in score_splits(film):
        print(f"{name:36}", *(f"{guess} {value:.2f};" for guess, value in scores.items()))


def score_phases(film, codec, believer):
    """PSNR in dB of the hidden half of a film begun 0 to 7 frames late; null: the phase taken for known."""
    hidden, found = ~VISIBLE, []
    for late in range(8):
        frames, part = begun_late(codec, believer, film, late)
        found.append(psnr(part[:, hidden], frames[:, hidden]))
    aligned = infer(believer, codec.transform(film[2:], visible=VISIBLE))
    frames = codec.inverse_transform(np.stack(aligned.outcomes, axis=1))
    return found, psnr(film[2:, hidden], frames[:, hidden])


def count_parameters(model):
    """Counts that are not zero: of likelihoods and of transitions."""
    n_edges = sum(len(b.edges) for level in model.levels for b in level.b)
    return sum(int((level.a > 0).sum()) for level in model.levels) + n_edges


def replay(codec, model, believer, outcomes):
    """Events of a film, and the frames that they alone unfold to."""
    events = infer(believer, outcomes).states[-1][0].argmax(axis=1)
    return events, codec.inverse_transform(np.stack(unfold_events(model, events), axis=1)[: len(outcomes)])


def show_phases(film):
    codec, outcomes, model, believer = fit(film)
    events, unfolded = replay(codec, model, believer, outcomes)
    print(f"\nevents {events.tolist()}: {len(model.D)} different")
    print(
        f"replay from events alone {psnr(film, unfolded):.2f} dB; "
        f"codec {psnr(film, codec.inverse_transform(outcomes)):.2f} dB"
    )
    share = count_parameters(model) / outcomes.size
    print(f"non-zero parameters {count_parameters(model)}, {share:.0%} of {outcomes.size} outcomes")
    found, null = score_phases(film, codec, believer)
    print("hidden half of the film begun 0 ... 7 frames late, dB:", np.round(found, 2).tolist())
    print(f"null, two frames late and the phase taken for known: {null:.2f}")
    print(score_generation(film, codec, outcomes, model))


def rms_jump(frames):
    """Root mean square difference of successive frames."""
    return np.sqrt((np.diff(frames.astype(float), axis=0) ** 2).mean(axis=(1, 2, 3)))


def score_generation(film, codec, outcomes, model, n_seeds=20):
    """Share of new blocks, and the jump into and out of them, in grey levels; null: blocks at random."""
    decoded = codec.inverse_transform(outcomes)
    known = {row.tobytes() for row in most_probable(model, outcomes)}
    fresh, jumps, shuffled = [], [], []
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        steps = np.array([s.outcomes for s in generate_orbit(model, 0, rng=rng, n_steps=256)], np.int8)
        new = np.array([row.tobytes() not in known for row in steps])
        joins = rms_jump(codec.inverse_transform(steps))[1::2]
        jumps.append(joins[new[1:] | new[:-1]])
        fresh.append(new)
        drawn = decoded.reshape(-1, 2, *film.shape[1:])[rng.permutation(len(outcomes))]
        shuffled.append(rms_jump(drawn.reshape(film.shape))[1::2])
    own, jumps = rms_jump(decoded)[1::2], np.concatenate(jumps)
    return {
        "blocks": sum(map(len, fresh)),
        "new blocks": float(np.concatenate(fresh).mean()),
        "median jump at new joins": float(np.median(jumps)),
        "largest jump at new joins": float(jumps.max()),
        "the film's own median": float(np.median(own)),
        "the film's own largest": float(own.max()),
        "median of blocks in random order": float(np.median(np.concatenate(shuffled))),
    }


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
    parser.add_argument("--left-out", action="store_true")
    asked = parser.parse_args(arguments)
    film = load_pigeon() if asked.film == "pigeon" else load_walker()
    if asked.left_out:
        show_left_out(film)
        return
    show_splits(film)
    show_phases(film)


if __name__ == "__main__":
    main()
