"""Write docs/peers.md and its plot from benchmarks/peers.json: uv run docs/peers.py"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from rgm_core.plotting.style import style

ROOT = Path(__file__).resolve().parents[1]
MODELS = {  # as the script names them, and as the table does
    "RGMClassifier": "RGMClassifier",
    "nearest neighbour": "1-NN (keeps all images)",
    "logistic regression, one pass": "logistic regression, one pass",
    "Gaussian naive Bayes, one pass": "Gaussian naive Bayes",
}
PAGE = """# Beside others

The same tasks by the libraries that people use for them, run by one script on one machine, one
thread: `uv run --group peers benchmarks/peers.py`. The machine was busy with other work, so times
are for comparing within a row, not for quoting. Versions: {versions}.

![{alt}](images/peers.png)

## Digits, each seen once

MNIST; the first images learned, tested on the first {tested:,} official test images. Accuracy in %,
and log loss in nats (lower is better, ln 10 = 2.3 knows nothing; 1-NN gives no probabilities).

{digits}

**Where we lose:** the nearest neighbour learns in no time; we take half a minute for 10,000 on one
core, and longer to read 10,000 at all poses ([benchmarks](../benchmarks/README.md)). Against what
also sees each image once we are more accurate, and have the better probabilities. Ours was measured
with a former default (other states, nine poses), which was less accurate on these digits.

## One level, inferred in batches: inferactively-pymdp

Posterior over 50 states from 16 modalities of 7 outcomes, the same numbers in both; pymdp is
compiled by `jax.jit`, and its agent is made for each batch, as its manual has it.

{batches}

A model goes to pymdp and back with differences of at most {round_trip:.0e} (it has single
precision), and the expected free energies of three random worlds differ by at most
{free_energy:.0e} nats. **Where we lose:** one at a time pymdp is faster, once it is compiled, and
it runs on accelerators. Its open branch on renormalising models is said to reach about 90 % on
MNIST: cited as claimed, not measured here.

## The chain on top: hmmlearn

Forward and backward over 2,000 events of 50 states: the log evidence differs by {hmm_evidence:.0e}
nats, and posteriors by {hmm_posterior:.0e}. hmmlearn takes {hmm_theirs:.2f} s, we {hmm_ours:.2f} s:
**{hmm_ratio:.0f} times slower**. Our transitions are lists of those that were seen, and here all
2,500 are possible.

## A film and a sound at the same bits

{media}

The model holds everything but the modes of its codec, which are in half precision, compressed.
**Where we lose:** if bits are what counts. The modes alone weigh more than the raw film or sound.
Even without them, H.264 shows the film better in fewer bytes; the jazz, without them, is about
where Opus is. Events are for recognising, completing and varying, not for storing.
"""
ALT = "Accuracy over images learned, of four classifiers; quality over bytes, of a film and of a sound"


def main() -> None:
    """Write both."""
    kept = json.loads((ROOT / "benchmarks/peers.json").read_text())
    (ROOT / "docs/peers.md").write_text(page(kept))
    draw(kept).savefig(ROOT / "docs/images/peers.png", dpi=150, metadata={"Software": None})


def page(kept: dict) -> str:
    """The page, in Markdown."""
    hmm, versions = kept["hmmlearn"], (f"{name} {number}" for name, number in kept["versions"].items())
    seconds = {name: hmm[name]["seconds"] for name in ("ours", "hmmlearn")}
    return PAGE.format(
        alt=ALT,
        versions=", ".join(versions), tested=kept["digits"]["tested"], digits=digits_table(kept["digits"]),
        batches=batch_table(kept["pymdp"]["batches"]), media=media_table(kept),
        round_trip=kept["pymdp"]["round_trip"], free_energy=kept["pymdp"]["free_energy"],
        hmm_evidence=hmm["log_evidence_differs"], hmm_posterior=hmm["posteriors_differ"],
        hmm_theirs=seconds["hmmlearn"], hmm_ours=seconds["ours"],
        hmm_ratio=seconds["ours"] / seconds["hmmlearn"],
    )  # fmt: skip


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def digits_table(kept: dict) -> str:
    """Accuracy and log loss by classifier and number of images."""
    sizes = sorted({row["images"] for row in kept["rows"]})
    found = {(row["model"], row["images"]): row for row in kept["rows"]}
    rows = []
    for name, shown in MODELS.items():
        cells = [found[name, n] for n in sizes]
        losses = ("–" if c["log_loss"] is None else f"{c['log_loss']:.2f}" for c in cells)
        rows.append(
            [shown, *(f"{100 * c['accuracy']:.1f}; {loss}" for c, loss in zip(cells, losses, strict=True))]
        )
    return table(["accuracy; log loss", *(f"{n:,} images" for n in sizes)], rows)


def batch_table(batches: list[dict]) -> str:
    """Milliseconds, first call and memory by batch."""
    head = [
        "batch",
        "ours / ms",
        "pymdp / ms",
        "its first call / s",
        "ours / MB",
        "pymdp / MB",
        "posteriors differ",
    ]
    rows = [
        [
            f"{row['batch']:,}",
            f"{1e3 * row['ours']['seconds']:.2f}", f"{1e3 * row['pymdp']['seconds']:.2f}",
            f"{row['pymdp']['first']:.1f}", f"{row['ours']['peak']:.0f}", f"{row['pymdp']['peak']:.0f}",
            f"{row['posteriors_differ']:.0e}",
        ]
        for row in batches
    ]  # fmt: skip
    return table(head, rows)


def media_table(kept: dict) -> str:
    """Bytes and quality of film and sound."""
    film, sound = kept["film"], kept["sound"]
    sizes, heard = [case["ours"]["bytes"] for case in (film, sound)], f"{sound['ours']['correlation']:.3f}"
    models, codecs = ([f"{size[part]:,}" for size in sizes] for part in ("model", "codec"))
    rows = [
        ["ours: events and model", models[0], f"{film['ours']['psnr']:.1f}", models[1], heard],
        ["ours: modes of the codec, besides", codecs[0], "", codecs[1], ""],
    ]
    for one, other in zip(film["H.264"], [*sound["Opus"], None], strict=True):
        heard = [f"{other['bytes']:,}", f"{other['correlation']:.3f}"] if other else ["", ""]
        name = f"H.264, crf {one['crf']}" + (f"; Opus, {other['bit/s'] // 1000} kbit/s" if other else "")
        rows.append([name, f"{one['bytes']:,}", f"{one['psnr']:.1f}", *heard])
    rows.append(["raw", f"{film['raw']:,}", "∞", f"{sound['raw']:,}", "1"])
    return table(["", "film / bytes", "PSNR / dB", "jazz / bytes", "correlation of spectrograms"], rows)


@style()
def draw(kept: dict):
    """Accuracy over images, and quality over bytes."""
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.8))
    for name, shown in MODELS.items():
        rows = [row for row in kept["digits"]["rows"] if row["model"] == name]
        axes[0].plot([r["images"] for r in rows], [100 * r["accuracy"] for r in rows], "o-", label=shown)
    axes[0].set(xscale="log", xlabel="images learned", ylabel="accuracy / %", title="digits")
    axes[0].legend(fontsize=6)
    cases = (("film", "H.264", "psnr", "PSNR / dB"), ("sound", "Opus", "correlation", "correlation"))
    for ax, (case, peer, quality, label) in zip(axes[1:], cases, strict=True):
        rows, ours = kept[case][peer], kept[case]["ours"]
        ax.plot([r["bytes"] for r in rows], [r[quality] for r in rows], "o-", label=peer)
        sizes = np.cumsum([ours["bytes"]["model"], ours["bytes"]["codec"]])
        ax.plot(sizes, [ours[quality]] * 2, "s--", label="ours, without and with the codec's modes")
        ax.set(xscale="log", xlabel="bytes", ylabel=label, title=case)
        ax.legend(fontsize=6)
    return fig


if __name__ == "__main__":
    main()
