"""Renormalising generative models: scale-free active inference in discrete state-spaces."""

import sys
from importlib import import_module

# Names are imported when they are first used: `import rgm_core` stays quick, and what a name needs
# (scikit-learn, numba) is loaded only with it.
_HOME = {
    "Accompanist": "media",
    "Agent": "agent",
    "RGM": "model",
    "RGMClassifier": "classifier",
    "compress": "media",
    "filter": "inference",
    "generate": "generation",
    "generate_orbit": "generation",
    "infer": "inference",
    "learn": "learning",
    "learn_structure": "structure",
    "learn_transitions": "learning",
    "merge_structure": "structure",
}
__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll] - the stub lists them
__version__ = "0.1.0"


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _register_games() -> None:
    """Make our games known to Gymnasium, which loads no plug-ins since its version 1.0."""
    gymnasium = sys.modules["gymnasium"]
    for name in ("Breakout", "Pong", "Rally"):
        if f"rgm_core/{name}-v0" not in gymnasium.registry:
            gymnasium.register(f"rgm_core/{name}-v0", f"rgm_core.games.{name.lower()}:{name}")


if sys.modules.get("gymnasium"):  # not imported for this: it takes twenty times as long as we do
    _register_games()
