"""A notebook that needs an extra is tested where that is installed."""

import tomllib
from pathlib import Path

import pytest

from rgm_core.model.extras import missing

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items):
    notebooks = tomllib.loads((ROOT / "claims.toml").read_text(encoding="utf-8"))["notebooks"]
    needed = {name: missing(sizes.get("extra")) for name, sizes in notebooks.items()}
    for item in items:
        if item.path.suffix == ".ipynb" and (what := needed.get(item.path.stem)):
            item.add_marker(pytest.mark.skip(reason=f"{item.path.stem} {what}"))
