"""Files are replaced whole, whoever else writes or stops."""

import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rgm_core import RGM, learn_structure
from rgm_core.model.files import replacing, write_text


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "claims.json"
    write_text(path, "old")

    def stop_half_way():
        with replacing(path) as part:
            part.write_text("half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_half_way()
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", [path.name])
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", [path.name])


@pytest.mark.skipif(os.name == "nt", reason="permissions as on POSIX")
def test_a_file_is_as_readable_as_any_other(tmp_path):
    write_text(tmp_path / "ours", "x")
    (tmp_path / "plain").write_text("x")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "plain")}
    assert len(modes) == 1


def test_a_name_of_any_length_that_the_system_allows(tmp_path):
    write_text(tmp_path / ("n" * 255), "x")


def test_many_writers_and_a_reader_never_meet_a_broken_model(tmp_path):
    """A fixed temporary name made 48 of 160 concurrent saves fail, and broke files under readers."""
    path = tmp_path / "model.npz"
    models = [learn_structure(np.arange(n)[:, None] % 3, 3) for n in (4, 5, 6, 7)]
    sizes = {model.n_counts for model in models}
    models[0].save(path)
    done, seen = threading.Event(), set()

    def read():
        while not done.is_set():
            seen.add(RGM.load(path).n_counts)

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(8) as pool:
        saves = [pool.submit(models[n % 4].save, path) for n in range(80)]
        errors = [save.exception() for save in saves]
    done.set()
    reader.join()
    assert not any(errors)
    assert seen <= sizes
    assert os.listdir(tmp_path) == [path.name]


WRITER = """
import sys
from rgm_core.model.files import write_text
while True:
    for letter in "abc":
        write_text(sys.argv[1], letter * 200_000)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_writers_that_are_killed_leave_whole_files(tmp_path):
    path = tmp_path / "text"
    for _ in range(6):
        writers = [subprocess.Popen([sys.executable, "-c", WRITER, path]) for _ in range(3)]
        while not path.exists():
            assert [writer.poll() for writer in writers] == [None] * 3
            time.sleep(0.05)
        for writer in writers:
            for _ in range(20):
                assert path.read_text() in ("a" * 200_000, "b" * 200_000, "c" * 200_000)
            writer.kill()
            writer.wait()
        path.unlink()
