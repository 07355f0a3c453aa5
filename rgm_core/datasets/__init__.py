"""Real data for the notebooks, with the provenance and the checksum of every file.

Small files travel with the repository in ``data/``, and with the wheel; they are listed in
`files.REGISTRY`. What does not fit there is downloaded once into a cache. Nothing is returned before
its SHA-256 was checked.
"""

from rgm_core.datasets.mnist import load_mnist
from rgm_core.datasets.pigeon import load_pigeon
from rgm_core.datasets.sound import load_bird_calls, load_jazz

__all__ = ["load_bird_calls", "load_jazz", "load_mnist", "load_pigeon"]
