"""Which notebooks there are, which are asked for, and the parameters each one gets."""

import ast
import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rgm_core.notebook.claims import Claims
from rgm_core.reproduction import UsageError

_NAME = re.compile(r"\d+_\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """One numbered notebook, as it stands in its folder."""

    path: Path
    text: str
    cells: tuple[dict, ...]

    @property
    def name(self) -> str:
        """File name without suffix: ``03_mnist_quantisation``."""
        return self.path.stem

    @property
    def number(self) -> int:
        """The number before the first underscore."""
        return int(self.name.partition("_")[0])

    @property
    def title(self) -> str:
        """Its first heading, else its name."""
        texts = (source(cell) for cell in self.cells if cell.get("cell_type") == "markdown")
        headings = (re.search(r"^#\s+(.+)$", text, re.MULTILINE) for text in texts)
        return next((heading[1].strip() for heading in headings if heading), self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A notebook with the parameters that it is to run with."""

    notebook: Notebook
    injected: Mapping[str, object]  # set by reproduce.py; ``out`` comes on top
    defaults: Mapping[str, object]  # the notebook's own
    quick: bool

    @property
    def name(self) -> str:
        """Name of the notebook."""
        return self.notebook.name

    @property
    def parameters(self) -> dict[str, object]:
        """All parameters in force, but for ``out``."""
        merged = {**self.defaults, **self.injected}
        return {name: value for name, value in merged.items() if name != "out"}


def source(cell: Mapping) -> str:
    """Return a cell's source as one string, however the file splits it."""
    return "".join(cell.get("source", ""))


def find_notebooks(folder: Path) -> tuple[Notebook, ...]:
    """Find the notebooks ``NN_name.ipynb`` of a folder, in reading order.

    Raises
    ------
    UsageError
        If there is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.glob("*.ipynb") if _NAME.fullmatch(path.stem))
    if not paths:
        raise UsageError(f"{folder}: found no notebooks; expected files such as 03_name.ipynb")
    notebooks = map(_read, paths)
    return tuple(sorted(notebooks, key=lambda notebook: (notebook.number, notebook.name)))


def select(notebooks: Sequence[Notebook], wanted: Sequence[str], claims: Claims) -> tuple[Notebook, ...]:
    """Choose notebooks by number (``3``, ``03``), name (``pong``, ``09_pong``), or figure (``fig06``).

    A figure is known by its claims: those named ``fig06.*``. Nothing wanted means all.

    Raises
    ------
    UsageError
        If a name is unknown; lists the known ones.
    """
    if not wanted:
        return tuple(notebooks)
    figures = _figures(claims)
    names = {notebook.name for notebook in notebooks}
    chosen = set()
    for word in wanted:
        found = figures.get(word, set()) & names
        found |= {n.name for n in notebooks if n.name == word.removesuffix(".ipynb")}
        found |= {n.name for n in notebooks if word.isdecimal() and n.number == int(word)}
        found |= {n.name for n in notebooks if n.name.partition("_")[2] == word}
        if not found:
            known = "\n".join(f"  {notebook.name}" for notebook in notebooks)
            also = [figure for figure, of in figures.items() if of & names]
            hint = f"\nand the figures: {', '.join(also)}" if also else ""
            near = difflib.get_close_matches(
                word, [n.partition("_")[2] for n in names] + [*names, *figures]
            )
            guess = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"unknown notebook or figure {word!r}; {guess}known are:\n{known}{hint}")
        chosen |= found
    return tuple(notebook for notebook in notebooks if notebook.name in chosen)


def make_job(notebook: Notebook, claims: Claims, *, quick: bool = False) -> Job:
    """Combine a notebook with its parameters from the claims file.

    Raises
    ------
    UsageError
        If the notebook has no cell tagged ``parameters``, no parameter ``out``, or not one of
        those that the claims file sets (papermill would only warn and run at other sizes).
    """
    sizes = claims.sizes(notebook.name)
    defaults = _parameters(notebook)
    if "out" not in defaults:
        raise UsageError(
            f"{notebook.path.name}: found the parameters {', '.join(defaults) or 'none'}; expected "
            "also the line: out = None  # folder for figures and media (None: do not write)"
        )
    for kind, values in (("paper", sizes.paper), ("quick", sizes.quick)):
        if unknown := sorted(set(values) - set(defaults)):
            raise UsageError(
                f"{claims.path.name}: notebooks.{notebook.name}: {kind} sets "
                f"{', '.join(map(repr, unknown))}, which the notebook does not have; its "
                f"parameters are {', '.join(defaults)}"
            )
    injected = dict(sizes.quick if quick else sizes.paper)
    return Job(notebook=notebook, injected=injected, defaults=defaults, quick=quick)


def _figures(claims: Claims) -> dict[str, set[str]]:
    """Map each figure's name, the part of a claim's name before the dot, to its notebooks."""
    figures: dict[str, set[str]] = {}
    for name, claim in claims.claims.items():
        figures.setdefault(name.partition(".")[0], set()).add(claim.notebook)
    return figures


def _read(path: Path) -> Notebook:
    try:
        text = path.read_text(encoding="utf-8")
        return Notebook(path=path, text=text, cells=tuple(json.loads(text)["cells"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: cannot be read as a notebook: {error!r}") from None


def _parameters(notebook: Notebook) -> dict[str, object]:
    """Read names and defaults from the cell tagged ``parameters``."""
    cells = [cell for cell in notebook.cells if "parameters" in cell.get("metadata", {}).get("tags", ())]
    if len(cells) != 1:
        raise UsageError(
            f"{notebook.path.name}: found {len(cells)} cells tagged 'parameters'; expected one"
        )
    try:
        statements = ast.parse(source(cells[0])).body
    except SyntaxError as error:
        raise UsageError(
            f"{notebook.path.name}: the parameters cell is not plain Python: {error}"
        ) from None
    found = {}
    for statement in statements:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            plain = isinstance(statement, ast.Assign)
            for target in statement.targets if plain else [statement.target]:
                found[ast.unparse(target)] = _literal(statement.value)
    return found


def _literal(node: ast.expr) -> object:
    """Evaluate a literal; anything else stays as its source text."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
