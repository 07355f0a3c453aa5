"""Renormalising generative models: scale-free active inference in discrete state-spaces."""

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
