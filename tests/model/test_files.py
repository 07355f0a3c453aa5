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


LIMITED = """
import resource, sys
import numpy as np
from rgm_core import RGM, learn_structure
path = sys.argv[1]
learn_structure(np.arange(4)[:, None] % 3, 3).save(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    learn_structure(np.random.default_rng(0).integers(0, 3, (60, 30)), 3).save(path)
except OSError as error:
    print(error.strerror, len(RGM.load(path).D))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits as on POSIX")
def test_a_model_that_does_not_fit_leaves_the_old_one(tmp_path):
    """The system refuses more bytes in the middle of a file, as a full disk does."""
    path = tmp_path / "model.npz"
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large 3\n"
    assert os.listdir(tmp_path) == [path.name]


SAVER = """
import sys
import numpy as np
from rgm_core import learn_structure
model = learn_structure(np.arange(int(sys.argv[2]))[:, None] % 9, 9)
for _ in range(60):
    model.save(sys.argv[1])
"""


@pytest.mark.slow
def test_processes_that_save_at_once_and_readers_never_meet_a_broken_model(tmp_path):
    path = tmp_path / "model.npz"
    learn_structure(np.arange(4)[:, None] % 9, 9).save(path)
    savers = [subprocess.Popen([sys.executable, "-c", SAVER, path, str(n)]) for n in (5, 6, 7)]
    seen = set()
    while any(saver.poll() is None for saver in savers):
        seen.add(len(RGM.load(path).D))
    assert [saver.wait() for saver in savers] == [0] * 3
    assert seen <= {4, 5, 6, 7}
    assert os.listdir(tmp_path) == [path.name]
