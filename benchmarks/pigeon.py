"""How fast a film becomes events, and how fast it is inferred: codec, structure, inference, memory.

Needs nothing but the clip in ``data/``. CPU seconds are those of all threads together.
"""

import argparse
import resource
import time


def measure(task, *arguments, repeat: int = 1, **options):
    """Return what a task returns, and its CPU seconds, the least of some runs."""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        result = task(*arguments, **options)
        seconds.append(time.process_time() - start)
    return result, min(seconds)


def main(arguments=None) -> None:
    """Print a table of what was measured beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="runs of inference (default 3)")
    repeat = parser.parse_args(arguments).repeat

    import numpy as np

    from rgm_core import filter, generate_orbit, infer, learn_structure
    from rgm_core.codecs import VideoCodec
    from rgm_core.datasets import load_pigeon

    clip = load_pigeon()
    film = np.concatenate([clip, clip[:32]])
    codec, fit = measure(VideoCodec().fit, film)
    outcomes, encode = measure(codec.transform, film)
    model, structure = measure(learn_structure, outcomes, codec.n_outcomes_, codec.locations_, dt=2)
    _, inference = measure(infer, model.add_mass(1 / 64), outcomes, repeat=repeat)
    _, online = measure(filter, model.add_mass(1 / 64), outcomes, repeat=repeat)
    _, orbit = measure(lambda: sum(1 for _ in generate_orbit(model, 0, n_steps=10_000)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(film)} frames, {outcomes.shape[1]} modalities, {len(model.D)} events")
    print(f"codec fit and structure     {fit + structure:8.2f} CPU s   bar: 15")
    print(f"  of it, structure          {structure:8.2f} CPU s")
    print(f"encoding the film           {encode:8.2f} CPU s")
    print(f"inference of the film       {inference:8.2f} CPU s   bar: 2")
    print(f"  online (filtering)        {online:8.2f} CPU s")
    print(f"generating 10,000 steps     {orbit:8.2f} CPU s")
    print(f"peak memory                 {memory:8.2f} GB      bar: 1")


if __name__ == "__main__":
    main()
