"""A call that works for every public function of the core, agents, games and planning, by its arguments."""

from itertools import islice

import numpy as np
from brute_force import random_tree

import rgm_core.information as information
from rgm_core import (
    filter,
    generate,
    generate_orbit,
    infer,
    learn,
    learn_structure,
    learn_transitions,
    merge_structure,
)
from rgm_core.agent import (
    Agent,
    DynaQ,
    QLearner,
    basin_of_attraction,
    evidence_of_play,
    expected_play,
    expert_states,
    follow_play,
    imagine,
    induce_play,
    leading_components,
    merge_alike,
    merge_states,
    possible_play,
    predict_actions,
    reduce_states,
    rotation_plane,
    separate,
    steady_state,
    value_iteration,
)
from rgm_core.games import NoisyPixels, Outcomes, Pong, Rally, play_randomly, play_with, rally_model
from rgm_core.generation import predict_outcomes
from rgm_core.generation.unfold import unfold_events
from rgm_core.inference import infer_top
from rgm_core.learning import (
    as_shares,
    expected_counts,
    learn_actively,
    learn_counts,
    read_top,
    select_update,
)
from rgm_core.metrics import (
    beat_period,
    border_jump,
    frames_to_reach,
    psnr,
    selective_accuracy,
    signal_to_error,
    spectrogram_correlation,
    success_rate,
)
from rgm_core.model import RGM, Level, Transitions, as_evidence, block_prior
from rgm_core.planning import (
    POMDP,
    Planner,
    expected_free_energy,
    expected_log_likelihood,
    expected_parameter_gain,
    explicit_action,
    induce,
    path_posterior,
    possible_transitions,
    predict_belief,
    reach_goals,
    search,
    steps_to_goal,
    update_belief,
)
from rgm_core.structure import (
    event_similarity,
    group_by_information,
    group_by_location,
    link_events,
    log_dirichlet_evidence,
    noise_kernel,
    prune_transitions,
    select_paths,
    select_states,
    with_noise,
)

RNG = np.random.default_rng(0)
STATIC = random_tree(RNG)
BOTTOM = STATIC.levels[0]
SEQUENCE = RNG.integers(0, 3, (12, 4))
LEARNED = learn_structure(SEQUENCE, 3, dt=2)
DYNAMIC = LEARNED.add_counts(0.1)
LEVEL = LEARNED.levels[0]
OUTCOMES = RNG.integers(0, BOTTOM.n_outcomes, (4, BOTTOM.n_modalities))
LABELS = np.arange(4) % len(STATIC.D)
EDGES = LEVEL.b[0]
LIKELIHOOD = RNG.dirichlet(np.ones(3), size=4).T
RING = np.stack([np.roll(np.eye(4), shift, axis=0) for shift in (1, -1)], axis=2)
WORLD = {"A": (LIKELIHOOD,), "B": (RING,), "D": (np.full(4, 0.25),), "C": (np.ones(3),)}
POMDP_ = POMDP(**WORLD)
BELIEF = np.full(4, 0.25)
LINKS = possible_transitions(RING)
REACHED = reach_goals(LINKS, np.array([0]), 4)
GAME = Pong(size=(5, 4), streams=("reward", "cost", "control"))
PLAY = play_randomly(GAME, 200, rng=0)
ENDS = {"goal": (GAME.modality("reward"), 1), "cost": (GAME.modality("cost"), 1)}
REWARDS = {"reward": ENDS["goal"], "cost": ENDS["cost"]}
CONTROL = GAME.modality("control")
AGENT = Agent(**ENDS, control=CONTROL, depth=8, rng=0).learn(PLAY.outcomes, PLAY.actions, GAME.n_outcomes)
COUNTS = RNG.integers(0, 3, (5, 5))
TABLE = RNG.random((3, 2))
TONE = np.sin(np.arange(16000) * 0.05) * (1 + np.sin(np.arange(16000) * np.pi / 2000)) / 2
FLAGS = RNG.random(60) < 0.5
SHOWN = {"outcomes": PLAY.outcomes[:9], "actions": PLAY.actions[:9]}
SEEN = {"model": STATIC, "outcomes": OUTCOMES}
FIELDS = {name: getattr(BOTTOM, name) for name in ("a", "n_outcomes", "parents", "n_states", "locations")}

FIELDS_OF_ALL = {name: FIELDS[name] for name in ("n_outcomes", "locations")}
CALLS = {
    "Level": (Level, FIELDS | {"precision": 0.5}),
    "RGM": (RGM, {"levels": STATIC.levels, "D": STATIC.D}),
    "Transitions": (Transitions, {"edges": EDGES.edges, "counts": EDGES.counts, "n_states": 6}),
    "Transitions.from_dense": (Transitions.from_dense, {"b": EDGES.dense()}),
    "with_counts": (STATIC.with_counts, {"counts": [level.a for level in STATIC.levels]}),
    "add_counts": (STATIC.add_counts, {"concentration": 0.5}),
    "add_mass": (STATIC.add_mass, {"mass": 0.5}),
    "as_evidence": (as_evidence, {"level": BOTTOM, "outcomes": OUTCOMES}),
    "block_prior": (block_prior, {"level": LEVEL, "above": LEARNED.levels[1], "factor": 0}),
    "infer": (infer, SEEN | {"prior": STATIC.D, "scheme": "exact"}),
    "infer published": (infer, SEEN | {"prior": STATIC.D, "scheme": "published"}),
    "infer sequence": (infer, {"model": DYNAMIC, "outcomes": SEQUENCE, "prior": DYNAMIC.D, "phase": 0}),
    "filter": (filter, {"model": DYNAMIC, "outcomes": SEQUENCE, "prior": DYNAMIC.D}),
    "infer_top": (infer_top, SEEN),
    "pairs": (infer(STATIC, OUTCOMES).pairs, {"level": 0, "modality": 0}),
    "event_similarity": (event_similarity, {"model": DYNAMIC}),
    "group_by_information": (group_by_information, {"outcomes": SEQUENCE, "size": 2}),
    "group_by_location": (group_by_location, {"locations": BOTTOM.locations}),
    "learn_structure": (
        learn_structure,
        FIELDS_OF_ALL | {"outcomes": OUTCOMES, "labels": LABELS},
    ),
    "learn_structure of a sequence": (
        learn_structure,
        {
            "outcomes": SEQUENCE, "n_outcomes": np.full(4, 3), "dt": 2, "group_size": 2,
            "streams": np.array([0, 0, 0, 1]), "offsets": "first",
        },
    ),
    "learn_structure with noise": (
        lambda **k: learn_structure(SEQUENCE, 3, dt=2, **k),
        {"noise": 0.5, "mass": 0.1},
    ),
    "link_events": (link_events, {"model": LEARNED, "agreement": 0.5}),
    "log_dirichlet_evidence": (log_dirichlet_evidence, {"counts": TABLE, "prior": TABLE}),
    "merge_structure": (merge_structure, {"model": LEARNED, "outcomes": SEQUENCE, "offsets": (0, 1)}),
    "noise_kernel": (noise_kernel, {"n_outcomes": np.array([3, 4]), "noise": 0.5}),
    "prune_transitions": (prune_transitions, {"model": DYNAMIC, "smallest": 0.1}),
    "select_paths": (select_paths, {"states": np.array([0, 1, 2, 0]), "mass": 1e-6}),
    "select_states": (select_states, {"outcomes": SEQUENCE, "n_outcomes": 3, "mass": 1e-6}),
    "with_noise": (with_noise, {"model": LEARNED, "noise": 0.5, "mass": 0.1}),
    "as_shares": (as_shares, {"level": BOTTOM, "outcomes": OUTCOMES}),
    "expected_counts": (expected_counts, SEEN | {"labels": LABELS}),
    "learn": (learn, SEEN | {"labels": LABELS, "rule": "published", "beta": 5.0, "eta": 5.0}),
    "learn_actively": (learn_actively, SEEN | {"progress": False}),
    "learn_counts": (learn_counts, SEEN | {"labels": LABELS, "portion": 2}),
    "learn_transitions": (learn_transitions, {"model": DYNAMIC, "posterior": infer(DYNAMIC, SEQUENCE)}),
    "read_top": (read_top, SEEN),
    "select_update": (select_update, {"a": TABLE, "da": TABLE, "beta": 5.0, "eta": 5.0}),
    "generate": (generate, {"model": STATIC, "states": LABELS, "level": -1, "factor": 0, "rng": 0}),
    "predict_outcomes": (predict_outcomes, {"model": STATIC, "states": LABELS, "level": -1}),
    "generate_orbit": (
        lambda **k: list(islice(generate_orbit(**k), 9)),
        {"model": DYNAMIC, "state": 0, "n_steps": 5, "restart": 1, "rng": 0},
    ),
    "unfold_events": (unfold_events, {"model": DYNAMIC, "events": np.array([0, 1])}),
    "normalise": (information.normalise, {"a": TABLE, "axis": 0}),
    "entropy": (information.entropy, {"p": np.full((3, 2), 1 / 3), "axis": 0}),
    "mutual_information": (information.mutual_information, {"a": TABLE, "axis": 0}),
    "pairwise_information": (information.pairwise_information, {"x": SEQUENCE, "y": SEQUENCE}),
    "POMDP": (POMDP, WORLD | {"parents": ((0,),), "a": (LIKELIHOOD,)}),
    "expected_free_energy": (
        expected_free_energy,
        {"model": POMDP_, "belief": BELIEF, "log_prior": np.zeros(4)},
    ),
    "expected_log_likelihood": (
        expected_log_likelihood,
        {"predicted": [np.full(3, 1 / 3)], "consequences": [LIKELIHOOD]},
    ),
    "explicit_action": (
        explicit_action,
        {"predicted": [np.full(3, 1 / 3)], "consequences": [LIKELIHOOD], "rng": 0},
    ),
    "expected_parameter_gain": (expected_parameter_gain, {"a": TABLE}),
    "induce": (induce, {"B": RING, "goals": np.array([0]), "state": 2, "avoid": np.array([1]), "depth": 5}),
    "reach_goals": (reach_goals, {"transitions": LINKS, "goals": np.array([0]), "depth": 4}),
    "steps_to_goal": (steps_to_goal, {"reached": REACHED}),
    "path_posterior": (path_posterior, {"G": np.array([1.0, 2]), "precision": 2.0}),
    "predict_belief": (predict_belief, {"model": POMDP_, "belief": BELIEF, "path": 0}),
    "update_belief": (update_belief, {"model": POMDP_, "belief": BELIEF, "outcomes": [1]}),
    "search": (
        search,
        {"model": POMDP_, "belief": BELIEF, "depth": 2, "precision": 2.0, "min_path": 0.1},
    ),
    "Planner": (Planner, {"model": POMDP_, "depth": 2, "precision": 2.0, "rng": 0}),
    "Agent": (Agent, ENDS | {"control": CONTROL, "depth": 8, "joint": False, "rng": 0}),
    "Agent of few states": (Agent, ENDS | {"control": CONTROL, "states": "all", "merge": 0.1, "rng": 0}),
    "Agent.learn": (
        Agent(**ENDS, control=CONTROL, rng=0).learn,
        {"outcomes": PLAY.outcomes, "actions": PLAY.actions, "n_outcomes": GAME.n_outcomes},
    ),
    "Agent.infer_states": (AGENT.infer_states, {"outcomes": PLAY.outcomes[5]}),
    "Agent.act": (AGENT.act, {"outcomes": PLAY.outcomes[5]}),
    "Separation.news": (AGENT.separation.news, {"outcomes": PLAY.outcomes[:3]}),
    "Agent.keep": (AGENT.keep, {"states": np.ones(AGENT.model.goals.shape, bool)}),
    "evidence_of_play": (evidence_of_play, SHOWN | {"agent": AGENT}),
    "follow_play": (follow_play, SHOWN | {"agent": AGENT}),
    "imagine": (imagine, {"agent": AGENT, "n_steps": 5, "state": (0, 0), "rng": 0}),
    "induce_play": (induce_play, {"model": AGENT.model, "depth": 3}),
    "possible_play": (possible_play, {"model": AGENT.model}),
    "expected_play": (expected_play, {"model": AGENT.model, "ahead": AGENT.ahead}),
    "expert_states": (expert_states, {"model": AGENT.model, "ahead": AGENT.ahead, "states": "basin"}),
    "predict_actions": (predict_actions, {"model": AGENT.model, "ahead": AGENT.ahead}),
    "merge_states": (
        merge_states,
        {"model": AGENT.model, "ahead": AGENT.ahead, "visits": AGENT.model.known * 1.0, "loss": 0.1},
    ),
    "merge_alike": (merge_alike, {"weights": np.ones(3), "predictions": np.eye(3), "loss": 0.5}),
    "leading_components": (leading_components, {"outcomes": PLAY.outcomes[:50], "n": 2}),
    "rotation_plane": (rotation_plane, {"visited": np.tile(np.arange(5), 4), "persistence": 0.5}),
    "basin_of_attraction": (basin_of_attraction, {"transitions": LINKS, "goals": [0], "depth": 4}),
    "steady_state": (steady_state, {"counts": COUNTS, "tolerance": 1e-8, "max_steps": 10_000}),
    "reduce_states": (reduce_states, {"counts": COUNTS, "transitions": COUNTS, "goals": [0], "depth": 4}),
    "separate": (
        separate,
        {
            "outcomes": PLAY.outcomes, "pixels": np.arange(20), "control": CONTROL,
            "n_outcomes": GAME.n_outcomes, "explain": True,
        },
    ),
    "QLearner that explores": (QLearner, REWARDS | {"streams": 3, "exploration": 0.1, "rng": 0}),
    "value_iteration": (
        value_iteration,
        {"transitions": [COUNTS], "gains": RNG.random((5, 1)), "discount": 0.9, "tolerance": 1e-4},
    ),
    "QLearner": (QLearner, REWARDS | {"n_actions": 3, "learning_rate": 0.5, "discount": 0.9, "rng": 0}),
    "QLearner.act": (QLearner(**REWARDS, rng=0).act, {"outcomes": PLAY.outcomes[5]}),
    "DynaQ": (DynaQ, REWARDS | {"replays": 3, "discount": 0.9, "persistence": 0.1, "rng": 0}),
    "DynaQ.learn": (DynaQ(**REWARDS, rng=0).learn, SHOWN),
    "Pong": (Pong, {"size": (5, 4), "initial_states": 2, "distractors": 1, "streams": ("reward",)}),
    "NoisyPixels": (NoisyPixels, {"env": GAME, "probability": 0.1}),
    "Outcomes": (Outcomes, {"env": Pong(size=(5, 4)), "control": 0}),
    "Rally": (Rally, {"model": rally_model()}),
    "play_randomly": (
        play_randomly,
        {"game": GAME, "n_frames": 5, "persistence": 0.5, "game_length": 5, "rng": 0},
    ),
    "play_with": (
        play_with,
        {"act": lambda outcomes: 0, "game": GAME, "n_frames": 5, "seed": 0, "n_pictures": 0},
    ),
    "rally_model": (rally_model, {"bias": 0.9, "acuity": 0.7, "preferences": (0.0, 2.0, -2.0)}),
    "beat_period": (beat_period, {"sound": TONE, "rate": 8000, "shortest": 0.3, "longest": 0.7}),
    "border_jump": (border_jump, {"decoded": TONE, "borders": np.array([4000, 8000]), "around": 16}),
    "frames_to_reach": (
        frames_to_reach,
        {"rate": 0.5, "successes": FLAGS, "failures": ~FLAGS, "window": 5},
    ),
    "psnr": (psnr, {"original": TABLE, "other": TABLE}),
    "selective_accuracy": (selective_accuracy, {"correct": FLAGS, "confidence": RNG.random(60)}),
    "signal_to_error": (signal_to_error, {"sound": TONE, "decoded": TONE / 2}),
    "spectrogram_correlation": (
        spectrogram_correlation,
        {"sound": TONE, "decoded": TONE / 2, "rate": 8000, "low": 100.0, "high": 3000.0},
    ),
    "success_rate": (success_rate, {"successes": FLAGS, "failures": ~FLAGS, "window": 5}),
}  # fmt: skip
