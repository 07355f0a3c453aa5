"""One run of reproduce.py, from the arguments to the exit code."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

import rgm_core
from rgm_core.model.extras import missing
from rgm_core.notebook.claims import Claims, load_claims
from rgm_core.notebook.display import format_table
from rgm_core.reproduction import UsageError
from rgm_core.reproduction.cluster import Cluster
from rgm_core.reproduction.fingerprint import Inputs, job_key, read_inputs
from rgm_core.reproduction.manifest import Job, Notebook, find_notebooks, make_job, select
from rgm_core.reproduction.progress import elapsed, new_progress
from rgm_core.reproduction.records import (
    failed_path,
    forget_all_but,
    is_complete,
    load_record,
)
from rgm_core.reproduction.report import Entry, Row, claims_table, make_rows, write_claims
from rgm_core.reproduction.report import write_report as write_page
from rgm_core.reproduction.runner import Outcome, Runner, Setting
from rgm_core.reproduction.storage import opened

ROOT = Path(rgm_core.__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is there to run, and where results go."""

    notebooks: tuple[Notebook, ...]
    claims: Claims
    inputs: Inputs
    out: Path
    left_out: dict[str, str]  # notebooks that need an extra, and what to do for them

    def choose(self, wanted: Sequence[str]) -> tuple[Notebook, ...]:
        """Notebooks that are asked for; UsageError for one that is left out."""
        asked = [word for word in wanted for name in self.left_out if word in (name, name[:2], name[3:])]
        if asked:
            needs = "; ".join(f"{name} {what}" for name, what in self.left_out.items())
            raise UsageError(f"{', '.join(asked)} cannot be run: {needs}")
        return select(self.notebooks, wanted, self.claims)

    def is_current(self, job: Job) -> bool:
        """Tell whether the output folder holds the results of this very job."""
        record = load_record(self.out, job.name)
        return (
            record is not None
            and record.key == job_key(job, self.claims, self.inputs)
            and is_complete(self.out, record)
        )

    def state(self, notebook: Notebook) -> str:
        """Say what the output folder holds of a notebook."""
        if failed_path(self.out, notebook.name).exists():
            return "failed"
        if load_record(self.out, notebook.name) is None:
            return "not run"
        try:
            full, quick = (make_job(notebook, self.claims, quick=quick) for quick in (False, True))
        except UsageError:  # a notebook that was not asked for and cannot be run now
            return "out of date"
        if self.is_current(full):
            return "up to date"
        return "not run at the paper's sizes" if self.is_current(quick) else "out of date"


def open_session(*, notebooks: Path, claims: Path, out: Path) -> Session:
    """Read what there is to run.

    Raises
    ------
    UsageError
        If a notebook or the claims file cannot be read.
    """
    try:
        loaded = load_claims(claims)
    except ValueError as error:
        raise UsageError(str(error)) from None
    found = find_notebooks(notebooks)
    needed = {notebook.name: missing(loaded.sizes(notebook.name).extra) for notebook in found}
    left_out = {name: what for name, what in needed.items() if what}
    if len(left_out) == len(found):
        raise UsageError("; ".join(f"{name} {what}" for name, what in left_out.items()))
    kept = {name: claim for name, claim in loaded.claims.items() if claim.notebook not in left_out}
    return Session(
        notebooks=tuple(notebook for notebook in found if notebook.name not in left_out),
        claims=replace(loaded, claims=kept),
        inputs=read_inputs(ROOT),
        out=out,
        left_out=left_out,
    )


def list_notebooks(session: Session, wanted: Sequence[str]) -> str:
    """List notebooks: what they reproduce, how long they take, what is there of them."""
    rows = [("notebook", "figure", "claims", "about", "results")]
    for notebook in session.choose(wanted):
        claims = session.claims.of(notebook.name).values()
        figures = dict.fromkeys(claim.figure for claim in claims)
        seconds = session.claims.sizes(notebook.name).seconds
        about = "–" if seconds is None else elapsed(seconds)
        cells = (", ".join(figures) or "–", str(len(claims)), about, session.state(notebook))
        rows.append((notebook.name, *cells))
    return "\n".join([format_table(rows), *_what_is_left_out(session, wanted)])


def _what_is_left_out(session: Session, wanted: Sequence[str]) -> list[str]:
    """A sentence for each notebook that an extra is missing for, if all are asked for."""
    return [] if wanted else [f"{name}: left out, {what}" for name, what in session.left_out.items()]


def reproduce(
    session: Session,
    wanted: Sequence[str],
    *,
    quick: bool,
    fresh: bool,
    workers: int,
    minutes: float,
    console: Console,
    client=None,
) -> int:
    """Run what is asked for and not up to date, report on all, and return the exit code.

    Raises
    ------
    UsageError
        If a name or a parameter is unknown, or the output folder cannot be written to.
    KeyboardInterrupt
        After Ctrl-C, once every process has ended.
    """
    chosen = session.choose(wanted)
    jobs = [make_job(notebook, session.claims, quick=quick) for notebook in chosen]

    def say_waiting() -> None:
        console.print(f"another run is using {session.out}; waiting for it to end", markup=False)

    with opened(session.out, notebooks=session.notebooks[0].path.parent, waiting=say_waiting):
        forget_all_but(session.out, {notebook.name for notebook in session.notebooks} | {*session.left_out})
        due = [job for job in jobs if fresh or not _is_done(session, job)]
        for line in _what_is_left_out(session, wanted):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        for job in jobs:
            if job not in due:
                console.print(f"{job.name}: up to date", highlight=False)
        outcomes = _run(session, due, workers=workers, minutes=minutes, console=console, client=client)
        rows = _report(session, outcomes)
    names = {notebook.name for notebook in chosen}
    mine = [row for row in rows if not wanted or row.claim.notebook in names]
    failed = [outcome.name for outcome in outcomes if outcome.error is not None]
    _conclude(session, console, mine, failed, n_run=len(due), n_chosen=len(chosen), quick=quick)
    return 1 if failed or not (quick or all(row.holds for row in mine)) else 0


def _is_done(session: Session, job: Job) -> bool:
    """Tell whether there is nothing to run; full-size results also serve for a first look."""
    full = make_job(job.notebook, session.claims) if job.quick else job
    failed = failed_path(session.out, job.name).exists()
    return not failed and (session.is_current(job) or session.is_current(full))


def _run(
    session: Session, due: Sequence[Job], *, workers: int, minutes: float, console: Console, client
) -> list[Outcome]:
    """Run what is due: here, or all at once on a Dask client's workers."""
    setting = Setting(
        out=session.out,
        root=ROOT,
        claims=session.claims,
        inputs=session.inputs,
        seconds=60 * minutes,
        cluster=None if client is None else Cluster(client),
    )
    estimates = {job.name: None if job.quick else session.claims.sizes(job.name).seconds for job in due}
    with new_progress(estimates, console) as progress:
        return Runner(setting, progress).run(due, workers=workers if client is None else len(due) or 1)


def _report(session: Session, outcomes: Sequence[Outcome]) -> list[Row]:
    """Write claims.json and report.html over everything that the output folder holds."""
    errors = {outcome.name: outcome.error for outcome in outcomes}
    entries = []
    for notebook in session.notebooks:
        error = errors.get(notebook.name)
        state = "failed" if error is not None else session.state(notebook)
        record = load_record(session.out, notebook.name)
        entries.append(Entry(notebook=notebook, state=state, record=record, error=error))
    rows = make_rows(session.claims, entries)
    write_claims(session.out, rows)
    write_page(session.out, rows, entries)
    return rows


def _conclude(
    session: Session,
    console: Console,
    rows: Sequence[Row],
    failed: Sequence[str],
    *,
    n_run: int,
    n_chosen: int,
    quick: bool,
) -> None:
    """Print the table of claims and what came of the run."""
    if rows:
        console.print()
        for line in claims_table(rows).splitlines():
            colour = "red" if "  FAIL  " in line else "green" if "  pass  " in line else ""
            console.print(Text(line, style=colour), soft_wrap=True)
    counts = f"{n_run - len(failed)} ran, {n_chosen - n_run} up to date, {len(failed)} failed"
    console.print(f"\nNotebooks: {counts}.", highlight=False)
    for name in failed:
        console.print(
            f"  failed: {name} ({failed_path(session.out, name)})", highlight=False, soft_wrap=True
        )
    if quick:
        console.print("Quick sizes: their claims are shown, not judged.", highlight=False)
    else:
        holding = sum(row.holds for row in rows)
        console.print(f"Claims: {holding} of {len(rows)} hold.", highlight=False)
    console.print(f"Report: {session.out / 'report.html'}", highlight=False, soft_wrap=True)
