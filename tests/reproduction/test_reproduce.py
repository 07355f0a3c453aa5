"""reproduce.py from end to end, on small notebooks written here."""

import contextlib
import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_notebooks import (
    CLAIMS,
    PROGRAM,
    SLOW,
    options,
    plotted,
    program,
    reproduce,
    write_notebook,
    write_world,
)

from rgm_core.notebook.claims import load_claims
from rgm_core.reproduction import manifest, records
from rgm_core.reproduction.storage import MARKER


def snapshot(folder):
    """Every file below a folder, with what tells whether it was written again."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three notebooks, run two at once."""
    folder = write_world(tmp_path_factory.mktemp("world"))
    return folder, reproduce(folder, "--jobs", "2")


@pytest.fixture
def small(tmp_path):
    """The same notebooks, not run."""
    return write_world(tmp_path)


def test_a_failure_does_not_keep_the_others_from_running(world):
    folder, (code, output, _) = world
    out = folder / "out"
    assert code == 1
    assert "01_wave: done in" in output
    assert "02_fails: FAILED" in output
    assert "RuntimeError: the tree has no root" in output
    assert "2 ran, 0 up to date, 1 failed" in output
    written = {name for name in snapshot(out) if not name.startswith(".")}
    assert written == {
        "claims.json",
        "figures/fig01_wave.png",
        "figures/fig01_wave.svg",
        "media/wave.wav",
        "notebooks/01_wave.ipynb",
        "notebooks/02_fails.failed.ipynb",
        "notebooks/03_count.ipynb",
        "records/01_wave.json",
        "records/03_count.json",
        "report.html",
    }
    kept = (out / "notebooks/02_fails.failed.ipynb").read_text()
    assert "before" in kept
    assert "the tree has no root" in kept


def test_claims_are_judged_and_written(world):
    folder, (_, output, _) = world
    assert re.search(r"fig01.third +100.5 % .article. +≥ 90 +100 % +0 % +pass +reproduced", output)
    assert re.search(r"fig03.count +– +\= 8 +7 +0 +FAIL +differs", output)
    assert "Claims: 1 of 2 hold." in output
    claims = json.loads((folder / "out/claims.json").read_text())
    assert list(claims) == ["fig01.third", "fig03.count"]
    assert claims["fig01.third"] == {
        "notebook": "01_wave",
        "figure": "1",
        "text": "A third of the points",
        "unit": "%",
        "source": "article",
        "reported": 100.5,
        "bar": "≥ 90",
        "value": 100.0,
        "null": 0.0,
        "null_model": "no point",
        "status": "reproduced",
        "notebook_state": "up to date",
        "why": "the <b>wave</b> is noisy",
    }


def test_the_record_says_how_a_result_was_made(world):
    folder, _ = world
    record = records.load_record(folder / "out", "01_wave")
    assert record.parameters == {"seed": 3, "n": 300}
    assert record.seed == 3
    assert record.quick is False
    assert record.seconds > 0
    assert {"python", "numpy", "papermill"} <= set(record.versions)
    assert record.claims == {"fig01.third": 100.0}
    assert record.figures["fig01_wave"].alt == "A wave & its noise"
    assert re.fullmatch("[0-9a-f]{64}", record.figures["fig01_wave"].sha256)
    assert {"commit", "uncommitted_changes", "data"} <= set(record.__struct_fields__)


def test_the_executed_notebook_is_clean(world):
    folder, _ = world
    text = (folder / "out/notebooks/01_wave.ipynb").read_text()
    assert ".work" not in text
    printed = "".join(
        line
        for cell in json.loads(text)["cells"]
        for output in cell.get("outputs", ())
        for line in output.get("text", ())
    )
    assert printed == f"['1', '1', '1', '1', '1', '1']\n{sys.executable}\n"


class Page(html.parser.HTMLParser):
    """The tags and texts of a page, checked to be balanced."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "!doctype"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_report_shows_figures_claims_and_failures(world):
    folder, _ = world
    text = (folder / "out/report.html").read_text()
    page = Page(text)
    [picture] = [attributes for tag, attributes in page.tags if tag == "img"]
    assert picture["alt"] == "A wave & its noise"
    assert picture["src"].startswith("data:image/png;base64,")
    assert ("html", {"lang": "en"}) in page.tags
    addresses = [a[k] for _, a in page.tags for k in ("src", "href") if k in a and a is not picture]
    local = [address for address in addresses if not address.startswith("#")]
    assert all((folder / "out" / address).is_file() for address in local)
    assert {"media/wave.wav", "figures/fig01_wave.svg", "notebooks/01_wave.ipynb"} <= set(local)
    for part in ("Draw a wave", "the <b>wave</b> is noisy", "the tree has no root", "n = 300"):
        assert part in page.text
    assert "http" not in text.replace("http-equiv", "")
    top = page.text[: page.text.index("Draw a wave")]
    assert "the tree has no root" in top  # what failed comes first, with the line of source where
    assert "raise RuntimeError" in top


def test_nothing_is_run_twice(world):
    folder, _ = world
    before = snapshot(folder / "out")
    code, output, _ = reproduce(folder, "01")
    assert code == 0
    assert "01_wave: up to date" in output
    assert "0 ran, 1 up to date, 0 failed" in output
    assert "fig03.count" not in output
    code, output, _ = reproduce(folder, "fig01", "--quick")  # full size serves as well
    assert (code, "up to date" in output) == (0, True)
    after = snapshot(folder / "out")
    assert {name for name in after if after[name] != before.get(name)} == {
        "claims.json",
        "report.html",
    }
    assert set(after) == set(before)


def test_list(world):
    folder, _ = world
    code, output, _ = reproduce(folder, "--list")
    assert code == 0
    lines = [line.split("  ") for line in output.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells[2:] == [
        ["01_wave", "1", "1", "1 min 30 s", "up to date"],
        ["02_fails", "–", "0", "–", "failed"],
        ["03_count", "3, 4", "1", "–", "up to date"],
    ]
    assert reproduce(folder, "--list", "1")[1].count("\n") == 3


def test_quick_is_no_full_run_and_jobs_change_nothing(world, tmp_path):
    folder, _ = world
    code, output, _ = reproduce(folder, "3", "--quick", out=tmp_path)
    assert code == 0
    assert re.search(r"fig03.count .* 2 +0 +– +not judged", output)
    assert "shown, not judged" in output
    assert json.loads((tmp_path / "claims.json").read_text())["fig03.count"]["value"] == 2.0
    assert "Reduced sizes" in (tmp_path / "report.html").read_text()
    assert "not run at the paper's sizes" in reproduce(folder, "--list", "3", out=tmp_path)[1]

    code, output, _ = reproduce(folder, "01", "3", "--jobs", "1", out=tmp_path)
    assert code == 1  # 03_count was run again, at its full size: its claim differs
    assert "2 ran, 0 up to date, 0 failed" in output
    claims = (tmp_path / "claims.json").read_text()
    assert claims == (folder / "out/claims.json").read_text()
    assert plotted(tmp_path) == plotted(folder / "out")


def start(folder, out):
    """Start reproduce.py as a process and wait until its notebook is half-way."""
    begun = folder / "notebooks/begun"
    begun.unlink(missing_ok=True)
    command = [sys.executable, f"{PROGRAM}", *options(folder, out)]
    # Where pytest itself runs in the background of a shell, signals of the keyboard are ignored, and heirs
    # of it would ignore them too.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not begun.exists():  # however busy the machine: a test that waits is not a test of speed
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_a_run_that_is_stopped_leaves_nothing_half_written_and_resumes(tmp_path):
    write_notebook(tmp_path / "notebooks/04_slow.ipynb", *SLOW)
    (tmp_path / "claims.toml").write_text("")
    out = tmp_path / "out"

    process = start(tmp_path, out)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    assert process.returncode == 130
    assert "the next run resumes" in errors
    assert "Traceback" not in output + errors
    assert [*snapshot(out)] == [MARKER]
    assert not list(out.glob(".work/*"))

    process = start(tmp_path, out)
    process.kill()
    process.communicate()
    assert all(name.startswith((MARKER, ".work")) for name in snapshot(out))
    (tmp_path / "notebooks/hurry").touch()
    code, output, _ = reproduce(tmp_path)
    assert (code, "1 ran" in output) == (0, True)
    assert (out / "figures/half.png").read_text() == "whole"
    assert not list(out.glob(".work/*"))


def test_a_damaged_or_changed_result_is_run_again(world):
    folder, _ = world
    session = program().open_session(
        notebooks=folder / "notebooks", claims=folder / "claims.toml", out=folder / "out"
    )
    job = manifest.make_job(session.notebooks[0], session.claims)
    assert session.is_current(job)
    wave = folder / "out/media/wave.wav"
    wave.write_bytes(b"other")
    assert not session.is_current(job)
    wave.unlink()
    assert not session.is_current(job)
    wave.write_bytes(b"sound")
    assert session.is_current(job)
    record = folder / "out/records/01_wave.json"
    text = record.read_text()
    record.write_text(text[:100])
    assert not session.is_current(job)
    record.write_text(text)
    (folder / "claims.toml").write_text(CLAIMS.replace("min = 90", "min = 91"))
    try:
        stale = program().open_session(
            notebooks=folder / "notebooks", claims=folder / "claims.toml", out=folder / "out"
        )
        assert stale.state(stale.notebooks[0]) == "out of date"
    finally:
        (folder / "claims.toml").write_text(CLAIMS)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["99"], r"unknown notebook or figure '99'.*01_wave.*02_fails.*03_count.*fig01, fig03"),
        (["01", "04_none"], r"unknown notebook or figure '04_none'"),
        (["wvae"], r"unknown notebook or figure 'wvae'; did you mean wave\? known are:"),
        (["--list", "fig09"], r"unknown notebook or figure 'fig09'"),
        (["--jobs", "0"], r"--jobs: found '0'; expected a whole number of at least 1"),
        (["--jobs", "many"], r"--jobs: found 'many'"),
        (["--timeout", "0"], r"--timeout: found '0'; expected a number of minutes above 0"),
        (["--timeout", "nan"], r"--timeout: found 'nan'"),
        (["--frob"], r"unrecognized arguments: --frob"),
        (["--notebooks", "/nowhere"], r"/nowhere: found no notebooks"),
        (["--claims", "/nowhere.toml"], r"/nowhere.toml: cannot be read as a claims file"),
    ],
)
def test_bad_arguments(small, arguments, complaint):
    code, output, errors = reproduce(small, *arguments)
    assert code == 2
    assert re.search(complaint, errors, re.DOTALL)
    assert "Traceback" not in output + errors
    assert not (small / "out").exists()


def test_a_notebook_whose_extra_is_missing_is_left_out_and_says_so(small, monkeypatch):
    """Neither it nor its claims count against a run; who asks for it is told what it needs."""
    claims = small / "claims.toml"
    claims.write_text(claims.read_text() + '\n[notebooks.02_fails]\nextra = "atari"\n')
    monkeypatch.setitem(sys.modules, "ale_py", None)
    code, output, _ = reproduce(small, "--list")
    assert code == 0
    assert (
        '02_fails: left out, needs the extra atari: uv run --extra atari …, or pip install ".[atari]"'
        in output
    )
    code, _, errors = reproduce(small, "02")
    assert code == 2
    assert "02 cannot be run: 02_fails needs the extra atari" in errors
    monkeypatch.setitem(sys.modules, "ale_py", json)  # as good as any that is installed
    assert "left out" not in reproduce(small, "--list")[1]


def test_an_extra_that_does_not_exist_is_refused(small):
    claims = small / "claims.toml"
    claims.write_text(claims.read_text() + '\n[notebooks.02_fails]\nextra = "attari"\n')
    code, _, errors = reproduce(small, "--list")
    assert code == 2
    assert "notebooks.02_fails: found the extra 'attari'; expected one of atari, cluster" in errors


def test_the_output_folder_must_be_writable(small, monkeypatch):
    file = small / "file"
    file.write_text("mine")
    code, _, errors = reproduce(small, out=file)
    assert (code, "found a file; expected a folder" in errors) == (2, True)
    assert file.read_text() == "mine"
    code, _, errors = reproduce(small, out=file / "below")
    assert (code, "cannot be written (Not a directory)" in errors) == (2, True)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    code, _, errors = reproduce(small, out=small / "new")
    assert (code, "cannot be written (Permission denied)" in errors) == (2, True)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ("n = 3\nout = None", None),
        ("m = 3\nout = None", "paper sets 'n', which the notebook does not have; its parameters"),
        ("n = 3", "found the parameters n; expected also the line: out = None"),
        ("n =", "the parameters cell is not plain Python"),
    ],
)
def test_parameters_are_checked_before_anything_runs(small, parameters, complaint):
    write_notebook(small / "notebooks/01_wave.ipynb", parameters)
    if complaint is None:
        [notebook, *_] = manifest.find_notebooks(small / "notebooks")
        job = manifest.make_job(notebook, load_claims(small / "claims.toml"))
        assert job.parameters == {"n": 300}
        return
    code, output, errors = reproduce(small)
    assert (code, output) == (2, "")
    assert complaint in errors


@pytest.mark.filterwarnings("ignore")  # papermill's own
def test_parameters_are_those_that_papermill_sees(small):
    import papermill

    for notebook in manifest.find_notebooks(small / "notebooks"):
        job = manifest.make_job(notebook, load_claims(small / "claims.toml"))
        assert set(job.defaults) == set(papermill.inspect_notebook(notebook.path))


def test_a_notebook_has_one_cell_of_parameters(small):
    path = small / "notebooks/02_fails.ipynb"
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    code, _, errors = reproduce(small, "02")
    assert (code, "found 0 cells tagged 'parameters'; expected one" in errors) == (2, True)
    path.write_text("{")
    code, _, errors = reproduce(small, "02")
    assert (code, "02_fails.ipynb: cannot be read as a notebook" in errors) == (2, True)


def test_the_source_notebooks_are_never_overwritten(small):
    before = snapshot(small)
    for out in (small, small / "notebooks"):
        code, output, errors = reproduce(small, out=out)
        assert (code, output) == (2, "")
        assert "expected another folder, so that the notebooks are not overwritten" in errors
    assert snapshot(small) == before


ENDLESS = (
    "seconds = 0\nout = None",
    "import time\nfor _ in range(100):\n    print('x' * 20_000)\ntime.sleep(seconds)",
)


def test_prints_without_end_are_cut_and_a_notebook_without_end_is_stopped(tmp_path):
    write_notebook(tmp_path / "notebooks/05_endless.ipynb", *ENDLESS)
    (tmp_path / "claims.toml").write_text("[notebooks.05_endless]\npaper = { seconds = 3600 }\n")
    code, output, _ = reproduce(tmp_path, "--quick")
    assert code == 0
    text = (tmp_path / "out/notebooks/05_endless.ipynb").read_text()
    assert len(text) < 150_000
    assert "1900100 characters left out" in text
    code, output, _ = reproduce(tmp_path, "--timeout", "0.1")
    assert code == 1
    assert "did not end within 6 s; a longer time is given by --timeout" in output


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.slow)])
def test_a_terminal_without_the_signs_of_mathematics(world, encoding):
    folder, _ = world
    command = [sys.executable, f"{PROGRAM}", *options(folder, folder / "out"), "01"]
    done = subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b">= 90" in done.stdout


def test_a_folder_that_cannot_be_written_is_named(world, monkeypatch):
    folder, _ = world

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        code, _, errors = reproduce(folder, "01")
    assert code == 1
    assert errors == f"reproduce.py: {folder / 'out'}: No space left on device\n"
    code, _, errors = reproduce(folder, "01", out=folder / ("n" * 300))
    assert (code, "cannot be written (File name too long)" in errors) == (2, True)


def test_help_teaches(small):
    code, output, _ = reproduce(small, "--help")
    assert code == 0
    assert "uv run reproduce.py 03 09_pong" in output
    assert "exit code: 0 if" in output


# --- trouble on the machine: slow


def bare(folder, *arguments, **how):
    """Start reproduce.py in a process of its own."""
    command = [sys.executable, f"{PROGRAM}", *options(folder, folder / "out"), *arguments]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"} | how
    return subprocess.Popen(command, **how)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="locks as on POSIX")
def test_runs_at_once_into_one_folder_take_turns(small):
    """The first to come runs, the others wait and find it done; nothing is written twice."""
    (small / "notebooks/02_fails.ipynb").unlink()
    runs = [bare(small, "01") for _ in range(4)]
    outputs = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * 4
    assert sorted("1 ran" in output for output in outputs) == [False] * 3 + [True]
    assert sum("another run is using" in output for output in outputs) >= 1
    assert not list((small / "out").glob(".work/*"))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_runs_that_are_killed_at_any_time_resume_to_the_same_claims(small, tmp_path_factory):
    (small / "notebooks/02_fails.ipynb").unlink()
    whole = write_world(tmp_path_factory.mktemp("whole"))
    (whole / "notebooks/02_fails.ipynb").unlink()
    reproduce(whole)
    for patience in (0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5):
        run = bare(small)
        time.sleep(patience)
        run.kill()
        run.communicate()
        for record in (small / "out").glob("records/*.json"):
            found = records.load_record(small / "out", record.stem)
            assert found is not None
            assert records.is_complete(small / "out", found)
    reproduce(small)
    claims = [(folder / "out/claims.json").read_bytes() for folder in (small, whole)]
    assert claims[0] == claims[1]


HUNGRY = (
    "megabytes = 50\nout = None",
    "from pathlib import Path\nfolder = Path(out, 'media')\nfolder.mkdir()\n"
    "(folder / 'a.wav').write_bytes(bytes(10**6))\n"
    "(folder / 'b.wav').write_bytes(bytes(megabytes * 10**6))",
)


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", f"{folder}"]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", f"{folder}"], check=True)


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_there_and_is_told(disk):
    notebook, out = disk / "notebooks/01_hungry.ipynb", disk / "out"
    write_notebook(notebook, *HUNGRY)
    (disk / "claims.toml").write_text("[notebooks.01_hungry]\nquick = { megabytes = 1 }\n")
    assert reproduce(disk, "--quick")[0] == 0
    before = snapshot(out / "media")
    for filler in (0, 10**8):  # it fills up in the notebook's own file, or before the run begins
        with contextlib.suppress(OSError):
            (disk / "filler").write_bytes(bytes(filler))
        code, output, errors = reproduce(disk)
        assert code == 1
        assert "No space left on device" in output + errors
        assert "Traceback" not in errors
        assert snapshot(out / "media") == before
        record = records.load_record(out, "01_hungry")
        assert record.parameters["megabytes"] == 1
        assert records.is_complete(out, record)
    (disk / "filler").unlink()
    assert reproduce(disk, "--quick")[0] == 0
    assert not list(out.glob(".work/*"))


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices as on POSIX")
@pytest.mark.parametrize("to", ["a pipe that is closed", pytest.param("/dev/full", marks=pytest.mark.slow)])
def test_a_list_that_nobody_can_read_is_no_traceback(small, to):
    if to == "/dev/full":
        if not Path(to).exists():
            pytest.skip("there is no /dev/full")
        output = os.open(to, os.O_WRONLY)
    else:
        reader, output = os.pipe()
        os.close(reader)
    run = bare(small, "--list", stdout=output, stderr=subprocess.PIPE)
    os.close(output)
    _, errors = run.communicate()
    assert run.returncode == 1
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
