"""The renormalising generative model as data: levels of Dirichlet counts, and a prior over the top.

A model is a tree. Every outcome modality of a level has exactly one parent, a factor of the same
level; every modality of level n + 1 *is* the hidden state of one factor at level n. Modality ``g`` of
level n + 1 belongs to factor ``g`` of level n, so the wiring needs no table of its own.

In a dynamic model one step of level n + 1 spans two steps of level n: it generates, for every factor,
an initial state and the path that leads on from there; both are modalities, see ``Dynamics.initial``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rgm_core.model import storage
from rgm_core.model.checks import as_array, as_probabilities, as_whole, check_type
from rgm_core.model.level import Level


@dataclass(frozen=True, kw_only=True)
class RGM:
    """A renormalising generative model: levels from pixels to objects, and a prior over the top.

    Parameters
    ----------
    levels : tuple of Level
        Level 1 (outcomes of the data) first. The last level has a single factor.
    D : (S,) float
        Prior over the states of the top factor; for a classifier, over the classes.
    """

    levels: tuple[Level, ...]
    D: np.ndarray

    def __post_init__(self):
        listed = isinstance(self.levels, list | tuple) and len(self.levels)
        if not listed or not all(isinstance(level, Level) for level in self.levels):
            raise ValueError(f"levels must be a tuple of at least one Level; found {self.levels!r:.80}")
        object.__setattr__(self, "levels", tuple(self.levels))
        for n, (below, above) in enumerate(zip(self.levels, self.levels[1:], strict=False), start=1):
            expected = below.n_outcomes_above
            if not np.array_equal(above.n_outcomes, expected):
                raise ValueError(
                    f"the modalities of level {n + 1} must be the factors of level {n}: outcomes "
                    f"{above.n_outcomes.tolist()} do not equal {expected.tolist()}"
                )
            if (above.dynamics is None) != (below.dynamics is None):
                raise ValueError("dynamics must be given at every level or none")
            if below.dynamics is not None:
                _check_blocks(below, above, n)
        if self.levels[-1].n_factors != 1:
            raise ValueError(f"the top level has {self.levels[-1].n_factors} factors; expected one")
        n_top, meaning = int(self.levels[-1].n_states[0]), "one for each state of the top factor"
        object.__setattr__(self, "D", as_probabilities(self.D, "D", (n_top,), meaning))

    def __repr__(self) -> str:
        kind = "dynamic" if self.is_dynamic else "static"
        rows = [f"  {n}: {level!r}" for n, level in enumerate(self.levels, start=1)]
        if len(rows) > 5:
            rows = [*rows[:2], f"  … {len(rows) - 4} levels …", *rows[-2:]]
        return "\n".join([f"RGM({kind}, {self.n_levels} levels, {self.n_counts} counts)", *rows])

    def _repr_html_(self) -> str:
        names = ("level", "modalities", "factors", "states", "paths")
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = (
            (n, level.n_modalities, level.n_factors, level.n_states.sum(), level.n_paths.sum())
            for n, level in enumerate(self.levels, start=1)
        )
        cells = ("".join(f"<td>{number:,}</td>" for number in row) for row in rows)
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return len(self.levels)

    @property
    def is_dynamic(self) -> bool:
        """Whether the levels move on in time."""
        return self.levels[0].dynamics is not None

    @property
    def dt(self) -> int:
        """Steps of one level in a step of the next: 2 in a dynamic model, 1 in a static one."""
        return 2 if self.is_dynamic else 1

    @property
    def n_counts(self) -> int:
        """Number of Dirichlet counts of all likelihoods, padding left out."""
        return sum(int(level.mask.sum()) for level in self.levels)

    def with_counts(self, counts: Sequence[np.ndarray]) -> RGM:
        """The same structure with other counts, one (G, O, S) array a level."""
        if not isinstance(counts, list | tuple) or len(counts) != self.n_levels:
            raise ValueError(
                f"counts must be {self.n_levels} arrays, one for each level; found {counts!r:.80}"
            )
        levels = zip(self.levels, counts, strict=True)
        return replace(self, levels=tuple(replace(level, a=a) for level, a in levels))

    def add_counts(self, concentration: float | Sequence[float]) -> RGM:
        """Add prior counts to every entry of every likelihood, so that nothing is impossible.

        Parameters
        ----------
        concentration : float or one float a level
            Counts to add (equation 4.3: 1/16, and 1/128 at a class level).
        """
        q = self._each_level(concentration, "concentration")
        pairs = zip(self.levels, q, strict=True)
        return self.with_counts([level.a + c * level.mask for level, c in pairs])

    def add_mass(self, mass: float | Sequence[float]) -> RGM:
        """Add the same prior mass to every column of every likelihood, shared by its outcomes.

        Unlike a count for each entry it does not drown an exemplar in a long column (equation 4.4).

        Parameters
        ----------
        mass : float or one float a level
            Prior counts of a column.
        """
        c = self._each_level(mass, "mass")
        pairs = zip(self.levels, c, strict=True)
        return self.with_counts([a.a + a.mask * (m / a.n_outcomes)[:, None, None] for a, m in pairs])

    def _each_level(self, value: float | Sequence[float], name: str) -> np.ndarray:
        """One number ≥ 0 for each level, (n_levels,)."""
        found = as_array(value, name, float, None, "one number, or one for each level")
        if found.shape not in [(), (self.n_levels,)] or np.any(found < 0):
            raise ValueError(
                f"{name} must be ≥ 0, one number or one for each of {self.n_levels} levels; "
                f"found {value!s:.60}"
            )
        return np.broadcast_to(found, self.n_levels)

    def check_kind(self, *, dynamic: bool, remedy: str) -> None:
        """Raise ValueError, with what to do, unless the model is dynamic (or static) as expected."""
        if self.is_dynamic != dynamic:
            kind = "dynamic (dt = 2)" if self.is_dynamic else "static (dt = 1)"
            raise ValueError(f"model is {kind}: {remedy}")

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to one ``.npz`` file (no pickle), or leave the old file untouched."""
        storage.write(path, self.levels, self.D)

    @classmethod
    def load(cls, path: str | os.PathLike, *, max_bytes: int = storage.MAX_BYTES) -> RGM:
        """Read a model written by :meth:`save`; nothing in a file is ever executed.

        Parameters
        ----------
        path : the file.
        max_bytes : int
            Size of the arrays, unpacked, up to which a file is read; what is packed can be a thousand
            times smaller.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is truncated, corrupt, too large, or not a saved model.
        """
        max_bytes = as_whole(max_bytes, "max_bytes", 0)
        with storage.reading(path, max_bytes) as (levels, D):
            return cls(levels=levels, D=D)


def check_model(model: RGM, *, dynamic: bool | None = None, remedy: str = "") -> None:
    """Raise TypeError unless this is a model, ValueError unless it is dynamic (or static) as expected."""
    check_type(model, RGM, "model")
    if dynamic is not None:
        model.check_kind(dynamic=dynamic, remedy=remedy)


def _check_blocks(below: Level, above: Level, n: int) -> None:
    """Raise ValueError unless level n + 1 generates blocks of level n."""
    if np.any(above.parents[::2] != above.parents[1::2]):
        raise ValueError(f"a factor's initial state and path need one parent at level {n + 1}")
    orphans = ~below.has_parent
    if np.any(below.n_states[orphans] > 1) or not all(len(b.edges) for b in below.b):
        raise ValueError("every factor needs a transition, and one state only if it has no parent")
