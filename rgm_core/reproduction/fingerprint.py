"""What a result depends on: source, parameters, code, data, claims and versions, as hashes."""

import contextlib
import hashlib
import json
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import msgspec

from rgm_core.notebook.claims import Claims
from rgm_core.reproduction.manifest import Job, source

#: Beside the package's own dependencies, what executes the notebooks.
_MACHINERY = ("ipykernel", "nbclient", "papermill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What all notebooks depend on."""

    code: str  # SHA-256 over rgm_core/**/*.py
    data: dict[str, str]  # file in data/ to its SHA-256
    versions: dict[str, str]
    commit: str | None
    uncommitted_changes: bool | None


def read_inputs(root: Path) -> Inputs:
    """Hash the code and the data below a folder, and note versions and commit."""
    code = _sha256_files(root, sorted((root / "rgm_core").rglob("*.py")))
    data = _sha256_files(root, sorted((root / "data").rglob("*")))
    status = _git(root, "status", "--porcelain")
    return Inputs(
        code=_sha256_json(code),
        data=data,
        versions=_versions(),
        commit=_git(root, "rev-parse", "HEAD"),
        uncommitted_changes=None if status is None else bool(status),
    )


def job_key(job: Job, claims: Claims, inputs: Inputs) -> str:
    """Hash all that a notebook's results depend on; the same key means the same results."""
    mine = [msgspec.structs.asdict(claim) for claim in claims.of(job.name).values()]
    dependencies = {n: v for n, v in inputs.versions.items() if n not in _MACHINERY}
    return _sha256_json(
        {
            "cells": [(cell.get("cell_type"), source(cell)) for cell in job.notebook.cells],
            "parameters": dict(job.injected),
            "quick": job.quick,
            "claims": mine,
            "code": inputs.code,
            "data": inputs.data,
            "versions": dependencies,
        }
    )


def sha256_file(path: Path) -> str:
    """Hash a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_files(root: Path, paths: list[Path]) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): sha256_file(path)
        for path in paths
        if path.is_file() and not path.name.startswith(".") and path.parent.name != "__pycache__"
    }


def _sha256_json(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _versions() -> dict[str, str]:
    """Versions of Python, of what the package and its extras need, and of what executes notebooks."""
    lines = metadata.requires("rgm-core") or ()
    needed = {name for line in lines for name in re.findall(r"^[\w.-]+", line)}
    versions = {"python": platform.python_version()}
    for name in sorted((needed | {*_MACHINERY}) - {"rgm-core"}):
        with contextlib.suppress(metadata.PackageNotFoundError):  # of an extra that is not installed
            versions[name] = metadata.version(name)
    return versions


def _git(root: Path, *arguments: str) -> str | None:
    """Ask git about the repository; None where there is no repository, commit or git."""
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
