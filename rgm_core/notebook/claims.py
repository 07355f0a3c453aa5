"""Claims as data: what the paper reports, the bar that we set, and what a notebook obtained.

``claims.toml`` at the top of the repository lists them; its header documents the format. The last
cell of a notebook calls `record`, which prints claimed against obtained.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from rgm_core.notebook.display import (
    display_with_record,
    format_number,
    format_table,
    in_kernel,
    with_unit,
)

CLAIMS_VARIABLE = "RGM_CLAIMS"  #: environment: another claims file (reproduce.py --claims)
QUICK_VARIABLE = "RGM_QUICK"  #: environment: set when sizes are reduced (reproduce.py --quick)

_TEXTS = ("notebook", "figure", "text", "unit", "why")
_NUMBERS = ("min", "max", "equals", "tolerance", "within")


class Status(StrEnum):
    """What became of a claim."""

    REPRODUCED = "reproduced"
    WITHIN_TOLERANCE = "within tolerance"
    DIFFERS = "differs"
    NOT_ATTEMPTED = "not attempted"
    NOT_JUDGED = "not judged"  # obtained at other sizes than the paper's


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One number of the paper, or of ours, with the bar it has to meet."""

    name: str
    notebook: str
    figure: str
    text: str
    unit: str
    paper: float | str  # as printed; "not reported" where the paper gives none
    why: str
    min: float | None = None
    max: float | None = None
    equals: float | None = None
    tolerance: float = 0.0
    within: float = 0.0

    @property
    def bar(self) -> str:
        """The bar in words, such as ``≥ 94`` or ``= 16 ± 2``."""
        parts = []
        if self.min is not None:
            parts.append(f"≥ {format_number(self.min)}")
        if self.max is not None:
            parts.append(f"≤ {format_number(self.max)}")
        if self.equals is not None:
            margin = f" ± {format_number(self.tolerance)}" if self.tolerance else ""
            parts.append(f"= {format_number(self.equals)}{margin}")
        return ", ".join(parts)

    def holds(self, value: float) -> bool:
        """Tell whether a value meets the bar."""
        return (
            (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
            and (self.equals is None or _near(value, self.equals, self.tolerance))
        )

    def judge(self, value: float | None) -> Status:
        """Judge a value by the bar and by its distance to the paper's.

        Returns
        -------
        Status
            *differs* if the bar does not hold; *reproduced* if it holds and the paper prints no
            number or ours is ``within`` of it; *within tolerance* if the bar holds, farther from
            the paper's number; *not attempted* without a value.
        """
        if value is None:
            return Status.NOT_ATTEMPTED
        if not self.holds(value):
            return Status.DIFFERS
        if isinstance(self.paper, str) or _near(value, self.paper, self.within):
            return Status.REPRODUCED
        return Status.WITHIN_TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Parameters of one notebook at the paper's size and for a first look."""

    paper: Mapping[str, object] = field(default_factory=dict)
    quick: Mapping[str, object] = field(default_factory=dict)
    seconds: float | None = None  # about, at the paper's size


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Everything in a claims file."""

    path: Path
    claims: Mapping[str, Claim]
    notebooks: Mapping[str, Sizes]

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
        path = os.environ.get(CLAIMS_VARIABLE) or Path(__file__).parents[2] / "claims.toml"
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as a claims file: {error}") from None
    _check_keys(path.name, content, {"notebooks", "claims"})
    tables = {part: _table(f"{path.name}: {part}", content.get(part, {})) for part in content}
    claims = {
        name: _claim(f'{path.name}: claims."{name}"', name, entry)
        for name, entry in tables.get("claims", {}).items()
    }
    notebooks = {
        name: _sizes(f"{path.name}: notebooks.{name}", entry)
        for name, entry in tables.get("notebooks", {}).items()
    }
    return Claims(path=path, claims=claims, notebooks=notebooks)


def record(
    notebook: str,
    values: Mapping[str, float | None],
    *,
    judged: bool = True,
    claims: str | os.PathLike | None = None,
) -> None:
    """Record what a notebook obtained and print it beside what was claimed.

    Parameters
    ----------
    notebook : its name without suffix, such as ``05_mnist_active_learning``.
    values : number of each claim of the notebook by name; None where it was not attempted.
    judged : False if this run's sizes are not those of the claims: they are shown, not judged.
    claims : claims file; None takes the repository's own.

    Raises
    ------
    ValueError
        If a name is unknown or missing, or a value is not a finite number.
    """
    known = load_claims(claims).of(notebook)
    obtained = _check_values(notebook, values, known)
    judged = judged and not os.environ.get(QUICK_VARIABLE)
    rows = [("claim", "paper", "bar", "ours", "status")]
    for name, claim in known.items():
        status = claim.judge(obtained[name]) if judged else Status.NOT_JUDGED
        paper, ours = (with_unit(value, claim.unit) for value in (claim.paper, obtained[name]))
        rows.append((name, paper, claim.bar, ours, status))
    table = format_table(rows) if known else f"{notebook} makes no claims"
    if in_kernel():
        display_with_record({"text/plain": table}, {"claims": obtained, "judged": judged})
    else:
        print(table)


def _near(value: float, target: float, distance: float) -> bool:
    """Compare with a margin for the rounding of decimal bars: 94.5 is 0.7 from 93.8."""
    return abs(value - target) <= distance + 1e-9 * max(1.0, abs(target))


def _check_values(
    notebook: str, values: Mapping[str, float | None], known: Mapping[str, Claim]
) -> dict[str, float | None]:
    """Return the values as plain floats in the order of the claims file."""
    unknown, missing = sorted(set(values) - set(known)), sorted(set(known) - set(values))
    if unknown or missing:
        raise ValueError(
            f"values: found {', '.join(map(repr, unknown)) or 'nothing'} unknown and "
            f"{', '.join(map(repr, missing)) or 'nothing'} missing; expected the claims of "
            f"{notebook}: {', '.join(known) or 'none'}"
        )
    return {name: _finite(f"values[{name!r}]", values[name], optional=True) for name in known}


def _finite(where: str, value: object, *, optional: bool = False) -> float | None:
    if value is None and optional:
        return None
    try:
        number = float(value) if not isinstance(value, str | bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{where}: found {value!r}; expected a finite number")
    return number


def _table(where: str, entry: object) -> dict:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: found {entry!r}; expected a table")
    return entry


def _check_keys(where: str, entry: dict, known: set[str]) -> None:
    if unknown := sorted(set(entry) - known):
        raise ValueError(
            f"{where}: found {', '.join(map(repr, unknown))}; expected only "
            f"{', '.join(sorted(known))}"
        )


def _claim(where: str, name: str, entry: object) -> Claim:
    """Check one claim's table."""
    entry = _table(where, entry)
    _check_keys(where, entry, {*_TEXTS, *_NUMBERS, "paper"})
    if missing := [key for key in (*_TEXTS, "paper") if key not in entry]:
        raise ValueError(f"{where}: {', '.join(missing)} missing; expected in every claim")
    for key in _TEXTS:
        if not isinstance(entry[key], str) or not (entry[key].strip() or key == "unit"):
            raise ValueError(f"{where}: found {key} = {entry[key]!r}; expected a text")
    numbers = {key: _finite(f"{where}: {key}", entry[key]) for key in _NUMBERS if key in entry}
    if not {"min", "max", "equals"} & set(numbers):
        raise ValueError(f"{where}: found no bar; expected min, max or equals")
    if numbers.get("min", -math.inf) > numbers.get("max", math.inf):
        raise ValueError(f"{where}: found min > max; expected min ≤ max")
    if "tolerance" in numbers and "equals" not in numbers:
        raise ValueError(f"{where}: found tolerance without equals; expected both")
    if any(numbers.get(key, 0) < 0 for key in ("tolerance", "within")):
        raise ValueError(f"{where}: found a negative tolerance or within; expected ≥ 0")
    paper = entry["paper"]
    if not isinstance(paper, str):
        paper = _finite(f"{where}: paper", paper)
    elif not paper.strip() or "within" in numbers:
        raise ValueError(
            f'{where}: found paper = {paper!r}; expected a number, or a text such as "not '
            'reported" without within'
        )
    texts = {key: entry[key] for key in _TEXTS}
    return Claim(name=name, paper=paper, **texts, **numbers)


def _sizes(where: str, entry: object) -> Sizes:
    """Check one notebook's table."""
    entry = _table(where, entry)
    _check_keys(where, entry, {"paper", "quick", "seconds"})
    for key in ("paper", "quick"):
        parameters = _table(f"{where}: {key}", entry.get(key, {}))
        if "out" in parameters:
            raise ValueError(f"{where}: {key} sets out; expected it left to reproduce.py --out")
    seconds = _finite(f"{where}: seconds", entry.get("seconds"), optional=True)
    return Sizes(paper=entry.get("paper", {}), quick=entry.get("quick", {}), seconds=seconds)
