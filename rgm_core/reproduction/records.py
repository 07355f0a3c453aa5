"""Results of one notebook: read from its outputs, moved in all at once, and checked later.

``records/<name>.json`` is written last and lists every file with its hash: without a record whose
files all match, there is no result. Output folders are passed between people, so a record is checked
field by field when it is read; one that fails any check is no record, and its notebook runs again.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rgm_core.model.files import write_text
from rgm_core.reproduction.fingerprint import Inputs, sha256_file
from rgm_core.reproduction.manifest import Job

FORMAT = 2  # of records; raise it when a field changes its meaning

_PRODUCED = ("figures", "media")  # what notebooks write; the executed notebook is written by us
_HUGE = 1e300  # beyond any number that a notebook claims; keeps infinity and NaN out, too
_NAME = re.compile(r"[^./\\:\0-\x1f][^/\\:\0-\x1f]*")  # of a file: plain, and not hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What a notebook showed and recorded."""

    figures: dict[str, dict[str, str]]  # name to description and SHA-256 of the plotted arrays
    claims: dict[str, float | None]
    nulls: dict[str, float | None]
    judged: bool


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
    for name, value in (*claims.items(), *nulls.items()):
        if name not in known or not (value is None or _is_number(value)):
            raise ValueError(f"claim {name!r} = {value!r}; expected a number for one of {[*known]}")
    return Outputs(figures=figures, claims=claims, nulls=nulls, judged=judged)


def tidy(notebook_text: str, work: Path, shown_as: str) -> str:
    """Drop papermill's file paths from an executed notebook and name the folder as the user did."""
    text = notebook_text.replace(json.dumps(str(work))[1:-1], json.dumps(shown_as)[1:-1])
    notebook = json.loads(text)
    notebook["metadata"].pop("papermill", None)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def new_record(job: Job, key: str, inputs: Inputs, outputs: Outputs, seconds: float) -> dict:
    """Describe a result: from what, with what, in what time. The files come in `publish`."""
    return {
        "format": FORMAT,
        "notebook": job.name,
        "key": key,
        "quick": job.quick,
        "commit": inputs.commit,
        "uncommitted_changes": inputs.uncommitted_changes,
        "parameters": job.parameters,
        "seed": job.parameters.get("seed"),
        "seconds": round(seconds, 1),
        "versions": inputs.versions,
        "data": inputs.data,
        "judged": outputs.judged,
        "claims": outputs.claims,
        "nulls": outputs.nulls,
        "figures": outputs.figures,
    }


def publish(out: Path, record: Mapping, produced: Path, notebook_text: str) -> dict:
    """Move a notebook's results into the output folder, each file at once, the record last.

    Parameters
    ----------
    out : the output folder.
    record : from `new_record`.
    produced : temporary folder with ``figures/`` and ``media/``, on the same file system.
    notebook_text : the executed notebook.

    Returns
    -------
    dict
        The record as written, with ``files``: path below ``out`` to SHA-256.

    Raises
    ------
    ValueError
        If another notebook owns a file of the same name.
    """
    name = record["notebook"]
    files = {path: sha256_file(produced / path) for path in _produced(produced)}
    if odd := [path for path in files if not _is_ours(out, path, name)]:
        raise ValueError(f"{odd[0]!r} is no plain file name; expected letters, digits, - and _")
    for other in load_records(out).values():
        if other["notebook"] != name and (shared := sorted(set(files) & set(other["files"]))):
            raise ValueError(f"{shared[0]} belongs to {other['notebook']}; expected another name")
    for path in files:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(produced / path, out / path)
    executed = f"notebooks/{name}.ipynb"
    write_text(out / executed, notebook_text)
    files[executed] = sha256_file(out / executed)
    for stale in set((load_record(out, name) or {"files": {}})["files"]) - set(files):
        (out / stale).unlink(missing_ok=True)
    written = {**record, "files": files}
    text = json.dumps(written, indent=2, ensure_ascii=False, default=str) + "\n"
    write_text(_record_path(out, name), text)
    failed_path(out, name).unlink(missing_ok=True)
    return written


def failed_path(out: Path, name: str) -> Path:
    """Where the executed part of a notebook that failed is kept."""
    return out / "notebooks" / f"{name}.failed.ipynb"


def load_record(out: Path, name: str) -> dict | None:
    """Read a notebook's record; None if there is none, or it is not one that `publish` writes."""
    path = _record_path(out, name)
    try:
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        json.dumps(record, ensure_ascii=False).encode()  # text that can be written again
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or set(record) != set(_FIELDS):
        return None
    sound = all(fits(record[field]) for field, fits in _FIELDS.items()) and record["notebook"] == name
    return record if sound and all(_is_ours(out, file, name) for file in record["files"]) else None


def load_records(out: Path) -> dict[str, dict]:
    """Read all records of an output folder, by notebook."""
    names = sorted(path.stem for path in (out / "records").glob("[!.]*.json"))
    return {name: record for name in names if (record := load_record(out, name)) is not None}


def is_complete(out: Path, record: Mapping) -> bool:
    """Tell whether every file of a record is there, unchanged."""
    return all(
        (out / path).is_file() and sha256_file(out / path) == sha256
        for path, sha256 in record["files"].items()
    )


def forget_all_but(out: Path, names: set[str]) -> None:
    """Remove the results of notebooks that no longer exist."""
    for name, record in load_records(out).items():
        if name not in names:
            for path in record["files"]:
                (out / path).unlink(missing_ok=True)
            _record_path(out, name).unlink(missing_ok=True)
    for path in (out / "notebooks").glob("[!.]*.failed.ipynb"):
        if path.name.removesuffix(".failed.ipynb") not in names:
            path.unlink(missing_ok=True)


def unwritten(record: Mapping) -> list[str]:
    """Figures that were shown without ``out=out``: in the notebook, but not among the files."""
    return [name for name in record["figures"] if f"figures/{name}.png" not in record["files"]]


def _is_ours(out: Path, path: str, name: str) -> bool:
    """Tell whether a path names a plain file that a notebook may have below the output folder."""
    folder, _, file = path.partition("/")
    if folder not in _PRODUCED and path != f"notebooks/{name}.ipynb":
        return False
    plain = _NAME.fullmatch(file) and (out / path).resolve() == out.resolve() / path
    return bool(plain) and not (out / path).is_dir()


def _is(*kinds: type) -> Callable[[object], bool]:
    """Check of a field that must be of one of some types (a bool is no number)."""
    return lambda value: type(value) in kinds


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < _HUGE


def _is_map(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    """Check of a field that must map names to values of one kind."""
    return lambda found: isinstance(found, dict) and all(map(fits, found.values()))


def _is_figure(value: object) -> bool:
    return _is_map(_is(str))(value) and set(value) == {"alt", "sha256"}


def _are_figures(found: object) -> bool:
    return _is_map(_is_figure)(found) and all(map(_NAME.fullmatch, found))


_are_values = _is_map(lambda value: value is None or _is_number(value))
_FIELDS = {
    "format": lambda value: _is(int)(value) and value == FORMAT,
    "notebook": _is(str),
    "key": _is(str),
    "quick": _is(bool),
    "commit": _is(str, type(None)),
    "uncommitted_changes": _is(bool, type(None)),
    "parameters": _is(dict),
    "seed": lambda _: True,
    "seconds": lambda value: _is_number(value) and value >= 0,
    "versions": _is_map(_is(str)),
    "data": _is_map(_is(str)),
    "judged": _is(bool),
    "claims": _are_values,
    "nulls": _are_values,
    "figures": _are_figures,
    "files": _is_map(_is(str)),
}


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
