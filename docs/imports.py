"""Draw which room imports which: uv run --with grimp docs/imports.py

Rooms stand as in pyproject.toml, the lowest at the bottom; an arc leads from a room to one that it imports.
All arcs run down. Writes docs/images/imports.svg.
"""

import tomllib
from pathlib import Path

import grimp
import matplotlib
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch

ROOT = Path(__file__).resolve().parents[1]


def room_imports() -> dict[tuple[str, str], int]:
    """How many imports lead from a room to another one."""
    graph, counts = grimp.build_graph("rgm_core"), {}
    for module in graph.modules - {"rgm_core"}:
        for other in graph.find_modules_directly_imported_by(module) - {"rgm_core"}:
            pair = module.split(".")[1], other.split(".")[1]
            if pair[0] != pair[1]:
                counts[pair] = counts.get(pair, 0) + 1
    return counts


def draw(ax, rooms: list[str], counts: dict[tuple[str, str], int]) -> None:
    """Rooms on a ladder, imports as arcs: down on the right, up (there should be none) on the left."""
    height = {room: n for n, room in enumerate(rooms)}
    for room, n in height.items():
        ax.text(
            0, n, room, ha="center", va="center", bbox={"boxstyle": "round", "fc": "white", "ec": "0.4"}
        )
    for (source, target), count in counts.items():
        down = height[source] > height[target]
        side, bend = (1, -0.5) if down else (-1, -0.5)
        arrow = FancyArrowPatch(
            (0.35 * side, height[source]),
            (0.35 * side, height[target]),
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=8,
            color="#4c72b0" if down else "#c44e52",
            lw=0.6 + 0.15 * count,
            alpha=0.7,
        )
        ax.add_patch(arrow)
    ax.set(xlim=(-1, 2.4), ylim=(-1, len(rooms)))
    ax.axis("off")


def main() -> None:
    """Write the picture."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = settings["tool"]["importlinter"]["contracts"][0]["layers"][::-1]
    matplotlib.rcParams["svg.hashsalt"] = "imports"  # the same file for the same graph
    fig, ax = plt.subplots(figsize=(4.5, 7), layout="constrained")
    draw(ax, rooms, room_imports())
    fig.savefig(ROOT / "docs/images/imports.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
