"""Results of one notebook: read from its outputs, moved in all at once, and checked later.

``records/<name>.json`` is written last and lists every file with its hash: without a record whose
files all match, there is no result. Output folders are passed between people, so a record is checked
field by field when it is read; one that fails any check is no record, and its notebook runs again.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from rgm_core.model.files import write_text
from rgm_core.reproduction.fingerprint import Inputs, sha256_file
from rgm_core.reproduction.manifest import Job

FORMAT = 2  # of records; raise it when a field changes its meaning

_PRODUCED = ("figures", "media")  # what notebooks write; the executed notebook is written by us
_HUGE = 1e300  # beyond any number that a notebook claims; keeps infinity and NaN out, too
_NAME = re.compile(r"[^./\\:\0-\x1f][^/\\:\0-\x1f]*")  # of a file: plain, and not hidden

Name = Annotated[str, Meta(pattern=rf"\A{_NAME.pattern}\Z")]
Number = Annotated[float, Meta(gt=-_HUGE, lt=_HUGE)]


class Figure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure that a notebook showed."""

    alt: str  # what it shows, in a line
    sha256: str  # of the plotted arrays


class Outputs(Struct, frozen=True, kw_only=True):
    """What a notebook showed and recorded."""

    figures: dict[Name, Figure]
    claims: dict[str, Number | None]
    nulls: dict[str, Number | None]
    judged: bool


class Record(Outputs, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A result: what it is, from what, with what, in what time."""

    format: Literal[2]
    notebook: str
    key: str  # of all that the result depends on, see `job_key`
    quick: bool
    commit: str | None
    uncommitted_changes: bool | None
    parameters: dict[str, Any]
    seed: Any
    seconds: Annotated[float, Meta(ge=0, lt=_HUGE)]
    versions: dict[str, str]
    data: dict[str, str]
    files: dict[str, str]  # path below the output folder to SHA-256


def read_outputs(notebook: Mapping, known: Mapping[str, object]) -> Outputs:
    """Read figures and claims from the outputs of an executed notebook.

    Parameters
    ----------
    notebook : the parsed ``.ipynb``.
    known : claims of the notebook by name.

    Raises
    ------
    ValueError
        If two figures have the same name, or a claim is unknown or not a finite number.
    """
    figures, claims, nulls, judged = {}, {}, {}, True
    for shown in _shown(notebook):
        if "figure" in shown:
            name = shown["figure"]
            if name in figures:
                raise ValueError(f"figure {name!r} is shown twice; expected a name for each")
            figures[name] = {"alt": shown["alt"], "sha256": shown["sha256"]}
        if "claims" in shown:
            claims |= shown["claims"]
            nulls |= shown["nulls"]
            judged = judged and shown["judged"]
    if unknown := [name for name in (*claims, *nulls) if name not in known]:
        raise ValueError(f"claims must be some of {[*known]}; found {unknown[0]!r}")
    return msgspec.convert(
        {"figures": figures, "claims": claims, "nulls": nulls, "judged": judged}, Outputs
    )


def tidy(notebook_text: str, work: Path, shown_as: str) -> str:
    """Drop papermill's file paths from an executed notebook and name the folder as the user did."""
    text = notebook_text.replace(json.dumps(str(work))[1:-1], json.dumps(shown_as)[1:-1])
    notebook = json.loads(text)
    notebook["metadata"].pop("papermill", None)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def new_record(job: Job, key: str, inputs: Inputs, outputs: Outputs, seconds: float) -> Record:
    """Describe a result. The files come in `publish`."""
    return Record(
        format=FORMAT,
        notebook=job.name,
        key=key,
        quick=job.quick,
        commit=inputs.commit,
        uncommitted_changes=inputs.uncommitted_changes,
        parameters=job.parameters,
        seed=job.parameters.get("seed"),
        seconds=round(seconds, 1),
        versions=inputs.versions,
        data=inputs.data,
        files={},
        **msgspec.structs.asdict(outputs),
    )


def publish(out: Path, record: Record, produced: Path, notebook_text: str) -> Record:
    """Move a notebook's results into the output folder, each file at once, the record last.

    Parameters
    ----------
    out : the output folder.
    record : from `new_record`.
    produced : temporary folder with ``figures/`` and ``media/``, on the same file system.
    notebook_text : the executed notebook.

    Returns
    -------
    Record
        As written, with its files.

    Raises
    ------
    ValueError
        If another notebook owns a file of the same name.
    """
    name = record.notebook
    files = {path: sha256_file(produced / path) for path in _produced(produced)}
    if odd := [path for path in files if not _is_ours(out, path, name)]:
        raise ValueError(f"{odd[0]!r} is no plain file name; expected letters, digits, - and _")
    for other in load_records(out).values():
        if other.notebook != name and (shared := sorted(set(files) & set(other.files))):
            raise ValueError(f"{shared[0]} belongs to {other.notebook}; expected another name")
    for path in files:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(produced / path, out / path)
    executed = f"notebooks/{name}.ipynb"
    write_text(out / executed, notebook_text)
    files[executed] = sha256_file(out / executed)
    before = load_record(out, name)
    for stale in set(before.files if before else ()) - set(files):
        (out / stale).unlink(missing_ok=True)
    written = msgspec.structs.replace(record, files=files)
    text = msgspec.json.format(msgspec.json.encode(written, enc_hook=str), indent=2).decode()
    write_text(_record_path(out, name), text + "\n")
    failed_path(out, name).unlink(missing_ok=True)
    return written


def failed_path(out: Path, name: str) -> Path:
    """Where the executed part of a notebook that failed is kept."""
    return out / "notebooks" / f"{name}.failed.ipynb"


def load_record(out: Path, name: str) -> Record | None:
    """Read a notebook's record; None if there is none, or it is not one that `publish` writes."""
    try:
        record = msgspec.json.decode(_record_path(out, name).read_bytes(), type=Record)
    except (OSError, ValueError, RecursionError):
        return None
    ours = record.notebook == name and all(_is_ours(out, file, name) for file in record.files)
    return record if ours else None


def load_records(out: Path) -> dict[str, Record]:
    """Read all records of an output folder, by notebook."""
    names = sorted(path.stem for path in (out / "records").glob("[!.]*.json"))
    return {name: record for name in names if (record := load_record(out, name)) is not None}


def is_complete(out: Path, record: Record) -> bool:
    """Tell whether every file of a record is there, unchanged."""
    return all(
        (out / path).is_file() and sha256_file(out / path) == sha256
        for path, sha256 in record.files.items()
    )


def forget_all_but(out: Path, names: set[str]) -> None:
    """Remove the results of notebooks that no longer exist."""
    for name, record in load_records(out).items():
        if name not in names:
            for path in record.files:
                (out / path).unlink(missing_ok=True)
            _record_path(out, name).unlink(missing_ok=True)
    for path in (out / "notebooks").glob("[!.]*.failed.ipynb"):
        if path.name.removesuffix(".failed.ipynb") not in names:
            path.unlink(missing_ok=True)


def unwritten(record: Record) -> list[str]:
    """Figures that were shown without ``out=out``: in the notebook, but not among the files."""
    return [name for name in record.figures if f"figures/{name}.png" not in record.files]


def _is_ours(out: Path, path: str, name: str) -> bool:
    """Tell whether a path names a plain file that a notebook may have below the output folder."""
    folder, _, file = path.partition("/")
    if folder not in _PRODUCED and path != f"notebooks/{name}.ipynb":
        return False
    plain = _NAME.fullmatch(file) and (out / path).resolve() == out.resolve() / path
    return bool(plain) and not (out / path).is_dir()


def _record_path(out: Path, name: str) -> Path:
    return out / "records" / f"{name}.json"


def _shown(notebook: Mapping) -> Iterator[dict]:
    """Yield the records that `rgm_core.notebook.display` put beside the outputs."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if shown := output.get("metadata", {}).get("rgm"):
                yield shown


def _produced(folder: Path) -> list[str]:
    """List the files to keep, as paths below the folder."""
    return [
        f"{part}/{path.name}"
        for part in _PRODUCED
        for path in sorted((folder / part).glob("[!.]*"))
        if path.is_file()
    ]
