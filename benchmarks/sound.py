"""How fast sounds become events: codec, structure, inference and memory, for birds and jazz.

Needs nothing but the sounds in ``data/``. CPU seconds are those of all threads together.
"""

import argparse
import resource
import time


def measure(task, *arguments, **options):
    """Return what a task returns, and its CPU seconds."""
    start = time.process_time()
    result = task(*arguments, **options)
    return result, time.process_time() - start


def main(arguments=None) -> None:
    """Print a table of what was measured."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)

    from rgm_core import infer, learn_structure
    from rgm_core.codecs import SoundCodec
    from rgm_core.datasets import load_bird_calls, load_jazz

    field, finch, jazz = load_bird_calls("field"), load_bird_calls("finch"), load_jazz()
    birds = {"n_frequencies": 64, "n_bins": 5, "max_modes": 16}
    cases = {
        "field": (field.sound[:262_144], field.sample_rate, birds),
        "finch": (finch.sound[:65_536], finch.sample_rate, birds),
        "jazz": (jazz.sound, jazz.sample_rate, {"n_frequencies": 32, "n_bins": 9, "max_modes": 32}),
    }
    print("CPU s     codec fit  structure  inference   (bars: 20, 5, 2)")
    for name, (sound, rate, settings) in cases.items():
        codec, fit = measure(SoundCodec(sample_rate=rate, su=16, **settings).fit, sound)
        outcomes = codec.transform(sound)
        model, structure = measure(learn_structure, outcomes, codec.n_outcomes_, codec.locations_, dt=2)
        _, inference = measure(infer, model.add_mass(0.1), outcomes)
        print(f"{name:9} {fit:9.2f} {structure:10.3f} {inference:10.3f}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory {memory:.2f} GB (bar: 2)")


if __name__ == "__main__":
    main()
