"""Tests of the players: where they are is where the sound comes from."""

import numpy as np
import pytest

from rgm_core.datasets.performances import dead_reckoning, follow_accuracy, perform

RATE = 1000
RAMP = np.arange(8 * RATE) / RATE  # a recording whose samples say where they are


def test_a_place_is_where_the_sound_is_from():
    for options in ({}, {"parts": ((2, 4), (1, 8))}, {"parts": ((3, np.inf),)}):
        player = perform(RAMP, RATE, **options)
        np.testing.assert_allclose(player.sound, player.places)
    fast = perform(RAMP, RATE, tempo=1.05)
    assert len(fast.sound) == pytest.approx(len(RAMP) / 1.05, abs=1)
    middle = slice(RATE, -RATE)  # at the ends of a ramp a filter rings
    np.testing.assert_allclose(fast.sound[middle], fast.places[middle], atol=0.01)


def test_noise_is_as_loud_as_it_says_and_a_delay_is_silent():
    tone = np.sin(RAMP * 400)
    noisy = perform(tone, RATE, noise=1.0)
    assert np.std(noisy.sound - tone) == pytest.approx(np.std(tone), rel=0.05)
    late = perform(tone, RATE, delay=0.5)
    assert not late.sound[:500].any()
    assert late.places[500] == 0


def test_a_cut_is_given_grace_and_then_judged():
    player = perform(RAMP, RATE, ((0, 3), (5, 8)))
    assert player.cuts == (3000,)
    truth = player.places[25::50]
    assert follow_accuracy(player, truth, RATE, beat=0.25) == (100, 100)
    reckoned = dead_reckoning(player, RATE)[25::50]
    right, within = follow_accuracy(player, reckoned, RATE, beat=0.25)
    assert right == within == 50  # one to three seconds right, one to three seconds after the cut wrong
