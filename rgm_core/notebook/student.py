"""A student's version of the notebooks: the exercises without their solutions.

A solution is a code cell with the tag ``solution``, or a ``<details>`` block whose summary says so. What
checks a solution stays, and so does every text.
"""

import copy
import json
import os
import re
from pathlib import Path

_FOLDED = re.compile(r"\n*<details>\s*<summary>Solution</summary>.*?</details>\n?", re.DOTALL)
_BLANK = "# your solution\n"


def without_solutions(notebook: dict) -> dict:
    """Return a copy of a parsed notebook without solutions, and without outputs.

    Parameters
    ----------
    notebook : the parsed ``.ipynb``.
    """
    student = copy.deepcopy(notebook)
    for cell in student["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] != "code":
            cell["source"] = _FOLDED.sub("\n", text).rstrip("\n")
            continue
        cell["outputs"], cell["execution_count"] = [], None
        if "solution" in cell["metadata"].get("tags", ()):
            cell["source"], cell["metadata"] = _BLANK, {"tags": ["exercise"]}
    return student


def write_student_version(notebooks: str | os.PathLike, folder: str | os.PathLike) -> list[Path]:
    """Write every notebook of a folder without its solutions into another one.

    Parameters
    ----------
    notebooks : folder of the solved notebooks.
    folder : where to write; made if it is not there.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ValueError
        If both folders are the same, there are no notebooks, or one of that name is there already: what
        somebody wrote into it would be lost.
    """
    source, target = Path(notebooks), Path(folder)
    found = sorted(source.glob("[0-9]*.ipynb"))
    if not found:
        raise ValueError(f"notebooks: found none in {source}; expected a folder of .ipynb files")
    if source.resolve() == target.resolve():
        raise ValueError(f"folder: found {target}, that of the solved notebooks; expected another one")
    if taken := [path.name for path in found if (target / path.name).exists()]:
        raise ValueError(
            f"folder: found {taken[0]} in {target}, where somebody's answers may be; expected a new folder"
        )
    target.mkdir(parents=True, exist_ok=True)
    for path in found:
        student = without_solutions(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(student, indent=1, ensure_ascii=False) + "\n"
        (target / path.name).write_text(text, encoding="utf-8")
    return [target / path.name for path in found]
