"""What the control stream explains of the pixels, and what it leaves to be explained by events.

Where the agent's own part is, it knows from its control stream. Of every other modality it expects what is
most frequent, or most frequent at this place of its own part if that tells something about the modality.
What differs from the expected outcome is news: the leading stream, of which events are made. Where the own
part hides what is behind it there is never any, which rules events out at some places. A modality that
differs now and then, but tells and is told nothing a frame before or after, is noise and left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr

from rgm_core.agent.seen import as_frames
from rgm_core.model.checks import as_array, as_flag, as_sizes, as_whole
from rgm_core.structure.grouping import group_by_information, pairwise_information

RELEVANCE = 0.02  # share of a modality's entropy that another must tell about
AS_EXPECTED = 0  # news of a modality: this, or its outcome + 1
A_FEW = 10  # visits of a place that tell what is expected there
GROUP_SIZE = 9  # modalities together at most (the article's dx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Which modalities make events, in which groups, and what is expected of them.

    Parameters
    ----------
    pixels : (K,) int
        Modalities of the leading stream, noise left out.
    expected : (C, K) int
        Outcome expected of each, for each outcome of the control stream.
    groups : (K,) int
        Group of each, by mutual information.
    control : int
        Modality of the control stream.
    own : (C, K) bool
        Which of them show the own part, for each outcome of the control stream, and hide what is behind it.
    """

    pixels: np.ndarray
    expected: np.ndarray
    groups: np.ndarray
    control: int
    own: np.ndarray

    def news(self, outcomes: np.ndarray) -> np.ndarray:
        """News (T, K) int16 of frames (T, G): 0 as expected, else the outcome + 1."""
        outcomes = as_frames(outcomes)
        n_modalities = 1 + max(self.control, int(self.pixels.max(initial=0)))
        if outcomes.shape[1] < n_modalities:
            raise ValueError(
                f"outcomes must have {n_modalities} modalities or more; found shape {outcomes.shape}"
            )
        n_places = len(self.expected)
        if (place := outcomes[:, self.control].max()) >= n_places:
            raise ValueError(
                f"outcomes of the control stream must lie in 0 … {n_places - 1}; found {place}"
            )
        return self.compare(outcomes)

    def compare(self, frames: np.ndarray) -> np.ndarray:
        """The same of frames (T, G) that were checked, such as those of an agent that plays."""
        seen = frames[:, self.pixels]
        as_expected = seen == self.expected[frames[:, self.control]]
        return np.where(as_expected, AS_EXPECTED, seen + 1).astype(np.int16)

    def hides(self, news: np.ndarray) -> np.ndarray:
        """What the own part would show in place of the news (E, K) at each place, (E, C) int: -1 nothing.

        If it hides several news at once, the last outcome of those that it shows.
        """
        hiding = np.full((len(news), len(self.own)), -1)
        for k in np.flatnonzero(self.own.any(axis=0)):
            shown = np.where(self.own[:, k], self.expected[:, k], -1)
            hiding = np.maximum(hiding, np.where((news[:, k] != AS_EXPECTED)[:, None], shown, -1))
        return hiding

    def outcomes(self, news: np.ndarray, control: int) -> np.ndarray:
        """The outcomes (K,) of news (K,) at a place of the control stream: the way back."""
        return np.where(news == AS_EXPECTED, self.expected[control], news - 1)


def separate(
    outcomes: np.ndarray, pixels: np.ndarray, control: int, n_outcomes: np.ndarray, *, explain: bool = True
) -> Separation:
    """Learn what is expected, what is noise and which modalities belong together.

    Parameters
    ----------
    outcomes : (T, G) int
        Successive frames.
    pixels : (K,) int
        Modalities of the leading stream.
    control : int
    n_outcomes : (G,) int
    explain : bool
        Whether the control stream may explain others. If not, the agent's own part is news wherever it
        is, and events are joint: the article's single factor on top.
    """
    outcomes, explain = as_frames(outcomes), as_flag(explain, "explain")
    n_modalities = outcomes.shape[1]
    n_outcomes = as_sizes(n_outcomes, n_modalities)
    if np.any(outcomes >= n_outcomes):
        raise ValueError(f"n_outcomes must lie above all outcomes; found {n_outcomes!s:.80}")
    control = as_whole(control, "control", 0, n_modalities - 1)
    pixels = as_array(pixels, "pixels", int, (None,), "modalities of the leading stream")
    if np.any((pixels < 0) | (pixels >= n_modalities)):
        raise ValueError(f"pixels must be modalities 0 … {n_modalities - 1}; found {pixels!s:.80}")
    seen, place = outcomes[:, pixels], outcomes[:, control]
    expected = _expected(seen, place, n_outcomes[control], n_outcomes[pixels].max(initial=1), explain)
    news = np.where(seen == expected[place], AS_EXPECTED, seen + 1).astype(np.int16)
    kept = ~_is_noise(news)
    groups = group_by_information(news[:, kept], GROUP_SIZE) if kept.any() else np.zeros(0, int)
    own = _own_part(news != AS_EXPECTED, place, expected)
    return Separation(
        pixels=pixels[kept], expected=expected[:, kept], groups=groups, control=control, own=own[:, kept]
    )


def enough_frames(places: np.ndarray, many: int) -> int:
    """How many of the frames to separate: ``many``, and on until each place (T,) was seen a few times.

    Where the own part seldom goes, it would not be known what is expected there. Places that are hardly
    ever seen are not waited for, and none for longer than ten times as many frames.
    """
    latest = many
    for place in np.unique(places):
        visits = np.flatnonzero(places == place)
        if len(visits) >= A_FEW:
            latest = max(latest, int(visits[A_FEW - 1]) + 1)
    return min(latest, 10 * many)


def _expected(
    seen: np.ndarray, place: np.ndarray, n_places: int, n_outcomes: int, explain: bool
) -> np.ndarray:
    """Outcome (C, K) expected at each place, of pixels (T, K) seen at places (T,)."""
    counts = np.zeros((n_places, seen.shape[1], n_outcomes))
    np.add.at(counts, (place[:, None], np.arange(seen.shape[1]), seen), 1.0)
    frequent = counts.sum(axis=0) / len(seen)
    expected = np.tile(frequent.argmax(axis=1), (n_places, 1))
    if explain and seen.shape[1]:
        told = pairwise_information(seen, place[:, None])[:, 0]
        informed = told > RELEVANCE * entr(frequent).sum(axis=1)
        by_place = (counts + frequent).argmax(axis=2)  # a place seldom seen expects what is frequent
        expected[:, informed] = by_place[:, informed]
    return expected


def _own_part(changed: np.ndarray, place: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Where the own part is, (C, K) bool, if less than half as much changes there as at other places.

    It is where a place makes something else expected than most places do. ``changed`` is (T, K) bool.
    """
    n_places = len(expected)
    usual = np.array([np.bincount(column).argmax() for column in expected.T], int)
    own = expected != usual
    visits = np.bincount(place, minlength=n_places)[:, None]
    changes = np.zeros(expected.shape)
    np.add.at(changes, place, changed)
    elsewhere = (changes * ~own).sum(axis=0) / np.maximum((visits * ~own).sum(axis=0), 1)
    foreseen = (visits * elsewhere)[own].sum()
    return own & (changes[own].sum() < foreseen / 2)


def _is_noise(news: np.ndarray) -> np.ndarray:
    """Modalities (K,) bool that change, and that nothing tells about a frame before or after."""
    if not news.size or len(news) < 2:
        return np.zeros(news.shape[1], bool)
    information = pairwise_information(news[:-1], news[1:])
    told = np.maximum(information.max(axis=1), information.max(axis=0))
    entropy = np.array([entr(np.bincount(column) / len(news)).sum() for column in news.T])
    return (entropy > 0) & (told <= RELEVANCE * entropy)
