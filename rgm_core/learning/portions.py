"""Portions of samples, and where they are counted: in one piece, one by one, or on many machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add

import numpy as np
from tqdm.auto import tqdm

from rgm_core.learning.active import History
from rgm_core.learning.counts import Counts, add_counts, expected_counts
from rgm_core.learning.shares import as_shares
from rgm_core.model.checks import as_array, as_flag, as_whole
from rgm_core.model.rgm import RGM, check_model


def learn_counts(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray] | Iterable,
    *,
    labels: np.ndarray | None = None,
    portion: int = 250,
    progress: bool = False,
) -> tuple[RGM, History]:
    """Add exact expected counts, portion by portion; every sample is seen once.

    Parameters
    ----------
    model : RGM
        Without dynamics, and with prior counts: every outcome of its lowest level must be possible.
    outcomes : array, G arrays, iterator or Dask array
        (n, G) int, (n, G, O) float or G arrays (n, n_outcomes[g]), as in
        :func:`rgm_core.learning.as_shares`, cut into portions here. Or an iterator of portions, of any
        sizes, each ``(outcomes, labels)`` as such arrays (``labels`` may be None). Or a Dask array with
        known chunks along its first axis, whose chunks are counted wherever Dask computes them: with a
        ``dask.distributed`` client on its workers, else on threads. Chunks that together hold ``portion``
        samples or more are counted under the same beliefs, so that the result is that of one machine
        that takes the same portions.
    labels : (n,) int or Dask array, optional
        Top state of each sample, -1 is unknown; with an iterator they come with the portions.
    portion : int
        Samples whose counts are added before the beliefs change. Larger portions are quicker, smaller
        ones learn a little more from each sample.
    progress : bool
        Show a progress bar.

    Returns
    -------
    model : RGM
        With the new counts; the one given is not modified.
    history : History
        A row for each sample. Its mutual information is that after the sample's portion; every update
        is accepted.

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, or a sample is impossible under the model.

    Examples
    --------
    >>> import numpy as np
    >>> from rgm_core import learn, learn_structure
    >>> seen = np.array([[0, 0], [1, 1]])
    >>> model = learn_structure(seen, 2, labels=np.array([0, 1])).add_mass(0.5)
    >>> model, _ = learn(model, seen, labels=np.array([0, 1]), rule="counts")
    >>> float(model.levels[0].a.sum().round(2))
    10.0
    """
    remedy = "learn_counts counts exemplars in no order; sequences are learned by learn_sequence"
    check_model(model, dynamic=False, remedy=remedy)
    portion, progress = as_whole(portion, "portion", 1), as_flag(progress, "progress")
    histories = []
    with tqdm(disable=not progress, unit="sample") as bar:
        for counted in _portions(model, outcomes, labels, portion):
            model, history = add_counts(model, counted(model))
            histories.append(history)
            bar.update(len(history.elbo))
    if not histories:
        raise ValueError("outcomes hold no portion at all; expected at least one sample")
    return model, History.concatenate(histories)


def _portions(model: RGM, outcomes, labels, portion: int) -> Iterator:
    """Yield for each portion a function that counts it under a model."""
    if hasattr(outcomes, "to_delayed"):
        yield from _on_dask(outcomes, labels, portion)
    elif isinstance(outcomes, np.ndarray) or _is_list_of_arrays(outcomes):
        shares = as_shares(model.levels[0], outcomes)
        labels = _check_labels(labels, len(shares))
        for start in range(0, len(shares), portion):
            part = slice(start, start + portion)
            yield _serial(shares[part], None if labels is None else labels[part])
    else:
        if labels is not None:
            raise ValueError("labels must come with the portions, (outcomes, labels), of an iterator")
        for item in outcomes:
            if not isinstance(item, tuple) or len(item) != 2:
                raise ValueError("outcomes must yield portions (outcomes, labels); found another thing")
            yield _serial(*item)


def _is_list_of_arrays(outcomes) -> bool:
    return isinstance(outcomes, (list, tuple)) and not any(isinstance(o, tuple) for o in outcomes)


def _serial(outcomes, labels):
    return lambda model: expected_counts(model, outcomes, labels)


def _check_labels(labels, n: int) -> np.ndarray | None:
    return None if labels is None else as_array(labels, "labels", int, (n,), "one for each sample")


def _on_dask(outcomes, labels, portion: int) -> Iterator:
    """Gather chunks until they make a portion; each is counted by a task of its own."""
    sizes = np.asarray(outcomes.chunks[0], float)
    if np.isnan(sizes).any():
        raise ValueError("outcomes must have chunks of known sizes; see dask.array compute_chunk_sizes")
    if any(len(chunks) > 1 for chunks in outcomes.chunks[1:]):
        raise ValueError("outcomes must be cut along the first axis only; see dask.array rechunk")
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    labels = _check_labels(labels, edges[-1])
    shards, n = [], 0
    chunks = outcomes.to_delayed().reshape(-1)
    for chunk, start, stop in zip(chunks, edges[:-1], edges[1:], strict=True):
        shards.append((chunk, None if labels is None else labels[start:stop]))
        n += stop - start
        if n >= portion or stop == edges[-1]:
            yield _sharded(shards)
            shards, n = [], 0


def _sharded(shards: list):
    """Count the shards of a portion as Dask tasks, and sum them in their order."""
    from dask.base import compute  # only here: an optional extra
    from dask.delayed import delayed

    def counted(model: RGM) -> Counts:
        one = delayed(expected_counts, pure=True)
        shared = delayed(model, traverse=False)
        return reduce(add, compute(*(one(shared, seen, known) for seen, known in shards)))

    return counted
