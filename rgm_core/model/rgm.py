"""The renormalising generative model as data: levels of Dirichlet counts, checked, saved and loaded.

A model is a tree. Every outcome modality of a level has exactly one parent, a factor of the same
level; every modality of level n + 1 *is* the hidden state of one factor at level n. Modality ``g`` of
level n + 1 belongs to factor ``g`` of level n, so the wiring needs no table of its own.

In a dynamic model one step of level n + 1 spans two steps of level n: it generates, for every factor,
an initial state and the path that leads on from there; both are modalities, see ``Level.initial``.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from rgm_core.model.transitions import Transitions

FORMAT = 1  # of saved files; raise it when the arrays change their meaning


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a renormalising generative model: likelihood counts and who generates what.

    Tensors of different sizes are stacked into one array and padded with zeros, so that a level is
    handled by one matrix product or one compiled loop.

    Parameters
    ----------
    a : (G, O, S) float
        Dirichlet counts of the likelihoods: ``a[g, o, s]`` counts outcome ``o`` of modality ``g`` under
        state ``s`` of its parent factor. Entries beyond ``n_outcomes[g]`` or the parent's number of
        states are padding and zero.
    n_outcomes : (G,) int
        Number of outcomes of each modality.
    parents : (G,) int
        Factor that generates each modality.
    n_states : (F,) int
        Number of hidden states of each factor.
    locations : (G, dims) float
        Place of each modality (for level 1: mean position of its tile, in pixels).
    b : tuple of F Transitions, optional
        Counts of the transitions of every factor; dynamic models only.
    initial : (F,) int, optional
        Dynamic models: modality of the next level that is the factor's initial state; the modality after
        it is the factor's path. -1 for a factor without a parent, which then has a single state.
    defining : (G,) bool, optional
        Modalities whose combinations made the states; the others are only predicted. Default: all.
    """

    a: np.ndarray
    n_outcomes: np.ndarray
    parents: np.ndarray
    n_states: np.ndarray
    locations: np.ndarray
    b: tuple[Transitions, ...] | None = None
    initial: np.ndarray | None = None
    defining: np.ndarray | None = None

    def __post_init__(self):
        shape = (len(self.parents), int(self.n_outcomes.max()), int(self.n_states.max()))
        if self.a.shape != shape:
            raise ValueError(f"a has shape {self.a.shape}; modalities and factors imply {shape}")
        if len(self.n_outcomes) != shape[0] or len(self.locations) != shape[0]:
            raise ValueError(
                f"n_outcomes ({len(self.n_outcomes)}) and locations ({len(self.locations)}) "
                f"must have one row for each of the {shape[0]} modalities"
            )
        if not np.array_equal(np.unique(self.parents), np.arange(self.n_factors)):
            raise ValueError(f"parents must name every factor 0 … {self.n_factors - 1} at least once")
        if not np.all(np.isfinite(self.a)) or self.a.min() < 0:
            raise ValueError("a must hold finite counts ≥ 0")
        if np.any(self.a[~self.mask]):
            raise ValueError("a must be zero in its padding")
        if self.b is not None and [b.n_states for b in self.b] != self.n_states.tolist():
            raise ValueError(
                f"b has transitions between {[b.n_states for b in self.b]} states; "
                f"the factors have {self.n_states.tolist()}"
            )
        if self.b is None or self.initial is None:
            if self.b is not self.initial:
                raise ValueError("b and initial go together: a dynamic model needs both")
        elif len(self.initial) != self.n_factors:
            raise ValueError(f"initial has {len(self.initial)} entries for {self.n_factors} factors")

    @property
    def n_modalities(self) -> int:
        """Number of outcome modalities, G."""
        return len(self.parents)

    @property
    def n_factors(self) -> int:
        """Number of hidden factors (groups), F."""
        return len(self.n_states)

    @cached_property
    def mask(self) -> np.ndarray:
        """(G, O, S) bool, true where ``a`` is a count and not padding."""
        outcomes = np.arange(self.n_outcomes.max()) < self.n_outcomes[:, None]
        states = np.arange(self.n_states.max()) < self.n_states[self.parents][:, None]
        return outcomes[:, :, None] & states[:, None, :]

    @cached_property
    def likelihood(self) -> np.ndarray:
        """(G, O, S) float, p(o | s): the counts normalised over outcomes; padding stays zero."""
        total = self.a.sum(axis=1, keepdims=True)
        return np.divide(self.a, total, out=np.zeros_like(self.a), where=total > 0)

    @property
    def A(self) -> tuple[np.ndarray, ...]:
        """Likelihood p(o | s) of each modality, (n_outcomes[g], n_states[parents[g]])."""
        sizes = zip(self.likelihood, self.n_outcomes, self.n_states[self.parents], strict=True)
        return tuple(table[:o, :s] for table, o, s in sizes)

    @property
    def B(self) -> tuple[np.ndarray, ...]:
        """Transitions p(s' | s, u) of each factor, (S, S, U); zero where s cannot take path u."""
        return tuple(b.dense(b.probabilities) for b in self.b)

    @property
    def n_paths(self) -> np.ndarray:
        """(F,) int, number of paths of each factor; 1 in a static model."""
        return np.array([b.n_paths for b in self.b]) if self.b else np.ones(self.n_factors, int)

    def children(self, factor: int) -> np.ndarray:
        """Modalities that ``factor`` generates, in ascending order."""
        return np.flatnonzero(self.parents == factor)


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
        for n, (below, above) in enumerate(zip(self.levels, self.levels[1:], strict=False), start=1):
            expected = _modalities_above(below)
            if not np.array_equal(above.n_outcomes, expected):
                raise ValueError(
                    f"the modalities of level {n + 1} must be the factors of level {n}: outcomes "
                    f"{above.n_outcomes.tolist()} do not equal {expected.tolist()}"
                )
            if (above.b is None) != (below.b is None):
                raise ValueError("b must be given at every level or none")
            if below.b is not None and np.any(above.parents[::2] != above.parents[1::2]):
                raise ValueError(f"a factor's initial state and path need one parent at level {n + 1}")
        if self.levels[-1].n_factors != 1:
            raise ValueError(f"the top level has {self.levels[-1].n_factors} factors; expected one")
        if self.D.shape != (self.levels[-1].n_states[0],):
            raise ValueError(
                f"D has shape {self.D.shape}; expected ({self.levels[-1].n_states[0]},), "
                "one probability for each state of the top factor"
            )
        if not np.all(self.D >= 0) or not np.isclose(self.D.sum(), 1):
            raise ValueError("D must hold probabilities ≥ 0 that sum to one")

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return len(self.levels)

    @property
    def dt(self) -> int:
        """Steps of one level in a step of the next: 2 in a dynamic model, 1 in a static one."""
        return 1 if self.levels[0].b is None else 2

    @property
    def n_counts(self) -> int:
        """Number of Dirichlet counts of all likelihoods, padding left out."""
        return sum(int(level.mask.sum()) for level in self.levels)

    def with_counts(self, counts: Sequence[np.ndarray]) -> RGM:
        """The same structure with other counts, one (G, O, S) array a level."""
        levels = zip(self.levels, counts, strict=True)
        return replace(self, levels=tuple(replace(level, a=a) for level, a in levels))

    def add_counts(self, concentration: float | Sequence[float]) -> RGM:
        """Add prior counts to every entry of every likelihood, so that nothing is impossible.

        Parameters
        ----------
        concentration : float or one float a level
            Counts to add (equation 4.3: 1/16, and 1/128 at a class level).
        """
        q = np.broadcast_to(np.asarray(concentration, float), self.n_levels)
        if np.any(q < 0) or not np.all(np.isfinite(q)):
            raise ValueError(f"concentration must be finite and ≥ 0; found {concentration}")
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
        c = np.broadcast_to(np.asarray(mass, float), self.n_levels)
        if np.any(c < 0) or not np.all(np.isfinite(c)):
            raise ValueError(f"mass must be finite and ≥ 0; found {mass}")
        pairs = zip(self.levels, c, strict=True)
        return self.with_counts([a.a + a.mask * (m / a.n_outcomes)[:, None, None] for a, m in pairs])

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to one ``.npz`` file (no pickle), or leave the old file untouched."""
        arrays = {"format": np.array(FORMAT), "D": self.D}
        for n, level in enumerate(self.levels):
            arrays |= {f"level{n}_{name}": value for name, value in _to_arrays(level).items()}
        path = Path(path)
        partial = path.with_name(path.name + ".part")
        try:
            with open(partial, "wb") as file:
                np.savez_compressed(file, **arrays)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike) -> RGM:
        """Read a model written by :meth:`save`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is truncated, corrupt, or not a saved model.
        """
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            if int(arrays["format"]) != FORMAT:
                raise ValueError(f"format {arrays['format']}, this version reads {FORMAT}")
            n_levels = sum(name.endswith("_parents") for name in arrays)
            levels = tuple(_from_arrays(arrays, f"level{n}_") for n in range(n_levels))
            return cls(levels=levels, D=arrays["D"])
        except FileNotFoundError:
            raise
        except _READING_ERRORS as error:
            raise ValueError(_UNREADABLE.format(path, error)) from error


def _modalities_above(level: Level) -> np.ndarray:
    """Number of outcomes of each modality that the factors of a level make at the next."""
    if level.b is None:
        return level.n_states
    kept = level.initial >= 0
    if not np.array_equal(level.initial[kept], 2 * np.arange(kept.sum())):
        raise ValueError("initial must number the factors that have a parent 0, 2, 4, …")
    if np.any(level.n_states[~kept] > 1) or not all(len(b.edges) for b in level.b):
        raise ValueError("every factor needs a transition, and one state only if it has no parent")
    return np.stack([level.n_states, level.n_paths], axis=1)[kept].reshape(-1)


def _to_arrays(level: Level) -> dict[str, np.ndarray]:
    arrays = {name: getattr(level, name) for name in (*_FIELDS, *_OPTIONAL)}
    arrays = {name: value for name, value in arrays.items() if value is not None}
    if level.b is not None:
        arrays["edges"] = np.concatenate([np.insert(b.edges, 0, f, 1) for f, b in enumerate(level.b)])
        arrays["b"] = np.concatenate([b.counts for b in level.b])
    return arrays


def _from_arrays(arrays: dict[str, np.ndarray], prefix: str) -> Level:
    fields = {name: arrays[prefix + name] for name in _FIELDS}
    fields |= {name: arrays[prefix + name] for name in _OPTIONAL if prefix + name in arrays}
    if prefix + "edges" in arrays:
        factor, edges = np.split(arrays[prefix + "edges"], [1], axis=1)
        of = [factor[:, 0] == f for f in range(len(fields["n_states"]))]
        fields["b"] = tuple(
            Transitions(edges=edges[rows], counts=arrays[prefix + "b"][rows], n_states=int(n))
            for rows, n in zip(of, fields["n_states"], strict=True)
        )
    return Level(**fields)


_FIELDS = ("a", "n_outcomes", "parents", "n_states", "locations")
_OPTIONAL = ("initial", "defining")
_READING_ERRORS = (ValueError, KeyError, TypeError, IndexError, EOFError, OSError, AttributeError)
_READING_ERRORS += (RuntimeError, zipfile.BadZipFile, zipfile.zlib.error)
_UNREADABLE = "{} is not a readable model file ({}); save the model again with RGM.save"
