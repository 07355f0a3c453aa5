"""The first page in pictures: what moves and sounds, where to begin, and a look at every notebook.

All of it comes out of the outputs that are committed with the notebooks.
"""

import base64
import html
import io
import re
from pathlib import Path

from PIL import Image

MEDIA = re.compile(r'src="data:(video|audio)/(\w+);base64,([^"]*)"')
THUMBNAIL = 480  # pixels wide: sharp on a dense screen, and small
SHOWN = {  # what stands at the top: notebook, name of the film, sound or figure, and a line about it
    "A film, imagined": ("06_pigeon_video", "fig11_generated", "Sixteen events, replayed and varied."),
    "A game, planned": ("09_pong", "fig16_pong", "Learned by watching random play."),
    "Digits, explained": ("04_mnist_likelihoods", "fig08_samples", "What the model draws for each class."),
    "Jazz, improvised": ("08_jazz", "fig13_improvised", "Sixteen bars as events, in a new order."),
}
START = {
    "Draw a digit": (
        "See what each level believes, stroke by stroke, here on the page.",
        "docs/live_digits",
    ),
    "Play Pong": ("Beside an agent that learned by watching random play.", "docs/live_pong"),
    "Read": (
        "The idea in an hour: states, events, and why blocks of space slow time.",
        "notebooks/00_active_inference",
    ),
    "Teach": (
        "Four sessions of ninety minutes, with exercises and what to predict first.",
        "docs/teaching",
    ),
    "Use it": ("Your own images, films, sounds and games; when to use it, and when not.", "docs/howto"),
    "Check it": ("Every claim with its bar, its source, and what a meaningless model gets.", "claims"),
}


def landing(notebooks: dict, folder: Path) -> str:
    """Write pictures, films and sounds into a folder; return the part of the page that shows them.

    Parameters
    ----------
    notebooks : name to notebook, with outputs.
    folder : of the site, in which ``landing/`` is made.
    """
    folder = folder / "landing"
    folder.mkdir(parents=True, exist_ok=True)
    parts = ['<div class="stage">']
    for title, (name, item, line) in SHOWN.items():
        shown = _show(notebooks[name], item, folder)
        link = f'<a href="notebooks/{name}.html">{title}</a>'
        parts.append(f"<figure>{shown}<figcaption><b>{link}</b> {line}</figcaption></figure>")
    parts += ["</div>", "", '<div class="start">']
    for title, (line, page) in START.items():
        parts.append(f'<a href="{page}.html"><b>{title}</b><span>{line}</span></a>')
    parts += ["</div>", "", '<div class="thumbnails">']
    for name, notebook in notebooks.items():
        picture = _thumbnail(next(_pictures(notebook)), folder / f"{name}.webp")
        heading = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        text = f"<span>{name[:2]} {html.escape(heading)}</span>"
        parts.append(f'<a href="notebooks/{name}.html">{picture}{text}</a>')
    return "\n".join([*parts, "</div>"]) + "\n"


def _show(notebook, item: str, folder: Path) -> str:
    """What moves or sounds in a notebook, else a figure: the one of this name, else the first."""
    moving = [o for o in _outputs(notebook) if MEDIA.search(_html(o))]
    if moving:
        output = next((o for o in moving if f" {item}:" in o.data["text/plain"]), moving[0])
        return _player(output, item, folder, _cover(notebook, folder))
    figures = list(_pictures(notebook))
    chosen = next((o for o in figures if o.metadata.rgm.figure == item), figures[0])
    return _thumbnail(chosen, folder / f"{item}.webp")


def _player(output, name: str, folder: Path, cover: str) -> str:
    """Write a film or a sound; return its player, a sound's below a picture."""
    kind, suffix, content = MEDIA.search(_html(output)).groups()
    (folder / f"{name}.{suffix}").write_bytes(base64.b64decode(content))
    label = html.escape(output.data["text/plain"].partition(": ")[2], quote=True)
    settings = "loop muted autoplay playsinline" if kind == "video" else 'preload="metadata"'
    source = f'src="landing/{name}.{suffix}"'
    player = f'<{kind} controls {settings} aria-label="{label}" {source}></{kind}>'
    return player if kind == "video" else cover + player


def _cover(notebook, folder: Path) -> str:
    """A picture above a sound: the first of its notebook."""
    return _thumbnail(next(_pictures(notebook)), folder / "cover.webp")


def _thumbnail(output, path: Path) -> str:
    """Write the picture of an output small; return an image that describes it."""
    picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(path, quality=80)
    alt = html.escape(output.metadata.rgm.alt, quote=True)
    size = f'width="{picture.width}" height="{picture.height}"'
    return f'<img src="landing/{path.name}" alt="{alt}" {size} loading="lazy">'


def _pictures(notebook):
    """Outputs that are recorded figures, in order."""
    return (o for o in _outputs(notebook) if "figure" in o.get("metadata", {}).get("rgm", {}))


def _outputs(notebook):
    return (output for cell in notebook.cells for output in cell.get("outputs", []))


def _html(output) -> str:
    return output.get("data", {}).get("text/html", "")
