"""Regenerate the article's figures and numbers from the notebooks."""

import argparse
import os
import sys
from pathlib import Path

from rgm_core.notebook.student import write_student_version
from rgm_core.reproduction import UsageError
from rgm_core.reproduction.cluster import connected
from rgm_core.reproduction.new import start_notebook
from rgm_core.reproduction.session import ROOT, list_notebooks, open_session, reproduce
from rgm_core.reproduction.terminal import accept_any_text

from rich.console import Console  # isort: skip - after rgm_core, which says how to install it

DESCRIPTION = """\
Run the notebooks at the paper's sizes and compare what they obtain with what the paper reports.
A notebook whose inputs (source, parameters, code, data, claims, versions) are unchanged since its
last run is not run again; a run that was stopped resumes where it was."""

EPILOG = """\
examples:
  uv run reproduce.py                   everything, at the paper's sizes
  uv run reproduce.py --list            what there is, and how long it takes
  uv run reproduce.py --quick           everything at reduced sizes, for a first look
  uv run reproduce.py 03 09_pong        some notebooks, by number or name
  uv run reproduce.py fig09             those that make claims on a figure of the article
  uv run reproduce.py --jobs 2          two notebooks at once; the numbers are the same
  uv run reproduce.py --dask ADDRESS    on the workers of a Dask cluster; the numbers are the same
  uv run reproduce.py --sweep seeds=0,1,2 states=64,128 images=400,1000
                                        accuracy on digits at each size, beside 1-NN
  uv run reproduce.py --student DIR     the notebooks without solutions, for a class
  uv run reproduce.py 05 --fresh        once more, though nothing has changed

output, below --out:
  report.html      figures, claims and how each was made: open it in a browser
  claims.json      for each claim the paper's value, the bar, ours, its status
  figures/ media/  what the notebooks drew, filmed and played
  notebooks/       the executed notebooks (NAME.failed.ipynb: one that stopped on an error)
  records/         commit, parameters, seed, versions, hashes and seconds of each notebook

exit code: 0 if every notebook ran and every claim holds (with --quick: if every notebook ran),
1 if not, 2 if the arguments or the set-up are wrong, 130 after Ctrl-C."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; a mistake ends the program with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="reproduce.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("wanted", nargs="*", metavar="NOTEBOOK", help="number, name or figure; none means all")
    add("--new", metavar="NAME", help="start a notebook, such as 12_weather, with a claim and links to it")
    add("--list", action="store_true", help="list the notebooks and what is there of them")
    add("--quick", action="store_true", help="reduced sizes; claims are shown, not judged")
    add("--jobs", type=positive, default=1, metavar="N", help="notebooks at once (default 1)")
    add("--dask", metavar="ADDRESS", help="of a scheduler: run there, with the extra `cluster`")
    add("--sweep", nargs="+", metavar="NAME=N,N", help="learn digits at all these sizes, and stop")
    add("--timeout", type=minutes, default=120.0, metavar="MIN", help="for each notebook (default 120)")
    add("--out", type=Path, default=Path("results"), help="folder for results (default results)")
    add("--fresh", action="store_true", help="run also what is up to date")
    add("--student", type=Path, metavar="DIR", help="write the notebooks without solutions, and stop")
    add("--notebooks", type=Path, default=ROOT / "notebooks", metavar="DIR", help="their folder")
    add("--claims", type=Path, default=ROOT / "claims.toml", metavar="FILE", help="claims file")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Read a number of jobs."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number of at least 1")
    return int(text)


def minutes(text: str) -> float:
    """Read a time limit."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 1e5:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a number of minutes above 0")
    return found


def write_for_students(notebooks: Path, folder: Path) -> int:
    """Write the notebooks without their solutions."""
    try:
        written = write_student_version(notebooks, folder)
    except ValueError as error:
        raise UsageError(str(error)) from None
    print(f"{len(written)} notebooks without solutions in {folder}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code."""
    accept_any_text(sys.stdout, sys.stderr)
    options = parse(arguments)
    console = Console()
    try:
        if options.new:
            print(*(path.relative_to(ROOT) for path in start_notebook(options.new, ROOT)), sep="\n")
            return 0
        if options.student:
            return write_for_students(options.notebooks, options.student)
        session = open_session(notebooks=options.notebooks, claims=options.claims, out=options.out)
        if options.list:
            print(list_notebooks(session, options.wanted))
            return 0
        with connected(options.dask) as client:
            if options.sweep:
                from rgm_core.reproduction.sweep import sweep  # learners: they take seconds to import

                return sweep(session, options.sweep, workers=options.jobs, client=client, console=console)
            return reproduce(
                session,
                options.wanted,
                quick=options.quick,
                fresh=options.fresh,
                workers=options.jobs,
                minutes=options.timeout,
                console=console,
                client=client,
            )
    except UsageError as error:
        print(f"reproduce.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # of the output folder: a notebook's own errors are told with it
        place = error.filename or ("output" if isinstance(error, BrokenPipeError) else options.out)
        print(f"reproduce.py: {place}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept; the next run resumes.", file=sys.stderr)
        return 130


def hand_over(code: int) -> int:
    """Send off what was printed, and return the exit code: 1 if nobody takes it, as behind ``| head``."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python would try again
        return code or 1
    return code


if __name__ == "__main__":
    sys.exit(hand_over(main()))
