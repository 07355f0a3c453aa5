"""The one door to numba: loops are compiled where it is installed, and run as they stand where it is not.

Without numba (in a browser, say) the numbers are the same but for rounding, and come some hundred times
more slowly. Compiled loops are kept on disk where there is a place for them. Numba would take a kept loop
for current as long as the file that it is in has not changed, though it holds copies of loops of other
files: so the name under which it is kept tells the content of all files with compiled loops.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

try:
    from numba import njit
except ModuleNotFoundError:
    njit = None
except ImportError as error:  # it is there, but not for this NumPy, say
    warnings.warn(
        f"numba cannot be used, and loops run some hundred times more slowly: {error}", stacklevel=2
    )
    njit = None

PACKAGE = Path(__file__).parents[1]


def compiled(loop: Callable) -> Callable:
    """Compile a loop over plain arrays when it is first called, and keep the result on disk if possible."""
    if njit is None:
        return loop
    loop.__qualname__ = f"{loop.__qualname__}_{digest_of_loops()}"
    try:
        return njit(cache=True)(loop)
    except RuntimeError:  # neither the package nor a home can be written to
        return njit(loop)


@cache
def digest_of_loops() -> str:
    """Digest of all files of the package that hold compiled loops (and the constants in them)."""
    sources = (path.read_bytes() for path in sorted(PACKAGE.rglob("*.py")))
    loops = b"\0".join(source for source in sources if b"@compiled" in source)
    return hashlib.sha256(loops).hexdigest()[:16]
