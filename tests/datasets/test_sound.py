"""Sounds: what is loaded is what was published, and the annotations and bars fit it."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, stft

from rgm_core.datasets import files, load_bird_calls, load_jazz

DATA = Path(__file__).resolve().parents[2] / "data"
KEYS = ("field-sound", "field-calls", "finch-sound", "finch-syllables", "jazz-sound")


@pytest.fixture(scope="module")
def make_sound():
    """The script data/make_sound.py, as a module."""
    spec = importlib.util.spec_from_file_location("make_sound", DATA / "make_sound.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def energy(sound, rate, low, high):
    """Return the energy (n,) of a sound in a band of frequencies in Hz."""
    sections = butter(4, [low, high], "band", fs=rate, output="sos")
    return np.square(sosfiltfilt(sections, sound))


def onsets(sound, rate):
    """Return times in s, and how much louder than just before all frequencies are."""
    _, times, spectrum = stft(sound, rate, nperseg=1024, noverlap=1024 - 128)
    louder = np.diff(np.log1p(1000 * np.abs(spectrum)), axis=1).clip(0).sum(axis=0)
    return times[1:], louder - louder.mean()


# --- bird calls


def test_field_recording_has_its_nine_calls():
    calls = load_bird_calls("field")
    assert calls.sound.shape == (320_001,)
    assert calls.sample_rate == 32_000
    assert 0.02 < np.abs(calls.sound).max() < 0.03
    assert " ".join(calls.labels) == "NOCA WOTH EATO WOTH BCCH NOCA EATO BCCH WOTH"
    assert (np.diff(calls.onsets) > 0).all()
    assert (calls.onsets < calls.offsets).all()
    assert calls.offsets.max() < 10
    assert (calls.bands[:, 0] < calls.bands[:, 1]).all()


def test_field_annotations_are_where_the_calls_are():
    calls = load_bird_calls("field")
    times = np.arange(len(calls.sound)) / calls.sample_rate
    for onset, offset, band in zip(calls.onsets, calls.offsets, calls.bands, strict=True):
        loudness = energy(calls.sound, calls.sample_rate, *band)
        within = (times >= onset) & (times <= offset)
        assert loudness[within].mean() > np.median(loudness) * 2


def test_finch_syllables_are_where_the_sound_is():
    calls = load_bird_calls("finch")
    assert calls.sound.shape == (75_001,)
    assert "".join(calls.labels) == "xxxxxxhbabababax"
    assert np.isnan(calls.bands).all()
    times = np.arange(len(calls.sound)) / calls.sample_rate
    voiced = ((times[:, None] >= calls.onsets) & (times[:, None] <= calls.offsets)).any(axis=1)
    loudness = energy(calls.sound, calls.sample_rate, 500, 12_000)
    assert loudness[voiced].mean() > 50 * loudness[~voiced].mean()


def test_finch_motif_recurs():
    calls = load_bird_calls("finch")
    starts = calls.onsets[calls.labels == "b"]
    np.testing.assert_allclose(np.diff(starts), 0.287, atol=0.015)


def test_unknown_recording_is_named():
    with pytest.raises(ValueError, match=r"recording is 'crow'; expected one of \('field', 'finch'\)"):
        load_bird_calls("crow")


# --- jazz


def test_jazz_is_sixteen_bars():
    jazz = load_jazz()
    assert jazz.sample_rate == 22_050
    assert jazz.bar == pytest.approx(1.846, abs=1e-3)
    assert len(jazz.sound) / jazz.sample_rate == pytest.approx(16 * jazz.bar, abs=1e-4)
    assert 0.5 < np.abs(jazz.sound).max() < 0.9


def test_jazz_tempo_is_that_of_its_onsets():
    jazz = load_jazz()
    times, louder = onsets(jazz.sound, jazz.sample_rate)
    beats = np.linspace(0.43, 0.50, 1401)
    strength = np.abs(np.exp(-2j * np.pi * times / beats[:, None]) @ louder)
    assert beats[strength.argmax()] == pytest.approx(jazz.beat, rel=2e-3)


def test_jazz_keeps_to_the_beat_from_first_to_last_bar():
    jazz = load_jazz()
    times, louder = onsets(jazz.sound, jazz.sample_rate)
    wave = louder * np.exp(-2j * np.pi * times / jazz.beat)
    lags = [-np.angle(part.sum()) / (2 * np.pi) * jazz.beat for part in np.array_split(wave, 4)]
    assert max(lags) - min(lags) < 0.010  # seconds
    assert 0 < np.mean(lags) < 0.04


def test_jazz_has_its_bass_on_one_and_its_accents_on_two_and_four():
    jazz = load_jazz()
    beats = np.arange(64) * jazz.beat
    _, times, spectrum = stft(jazz.sound, jazz.sample_rate, nperseg=2048, noverlap=2048 - 256)
    low = np.abs(spectrum[4:15]).sum(axis=0)  # 43 to 150 Hz
    bass = np.array([low[(times >= beat) & (times < beat + 0.2)].sum() for beat in beats])
    assert bass.reshape(16, 4).mean(axis=0).argmax() == 0
    times, louder = onsets(jazz.sound, jazz.sample_rate)
    attack = np.array([louder[(times > beat - 0.06) & (times < beat + 0.08)].max() for beat in beats])
    accents = attack.reshape(16, 4).mean(axis=0)
    assert accents[[1, 3]].min() > accents[[0, 2]].max()


# --- files


def test_sounds_stay_small():
    assert sum((DATA / files.REGISTRY[key].file).stat().st_size for key in KEYS) < 1_200_000


def test_licences_name_the_files():
    birds = (DATA / "LICENSE-bird-calls.txt").read_text(encoding="utf-8")
    assert all(term in birds for term in ("CC0 1.0", "CC BY 4.0", "Tachibana", "Chronister"))
    music = (DATA / "LICENSE-vibe-ace.txt").read_text(encoding="utf-8")
    assert all(term in music for term in ("CC BY 3.0", "Kevin MacLeod", "incompetech.com"))


@pytest.mark.parametrize("key", ["jazz-sound", "finch-syllables"])
def test_damaged_sound_is_refused(tmp_path, monkeypatch, key):
    for name in KEYS:
        shutil.copy(DATA / files.REGISTRY[name].file, tmp_path)
    path = tmp_path / files.REGISTRY[key].file
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setattr(files, "DATA_DIR", tmp_path)
    with pytest.raises(ValueError, match=f"{path.name} is damaged"):
        load_jazz() if key == "jazz-sound" else load_bird_calls("finch")


# --- the script that rebuilds the files


def test_script_parses_the_annotations(make_sound):
    table = (
        "Begin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
        "0.5\t1.25\t1000\t2000\tWOTH\n9.5\t10.5\t3000\t4000\tNOCA\n10.5\t11\t1\t2\tBCCH\n"
    )
    found = make_sound.read_table(table.encode(), 10.0)
    assert found == [(0.5, 1.25, 1000, 2000, "WOTH"), (9.5, 10, 3000, 4000, "NOCA")]
    intervals = [(5.0, 5.5, "a"), (5.5, 6.5, "b"), (6.5, 7.0, ""), (7.0, 8.5, "c"), (9.0, 9.5, "d")]
    grid = "".join(f'xmin = {a} \n xmax = {b} \n text = "{c}" \n' for a, b, c in intervals)
    found = make_sound.read_text_grid(grid.encode(), 6.0, 2.0)
    assert found == [(0, 0.5, "b"), (1.0, 2.0, "c")]
    assert make_sound.write_csv("onset,offset,label", found).decode().splitlines() == [
        "onset,offset,label",
        "0.0000,0.5000,b",
        "1.0000,2.0000,c",
    ]


def test_script_packs_without_loss(make_sound):
    for key in ("finch-sound", "jazz-sound"):
        content = files.read_shipped(key)
        sound, rate = make_sound.soundfile.read(make_sound.io.BytesIO(content), dtype="int16")
        packed = make_sound.pack(sound, rate)
        again, _ = make_sound.soundfile.read(make_sound.io.BytesIO(packed), dtype="int16")
        np.testing.assert_array_equal(again, sound)


def test_script_refuses_other_results(make_sound):
    make_sound.check("finch-syllables", files.read_shipped("finch-syllables"))
    with pytest.raises(ValueError, match=f"would have SHA-256 {hashlib.sha256(b'x').hexdigest()}"):
        make_sound.check("finch-syllables", b"x")


def test_script_without_packages_writes_nothing(make_sound, tmp_path, capsys):
    out = tmp_path / "out"
    assert make_sound.main(["--source", str(tmp_path), "--out", str(out)]) == 1
    assert "crowsetta-5.1.2.tar.gz" in capsys.readouterr().err
    assert not out.exists()


def test_script_without_a_downloader_says_so(make_sound, monkeypatch, capsys):
    monkeypatch.setattr(make_sound.shutil, "which", lambda name: None)
    assert make_sound.main([]) == 1
    assert "neither uvx nor pip is installed; give a folder" in capsys.readouterr().err


def test_help_of_the_script_teaches():
    command = [sys.executable, str(DATA / "make_sound.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert "librosa-0.7.2.tar.gz" in done.stdout
