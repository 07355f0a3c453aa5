"""What the control stream explains of the pixels, and what it leaves to be explained by events.

Where the agent's own part is, it knows from its control stream. Of every other modality it expects what is
most frequent, or most frequent at this place of its own part if that tells something about the modality.
What differs from the expected outcome is news: the leading stream, of which events are made. A modality
that differs now and then, but tells and is told nothing a frame before or after, is noise and left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr

from rgm_core.structure.grouping import group_by_information, pairwise_information

RELEVANCE = 0.02  # share of a modality's entropy that another must tell about
AS_EXPECTED = 0  # news of a modality: this, or its outcome + 1
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
    """

    pixels: np.ndarray
    expected: np.ndarray
    groups: np.ndarray
    control: int

    def news(self, outcomes: np.ndarray) -> np.ndarray:
        """News (T, K) int16 of frames (T, G): 0 as expected, else the outcome + 1."""
        seen = outcomes[:, self.pixels]
        as_expected = seen == self.expected[outcomes[:, self.control]]
        return np.where(as_expected, AS_EXPECTED, seen + 1).astype(np.int16)

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
    seen, place = outcomes[:, pixels], outcomes[:, control]
    counts = np.zeros((n_outcomes[control], len(pixels), n_outcomes[pixels].max(initial=1)))
    np.add.at(counts, (place[:, None], np.arange(len(pixels)), seen), 1.0)
    frequent = counts.sum(axis=0) / len(outcomes)
    expected = np.tile(frequent.argmax(axis=1), (len(counts), 1))
    if explain and len(pixels):
        told = pairwise_information(seen, outcomes[:, [control]])[:, 0]
        informed = told > RELEVANCE * entr(frequent).sum(axis=1)
        by_place = (counts + frequent).argmax(axis=2)  # a place seldom seen expects what is frequent
        expected[:, informed] = by_place[:, informed]
    everything = Separation(pixels=pixels, expected=expected, groups=np.zeros(0, int), control=control)
    news = everything.news(outcomes)
    kept = ~_is_noise(news)
    groups = group_by_information(news[:, kept], GROUP_SIZE) if kept.any() else np.zeros(0, int)
    return Separation(pixels=pixels[kept], expected=expected[:, kept], groups=groups, control=control)


def _is_noise(news: np.ndarray) -> np.ndarray:
    """Modalities (K,) bool that change, and that nothing tells about a frame before or after."""
    if not news.size or len(news) < 2:
        return np.zeros(news.shape[1], bool)
    information = pairwise_information(news[:-1], news[1:])
    told = np.maximum(information.max(axis=1), information.max(axis=0))
    entropy = np.array([entr(np.bincount(column) / len(news)).sum() for column in news.T])
    return (entropy > 0) & (told <= RELEVANCE * entropy)
