"""One command tells every notebook and the site where the repository is."""

import importlib.util
import shutil
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def launch():
    spec = importlib.util.spec_from_file_location("launch", ROOT / "docs/launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_badges_are_written_once_and_replaced(launch, tmp_path):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/launch.md", tmp_path / "docs")
    for name in ("first/one", "second.owner/two"):
        assert launch.main([name, "--root", str(tmp_path)]) == 0
    for path in (tmp_path / "notebooks").glob("*.ipynb"):
        before, after = (nbformat.read(p, 4) for p in (ROOT / "notebooks" / path.name, path))
        first = after.cells[0].source
        assert first.count("badge") == 2
        assert f"github/second.owner/two/blob/HEAD/notebooks/{path.name}" in first
        assert "first/one" not in first
        assert launch.BADGES.sub("", first).split() == launch.BADGES.sub("", before.cells[0].source).split()
        assert after.cells[1:] == before.cells[1:]
    page = (tmp_path / "docs/launch.md").read_text()
    assert launch.named(page) == "second.owner/two"
    assert "github.com/second.owner/two rgm" in page


@pytest.mark.parametrize("text", ["", "name", "https://github.com/a/b", "a/b/c"])
def test_another_form_is_refused(launch, text, capsys):
    with pytest.raises(SystemExit):
        launch.main([text])
    assert "expected owner/name" in capsys.readouterr().err
