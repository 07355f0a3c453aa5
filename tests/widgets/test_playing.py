"""The widget that plays along: what the front end sends is heard, and answered with sound."""

import base64
import io

import numpy as np
import pytest
from melody import RATE, melody
from PIL import Image
from sklearn.exceptions import NotFittedError

from rgm_core import Accompanist
from rgm_core.widgets import PlayAlong

BEAT, N_BEATS = 0.4, 24
SOUND = melody(BEAT * N_BEATS).astype(np.float32)


@pytest.fixture(scope="module")
def accompanist():
    return Accompanist(sample_rate=RATE, beat=BEAT).fit(SOUND)


def send(widget, content, *buffers):
    """What the widget answers to a message of the front end."""
    sent = []
    widget.send = lambda content, buffers: sent.append((content, buffers))
    widget._answer(widget, content, [memoryview(buffer.tobytes()) for buffer in buffers])
    return sent


def test_chunks_are_heard_and_answered(accompanist):
    """However it is cut, the answers are what the accompanist itself would play, voxel by voxel."""
    expected = []
    accompanist.reset()
    for start in range(0, len(SOUND), 300):  # less than a voxel
        expected += [accompanist.play_next() for _ in accompanist.hear(SOUND[start : start + 300])]
    widget, sounds, n_columns = PlayAlong(accompanist), [], 0
    for number, start in enumerate(range(0, len(SOUND), 5000)):
        ((about, (sound,)),) = send(widget, {"number": number}, SOUND[start : start + 5000])
        sounds.append(np.frombuffer(sound, np.float32))
        n_columns += len(about["columns"])
        assert about["number"] == number
    np.testing.assert_allclose(np.concatenate(sounds), np.concatenate(expected), atol=1e-4)
    assert n_columns == len(expected)
    assert about["caption"].startswith("bar 5, beat 3; tempo 1.0")
    assert np.argmax(about["columns"][-1][1:]) == 5
    ((about, (sound,)),) = send(widget, {"number": 0})  # a front end that comes later
    assert (len(about["columns"]), len(sound)) == (n_columns, 0)
    assert send(widget, {"reset": True}) == []
    assert widget.caption == "nothing heard yet"


def test_it_listens_with_ears_of_its_own(accompanist):
    widget, other = PlayAlong(accompanist), PlayAlong(accompanist)
    widget.hear(SOUND[: 4 * RATE])
    assert len(widget.beliefs) > 0
    assert len(other.beliefs) == 0
    assert other.accompanist._states is None
    with pytest.raises(NotFittedError):
        PlayAlong(Accompanist(sample_rate=RATE))


def test_without_a_front_end_a_picture_and_a_sentence_remain(accompanist):
    """One bar after the other is dark; a silence is shaded."""
    widget = PlayAlong(accompanist)
    widget.hear(np.concatenate([SOUND, np.zeros(RATE, np.float32)]))
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"].startswith("Explorer: bar")
    assert data["text/plain"].endswith("silence")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))))
    picture = widget.picture()
    np.testing.assert_array_equal(shown[: len(picture), : picture.shape[1]], picture)
    rows, n_heard = len(picture) // widget.n_bars, int(len(SOUND) / RATE / BEAT * 8)
    darkest = picture[::rows, 32:n_heard, 0].argmin(axis=0)
    assert np.mean(darkest == np.arange(32, n_heard) // 32) > 0.95
    assert picture[:, n_heard + 4, 0].max() < 255
    assert picture[:, n_heard - 4, 0].max() == 255
