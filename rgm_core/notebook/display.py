"""Show numbers as text, and show something in a notebook together with a record of it.

The record travels in the metadata of the cell's output, under ``rgm``: readers see the picture or
the text, ``reproduce.py`` reads the record from the executed notebook, and nbval, which skips
metadata, does not compare full-precision numbers between machines.
"""

import sys
from collections.abc import Sequence


def in_kernel() -> bool:
    """Tell whether the code runs in a Jupyter kernel (not in a script or an IPython terminal)."""
    ipython = sys.modules.get("IPython")  # a kernel has imported it: no dependency for scripts
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def notebook_variables() -> dict[str, object]:
    """Return the variables of the running notebook by name; none outside a kernel."""
    return dict(sys.modules["IPython"].get_ipython().user_ns) if in_kernel() else {}


def display_with_record(data: dict, record: dict, **metadata) -> None:
    """Display a MIME bundle in the running kernel, with a record in its metadata.

    Parameters
    ----------
    data : MIME type to content; binary content as base64 text.
    record : what ``reproduce.py`` is to read, JSON types only.
    **metadata : further output metadata, for example ``{"image/png": {"alt": ...}}``.
    """
    from IPython.display import display

    display(data, raw=True, metadata={"rgm": record, **metadata})


def format_number(value: float | None) -> str:
    """Write a number with four significant digits, stable from machine to machine; None as –."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value)}"
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}"


def with_unit(value: float | str | None, unit: str) -> str:
    """Write a value, with its unit if it is a number."""
    if isinstance(value, str):
        return value
    return format_number(value) if value is None else f"{format_number(value)} {unit}".rstrip()


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Align rows of text in columns; the first row is the header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    header, *body = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([header, "  ".join("─" * width for width in widths), *body])
