"""Record what a notebook obtained, and print it beside what was claimed and what nothing obtains."""

import math
import os
from collections.abc import Mapping
from typing import Any

from rgm_core.notebook.claims import Claim, Status, load_claims
from rgm_core.notebook.display import (
    display_with_record,
    format_table,
    in_kernel,
    notebook_variables,
    with_unit,
)

QUICK_VARIABLE = "RGM_QUICK"  #: environment: set when sizes are reduced (reproduce.py --quick)


def record(
    notebook: str,
    values: Mapping[str, float | None],
    *,
    nulls: Mapping[str, float | None],
    parameters: Mapping[str, object] | None = None,
    claims: str | os.PathLike | None = None,
) -> None:
    """Record what a notebook obtained and print it beside what was claimed and what nothing gets.

    The values are judged if the parameters are those that ``claims.toml`` names for the notebook.

    Parameters
    ----------
    notebook : its name without suffix, such as ``05_mnist_active_learning``.
    values : number of each claim of the notebook by name; None where it was not attempted.
    nulls : what a meaningless model obtained in place of each; None where it was not attempted.
    parameters : the run's parameters by name; None takes the variables of the running notebook.
    claims : claims file; None takes the repository's own.

    Raises
    ------
    ValueError
        If a name is unknown or missing, or a value is not a finite number.
    """
    file = load_claims(claims)
    known = file.of(notebook)
    obtained = _check_values("values", notebook, values, known)
    nulls = _check_values("nulls", notebook, nulls, known)
    parameters = notebook_variables() if parameters is None else parameters
    judged = file.sizes(notebook).are_of_claims(parameters) and not os.environ.get(QUICK_VARIABLE)
    table = _table(known, obtained, nulls, judged) if known else f"{notebook} makes no claims"
    if in_kernel():
        shown = {"claims": obtained, "nulls": nulls, "judged": judged}
        display_with_record({"text/plain": table}, shown)
    else:
        print(table)


def _table(
    known: Mapping[str, Claim],
    obtained: Mapping[str, float | None],
    nulls: Mapping[str, float | None],
    judged: bool,
) -> str:
    rows = [("claim", "reported", "bar", "ours", "null", "status")]
    for name, claim in known.items():
        status = claim.judge(obtained[name], nulls[name]) if judged else Status.NOT_JUDGED
        ours, nothing = (with_unit(of[name], claim.unit) for of in (obtained, nulls))
        rows.append((name, claim.reported_text, claim.bar, ours, nothing, status))
    return format_table(rows)


def _check_values(
    which: str, notebook: str, values: Mapping[str, float | None], known
) -> dict[str, float | None]:
    """Return the values as plain floats in the order of the claims file."""
    unknown, missing = sorted(set(values) - set(known)), sorted(set(known) - set(values))
    if unknown or missing:
        raise ValueError(
            f"{which}: found {', '.join(map(repr, unknown)) or 'nothing'} unknown and "
            f"{', '.join(map(repr, missing)) or 'nothing'} missing; expected the claims of "
            f"{notebook}: {', '.join(known) or 'none'}"
        )
    return {name: _number(f"{which}[{name!r}]", values[name]) for name in known}


def _number(where: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        number = float(value) if not isinstance(value, str | bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{where}: found {value!r}; expected a finite number")
    return number
