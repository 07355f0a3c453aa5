"""Real data for the notebooks, with the provenance and the checksum of every file.

Small files travel with the repository in ``data/`` and are listed in `files.REGISTRY`; what does not fit
there is downloaded once into a cache. Nothing is returned before its SHA-256 was checked.
"""

from rgm_core.datasets.mnist import load_mnist

__all__ = ["load_mnist"]
