"""The benchmark script explains itself, refuses nonsense, and its table shows what it measured."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def run(*arguments):
    command = [sys.executable, str(BENCHMARKS / "mnist.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_help_says_what_is_measured():
    done = run("--help")
    assert done.returncode == 0
    for word in ("compilation", "training", "classification", "peak memory", "examples:"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "10"], "--train must lie in 100 to 10000; found 10"),
        (["--train", "many"], "invalid int value: 'many'"),
        (["--repeat", "0"], "--repeat and --threads must be 1 or more"),
        (["--threads", "0"], "--repeat and --threads must be 1 or more"),
        (["--json", "no/such/folder/x.json"], "--json: there is no folder"),
    ],
)
def test_bad_arguments_are_refused_at_once(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_table_shows_the_kept_measurement():
    """The first column of numbers in the README's first table is the run that is kept."""
    kept = json.loads((BENCHMARKS / "mnist.json").read_text(encoding="utf-8"))
    lines = (BENCHMARKS / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if line.startswith("|") and "---" not in line][1:]
    values = [row["value"] for row in kept["measured"]]
    shown = [float(cells[3].replace(",", "").replace("%", "")) for cells in rows[: len(values)]]
    assert shown == pytest.approx(values, rel=0.01)


def test_the_page_of_peers_is_what_was_measured():
    """docs/peers.md is written from benchmarks/peers.json, and so is what the first page says of it."""
    docs = BENCHMARKS.parent / "docs"
    spec = importlib.util.spec_from_file_location("peers_page", docs / "peers.py")
    peers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    kept = json.loads((BENCHMARKS / "peers.json").read_text(encoding="utf-8"))
    assert (docs / "peers.md").read_text(encoding="utf-8") == peers.page(kept)
    assert kept["pymdp"]["free_energy"] < 1e-4
    assert max(row["posteriors_differ"] for row in kept["pymdp"]["batches"]) < 1e-4
    assert kept["hmmlearn"]["posteriors_differ"] < 1e-9


def test_kept_rows_of_scaling_agree_with_themselves():
    """Each measurement once; the bins of calibration hold every image that was tested."""
    rows = json.loads((BENCHMARKS / "scaling.json").read_text(encoding="utf-8"))["rows"]
    names = ("data", "learner", "images", "order", "pose")
    keys = [(*(row[name] for name in names), str(row["states"])) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert sum(row["in_bin"]) == row["tested"]
        right = sum(n * share for n, share in zip(row["in_bin"], row["right"], strict=True))
        assert right / row["tested"] == pytest.approx(row["accuracy"] / 100, abs=1e-3)


def test_kept_rows_of_models_of_time_can_be_shown():
    """Every part that the script knows, each row with a number; long material within its bar of memory."""
    spec = importlib.util.spec_from_file_location("over_time", BENCHMARKS / "over_time.py")
    over_time = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(over_time)
    kept = json.loads((BENCHMARKS / "over_time.json").read_text(encoding="utf-8"))
    assert set(kept) <= set(over_time.PARTS)
    rows = [over_time.Row(**row) for part in kept.values() for row in part["rows"]]
    assert len({row.name for row in rows}) == len(rows)
    assert {row.verdict for row in rows} <= {"met", "MISSED", "no bar"}
    long = json.loads((BENCHMARKS / "long.json").read_text(encoding="utf-8"))
    assert all(stage["peak_gb"] < 4 for run in long.values() for stage in run["stages"])
