"""The same world in pymdp: the round trip, and expected free energies that agree.

What runs pymdp needs it: ``uv run --with inferactively-pymdp pytest tests/planning/test_pymdp.py``.
"""

import numpy as np
import pytest

from rgm_core.planning import POMDP, expected_free_energy
from rgm_core.planning.pymdp import from_pymdp, to_pymdp


def random_world(seed):
    """Two factors, one of them with three paths; three modalities, one of them of both factors."""
    rng = np.random.default_rng(seed)

    def columns(*shape):
        return np.moveaxis(rng.dirichlet(np.ones(shape[0]), shape[1:]), -1, 0)

    return POMDP(
        A=(columns(5, 3, 2), columns(2, 2), columns(4, 3)),
        B=(columns(3, 3, 3), columns(2, 2, 1)),
        C=tuple(rng.uniform(0.1, 2, n) for n in (5, 2, 4)),
        D=(columns(3), columns(2)),
        parents=((0, 1), (1,), (0,)),
    )


@pytest.mark.parametrize("seed", range(3))
def test_there_and_back(seed):
    world = random_world(seed)
    sent = to_pymdp(world)
    single = {k: [np.float32(x)[None] for x in v] for k, v in sent.items() if k != "A_dependencies"}
    for back in (from_pymdp(**sent), from_pymdp(**single, A_dependencies=sent["A_dependencies"])):
        assert back.parents == world.parents
        for name in "ABD":
            for x, y in zip(getattr(back, name), getattr(world, name), strict=True):
                np.testing.assert_allclose(x, y, atol=1e-6)
        for x, y in zip(back.C, world.C, strict=True):  # ours are weights
            np.testing.assert_allclose(x, y / y.sum(), atol=1e-6)


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match=r"A has an array of shape \(2, 3, 2\); expected 2 axes"):
        from_pymdp([np.ones((2, 3, 2)) / 2], [np.eye(2)[:, :, None]])
    with pytest.raises(ValueError, match="sum to"):
        from_pymdp([np.ones((2, 2))], [np.eye(2)[:, :, None]])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(3))
def test_expected_free_energies_agree(seed):
    """One step ahead, from beliefs in which factors are independent, which is all that pymdp has."""
    agents = pytest.importorskip("pymdp.agent")
    world = random_world(seed)
    agent = agents.Agent(**to_pymdp(world), policy_len=1)
    beliefs = [d[None, None] for d in world.D]
    _, negative = agent.infer_policies(beliefs)
    policies = np.asarray(
        agent.policies.policy_arr if hasattr(agent.policies, "policy_arr") else agent.policies
    )
    ours = expected_free_energy(world, world.initial_belief).total
    for policy, value in zip(policies[:, 0], np.asarray(negative)[0], strict=True):
        (k,) = np.flatnonzero((world.paths == policy).all(axis=1))
        assert -value == pytest.approx(ours[k], abs=1e-4)
