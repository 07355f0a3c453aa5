"""Tell the notebooks and the site where the repository is: uv run docs/launch.py owner/name

Writes, or replaces, the badges under the title of every notebook, and the address in docs/launch.md.
"""

import argparse
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
UNKNOWN = "owner/name"  # what docs/launch.md says before anybody named a repository
BADGES = re.compile(r"^\[!\[(?:Binder|Colab)\].*\n\n?", re.MULTILINE)


def main(arguments=None) -> int:
    """Write the badges; 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repository", help="owner and name on the code host", type=repository)
    parser.add_argument("--root", type=Path, default=ROOT, help="default: this repository")
    options = parser.parse_args(arguments)
    for path in sorted((options.root / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        notebook.cells[0].source = with_badges(notebook.cells[0].source, options.repository, path.stem)
        nbformat.write(notebook, path)
    page = options.root / "docs/launch.md"
    page.write_text(page.read_text().replace(named(page.read_text()), options.repository))
    return 0


def repository(text: str) -> str:
    """Check an owner and a name."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected owner/name")
    return text


def named(page: str) -> str:
    """The repository that docs/launch.md names."""
    return re.search(r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)/HEAD", page)[1]


def addresses(repository: str, name: str) -> dict[str, str]:
    """Where to run a notebook, by the name of the service."""
    path = f"notebooks/{name}.ipynb"
    return {
        "Binder": f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath={path}",
        "Colab": f"https://colab.research.google.com/github/{repository}/blob/HEAD/{path}",
    }


def badges(repository: str, name: str) -> str:
    """Markdown of the launch badges of a notebook, on one line."""
    pictures = {
        "Binder": "https://mybinder.org/badge_logo.svg",
        "Colab": "https://colab.research.google.com/assets/colab-badge.svg",
    }
    links = addresses(repository, name)
    return " ".join(f"[![{name}]({pictures[name]})]({link})" for name, link in links.items())


def with_badges(text: str, repository: str, name: str) -> str:
    """The first cell of a notebook with badges under its title, in place of any that it had."""
    title, _, rest = BADGES.sub("", text).partition("\n")
    return f"{title}\n\n{badges(repository, name)}\n\n{rest.lstrip()}"


if __name__ == "__main__":
    raise SystemExit(main())
