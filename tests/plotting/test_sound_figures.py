"""Figures of sounds show their arrays; sounds are written whole and can be read."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile

from rgm_core.plotting import sound

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_waveform_and_pictures():
    wave, picture = RNG.normal(size=400), RNG.random((5, 40))
    fig = sound.plot_sound(wave, 100, {"wavelets": picture}, np.linspace(100, 500, 5))
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), wave)
    np.testing.assert_allclose(fig.axes[1].images[0].get_array(), np.sqrt(picture))
    assert fig.axes[1].images[0].get_extent() == [0, 4, 0.1, 0.5]


def test_code_rates_and_timelines():
    code = RNG.integers(0, 5, (8, 3))
    fig = sound.plot_code(code, 5, seconds=2.0)
    np.testing.assert_array_equal(fig.axes[0].images[0].get_array(), code.T)
    curves = {"4": (np.array([1.0, 2]), np.array([0.5, 0.9]))}
    fig = sound.plot_rates(curves, bar=0.95)
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), [0.5, 0.9])
    fig = sound.plot_timelines({"a": np.arange(4.0), "b": np.ones(4)}, seconds=8, marks=[(2, 4)])
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_xdata(), [1, 3, 5, 7])


def test_a_sound_is_written_as_it_is_played(tmp_path):
    wave = 0.01 * np.sin(np.arange(8000) / 5)
    sound.play(wave, 8000, "tone", alt="A tone", out=tmp_path)
    assert [path.name for path in (tmp_path / "media").iterdir()] == ["tone.wav"]
    read, rate = soundfile.read(tmp_path / "media" / "tone.wav")
    assert rate == 8000
    np.testing.assert_allclose(read, 0.9 * wave / np.abs(wave).max(), atol=1e-4)
