"""Text on a terminal that may lack the signs of mathematics (cp1252, ASCII)."""

import codecs
import io
from typing import TextIO

_PLAIN = {"≥": ">=", "≤": "<=", "±": "+/-", "×": "x", "→": "->", "–": "-", "—": "-", "─": "-", "…": "..."}


def accept_any_text(*streams: TextIO) -> None:
    """Make streams write what they cannot encode in plain letters, where printing would raise."""
    codecs.register_error("plain", _spell)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in signs), error.end
