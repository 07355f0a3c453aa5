"""What the notebooks claim, computed again at small sizes, each by a function without arguments.

Everything is looked up in the library when it is called, so that a piece that was replaced is used.
"""

import importlib
from functools import cache

import numpy as np

PLACES = np.argwhere(np.ones((8, 8)))


def core(name: str):
    """The object with a dotted name in the library, as it is at this moment."""
    module, _, attribute = f"rgm_core.{name}".rpartition(".")
    return getattr(importlib.import_module(module), attribute)


# ---------------------------------------------------------------- 00 and 01


def balls_returned() -> float:
    """fig03.returned: balls of the rally returned by expected free energy, %; 12 opponents."""
    model = core("games.rally_model")()
    together = core("planning.join_modalities")(model)
    hits = balls = 0
    for seed in range(12):
        game, rng, past = core("games.Rally")(model), np.random.default_rng(seed), None
        outcomes, _ = game.reset(seed=seed, options={"tendency": seed % 3})
        for _ in range(60):
            before = core("planning.predict_belief")(model, *past) if past else model.initial_belief
            belief, _ = core("planning.update_belief")(model, before, outcomes)
            G = core("planning.expected_free_energy")(together, belief).total
            past = belief, int(rng.choice(3, p=core("planning.path_posterior")(G)))
            outcomes, _, _, _, info = game.step(past[1])
            hits, balls = hits + info["hit"], balls + info["hit"] + info["miss"]
    return 100 * hits / balls


def tipping_mass() -> float:
    """fig04.tipping_mass: by bisection, as the root of the log odds."""
    spot = np.zeros((2, 64), int)
    spot[1, 27] = 1
    low, high = -30.0, -10.0  # decimal logarithms: two states below, one above
    while high - low > 0.004:
        middle = (low + high) / 2
        two = core("structure.select_states")(spot, 2, mass=10.0**middle).chosen[1] > 0
        low, high = (middle, high) if two else (low, middle)
    return (low + high) / 2


# ---------------------------------------------------------------- 02: a film of a spot


@cache
def film() -> np.ndarray:
    """One round of the spot, (16, 64)."""
    down, over = [(4, 3), (5, 3)], [(2, 3), (3, 3)]
    left, right = [(5, 2), (4, 1), (3, 1), (2, 2)], [(5, 4), (4, 5), (3, 5), (2, 4)]
    frames = np.zeros((16, 8, 8), int)
    for t, (row, column) in enumerate(down + left + over + down + right + over):
        frames[t, row, column] = 1
    return frames.reshape(16, 64)


def spot_model(flip: float, places: np.ndarray = PLACES, **options):
    """Structure of three rounds, in which each pixel is wrong with a probability."""
    model = core("structure.learn.learn_structure")(np.tile(film(), (3, 1)), 2, places, dt=2, **options)
    ones = model.with_counts([level.likelihood for level in model.levels])
    return ones.add_mass([2 * flip / (1 - 2 * flip)] + [0] * (model.n_levels - 1))


def settled(model, frames: np.ndarray, phase: int | None = 0) -> float:
    """Mean surprise at each frame after the first sixteen, nats."""
    infer = core("inference.sequence.infer_sequence")
    before, after = (infer(model, part, phase=phase).log_evidence for part in (frames[:16], frames))
    return (before - after) / (len(frames) - 16)


def gain_of_events() -> float:
    """fig05.gain_clean: over a chain of frames, the worse of two phases; four rounds."""
    frames = np.tile(np.roll(film(), -4, axis=0), (4, 1))
    events, chain = spot_model(1e-9), spot_model(1e-9, np.zeros((64, 2)))
    return min(settled(chain, frames[n:]) - settled(events, frames[n:], None) for n in (0, 2))


def gain_of_merging() -> float:
    """fig05.gain_merged: structure merged at all offsets, begun two frames late."""
    frames, flip = np.tile(np.roll(film(), -4, axis=0), (4, 1)), 0.02
    frames = frames ^ (np.random.default_rng(2024).random(frames.shape) < flip)
    events, chain = spot_model(flip, offsets="all"), spot_model(flip, np.zeros((64, 2)))
    return settled(chain, frames[2:]) - settled(events, frames[2:])


def excess_surprise() -> float:
    """fig05.excess: surprise of the noisy film, less that of its noise if all pixels are known."""
    frames, flip = np.tile(np.roll(film(), -4, axis=0), (4, 1)), 0.02
    noise = np.random.default_rng(2024).random(frames.shape) < flip
    alone = -np.where(noise, np.log(flip), np.log(1 - flip)).sum(axis=1)
    return abs(settled(spot_model(flip), frames ^ noise) - alone[16:].mean())


# ---------------------------------------------------------------- 03 to 05: digits


@cache
def digits() -> tuple:
    """1,500 images to learn from and 500 others, with their labels."""
    images, labels = core("datasets.load_mnist")("train", n=10_500)
    return images[:1500], labels[:1500], images[10_000:], labels[10_000:]


def fidelity() -> float:
    """fig06.correlation: of preprocessed and reconstructed digits; 1,500 images, 200 others."""
    train, _, check, _ = digits()
    preprocessing = "codecs.preprocessing."
    soft = core(preprocessing + "smooth")(core(preprocessing + "resize")(check[:200] / 255.0, size=32))
    codec = core("codecs.ImageCodec")().fit(train)
    again = codec.inverse_transform(codec.transform(check[:200]))
    return float(np.corrcoef(core(preprocessing + "equalise")(soft).ravel(), again.ravel())[0, 1])


def structure_of_exemplars():
    """Codec fitted to 1,500 images, and the structure of the first 13 of each digit."""
    train, labels, _, _ = digits()
    codec = core("codecs.ImageCodec")().fit(train)
    first = np.concatenate([np.flatnonzero(labels == d)[:13] for d in range(10)])
    learn = core("structure.learn.learn_structure")
    outcomes = codec.transform(train[first])
    return codec, learn(outcomes, codec.n_outcomes_, codec.locations_, labels=labels[first])


def number_of_counts() -> float:
    """fig07.n_counts: Dirichlet counts of all likelihoods."""
    return structure_of_exemplars()[1].n_counts


def coverage() -> float:
    """fig08.coverage_level_1: share of the picture that a corner factor of level 1 changes, %."""
    codec, structure = structure_of_exemplars()
    model = structure.add_counts([1 / 16, 1 / 16, 1 / 16, 1 / 128])
    states = np.arange(model.levels[0].n_states[0])
    expected = core("generation.predict_outcomes")(model, states, level=0, factor=0)
    blank = codec.inverse_transform(np.full((1, len(codec.n_outcomes_)), -1))
    changed = np.abs(codec.inverse_transform(expected) - blank).max(axis=0) > 5
    return 100 * float(changed.mean())


def centre_of_tiles() -> float:
    """fig06.lattice: mean row and column of the centres of the tiles, pixels."""
    pixels = np.argwhere(np.ones((32, 32)))
    return float(core("codecs.tiles.tile_positions")(pixels, 4).centroids.mean())


def outcomes_under_cover() -> float:
    """fig08.cover: outcomes that change, %, with what is under a cover; 100 images."""
    train, _, check, _ = digits()
    codec, visible = core("codecs.ImageCodec")().fit(train), np.tile(np.arange(28) >= 14, (28, 1))
    scribbled = np.where(visible, check[:100], np.random.default_rng(0).integers(0, 256, (100, 28, 28)))
    seen, again = (codec.transform(x, visible=visible) for x in (check[:100], scribbled))
    return 100 * float((seen != again)[seen >= 0].mean())


def published_classifier():
    """Learned from 1,500 images with the article's constants."""
    train, labels, _, _ = digits()
    return core("RGMClassifier")(**core("classifier.PUBLISHED")).fit(train, labels)


def accuracy() -> float:
    """fig09.accuracy: %, 500 images."""
    _, _, test, labels = digits()
    return 100 * float((published_classifier().predict(test) == labels).mean())


def information_level_1() -> float:
    """fig09.mutual_information_level_1: nats."""
    return float(published_classifier().history_.mutual_information[-1, 0])


def information_classes() -> float:
    """fig09.mutual_information_classes: nats."""
    return float(published_classifier().history_.mutual_information[-1, -1])


def log_evidence() -> float:
    """fig09.log_evidence: mean exact ln p of images that were not learned from, nats."""
    return float(published_classifier().log_evidence(digits()[2]).mean())


# ---------------------------------------------------------------- 07 and 08: wavelets


@cache
def finch():
    return core("datasets.load_bird_calls")("finch")


def image_of(sound, rate: int, n_frequencies: int):
    """A codec of sound, and the wavelet image."""
    codec = core("codecs.SoundCodec")(sample_rate=rate, n_frequencies=n_frequencies, low=40, high=4000)
    return codec.fit(sound), codec.image(sound)


def pitch() -> float:
    """fig12.pitch: strongest frequencies of syllables, mean distance from the Fourier transform's, %."""
    calls, rate = finch(), finch().sample_rate
    codec, image = image_of(calls.sound, rate, 64)
    hertz, step, errors = codec.bank_.frequencies, image.shape[1] / len(calls.sound), []
    for first, last in np.round(rate * np.stack([calls.onsets, calls.offsets], axis=1))[:-1].astype(int):
        rows = (hertz >= 500) * (image[:, int(first * step) : int(last * step)] ** 2).sum(axis=1)
        k = rows.argmax() + np.arange(-1, 2)
        fourier = np.fft.rfftfreq(last - first, 1 / rate)
        power = np.abs(np.fft.rfft(calls.sound[first:last] * np.hanning(last - first)))
        right = fourier[(power * (fourier >= 500) * (fourier <= 4000)).argmax()]
        errors.append(abs(np.average(hertz[k], weights=rows[k]) / right - 1))
    return 100 * float(np.mean(errors))


def sum_of_rows(sound, rate: int, n_frequencies: int) -> float:
    """Energy of a sound over that of the error of its image's sum, 200 to 3,800 Hz, dB."""
    codec, image = image_of(sound, rate, n_frequencies)
    again = codec.inverse_image(image)
    n = min(len(again), len(sound))
    return core("metrics.signal_to_error")(sound[:n], again[:n], rate, low=200, high=3800)


def complete_song() -> float:
    """fig12.complete: dB."""
    return sum_of_rows(finch().sound, finch().sample_rate, 64)


def complete_music() -> float:
    """fig13.complete: dB, eight seconds."""
    jazz = core("datasets.load_jazz")()
    return sum_of_rows(jazz.sound[: 8 * jazz.sample_rate], jazz.sample_rate, 32)


# ---------------------------------------------------------------- 00, 09 and 10: games


def rival() -> float:
    """fig15.q_learning: balls hit by Q-learning in the last 20 of 8,000 frames, %; one seed."""
    game = core("games.Pong")(size=(8, 6), streams=("reward", "cost", "control"))
    n = len(game.n_outcomes)
    learner = core("agent.QLearner")(reward=(n - 3, 1), cost=(n - 2, 1), rng=100)
    run = core("games.play_with")(learner.act, game, 8000, seed=100)
    return 100 * float(core("metrics.success_rate")(run.hits, run.misses)[1][-1])


def hits_after(game, n_frames: int) -> float:
    """Balls returned, %, in 1,000 frames of play after watching random frames; one seed."""
    n = len(game.n_outcomes)
    watched = core("games.play_randomly")(game, n_frames, rng=0)
    agent = core("agent.agent.Agent")(goal=(n - 3, 1), cost=(n - 2, 1), control=n - 1, rng=0)
    agent.learn(watched.outcomes, watched.actions, game.n_outcomes)
    return 100 * core("games.play_with")(agent.act, game, 1000, seed=1000).hit_rate


def returned_in_breakout() -> float:
    """breakout.returned: balls returned after watching 20,000 frames, %; one seed, 1,000 frames."""
    game = core("games.Breakout")(streams=("reward", "cost", "control"))
    return hits_after(game, 20_000)


def hits_of_pong() -> float:
    """fig16.worst_seed: balls hit after watching 10,000 random frames, %; one seed, 1,000 frames."""
    game = core("games.Pong")(streams=("reward", "cost", "control"))
    return hits_after(game, 10_000)
