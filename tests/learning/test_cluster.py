"""Counting on many machines: the sum of the shards is that of one machine, whatever happens to a worker.

Needs the extra ``cluster``: ``uv run --extra cluster pytest tests/learning/test_cluster.py --slow``.
"""

import os
import signal

import numpy as np
import pytest
from brute_force import random_tree

from rgm_core.learning import learn_counts, portions

array = pytest.importorskip("dask.array", reason="needs the extra `cluster`")


@pytest.fixture
def sequence():
    """A tree, 96 outcomes with gaps, and labels."""
    rng = np.random.default_rng(0)
    model = random_tree(rng)
    level = model.levels[0]
    outcomes = rng.integers(-1, level.n_outcomes, (96, level.n_modalities))
    return model, outcomes, rng.integers(0, len(model.D), 96)


def assert_same(one, other):
    for a, b in zip(one[0].levels, other[0].levels, strict=True):
        np.testing.assert_allclose(a.a, b.a, rtol=1e-12)
    np.testing.assert_allclose(one[1].elbo, other[1].elbo, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("chunk", [8, 24])
def test_chunks_make_the_portions_of_one_machine(sequence, chunk):
    """Three chunks of 8, or one of 24, are a portion: counted apart, under the same beliefs."""
    model, outcomes, labels = sequence
    serial = learn_counts(model, outcomes, labels=labels, portion=24)
    sharded = array.from_array(outcomes, chunks=(chunk, -1))
    assert_same(learn_counts(model, sharded, labels=labels, portion=24), serial)


def test_chunks_across_modalities_are_refused(sequence):
    model, outcomes, _ = sequence
    with pytest.raises(ValueError, match="cut along the first axis only"):
        learn_counts(model, array.from_array(outcomes, chunks=(8, 2)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of sockets and processes that a killed worker leaves behind
def test_a_worker_that_is_killed_loses_nothing_and_counts_nothing_twice(sequence, monkeypatch):
    """Two processes; one is killed after the first portion, while the others are still to be counted."""
    distributed = pytest.importorskip("distributed")
    model, outcomes, labels = sequence
    serial = learn_counts(model, outcomes, labels=labels, portion=24)
    add_counts, killed = portions.add_counts, []

    def add_and_kill(*args):
        if not killed:
            killed.extend(client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)
        return add_counts(*args)

    monkeypatch.setattr(portions, "add_counts", add_and_kill)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        sharded = array.from_array(outcomes, chunks=(8, -1))
        assert_same(learn_counts(model, sharded, labels=labels, portion=24), serial)
    assert len(killed) == 2
