"""Notebooks and sweeps on a Dask cluster: the same numbers as here, whatever happens to a worker.

Needs the extra ``cluster``; most are slow: ``uv run pytest tests/reproduction/test_cluster.py --slow``.
"""

import json
import os
import signal
import threading
import time

import pytest
from small_notebooks import SLOW, plotted, reproduce, write_notebook, write_world

from rgm_core.reproduction import UsageError, sweep

distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
pytestmark = pytest.mark.filterwarnings("ignore")  # of sockets and processes that a worker leaves behind


@pytest.fixture
def cluster():
    """Start two workers, each a process of its own."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started


def shown(out, name):
    """What the cells of an executed notebook show; their times differ from run to run."""
    text = (out / "notebooks" / name).read_text().replace(str(out), "")
    return [cell.get("outputs") for cell in json.loads(text)["cells"]]


@pytest.mark.slow
def test_a_cluster_obtains_what_one_machine_does(cluster, tmp_path):
    """Figures, claims, failures and the finished notebooks; what is there is not run again."""
    world = write_world(tmp_path)
    here, there = tmp_path / "here", tmp_path / "there"
    code, _, _ = reproduce(world, out=here)
    told = reproduce(world, "--dask", cluster.scheduler_address, out=there)
    assert told[0] == code
    assert plotted(there) == plotted(here) != {}
    assert (there / "claims.json").read_text() == (here / "claims.json").read_text()
    for name in ("01_wave.ipynb", "02_fails.failed.ipynb"):
        assert shown(there, name) == shown(here, name)
    _, text, _ = reproduce(world, "--dask", cluster.scheduler_address, "01", out=there)
    assert "01_wave: up to date" in text


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(cluster, tmp_path):
    """Its notebook begins again on the other one."""
    world = write_world(tmp_path)
    write_notebook(world / "notebooks/04_slow.ipynb", *SLOW, title="Take a while")

    def kill_the_one_that_runs():
        while not (begun := world / "notebooks/begun").exists():
            time.sleep(0.05)
        (begun.parent / "hurry").touch()
        with distributed.Client(cluster, set_as_default=False) as client:
            busy = [address for address, tasks in client.processing().items() if tasks]
            pid = client.run(os.getpid, workers=busy)[busy[0]]
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_the_one_that_runs)
    killer.start()
    code, text, _ = reproduce(world, "--dask", cluster.scheduler_address, "04")
    killer.join()
    assert code == 0, text
    assert text.count("04_slow: done") == 1


@pytest.mark.slow
def test_a_worker_of_another_version_is_refused(cluster, tmp_path, monkeypatch):
    world = write_world(tmp_path)
    from rgm_core.reproduction import runner

    monkeypatch.setattr(runner, "job_key", lambda *_: "another")
    code, text, _ = reproduce(world, "--dask", cluster.scheduler_address, "01")
    assert code == 1
    assert "other code, data or versions" in text


def test_nobody_at_the_address(tmp_path, monkeypatch):
    monkeypatch.setattr("rgm_core.reproduction.cluster._CONNECT_SECONDS", 0.1)
    code, _, errors = reproduce(write_world(tmp_path), "--dask", "tcp://127.0.0.1:9")
    assert (code, "found no scheduler there" in errors) == (2, True)


def test_a_sweep_resumes_and_computes_nothing_twice(tmp_path, monkeypatch):
    """Three sizes, of which one is damaged after the first run: that one only is computed again."""
    from concurrent.futures import ThreadPoolExecutor

    computed = []

    def score(**place):
        computed.append(place)
        return {"accuracy": float(place["states"]), "nearest": 50.0}

    monkeypatch.setattr(sweep, "score", score)
    monkeypatch.setattr(
        sweep, "ProcessPoolExecutor", lambda workers, mp_context: ThreadPoolExecutor(workers)
    )
    wanted = ("--sweep", "seeds=0,1,2", "states=32", "images=100")
    world = write_world(tmp_path)
    code, text, _ = reproduce(world, *wanted)
    assert (code, len(computed)) == (0, 3)
    assert "32.00" in text
    damaged = world / "out/sweep/seeds-1_states-32_images-100.json"
    damaged.write_text(json.dumps({**json.loads(damaged.read_text()), "accuracy": "high"}))
    reproduce(world, *wanted)
    assert computed[3:] == [{"seeds": 1, "states": 32, "images": 100}]


@pytest.mark.parametrize(
    "text", ["seeds", "colours=3", "images=0", "states=8,8", "states=8,", "seeds=-1", "=1"]
)
def test_sizes_that_cannot_be_used_are_named(text):
    with pytest.raises(UsageError, match=r"found '.*'; expected NAME=N,N"):
        sweep.read_grid([text])


@pytest.mark.slow
def test_a_sweep_on_a_cluster_is_that_of_one_machine(cluster):
    place = {"seeds": 1, "states": 16, "images": 100}
    with distributed.Client(cluster, set_as_default=False) as client:
        there = client.get_executor(pure=False).submit(sweep.score, **place).result()
    assert there == sweep.score(**place)
