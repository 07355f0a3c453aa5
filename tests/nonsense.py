"""Values that cannot be meant, whatever they are put in the place of."""

import numpy as np


class Other:
    """Something of another kind altogether."""


def nonsense(good):
    """Values that cannot be meant in the place of a good one."""
    yield from (None, "x", Other(), {"a": 1}, {1}, b"ab", ..., [[1], [1, 2]], 1j, float("nan"), -(10**30))
    yield from (np.array(["1", "2"]), np.zeros(3, "M8[s]"), np.zeros(2, [("x", int)]), iter([1.5]))
    shape = np.shape(good) if isinstance(good, np.ndarray) else ()
    if shape:
        like = np.asarray(good)
        yield from (like.astype(str), like.astype(complex), like[None], like[:0], np.zeros(shape, "m8[s]"))
        yield from (np.full(shape, None), np.zeros(shape, [("x", int)]), np.full(shape, np.nan))
        yield np.ma.masked_all(shape, float if like.dtype.kind == "f" else "u1")
    elif isinstance(good, int | float):
        yield from ([good], np.full(5, good), str(good), complex(good), 10**400, float("-inf"))
