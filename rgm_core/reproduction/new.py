"""Start a figure notebook: a lesson that runs, its claim, and its place among the others."""

import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rgm_core.model.files import write_text
from rgm_core.reproduction import UsageError

NAME = re.compile(r"\d\d(_[a-z0-9]+)+")
LESSON = (  # a text is a cell of prose; a tuple is a cell of code and its tag, if any
    """# Do something with a verb

**You'll do:** one line.

**You'll learn:** one line.

**You'll need:** notebook [{previous_title}]({previous}.ipynb). Ten minutes to read, seconds to compute.

**Reproduces:** figure {number} of our own, claims `fig{number}.*`.""",
    (
        """import numpy as np

from rgm_core import infer, learn_structure
from rgm_core.notebook import record
from rgm_core.plotting import show
from rgm_core.plotting.digits import plot_rows""",
        None,
    ),
    "The sizes stand in one cell; `reproduce.py` sets those of the claims.",
    (
        """n_rounds = 8  # times that the film is seen
out = None  # folder for figures and media (None: do not write)""",
        "parameters",
    ),
    "## The world\n\nA story: four pixels, and a spot that goes round.",
    ("film = np.tile(np.eye(4, dtype=int), (n_rounds, 1))", None),
    "The equation, and the call that computes it: where the spot is is a state, its way round a path.",
    ("model = learn_structure(film, 2, dt=2).add_counts(0.01)", None),
    "Hide every fourth frame, and ask what the model believes that it shows.",
    (
        """hidden = film.copy()
hidden[3::4] = -1
believed = np.stack(infer(model, hidden).outcomes, axis=1)[:, :, 1]
right = (believed[3::4].argmax(axis=1) == film[3::4].argmax(axis=1)).mean()
frequent = film.mean(axis=0).argmax()
nothing = (film[3::4].argmax(axis=1) == frequent).mean()""",
        None,
    ),
    (
        """fig = plot_rows({{"shown": film[:4, None], "believed": believed[:4, None]}})
show(fig, "fig{number}_believed", out=out, alt="Four frames, and what is believed of the hidden last")""",
        None,
    ),
    "**What to see.** The hidden frame is filled in.",
    """## Exercises

**1.** Predict, then try: what if every second frame is hidden?

<details><summary>Solution</summary>

Say why.
</details>

**2.** By hand.

<details><summary>Solution</summary>

The line of the formula, and the numbers.
</details>""",
    """## Take away

- One line.

Previous: [{previous_title}]({previous}.ipynb) · Back to the start: [{first_title}]({first}.ipynb)""",
    (
        """record(
    "{name}",
    {{"fig{number}.right": float(100 * right)}},
    nulls={{"fig{number}.right": float(100 * nothing)}},
)""",
        None,
    ),
)
CLAIM = """
# {rule} figure {number}: {title}

[notebooks.{name}]
paper = {{ n_rounds = 8 }}
quick = {{ n_rounds = 4 }}
seconds = 5

[claims."fig{number}.right"]
notebook = "{name}"
figure = "{number}"
text = "Hidden frames that the model fills in rightly"
unit = "%"
source = "ours"
min = 90
null = "the place where the spot is most often"
why = "The world is deterministic, and three of four frames are seen."
"""


def start_notebook(name: str, root: Path) -> list[Path]:
    """Write a notebook that runs, a claim for it, rows for it, and the links to it.

    Parameters
    ----------
    name : number and name, such as ``11_weather``; the number is the next free one.
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
        "rule": "-" * 60,
        "previous": known[-1],
        "previous_title": title_of(known[-1]),
        "first": known[0],
        "first_title": title_of(known[0]),
    }
    notebook = root / "notebooks" / f"{name}.ipynb"
    write_text(notebook, nbformat.writes(make_lesson(words)) + "\n")
    changed = {
        root / "claims.toml": lambda text: text.rstrip() + "\n" + CLAIM.format(**words),
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


def make_lesson(words: dict) -> nbformat.NotebookNode:
    """The notebook, not yet run."""
    cells = []
    for n, part in enumerate(LESSON):
        if isinstance(part, str):
            cells.append(new_markdown_cell(part.format(**words), id=f"text-{n}"))
        else:
            source, tag = part
            metadata = {"tags": [tag]} if tag else {}
            cells.append(new_code_cell(source.format(**words), id=f"code-{n}", metadata=metadata))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": language})


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
