"""Results of the scripts in ``benchmarks/`` that take too long for a notebook."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load_benchmark(name: str) -> dict:
    """Read what ``benchmarks/<name>.py`` has measured and kept.

    Parameters
    ----------
    name : of the script, without suffix.

    Raises
    ------
    ValueError
        If there is no such result: says how to make it.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise ValueError(f"{path.name} is missing; make it with: uv run python benchmarks/{name}.py")
    return json.loads(path.read_text(encoding="utf-8"))
