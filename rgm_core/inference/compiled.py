"""The one door to numba: loops are compiled where it is installed, and run as they stand where it is not.

Without numba (in a browser, say) the numbers are the same but for rounding, and come some hundred times
more slowly.
"""

from __future__ import annotations

from collections.abc import Callable

try:
    from numba import njit
except ModuleNotFoundError:
    njit = None


def compiled(loop: Callable) -> Callable:
    """Compile a loop over plain arrays when it is first called, and keep the result on disk."""
    return loop if njit is None else njit(cache=True)(loop)
