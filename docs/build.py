"""Build the site, offline and with warnings as errors: uv run --group docs docs/build.py

Notebooks (with the outputs that are committed), README, notes and docstrings are brought together in
docs/_build/source, with a gallery of all figures and the table of claims; Sphinx makes docs/_build/html.
"""

import argparse
import base64
import html
import pkgutil
import shutil
import tomllib
from importlib import import_module
from pathlib import Path

import nbformat
from landing import landing
from launch import UNKNOWN, addresses, named
from sphinx.cmd.build import build_main

import rgm_core
from rgm_core.notebook.claims import load_claims
from rgm_core.notebook.display import with_unit

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "DEVIATIONS.md",
    "data/README.md",
    "benchmarks/README.md",
    "docs/howto.md",
    "docs/launch.md",
    "docs/live_digits.md",
    "docs/live_pong.md",
    "docs/method.md",
    "docs/playing.md",
    "docs/teaching.md",
    "docs/own_film.md",
    "docs/peers.md",
)
FILES = ("LICENSE", "CITATION.cff", "claims.toml", "environment.yml")
CONTENTS = """
```{toctree}
:hidden:
Notebooks <notebooks/index>
Draw <docs/live_digits>
Pong <docs/live_pong>
How to <docs/howto>
Gallery <gallery>
Claims <claims>
Method <docs/method>
Teaching <docs/teaching>
Playing <docs/playing>
Your own film <docs/own_film>
Reference <api/index>
Ways in <docs/launch>
Deviations <DEVIATIONS>
Benchmarks <benchmarks/README>
Beside others <docs/peers>
Data <data/README>
```
"""
HEAD = ("| figure | claim | reported | bar | here | null | why |", "|---|---|---|---|---|---|---|")
COURSE = """# Notebooks

In reading order. Each states its aim and what it needs, and ends with exercises, whose solutions fold out.

```{{toctree}}
{entries}
```
"""


def main(arguments=None) -> int:
    """Build; 0 if there was no warning."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/_build", help="default: docs/_build")
    out = parser.parse_args(arguments).out
    source = out / "source"
    shutil.rmtree(source, ignore_errors=True)
    notebooks = {path.stem: nbformat.read(path, 4) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    copy_pages(source, landing(notebooks, source / "extra"))
    (source / "notebooks").mkdir()
    entries = "\n".join(f"{name[:2]} {title(notebook)} <{name}>" for name, notebook in notebooks.items())
    (source / "notebooks/index.md").write_text(COURSE.format(entries=entries))
    for name, notebook in notebooks.items():
        nbformat.write(prepare(notebook, name), source / f"notebooks/{name}.ipynb")
    write_gallery(source, notebooks)
    write_claims(source, notebooks)
    write_api(source)
    settings = ["-c", str(ROOT / "docs"), "-D", f"html_extra_path={source / 'extra'}"]
    return build_main(["-W", "--keep-going", "-q", *settings, str(source), str(out / "html")])


def copy_pages(source: Path, pictures: str) -> None:
    """Pages and the files that they link to, in the folders that they have in the repository."""
    results = [str(path.relative_to(ROOT)) for path in (ROOT / "benchmarks").glob("*.json")]
    for name in (*PAGES, *FILES, *results):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "docs/images", source / "docs/images")
    readme = (ROOT / "README.md").read_text().replace("(benchmarks/)", "(benchmarks/README.md)")
    title, summary, rest = readme.split("\n\n", 2)
    (source / "index.md").write_text(f"{title}\n\n{summary}\n\n{pictures}\n{rest}{CONTENTS}")


def prepare(notebook, name: str):
    """Describe pictures to those who do not see them, and put pictures in the place of live widgets."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            if "image/png" in output.get("data", {}):
                cell.metadata["mystnb"] = {"image": {"alt": description(output)}}
    if (repository := named((ROOT / "docs/launch.md").read_text())) != UNKNOWN:
        links = [f"[{service}]({address})" for service, address in addresses(repository, name).items()]
        text = f"Run it on {' or '.join(links)} ([set-up](../docs/launch.md))."
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text))
    return notebook


def description(output) -> str:
    """What a picture shows: its alt text, or what the widget says of itself."""
    alt = output.metadata.get("image/png", {}).get("alt")
    return alt or output.data.get("text/plain", "figure").strip("'")


def write_gallery(source: Path, notebooks: dict) -> None:
    """A page with every figure of every notebook, each a link to its notebook."""
    page = [
        "# Gallery",
        "",
        "Every figure of the notebooks. A click leads to where it is made and explained.",
    ]
    pictures = source / "extra/gallery"  # copied to the site as it is
    pictures.mkdir(parents=True)
    for name, notebook in notebooks.items():
        page += ["", f"## {title(notebook)}", "", '<div class="gallery">']
        for figure, alt, png in figures(notebook):
            (pictures / f"{figure}.png").write_bytes(png)
            text = html.escape(alt, quote=True)
            picture = f'<img src="gallery/{figure}.png" alt="{text}" loading="lazy">'
            caption = f'<figcaption aria-hidden="true">{text}</figcaption>'
            page.append(f'<figure><a href="notebooks/{name}.html">{picture}</a>{caption}</figure>')
        page += ["</div>"]
    (source / "gallery.md").write_text("\n".join(page) + "\n")


def title(notebook) -> str:
    """Its first heading."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def figures(notebook):
    """Name, description and bytes of each recorded figure."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("rgm", {})
            if "figure" in record:
                yield record["figure"], record["alt"], base64.b64decode(output.data["image/png"])


def write_claims(source: Path, notebooks: dict) -> None:
    """The table of claims, with the values that the committed notebooks obtained."""
    claims = load_claims(ROOT / "claims.toml")
    page = [
        "# Claims",
        "",
        "What the article or its reference implementation reports, the bar that we set, what the notebooks "
        "on this site obtained, and what a meaningless model obtains in the same test (null). Some "
        "are shown at teaching sizes; `uv run reproduce.py` judges all claims at the paper's.",
    ]
    for name, notebook in notebooks.items():
        rows = claims.of(name)
        record = recorded(notebook)
        obtained, note = record.get("claims", {}), "" if record.get("judged") else " (teaching size)"
        heading = f"## [{title(notebook)}](notebooks/{name}.ipynb)"
        page += ["", heading, "", "::::{container} claims-table", "", *HEAD]
        for key, claim in rows.items():
            here = with_unit(obtained.get(key), claim.unit) + note
            null = with_unit(record.get("nulls", {}).get(key), claim.unit)
            nothing = f"{null}: {claim.null}"
            cells = (claim.figure, claim.text, claim.reported_text, claim.bar, here, nothing, claim.why)
            page.append(f"| {' | '.join(cells)} |")
        page += ["", "::::"]
    (source / "claims.md").write_text("\n".join(page) + "\n")


def recorded(notebook) -> dict:
    """What a notebook recorded last: its claims' values, and whether they are judged."""
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("rgm", {})
            if "claims" in record:
                return record
    return {}


def write_api(source: Path) -> None:
    """A page for every room, its public names first, and one for every module, from their docstrings."""
    (source / "api").mkdir()
    modules = [module.name for module in pkgutil.walk_packages(rgm_core.__path__, "rgm_core.")]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rooms = [f"rgm_core.{room}" for room in contracts[0]["layers"]]
    for name in modules:
        page = [*rst_title(name), f".. automodule:: {name}"]
        inner = [other for other in modules if other.startswith(f"{name}.")]
        if inner:  # a room: what its modules hold is on their pages
            page += ["   :no-members:", "", *public_names(name), *toctree("Modules", inner)]
        (source / f"api/{name}.rst").write_text("\n".join(page) + "\n")
    text = ["What every function takes, gives and refuses. Most work needs only these names:", ""]
    index = [*rst_title("Reference"), *text, *public_names("rgm_core"), "", "Rooms", "-----", ""]
    index += ["A room uses only rooms below it in this table.", ""]
    index += rst_table([(f":doc:`{name} <{name}>`", summary(import_module(name))) for name in rooms])
    (source / "api/index.rst").write_text("\n".join([*index, *toctree("", rooms)]) + "\n")


def public_names(package: str) -> list[str]:
    """A table of the names of a package that it declares public, each with its summary and a link."""
    room = import_module(package)
    found = ((name, getattr(room, name)) for name in getattr(room, "__all__", ()))
    described = [(name, value) for name, value in found if getattr(value, "__module__", None)]
    return rst_table(
        [(f":py:obj:`{name} <{value.__module__}.{name}>`", summary(value)) for name, value in described]
    )


def summary(thing) -> str:
    """The first line of a docstring."""
    return (thing.__doc__ or "").strip().splitlines()[0]


def rst_title(text: str) -> list[str]:
    return [text, "=" * len(text), ""]


def rst_table(rows: list[tuple[str, str]]) -> list[str]:
    """Two columns: names, and what they are."""
    lines = [".. list-table::", "   :widths: 30 70", ""] if rows else []
    return lines + [line for name, text in rows for line in (f"   * - {name}", f"     - {text}")]


def toctree(caption: str, pages: list[str]) -> list[str]:
    """Links to pages, by name; without a caption only in the menu."""
    shown = [f"   :caption: {caption}"] if caption else ["   :hidden:"]
    return ["", ".. toctree::", "   :maxdepth: 1", *shown, "", *(f"   {page}" for page in pages)]


if __name__ == "__main__":
    raise SystemExit(main())
