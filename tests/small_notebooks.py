"""Small notebooks with claims, and reproduce.py run on them: what its tests share."""

import contextlib
import importlib.util
import io
import json
from pathlib import Path

from rgm_core.reproduction import records

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "reproduce.py"

CLAIMS = """
[notebooks.01_wave]
paper = { n = 300 }
quick = { n = 30 }
seconds = 90
[notebooks.03_count]
quick = { n = 2 }

[claims."fig01.third"]
notebook = "01_wave"
figure = "1"
text = "A third of the points"
unit = "%"
source = "article"
reported = 100.5
min = 90
within = 1
null = "no point"
why = "the <b>wave</b> is noisy"

[claims."fig03.count"]
notebook = "03_count"
figure = "3, 4"
text = "How many there are"
unit = ""
source = "ours"
null = "none at all"
equals = 8
why = "it is exact"
"""
WAVE = (
    "seed = 3\nn = 10  # points\nout = None",
    "import numpy as np, matplotlib.pyplot as plt\n"
    "from rgm_core.plotting import show, style\n"
    "with style():\n"
    "    fig, ax = plt.subplots(figsize=(2, 2))\n"
    "    ax.plot(np.random.default_rng(seed).normal(size=n))\n"
    "show(fig, 'fig01_wave', alt='A wave & its noise', out=out)",
    "from pathlib import Path\n"
    "if out:\n"
    "    Path(out, 'media').mkdir()\n"
    "    Path(out, 'media', 'wave.wav').write_bytes(b'sound')",
    "import os, sys\n"
    "print([value for name, value in os.environ.items() if name.endswith('NUM_THREADS')])\n"
    "print(sys.executable)",
    "from rgm_core.notebook import record\n"
    "record('01_wave', {'fig01.third': n / 3}, nulls={'fig01.third': 0})",
)
FAILS = (
    "out = None",
    "print('before')",
    "raise RuntimeError('the tree has no root')",
    "print('x')",
)
COUNT = (
    "n = 7\nout = None",
    "from rgm_core.notebook import record\n"
    "record('03_count', {'fig03.count': n}, nulls={'fig03.count': 0})",
)
SLOW = (
    "patience = 60  # seconds\nout = None",
    "import time\nfrom pathlib import Path\n"
    "Path(out, 'figures').mkdir()\nPath(out, 'figures', 'half.png').write_text('whole')\n"
    "if not Path('hurry').exists():\n    Path('begun').touch()\n    time.sleep(patience)",
)


def write_notebook(path, parameters, *code, title="A notebook"):
    """Write a notebook: a title, a cell of parameters, further cells."""

    def cell(number, source, tags=()):
        about = {"id": f"cell-{number}", "metadata": {"tags": list(tags)}, "source": source}
        return {"cell_type": "code", "execution_count": None, "outputs": [], **about}

    heading = {"cell_type": "markdown", "id": "cell-0", "metadata": {}, "source": [f"# {title}\n"]}
    cells = [heading, cell(1, parameters, ["parameters"])]
    cells += [cell(number, source) for number, source in enumerate(code, start=2)]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def write_world(folder):
    """Write three notebooks, one of which fails, and claims, one of which does not hold."""
    write_notebook(folder / "notebooks/01_wave.ipynb", *WAVE, title="Draw a wave")
    write_notebook(folder / "notebooks/02_fails.ipynb", *FAILS, title="Stop half-way")
    write_notebook(folder / "notebooks/03_count.ipynb", *COUNT, title="Count")
    (folder / "notebooks/Untitled.ipynb").write_text("not numbered: no notebook of ours")
    (folder / "claims.toml").write_text(CLAIMS)
    return folder


def program():
    """Load reproduce.py as a module."""
    spec = importlib.util.spec_from_file_location("reproduce", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options(folder, out):
    return ["--notebooks", f"{folder / 'notebooks'}", "--claims", f"{folder / 'claims.toml'}",
            "--out", f"{out}"]  # fmt: skip


def reproduce(folder, *arguments, out=None):
    """Run reproduce.py in this process; return exit code, output and errors."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = program().main([*options(folder, out or folder / "out"), *arguments])
        except SystemExit as stopped:
            code = stopped.code
    return code, output.getvalue(), errors.getvalue()


def plotted(out):
    """SHA-256 of the plotted arrays by figure."""
    return {
        name: figure.sha256
        for record in records.load_records(out).values()
        for name, figure in record.figures.items()
    }
