"""Results of the scripts in ``benchmarks/`` that take too long for a notebook."""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks"
_PACKED = Path(__file__).with_name("measured")  # where a wheel has those that notebooks read


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
    for folder in (FOLDER, _PACKED):
        path = folder / f"{name}.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    raise ValueError(
        f"benchmarks/{name}.json is missing; it is in the repository, or made there with: "
        f"uv run python benchmarks/{name}.py"
    )
