"""Nonsense in the place of every argument of every public function: refused, by the name of the argument.

Each case is a call that works. One argument after the other is exchanged for something that cannot be meant
(another type, text, a set, an iterator, rows of unequal lengths, dates, records, complex numbers, …). What
comes back must be a ValueError or a TypeError that names the argument: no error from elsewhere, no answer.
"""

import numpy as np
import pytest
from calls import CALLS
from nonsense import nonsense

NONE_MEANS_SOMETHING = {  # where an argument can be left out
    "prior", "phase", "locations", "labels", "group_size", "streams", "noise", "beta", "n_steps", "restart",
    "parents", "C", "a", "log_prior", "avoid", "n_outcomes", "replays", "game_length", "model",
    "merge",
}  # fmt: skip


def may_be(case, name, wrong):
    """Whether a value is no nonsense there after all."""
    if wrong is None:
        chooses = name == "rng" and case in ("generate_orbit", "explicit_action")  # without: the likeliest
        return chooses or name in NONE_MEANS_SOMETHING
    if isinstance(wrong, np.ndarray):
        axis_more = name in ("a", "G") and wrong.dtype.kind == "f" and wrong.ndim > 1
        return axis_more or (name in ("avoid", "pixels") and not wrong.size)
    return (name in ("rng", "seed") and wrong == 10**400) or (name == "offsets" and wrong == {1})


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.filterwarnings("error")
def test_nonsense_is_refused_by_name(case):
    function, good = CALLS[case]
    function(**good)
    for name, value in good.items():
        for wrong in nonsense(value):
            try:
                found = function(**(good | {name: wrong}))
            except (ValueError, TypeError) as error:
                found = error
            refused = isinstance(found, ValueError | TypeError) and name in str(found)
            assert refused or may_be(case, name, wrong), f"{name} = {wrong!r:.60} gave {found!r:.80}"
