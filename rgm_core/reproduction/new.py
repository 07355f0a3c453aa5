"""Start a figure notebook: a lesson that runs, its claim, and its place among the others."""

import re
from pathlib import Path

import jinja2

from rgm_core.model.files import write_text
from rgm_core.reproduction import UsageError

NAME = re.compile(r"\d\d(_[a-z0-9]+)+")


def start_notebook(name: str, root: Path) -> list[Path]:
    """Write a notebook that runs, a claim for it, rows for it, and the links to it.

    Parameters
    ----------
    name : number and name, such as ``12_weather``; the number is the next free one.
    root : folder of the repository.

    Returns
    -------
    list of Path
        The files that were written or changed.

    Raises
    ------
    UsageError
        If the name is no such name, is taken or leaves a gap.
    """
    known = [path.stem for path in sorted((root / "notebooks").glob("*.ipynb"))]
    following = f"{len(known):02}"
    if not NAME.fullmatch(name) or name[:2] != following:
        raise UsageError(f"found the name {name!r} for a new notebook; expected {following}_some_name")
    words = {
        "name": name,
        "number": int(name[:2]) + 6,  # after the article's sixteen figures
        "title": title_of(name)[3:],
        "previous": known[-1],
        "previous_title": title_of(known[-1]),
        "first": known[0],
        "first_title": title_of(known[0]),
    }
    notebook = root / "notebooks" / f"{name}.ipynb"
    write_text(notebook, fill("lesson.ipynb.j2", words))
    changed = {
        root / "claims.toml": lambda text: text.rstrip() + "\n" + fill("lesson.toml.j2", words),
        root / "README.md": lambda text: add_row(
            text,
            f"[{title_of(known[-1])[:2]} ",
            f"| [{title_of(name)}](notebooks/{name}.ipynb) | {words['number']} | … |",
        ),
        root / "docs/teaching.md": lambda text: add_row(
            text, f"{known[-1][:2]} ", f"| {title_of(name)} | 10 min | 5 s | {known[-1][:2]} |"
        ),
        root / "notebooks" / f"{known[-1]}.ipynb": lambda text: relink(text, words),
    }
    for path, change in changed.items():
        write_text(path, change(path.read_text(encoding="utf-8")))
    return [notebook, *changed]


def title_of(name: str) -> str:
    """A notebook's name in words, such as ``02 renormalisation``."""
    return name.replace("_", " ")


def fill(template: str, words: dict) -> str:
    """The text of a template beside this file, with words in place of their names."""
    folder = jinja2.FileSystemLoader(Path(__file__).parent)
    options = {"undefined": jinja2.StrictUndefined, "keep_trailing_newline": True}
    return jinja2.Environment(loader=folder, **options).get_template(template).render(words)


def add_row(text: str, start: str, row: str) -> str:
    """A page with a row more, below the row of a table that starts so."""
    pattern = re.compile(rf"^\| {re.escape(start)}.*$", re.MULTILINE)
    found = pattern.search(text)
    if found is None:
        raise UsageError(f"found no row of a table that starts with {start!r}; expected one")
    return f"{text[: found.end()]}\n{row}{text[found.end() :]}"


def relink(text: str, words: dict) -> str:
    """The last notebook, as JSON text, with a link to the new one in place of that to the first."""
    old = f"Back to the start: [{words['first_title']}]({words['first']}.ipynb)"
    if text.count(old) != 1:
        raise UsageError(f"found no {old!r} in {words['previous']}.ipynb; expected it once")
    return text.replace(old, f"Next: [{title_of(words['name'])}]({words['name']}.ipynb)")
