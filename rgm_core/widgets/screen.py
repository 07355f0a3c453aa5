"""A canvas on which pictures follow one another: played, stepped through by keys, or steered."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LARGEST = 448  # pixels: small pictures are enlarged, whole pixels each, up to this
STRIP = 24  # pixels below a still picture, for what it says there
HINT = "run this cell to play"

Draw = Callable[[int, str], tuple[NDArray[np.uint8], str]]


class Screen(anywidget.AnyWidget):
    """Pictures on a canvas at their own size.

    The front end asks for a frame, telling who plays, and asks for the next one when this has come,
    twelve times a second at most. Keys: space plays and pauses; the arrows go from frame to frame, or
    move the bat where there is one.

    Parameters
    ----------
    draw : function
        Takes the number of a frame and the name of a player; returns a picture (H, W, 3) uint8, always
        of the same size, and a caption. Called with the next frame, or one that was asked for before.
    n_frames : int
    players : sequence of str
        Who can play: first who plays by itself, then what the left arrow, no key and the right arrow do.
        None for a film.
    """

    _esm = Path(__file__).with_suffix(".js")
    frame = traitlets.Int(0).tag(sync=True)
    n_frames = traitlets.Int(1).tag(sync=True)
    players = traitlets.List(traitlets.Unicode()).tag(sync=True)
    scale = traitlets.Int(1).tag(sync=True)

    def __init__(self, draw: Draw, n_frames: int, players: Sequence[str] = ()):
        self.draw, self.player = draw, players[0] if players else ""
        picture, _ = draw(0, self.player)
        scale = max(1, LARGEST // max(picture.shape[:2]))
        super().__init__(n_frames=n_frames, players=list(players), scale=scale)
        self.on_msg(self._answer)

    def show(self, frame: int, player: str = "") -> tuple[NDArray[np.uint8], str]:
        """Go to a frame, and return its picture and caption."""
        self.frame = min(max(int(frame), 0), self.n_frames - 1)
        self.player = player or self.player
        return self.draw(self.frame, self.player)

    def _answer(self, widget, content: dict, buffers) -> None:
        """Send the frame that the front end asks for."""
        picture, caption = self.show(content["frame"], content.get("player", ""))
        self.send({"frame": self.frame, "caption": caption}, buffers=[as_png(Image.fromarray(picture))])

    def _repr_mimebundle_(self, **kwargs):
        """As every widget shows itself, and a still picture for those who cannot show widgets."""
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        player = f", player = {self.player}" if self.players else ""
        data["text/plain"] = f"Explorer: frame = {self.frame}{player}"
        picture, caption = self.draw(self.frame, self.player)
        data["image/png"] = base64.b64encode(still(picture, caption, self.scale)).decode()
        return bundle


def as_picture(frame: NDArray) -> NDArray[np.uint8]:
    """A frame (H, W) or (H, W, 3) of levels 0 to 255 as colours (H, W, 3)."""
    levels = np.rint(np.clip(frame, 0, 255)).astype(np.uint8)
    return levels if levels.ndim == 3 else np.repeat(levels[:, :, None], 3, axis=2)


def still(picture: NDArray[np.uint8], caption: str, scale: int) -> bytes:
    """PNG of a picture on white paper, with its caption and how to make it move."""
    height, width = (scale * n for n in picture.shape[:2])
    paper = Image.new("RGB", (max(width, 320), height + 2 * STRIP), "white")
    paper.paste(Image.fromarray(picture).resize((width, height), Image.Resampling.NEAREST))
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(14)
    for line, (text, colour) in enumerate(((caption, "black"), (HINT, "#0060a0"))):
        pen.text((4, height + 4 + line * STRIP), text, colour, font)
    return as_png(paper)


def as_png(image: Image.Image) -> bytes:
    """An image as PNG: a court is forty times smaller so, which a slow connection feels."""
    content = io.BytesIO()
    image.save(content, "png", compress_level=1)  # quick: a picture is made for every frame
    return content.getvalue()
