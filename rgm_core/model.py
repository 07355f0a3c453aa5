"""The renormalising generative model as data: levels of Dirichlet counts, checked, saved and loaded.

A model is a tree. Every outcome modality of a level has exactly one parent, a factor of the same
level; every modality of level n + 1 *is* the hidden state of one factor at level n. Modality ``g`` of
level n + 1 belongs to factor ``g`` of level n, so the wiring needs no table of its own.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

FORMAT = 1  # of saved files; raise it when the arrays change their meaning


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a renormalising generative model: likelihood counts and who generates what.

    Tensors of different sizes are stacked into one array and padded with zeros, so that a whole level
    is handled by one matrix product or one compiled loop.

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
    """

    a: np.ndarray
    n_outcomes: np.ndarray
    parents: np.ndarray
    n_states: np.ndarray
    locations: np.ndarray

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
            if not np.array_equal(above.n_outcomes, below.n_states):
                raise ValueError(
                    f"the modalities of level {n + 1} must be the factors of level {n}: outcomes "
                    f"{above.n_outcomes.tolist()} do not equal states {below.n_states.tolist()}"
                )
        if self.levels[-1].n_factors != 1:
            raise ValueError(f"the top level has {self.levels[-1].n_factors} factors; expected one")
        if self.D.shape != (self.levels[-1].n_states[0],):
            raise ValueError(
                f"D has shape {self.D.shape}; expected ({self.levels[-1].n_states[0]},), "
                "one probability for each state of the top factor"
            )

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return len(self.levels)

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
            Counts to add (spec 4: 1/16, and 1/128 at a class level).
        """
        q = np.broadcast_to(np.asarray(concentration, float), self.n_levels)
        if np.any(q < 0) or not np.all(np.isfinite(q)):
            raise ValueError(f"concentration must be finite and ≥ 0; found {concentration}")
        pairs = zip(self.levels, q, strict=True)
        return self.with_counts([level.a + c * level.mask for level, c in pairs])

    def add_mass(self, mass: float | Sequence[float]) -> RGM:
        """Add the same prior mass to every column of every likelihood, shared by its outcomes.

        Unlike a fixed count for each entry, this does not grow with the number of outcomes, so that
        one exemplar's count is not drowned in the prior of a long column (spec 6).

        Parameters
        ----------
        mass : float or one float a level
            Prior counts of a column.
        """
        c = np.broadcast_to(np.asarray(mass, float), self.n_levels)
        if np.any(c < 0) or not np.all(np.isfinite(c)):
            raise ValueError(f"mass must be finite and ≥ 0; found {mass}")
        shares = [m / level.n_outcomes[:, None, None] for m, level in zip(c, self.levels, strict=True)]
        pairs = zip(self.levels, shares, strict=True)
        return self.with_counts([level.a + share * level.mask for level, share in pairs])

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to one ``.npz`` file (no pickle), or leave the old file untouched."""
        arrays = {"format": np.array(FORMAT), "D": self.D}
        for n, level in enumerate(self.levels):
            arrays |= {f"level{n}_{name}": getattr(level, name) for name in _FIELDS}
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
            levels = tuple(
                Level(**{name: arrays[f"level{n}_{name}"] for name in _FIELDS})
                for n in range(n_levels)
            )
            return cls(levels=levels, D=arrays["D"])
        except FileNotFoundError:
            raise
        except (ValueError, KeyError, TypeError, IndexError, EOFError, OSError, AttributeError) as error:
            raise ValueError(_UNREADABLE.format(path, error)) from error
        except (zipfile.BadZipFile, zipfile.zlib.error) as error:
            raise ValueError(_UNREADABLE.format(path, error)) from error


_FIELDS = ("a", "n_outcomes", "parents", "n_states", "locations")
_UNREADABLE = "{} is not a readable model file ({}); save the model again with RGM.save"
