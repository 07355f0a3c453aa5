# What editors and type checkers see, in place of the names that __init__.py imports on first use.
from rgm_core.agent import Agent as Agent
from rgm_core.classifier import RGMClassifier as RGMClassifier
from rgm_core.generation import generate as generate
from rgm_core.generation import generate_orbit as generate_orbit
from rgm_core.inference import filter as filter
from rgm_core.inference import infer as infer
from rgm_core.learning import learn as learn
from rgm_core.learning import learn_transitions as learn_transitions
from rgm_core.media import Accompanist as Accompanist
from rgm_core.media import compress as compress
from rgm_core.model import RGM as RGM
from rgm_core.structure import learn_structure as learn_structure
from rgm_core.structure import merge_structure as merge_structure

__version__: str

def _register_games() -> None: ...
