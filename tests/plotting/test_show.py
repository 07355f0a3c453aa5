import base64
import sys
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from rgm_core.notebook import display
from rgm_core.plotting import COLOURS, show, style
from rgm_core.plotting import show as show_function
from rgm_core.plotting.show import plotted_sha256

show_module = sys.modules[show_function.__module__]


@pytest.fixture(autouse=True)
def _agg():
    with mpl.rc_context(), plt.ioff():
        plt.switch_backend("agg")
        yield
        plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What would be displayed in a notebook."""
    calls = []

    def collect(data, record, **metadata):
        calls.append((data, record, metadata))

    monkeypatch.setattr(show_module, "in_kernel", lambda: True)
    monkeypatch.setattr(show_module, "display_with_record", collect)
    return calls


def draw(y=(1, 3, 2), **changes):
    """Draw one of everything."""
    parts = {"image": np.eye(3), "points": [(0, 0), (1, 2)], "bars": [1, 2], "shift": 0} | changes
    fig, (left, right) = plt.subplots(1, 2)
    left.plot(np.arange(3), y)
    left.bar([0, 1], parts["bars"])
    left.fill_between([0, 1], np.array([0, 1]) + parts["shift"], 2)
    left.inset_axes([0.5, 0.5, 0.4, 0.4]).scatter(*np.transpose(parts["points"]), c=[0.1, 0.2])
    right.imshow(parts["image"])
    right.pcolormesh(np.asarray(parts["image"]))
    return fig


def test_outside_a_notebook_nothing_is_shown_and_the_figure_closes(capsys):
    fig = draw()
    assert show(fig, "fig06_digits", alt="Digits") is None
    assert capsys.readouterr().out == ""
    assert not plt.fignum_exists(fig.number)


def test_a_notebook_gets_one_picture_with_its_record(shown):
    fig = draw()
    sha256 = plotted_sha256(fig)
    show(fig, "fig06_digits", alt="Digits and their copies")
    [(data, record, metadata)] = shown
    assert data["text/plain"] == "Figure fig06_digits: Digits and their copies"
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    expected = {"figure": "fig06_digits", "alt": "Digits and their copies", "sha256": sha256}
    assert record == expected
    assert metadata == {"image/png": {"alt": "Digits and their copies"}}
    assert not plt.get_fignums()


def test_files_are_the_same_each_time(tmp_path):
    for folder in ("a", "b"):
        show(draw(), "fig06_digits", alt="Digits & copies", out=tmp_path / folder)
    for name in ("fig06_digits.png", "fig06_digits.svg"):
        first, second = (tmp_path / f / "figures" / name for f in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in (tmp_path / "a/figures").iterdir()) == [
        "fig06_digits.png",
        "fig06_digits.svg",
    ]
    assert "Digits &amp; copies" in (tmp_path / "a/figures/fig06_digits.svg").read_text()
    assert plt.imread(tmp_path / "a/figures/fig06_digits.png").shape[0] > 800  # 200 dpi


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    show(draw(), "fig", alt="Before", out=tmp_path)
    before = (tmp_path / "figures/fig.png").read_bytes()

    def fail(self, path, **_):
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(mpl.figure.Figure, "savefig", fail)
    with pytest.raises(OSError, match="no space left"):
        show(draw(y=(9, 9, 9)), "fig", alt="After", out=tmp_path)
    assert (tmp_path / "figures/fig.png").read_bytes() == before
    assert len(list((tmp_path / "figures").iterdir())) == 2


@pytest.mark.parametrize("name", ["", "Fig", "a b", "../x", "a__b", "_a", "fig.png", None, "a\n"])
def test_names_are_checked(name):
    with pytest.raises(ValueError, match="name: found"):
        show(plt.figure(), name, alt="x")


@pytest.mark.parametrize("alt", ["", "  ", "two\nlines", None])
def test_descriptions_are_checked(alt):
    with pytest.raises(ValueError, match=r"alt: found .* for figure fig"):
        show(plt.figure(), "fig", alt=alt)


def test_the_hash_ignores_rendering_and_rounding():
    reference = plotted_sha256(draw())
    other = draw(y=np.array([1, 3, 2]) * (1 + 1e-12))
    other.set_dpi(37)
    other.axes[0].set_title("a title")
    other.axes[0].lines[0].set_color("red")
    assert plotted_sha256(other) == reference
    assert plotted_sha256(draw(y=(1.0, 3.0, 2.0))) == reference


@pytest.mark.parametrize(
    "changes",
    [
        {"y": (1, 3, 2.000001)},
        {"y": (1, 3, np.nan)},
        {"image": 2 * np.eye(3)},
        {"points": [(0, 0), (1, 3)]},
        {"bars": [1, 3]},
        {"shift": 0.5},
    ],
)
def test_the_hash_sees_every_plotted_array(changes):
    assert plotted_sha256(draw(**changes)) != plotted_sha256(draw())


def test_the_hash_has_one_zero_and_one_missing_value():
    signed = plotted_sha256(draw(y=(-0.0, -np.nan, 1)))
    assert signed == plotted_sha256(draw(y=(0.0, np.nan, 1)))


def test_style_leaves_nothing_behind():
    before = dict(mpl.rcParams)
    with style(figure_dpi=90):
        assert mpl.rcParams["figure.dpi"] == 90
        assert mpl.rcParams["axes.spines.top"] is False
        assert next(iter(mpl.rcParams["axes.prop_cycle"]))["color"] == COLOURS["blue"]
    assert dict(mpl.rcParams) == before


def test_style_decorates_functions():
    @style()
    def dpi():
        return mpl.rcParams["savefig.dpi"]

    assert dpi() == dpi() == 200


def test_style_knows_its_settings():
    with (
        pytest.raises(ValueError, match="'figure_dots' is not a Matplotlib setting"),
        style(figure_dots=3),
    ):
        pass


def test_in_kernel_needs_a_kernel(monkeypatch):
    for shell, expected in ((None, False), (object(), False), (SimpleNamespace(kernel=1), True)):
        ipython = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert display.in_kernel() is expected
    monkeypatch.delitem(sys.modules, "IPython")
    assert display.in_kernel() is False
