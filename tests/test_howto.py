"""What the how-to page says of rivals is what was measured."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMES = {"ridge regression on random features": "ridge on random features"}


def test_the_rivals_numbers_are_the_measured_ones():
    measured = json.loads((ROOT / "benchmarks/baselines.json").read_text())["classifiers"]
    page = (ROOT / "docs/howto.md").read_text()
    rows = re.findall(r"^\| ([A-Za-z ]+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    assert len(rows) == 4
    for name, accuracy, upper in rows:
        official = measured[NAMES.get(name, name)]["official"]
        assert (accuracy, upper) == (f"{official['accuracy']:.1f}", f"{official['upper_half']:.1f}")
