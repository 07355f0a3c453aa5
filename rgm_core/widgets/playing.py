"""Play along in a notebook: a microphone or a file is heard, and what comes next is played."""

from __future__ import annotations

import base64
import copy
from collections import deque
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from rgm_core.media.accompanist import Accompanist, Belief
from rgm_core.widgets.screen import still

COLUMNS = 448  # voxels that the picture goes back
HEIGHT = 224  # pixels of it, about
PALE = 0.9  # of white: paper where there was nothing to hear


class PlayAlong(anywidget.AnyWidget):
    """Follow a player who is heard in the browser, and play along there.

    The front end sends sound as it comes, at the accompanist's rate; for every voxel that is complete it
    gets back the sound of the next one, and the belief about bars, of which it draws a column. Take
    headphones: through loudspeakers the accompanist hears itself.

    Parameters
    ----------
    accompanist : Accompanist
        It must have learned a recording; a copy of it listens.

    Attributes
    ----------
    rate : samples per second of the sound that goes to and fro, Hz.
    n_bars : bars of the recording.
    beliefs : the latest of them, at most one for each column of the picture.
    """

    _esm = Path(__file__).with_suffix(".js")
    rate = traitlets.Int().tag(sync=True)
    n_bars = traitlets.Int().tag(sync=True)
    columns = traitlets.Int(COLUMNS).tag(sync=True)

    def __init__(self, accompanist: Accompanist):
        check_is_fitted(accompanist, "walk_")
        self.accompanist = copy.copy(accompanist).reset()
        self.beliefs: deque[Belief] = deque(maxlen=COLUMNS)
        super().__init__(rate=int(accompanist.sample_rate), n_bars=len(accompanist.first_of_bar_))
        self.on_msg(self._answer)

    def reset(self) -> None:
        """Forget what was heard."""
        self.accompanist.reset()
        self.beliefs.clear()

    def hear(self, chunk: ArrayLike) -> tuple[list[Belief], NDArray[np.float64]]:
        """Listen to what comes next.

        Parameters
        ----------
        chunk : (m,) or (m, n_channels) samples at `rate`, any number of them.

        Returns
        -------
        beliefs : list of Belief, one for each voxel that is now complete.
        sound : (n,) of as many voxels, each what was then expected to come next.
        """
        chunk, voxel = np.asarray(chunk), int(self.accompanist.latency_ * self.rate)
        beliefs, sounds = [], [np.zeros(0)]
        for start in range(0, len(chunk), voxel):  # parts in which at most one voxel ends
            for belief in self.accompanist.hear(chunk[start : start + voxel]):
                beliefs.append(belief)
                sounds.append(self.accompanist.play_next())
        self.beliefs.extend(beliefs)
        return beliefs, np.concatenate(sounds)

    @property
    def caption(self) -> str:
        """Where the player is believed to be now."""
        if not self.beliefs:
            return "nothing heard yet"
        belief, of_beat = self.beliefs[-1], self.accompanist.beats_per_bar
        bar, beat = divmod(int(belief.beats.argmax()), of_beat)
        silence = "" if belief.heard else "; silence"
        sure = f"sure of the bar {belief.bars.max():.0%}{silence}"
        return f"bar {bar}, beat {beat}; tempo {belief.tempo:.2f}; {sure}"

    def picture(self) -> NDArray[np.uint8]:
        """Belief about the bar (rows, the first on top) at each of the latest voxels, as (H, W, 3)."""
        levels = np.ones((COLUMNS, self.n_bars))
        for column, belief in zip(levels, self.beliefs, strict=False):
            column[:] = (1 - belief.bars) * (1 if belief.heard else PALE)
        rows = np.repeat(levels.T, max(1, HEIGHT // self.n_bars), axis=0)
        return np.rint(255 * np.repeat(rows[:, :, None], 3, axis=2)).clip(0, 255).astype(np.uint8)

    def _answer(self, widget, content: dict, buffers) -> None:
        """Hear what the front end sends, and send what is to be played and drawn."""
        if content.get("reset"):
            self.reset()
            return
        beliefs, sound = list(self.beliefs), np.zeros(0)  # nothing sent: what was heard before
        if buffers:
            beliefs, sound = self.hear(np.frombuffer(buffers[0], np.float32))
        columns = [[belief.heard, *np.round(belief.bars, 3).tolist()] for belief in beliefs]
        answer = {"number": content["number"], "columns": columns, "caption": self.caption}
        self.send(answer, buffers=[sound.astype(np.float32).tobytes()])

    def _repr_mimebundle_(self, **kwargs):
        """As every widget shows itself, and a still picture for those who cannot show widgets."""
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = f"Explorer: {self.caption}"
        data["image/png"] = base64.b64encode(still(self.picture(), self.caption, 1)).decode()
        return bundle
