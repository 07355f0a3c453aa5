"""The clip of the bird: the frames that were published, or an error."""

import importlib.util
import lzma
from pathlib import Path

import numpy as np
import pytest

from rgm_core.datasets import files, load_pigeon
from rgm_core.datasets.pigeon import check_frames

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def make_pigeon():
    """The script data/make_pigeon.py, as a module."""
    spec = importlib.util.spec_from_file_location("make_pigeon", DATA / "make_pigeon.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_clip_is_what_the_readme_says():
    frames = load_pigeon()
    assert frames.shape == (128, 128, 128, 3)
    assert frames.dtype == np.uint8
    assert files.REGISTRY["pigeon"].sha256 in (DATA / "README.md").read_text(encoding="utf-8")


def test_wings_beat_every_eight_frames():
    """Frames a beat apart are more alike than frames somewhat less or more apart."""
    frames = load_pigeon().astype(float)
    apart = {lag: np.abs(frames[lag:] - frames[:-lag]).mean() for lag in (6, 8, 10)}
    assert apart[8] < 0.8 * apart[6]
    assert apart[8] < 0.8 * apart[10]


def test_packing_loses_nothing(make_pigeon):
    frames = load_pigeon()[:16]
    packed = make_pigeon.pack(frames)
    differences = np.frombuffer(lzma.decompress(packed), np.uint8).reshape(frames.shape)
    np.testing.assert_array_equal(differences.cumsum(axis=0, dtype=np.uint8), frames)


def test_other_frames_are_refused():
    with pytest.raises(ValueError, match="the film gives frames of shape"):
        check_frames(np.zeros((128, 128, 128, 3), np.uint8), "the film")


def test_a_damaged_file_is_named(tmp_path, monkeypatch):
    name = files.REGISTRY["pigeon"].file
    content = (DATA / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-100])
    monkeypatch.setattr(files, "DATA_DIR", tmp_path)
    with pytest.raises(ValueError, match="is damaged or another file"):
        load_pigeon()


def test_rebuild_says_what_is_wrong(make_pigeon, tmp_path, capsys):
    (tmp_path / "bbb.mp4").write_bytes(b"not a film")
    out = tmp_path / "out"
    assert make_pigeon.main(["--source", str(tmp_path / "bbb.mp4"), "--out", str(out)]) == 1
    assert "ffmpeg failed" in capsys.readouterr().err
    assert not out.exists()
