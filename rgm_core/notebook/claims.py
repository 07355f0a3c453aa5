"""Claims as data: what is reported, the bar that we set, what a notebook and what nothing obtained.

``claims.toml`` at the top of the repository lists them; its header documents the format.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from rgm_core.model.extras import EXTRA_OF
from rgm_core.notebook.display import format_number, with_unit

CLAIMS_VARIABLE = "RGM_CLAIMS"  #: environment: another claims file (reproduce.py --claims)

_OWN = Path(__file__).parents[2] / "claims.toml"
_PACKED = Path(__file__).with_name("claims.toml")  # where a wheel has it

Text = Annotated[str, msgspec.Meta(pattern=r"\S")]  #: not empty
Size = Annotated[float, msgspec.Meta(ge=0)]


class Status(StrEnum):
    """What became of a claim."""

    REPRODUCED = "reproduced"  # a number of the article or of its reference implementation
    WITHIN_TOLERANCE = "within tolerance"
    HOLDS = "holds"  # a claim of our own
    DIFFERS = "differs"
    NULL_PASSES = "null passes"  # a meaningless model meets the bar: the claim says nothing
    NOT_ATTEMPTED = "not attempted"
    NOT_JUDGED = "not judged"  # obtained at other sizes than those of the claims


class Source(StrEnum):
    """Who says it."""

    ARTICLE = "article"  # printed there
    REFERENCE = "reference"  # what the article's reference implementation gave when it was run
    OURS = "ours"  # nobody but us


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number, with the bar it has to meet and what a meaningless model gets in its place."""

    name: str
    notebook: Text
    figure: Text
    text: Text
    unit: str
    source: Source
    why: Text
    null: Text  # which meaningless model is put to the same test; the notebook measures it
    reported: float | Text | None = None  # as printed, or as the reference gave it
    within: Size = 0.0
    min: float | None = None
    max: float | None = None
    equals: float | None = None
    tolerance: Size = 0.0
    asked: float | None = None  # the harder bar that was asked for and missed

    def __post_init__(self):
        numbers = (value for value in msgspec.structs.astuple(self) if isinstance(value, float))
        if not all(map(math.isfinite, numbers)):
            raise ValueError("found a number that is not finite; expected finite ones only")
        if self.min is self.max is self.equals is None:
            raise ValueError("found no bar; expected min, max or equals")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("found min > max; expected min ≤ max")
        if self.tolerance and self.equals is None:
            raise ValueError("found tolerance without equals; expected both")
        if (self.reported is None) != (self.source == Source.OURS):
            raise ValueError(
                f"found source = {self.source!s} and reported = {self.reported!r}; expected reported "
                "for what the article or the reference says, and for nothing of ours"
            )
        if self.within and not isinstance(self.reported, float):
            raise ValueError("found within without a number in reported; expected both")

    @property
    def bar(self) -> str:
        """The bar in words, such as ``≥ 94`` or ``= 16 ± 2``, and the one asked for if it is another."""
        parts = []
        if self.min is not None:
            parts.append(f"≥ {format_number(self.min)}")
        if self.max is not None:
            parts.append(f"≤ {format_number(self.max)}")
        if self.equals is not None:
            margin = f" ± {format_number(self.tolerance)}" if self.tolerance else ""
            parts.append(f"= {format_number(self.equals)}{margin}")
        asked = f" (asked: {format_number(self.asked)})" if self.asked is not None else ""
        return ", ".join(parts) + asked

    @property
    def reported_text(self) -> str:
        """What is reported and by whom, such as ``94.5 % (reference)``; – for claims of our own."""
        if self.reported is None:
            return "–"
        return f"{with_unit(self.reported, self.unit)} ({self.source})"

    def holds(self, value: float) -> bool:
        """Tell whether a value meets the bar."""
        return (
            (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
            and (self.equals is None or _near(value, self.equals, self.tolerance))
        )

    def judge(self, value: float | None, null: float | None = None) -> Status:
        """Judge a value by the bar, by the null and by its distance to what is reported.

        Parameters
        ----------
        value : what was obtained; None if it was not attempted.
        null : what a meaningless model obtained in the same run; None if that was not attempted.

        Returns
        -------
        Status
            *not attempted* without a value; *null passes* if the null meets the bar; *differs* if
            the value does not. If it does: *holds* for a claim of our own; *reproduced* if what is
            reported is no number, or ours is ``within`` of it; else *within tolerance*.
        """
        if value is None:
            return Status.NOT_ATTEMPTED
        if null is not None and self.holds(null):
            return Status.NULL_PASSES
        if not self.holds(value):
            return Status.DIFFERS
        if self.source == Source.OURS:
            return Status.HOLDS
        if not isinstance(self.reported, float | int) or _near(value, self.reported, self.within):
            return Status.REPRODUCED
        return Status.WITHIN_TOLERANCE


class Sizes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of one notebook at the size of its claims and for a first look, and what it needs."""

    paper: dict[str, object] = {}
    quick: dict[str, object] = {}
    seconds: float | None = None  # about, at the paper's size
    extra: str | None = None  # of pyproject.toml, without which it is left out

    def __post_init__(self):
        for part in ("paper", "quick"):
            if "out" in getattr(self, part):
                raise ValueError(f"{part} sets out; expected it left to reproduce.py --out")
        if self.extra is not None and self.extra not in EXTRA_OF.values():
            known = ", ".join(sorted(set(EXTRA_OF.values())))
            raise ValueError(f"found the extra {self.extra!r}; expected one of {known}")

    def are_of_claims(self, parameters: Mapping[str, object]) -> bool:
        """Tell whether a run's parameters are the sizes that the claims are made for."""
        return all(name in parameters and parameters[name] == value for name, value in self.paper.items())


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """Everything in a claims file."""

    path: Path
    claims: dict[str, Claim]
    notebooks: dict[str, Sizes]

    def of(self, notebook: str) -> dict[str, Claim]:
        """Return the claims of one notebook by name, in the file's order."""
        return {name: claim for name, claim in self.claims.items() if claim.notebook == notebook}

    def sizes(self, notebook: str) -> Sizes:
        """Return the parameters of one notebook; empty ones if the file gives none."""
        return self.notebooks.get(notebook, Sizes())


def load_claims(path: str | os.PathLike | None = None) -> Claims:
    """Read and check a claims file.

    Parameters
    ----------
    path : the file; None takes the one the environment names, else the repository's own.

    Raises
    ------
    ValueError
        If the file is missing, is not TOML or breaks the format: says where and how.
    """
    if path is None:
        path = os.environ.get(CLAIMS_VARIABLE) or (_PACKED if _PACKED.is_file() else _OWN)
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as a claims file: {error}") from None
    parts = _convert(path.name, content, _File)
    claims = {
        name: _convert(f'{path.name}: claims."{name}"', {"name": name, **entry}, Claim)
        for name, entry in parts.claims.items()
    }
    notebooks = {
        name: _convert(f"{path.name}: notebooks.{name}", entry, Sizes)
        for name, entry in parts.notebooks.items()
    }
    return Claims(path=path, claims=claims, notebooks=notebooks)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    claims: dict[str, dict] = {}
    notebooks: dict[str, dict] = {}


def _convert(where: str, entry: dict, kind: type):
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {error}") from None


def _near(value: float, target: float, distance: float) -> bool:
    """Compare with a margin for the rounding of decimal bars: 94.5 is 0.7 from 93.8."""
    return abs(value - target) <= distance + 1e-9 * max(1.0, abs(target))
