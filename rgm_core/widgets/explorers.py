"""Things to play with in a notebook: sliders and a picture that follows them (ipywidgets).

Each explorer wraps a pure function that draws a figure. Where there is no front end that can show widgets
(papermill, a page of the site, a code host) the picture stands there alone.
"""

from __future__ import annotations

import base64
import copy
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.special import entr

from rgm_core.agent.agent import Agent
from rgm_core.agent.imagine import imagine
from rgm_core.codecs import ImageCodec
from rgm_core.games import Pong, flatten_observation, rendering
from rgm_core.generation.samples import predict_outcomes
from rgm_core.inference.infer import infer_samples
from rgm_core.model.rgm import RGM
from rgm_core.plotting.digits import plot_rows
from rgm_core.plotting.likelihoods import plot_belief_levels, plot_fields
from rgm_core.plotting.style import style
from rgm_core.widgets.drawing import DrawingPad, place_digit
from rgm_core.widgets.screen import Screen, as_picture


class Explorer(ipywidgets.VBox):
    """Controls above a picture that follows them.

    Parameters
    ----------
    draw : function
        Takes the values of the controls by name and returns a figure.
    **controls : widgets with a ``value``.
    """

    def __init__(self, draw: Callable[..., Figure], **controls: Any):
        self.draw, self.controls = draw, controls
        own_size = {"align_self": "flex-start", "max_width": "100%", "max_height": "560px"}
        self.picture = ipywidgets.Image(format="png", layout={**own_size, "object_fit": "contain"})
        super().__init__([*controls.values(), self.picture])
        self.update()
        for control in controls.values():
            control.observe(self.update, names="value")

    def update(self, change=None) -> None:
        """Draw the picture for the values that the controls have now."""
        with style():
            fig = self.draw(**{name: control.value for name, control in self.controls.items()})
            content = io.BytesIO()
            fig.savefig(content, format="png", dpi=100, bbox_inches="tight", metadata={"Software": None})
        plt.close(fig)
        self.picture.value = content.getvalue()

    def _repr_mimebundle_(self, **kwargs):
        """As every widget shows itself, and a plain picture for those who cannot show widgets."""
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        values = {name: control.value for name, control in self.controls.items()}
        shown = ", ".join(f"{k} = {v}" for k, v in values.items() if not isinstance(v, bytes))
        data["text/plain"] = f"Explorer: {shown or ', '.join(values)}"
        data["image/png"] = base64.b64encode(self.picture.value).decode()
        return bundle


def slider(name: str, value: int, low: int, high: int, step: int = 1) -> ipywidgets.IntSlider:
    """An integer slider that reports when it is let go."""
    return ipywidgets.IntSlider(
        value, low, high, step, description=name, continuous_update=False,
        style={"description_width": "8em"}, layout={"width": "30em"},
    )  # fmt: skip


def explore_codec(images: np.ndarray, *, n_shown: int = 8) -> Explorer:
    """Reconstruct digits with a codec whose tiles, bins and modes you choose.

    Parameters
    ----------
    images : (n, 28, 28), fitted and, the first ``n_shown`` of them, shown.
    """
    shown = images[:n_shown]
    original = ImageCodec(tile=2, max_modes=None, su=np.inf, n_bins=4001).fit(images)
    exact = original.inverse_transform(original.transform(shown))

    def draw(tile: int, bins: int, modes: int) -> Figure:
        codec = ImageCodec(tile=tile, n_bins=bins, max_modes=modes).fit(images)
        decoded = codec.inverse_transform(codec.transform(shown))
        return plot_rows({"original": exact, f"{len(codec.n_outcomes_)} outcomes": decoded})

    return Explorer(
        draw,
        tile=slider("tile / pixels", 4, 2, 16, 2),
        bins=slider("bins", 7, 3, 31, 2),
        modes=slider("modes a tile", 16, 1, 32),
    )


def explore_fields(model: RGM, codec: ImageCodec) -> Explorer:
    """Look at the projection fields of states at any level, eight at a time."""

    def draw(level: int, factor: int, state: int) -> Figure:
        chosen = model.levels[level - 1]
        factor = min(factor, chosen.n_factors - 1)
        n_states = int(chosen.n_states[factor])
        first = min(state, max(n_states - 8, 0))
        states = np.arange(first, min(first + 8, n_states))
        outcomes = predict_outcomes(model, states, level=level - 1, factor=factor)
        name = f"level {level}, factor {factor}\nstates {first} to {states[-1]}"
        return plot_fields({name: codec.inverse_transform(outcomes)})

    top = model.levels[-1]
    level = slider("level", model.n_levels, 1, model.n_levels)
    factor = slider("factor", 0, 0, top.n_factors - 1)
    state = slider("state", 0, 0, int(top.n_states[0]) - 1)

    def follow(change=None) -> None:
        chosen = model.levels[level.value - 1]
        factor.max = chosen.n_factors - 1
        state.max = int(chosen.n_states[factor.value]) - 1

    for control in (level, factor):  # before the picture follows
        control.observe(follow, names="value")
    for control in (level, factor, state):
        control.continuous_update = True
    return Explorer(draw, level=level, factor=factor, state=state)


def explore_occlusion(model: RGM, codec: ImageCodec, images: np.ndarray) -> Explorer:
    """Cover a part of a digit and watch the beliefs: what each level expects, and how uncertain it is.

    Parameters
    ----------
    model : RGM
        Static, with classes on top.
    codec : ImageCodec
        That the model was learned with.
    images : (n, 28, 28)
        To choose from.
    """
    outcomes = codec.transform(images)
    row, column = codec.locations_.T

    def draw(image: int, rows: tuple[int, int], columns: tuple[int, int]) -> Figure:
        covered = (row >= rows[0]) & (row < rows[1]) & (column >= columns[0]) & (column < columns[1])
        seen = np.where(covered, -1, outcomes[image : image + 1])
        return _draw_beliefs(model, codec, seen, covered=(rows, columns))

    def span(name: str, last: int) -> ipywidgets.IntRangeSlider:
        return ipywidgets.IntRangeSlider(
            value=(0, last), min=0, max=32, description=name, continuous_update=False,
            style={"description_width": "8em"}, layout={"width": "30em"},
        )  # fmt: skip

    return Explorer(
        draw,
        image=slider("image", 0, 0, len(images) - 1),
        rows=span("rows covered", 32),
        columns=span("columns covered", 20),
    )


def explore_drawing(model: RGM, codec: ImageCodec, image: np.ndarray) -> Explorer:
    """Draw a digit and watch the beliefs: what each level expects, and how uncertain it is.

    Parameters
    ----------
    model : RGM
        Static, with classes on top, learned from MNIST.
    codec : ImageCodec
        That the model was learned with.
    image : (28, 28) uint8
        On the pad to begin with. On empty paper nothing is seen: all outcomes are missing.
    """
    pad = DrawingPad(image)

    def draw(drawing: bytes) -> Figure:
        placed = place_digit(pad.picture(drawing))
        seen = codec.transform(placed[None])
        return _draw_beliefs(model, codec, seen if placed.any() else np.full_like(seen, -1))

    return Explorer(draw, drawing=pad)


def _draw_beliefs(model: RGM, codec: ImageCodec, seen: np.ndarray, covered=None) -> Figure:
    """Outcomes (1, M) as a picture, what each level expects of them, and the belief about the class."""
    posterior = infer_samples(model, seen)
    pictures = {f"seen\nln p = {posterior.log_evidence[0]:z.0f}": codec.inverse_transform(seen)[0]}
    for n, beliefs in enumerate(posterior.states):
        expected = predict_outcomes(model, beliefs, level=n, factor=None)
        uncertain = sum(entr(q).sum() for q in beliefs)
        name = f"level {n + 1}" if n + 1 < model.n_levels else "classes"
        pictures[f"{name}\n{uncertain:.1f} nats"] = codec.inverse_transform(expected)[0]
    return plot_belief_levels(pictures, posterior.states[-1][0][0], covered)


def explore_film(frames: np.ndarray, captions: Sequence[str]) -> Screen:
    """Play a film or step through it; each frame has its caption, such as the states that explain it.

    Parameters
    ----------
    frames : (n, H, W) or (n, H, W, 3), 0 to 255.
    captions : n of them.
    """
    return Screen(lambda frame, _: (as_picture(frames[frame]), captions[frame]), len(frames))


COURT = 336  # pixels: the longer side of a court


def explore_pong(agent: Agent, game: Pong, *, n_frames: int = 400, seed: int = 0) -> Screen:
    """Play Pong yourself or let the agent play, and see what it believes and plans at every frame.

    Each new frame follows from the player chosen at that moment: the agent, or a move of yours. The agent
    looks on when you play, and learns from what it sees; going back shows again what happened.

    Parameters
    ----------
    agent : Agent
        It must have learned; a copy of it plays.
    game : Pong
        With streams, as the agent learned it.
    n_frames : int
        Length of the game.
    seed : int
        Of the game.
    """
    player, rng = copy.deepcopy(agent), np.random.default_rng(seed)
    player.reset()
    now = flatten_observation(game.reset(seed=seed)[0])
    action, views = player.act(now), []
    views.append(_view(player, now, game.size, rng))

    def advance(mover: str) -> None:
        nonlocal action
        if mover != "agent":
            action = ("left", "stay", "right").index(mover)
            player.history[-1] = replace(player.history[-1], action=action)  # what really was done
        observed = flatten_observation(game.step(action)[0])
        action = player.act(observed)
        views.append(_view(player, observed, game.size, rng))

    def draw(frame: int, mover: str) -> tuple[np.ndarray, str]:
        while len(views) <= frame:
            advance(mover)
        board, plan, thought = views[frame]
        return draw_court(board, plan), thought

    return Screen(draw, n_frames, ("agent", "left", "stay", "right"))


def draw_court(board: np.ndarray, plan: np.ndarray) -> np.ndarray:
    """Picture of a board of Pong, and on it what is planned: later balls and bats are fainter.

    Parameters
    ----------
    board : (rows, columns) int: 0 the ball, 2 the middle of the bat.
    plan : (n, rows, columns) int
        Boards to come, the next one first.

    Returns
    -------
    (rows * cell, columns * cell, 3) uint8
    """
    cell = max(8, COURT // max(board.shape))
    paper, field = np.array(rendering.FIELD), rendering.empty_field(board.shape[0], board.shape[1], cell)
    colours = np.tile(paper, (*board.shape, 1))
    for k in reversed(range(len(plan))):  # what comes sooner hides what comes later
        share = 0.6 * (1 - k / len(plan))
        for outcome, colour in ((2, rendering.BAT), (0, rendering.BALL)):
            colours[plan[k] == outcome] = share * np.asarray(colour) + (1 - share) * paper
    planned = ((plan == 0) | (plan == 2)).any(axis=0)
    picture = rendering.draw_dots(field, planned, colours, 0.16, cell)
    for place in np.argwhere(board == 2) + 0.5:
        picture = rendering.draw_bar(picture, tuple(place), (0.5, 2.4), rendering.BAT, cell)
    for place in np.argwhere(board == 0) + 0.5:
        picture = rendering.draw_disc(picture, tuple(place), 0.42, rendering.BALL, cell)
    return rendering.to_rgb(picture)


def _view(player: Agent, now: np.ndarray, size: tuple[int, int], rng) -> tuple[np.ndarray, np.ndarray, str]:
    """Board, planned boards up to the goal, and the agent's thoughts in words."""
    thought, n = player.history[-1], size[0] * size[1]
    n_steps = max(thought.steps, 0) + 1
    plan = imagine(player, n_steps, state=(thought.state, thought.place), rng=rng).outcomes[1:]
    known = "known" if thought.known else "new"
    goal = f"a hit in {thought.steps} frames" if thought.steps >= 0 else "no way to a hit: exploring"
    return (
        now[:n].reshape(size),
        plan[:, :n].reshape(-1, *size),
        f"{known} situation; {goal}",
    )
