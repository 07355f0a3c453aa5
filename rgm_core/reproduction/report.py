"""Report on an output folder: the claims as a table and as JSON, the figures as a page."""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from rgm_core.model.files import write_text
from rgm_core.notebook.claims import Claim, Claims, Status
from rgm_core.notebook.display import format_number, format_table, with_unit
from rgm_core.reproduction.manifest import Notebook
from rgm_core.reproduction.progress import elapsed
from rgm_core.reproduction.records import Record

_HOLDS = (Status.REPRODUCED, Status.WITHIN_TOLERANCE, Status.HOLDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One notebook in the report."""

    notebook: Notebook
    state: str  # see `Session.state`
    record: Record | None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One claim in the report."""

    claim: Claim
    value: float | None
    null: float | None  # what a meaningless model obtained in the same test
    status: Status
    state: str

    @property
    def holds(self) -> bool:
        """Whether the claim was judged and its bar holds."""
        return self.status in _HOLDS

    @property
    def verdict(self) -> str:
        """``pass``, ``FAIL``, or ``–`` where the sizes are not those of the claims."""
        return "pass" if self.holds else "–" if self.status == Status.NOT_JUDGED else "FAIL"

    @property
    def ours(self) -> str:
        """Our value as text."""
        return with_unit(self.value, self.claim.unit)

    @property
    def nothing(self) -> str:
        """The null's value as text."""
        return with_unit(self.null, self.claim.unit)


def make_rows(claims: Claims, entries: Iterable[Entry]) -> list[Row]:
    """Judge every claim by what the records of the notebooks hold."""
    by_name = {entry.notebook.name: entry for entry in entries}
    return [_row(claim, by_name.get(claim.notebook)) for claim in claims.claims.values()]


def claims_table(rows: Sequence[Row]) -> str:
    """Write claims as an aligned table."""
    header = ("claim", "reported", "bar", "ours", "null", "verdict", "status")
    body = [
        (r.claim.name, r.claim.reported_text, r.claim.bar, r.ours, r.nothing, r.verdict, r.status)
        for r in rows
    ]
    return format_table([header, *body])


def write_claims(out: Path, rows: Iterable[Row]) -> None:
    """Write ``claims.json``: numbers in full, no times, so that equal runs give equal files."""
    content = {
        row.claim.name: {
            "notebook": row.claim.notebook,
            "figure": row.claim.figure,
            "text": row.claim.text,
            "unit": row.claim.unit,
            "source": row.claim.source,
            "reported": row.claim.reported,
            "bar": row.claim.bar,
            "value": row.value,
            "null": row.null,
            "null_model": row.claim.null,
            "status": row.status,
            "notebook_state": row.state,
            "why": row.claim.why,
        }
        for row in rows
    }
    write_text(out / "claims.json", json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_report(out: Path, rows: Sequence[Row], entries: Sequence[Entry]) -> None:
    """Write ``report.html``, a page that stands by itself: pictures inside, media beside it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"elapsed": elapsed, "number": format_number}
    sections = [_section(out, entry, rows) for entry in entries]
    moving_first = sorted(sections, key=lambda s: (not s["film"], not s["sound"]))  # stable: else as read
    counts = {status: sum(row.status == status for row in rows) for status in Status}
    page = environment.get_template("report.html.j2").render(
        rows=rows,
        failed=[s for s in sections if s["entry"].state == "failed"],
        shown=[s for s in moving_first if s["record"]],
        missing=[s for s in sections if not s["record"] and s["entry"].state != "failed"],
        counts={s: n for s, n in counts.items() if n},
    )
    write_text(out / "report.html", page)


def _row(claim: Claim, entry: Entry | None) -> Row:
    state = entry.state if entry else "not run"
    record = entry.record if entry and entry.state != "failed" else None
    value = record.claims.get(claim.name) if record else None
    null = record.nulls.get(claim.name) if record else None
    status = claim.judge(value, null)
    if record and (record.quick or not record.judged):  # some claims are made at full size only
        status = Status.NOT_JUDGED
    return Row(claim=claim, value=value, null=null, status=status, state=state)


def _section(out: Path, entry: Entry, rows: Iterable[Row]) -> dict:
    """Gather what the page shows of one notebook."""
    files = entry.record.files if entry.record else {}
    media = [path for path in files if path.startswith("media/")]
    figures = [
        {"name": name, "alt": figure.alt, "sha256": figure.sha256, "picture": _data_address(picture)}
        for name, figure in (entry.record.figures if entry.record else {}).items()
        if f"figures/{name}.png" in files and (picture := out / f"figures/{name}.png").is_file()
    ]
    executed = f"notebooks/{entry.notebook.name}.ipynb"
    culprit = re.search(r"^-+> \d+ (.*)$", entry.error or "", re.MULTILINE)  # IPython's arrow, at the cell
    return {
        "entry": entry,
        "record": entry.record,
        "rows": [row for row in rows if row.claim.notebook == entry.notebook.name],
        "figures": figures,
        "media": media,
        "film": next((path for path in media if path.endswith((".mp4", ".gif"))), None),
        "sound": next((path for path in media if path.endswith(".wav")), None),
        "executed": executed if executed in files else None,
        "culprit": culprit[1].strip() if culprit else None,
        "message": next(reversed((entry.error or "").strip().splitlines()), None),
    }


def _data_address(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
