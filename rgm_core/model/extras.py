"""Packages that only some rooms need: which extra brings each, and what to say where it is missing.

The core (models, structure, inference, learning, digits) needs NumPy, SciPy, scikit-learn and numba. The
rest comes with an extra, ``pip install "rgm-core[media]"``; without it every name can still be imported
whose own module does not build on the missing package, and what is used says which extra it wants.
"""

from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType, ModuleType

EXTRA_OF = MappingProxyType(  # module -> extra of pyproject.toml
    {
        "PIL": "notebooks",
        "ale_py": "atari",
        "anywidget": "notebooks",
        "dask": "cluster",
        "gymnasium": "games",
        "imageio": "media",
        "imageio_ffmpeg": "media",
        "ipywidgets": "notebooks",
        "jinja2": "notebooks",
        "matplotlib": "notebooks",
        "msgspec": "notebooks",
        "papermill": "notebooks",
        "pywt": "media",
        "rich": "notebooks",
        "soundfile": "media",
    }
)


def require(name: str) -> ModuleType:
    """Import a package of an extra.

    Parameters
    ----------
    name : str
        Of the package, one of `EXTRA_OF`.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed: names the extra and the command that installs it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        extra = EXTRA_OF[name.partition(".")[0]]
        raise ModuleNotFoundError(
            f"{name} is not installed; it comes with the extra {extra!r}: "
            f'pip install "rgm-core[{extra}]" (in a clone of the repository: pip install ".[{extra}]")',
            name=error.name,
        ) from error


def optional(name: str) -> ModuleType:
    """Import a package of an extra, or stand in for it until it is used, and raise only then."""
    try:
        return require(name)
    except ModuleNotFoundError as error:
        return _Missing(name, error)


def missing(extra: str | None) -> str:
    """What to do where a package of an extra is not installed; an empty text if all of them are."""
    packages = (package for package, of in EXTRA_OF.items() if of == extra)
    if all(find_spec(package) for package in packages):
        return ""
    return f'needs the extra {extra}: uv run --extra {extra} …, or pip install ".[{extra}]"'


class _Missing(ModuleType):
    """Stands in for a package that is not installed; any use of it raises what `require` raises."""

    def __init__(self, name: str, error: ModuleNotFoundError):
        super().__init__(name)
        self.__dict__["_error"] = error

    def __getattr__(self, name: str):
        raise self.__dict__["_error"]
