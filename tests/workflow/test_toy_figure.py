"""A figure is added by one folder and one row, and is built, listed and documented: nothing else is touched."""

import os
import re
import shutil
import subprocess
import sys

import pandas as pd

from neural_predictor.workflow.code import PACKAGE

ROOT = PACKAGE.parents[1]
NUMBERS = '''"""The search signal of every architecture, sorted."""

import numpy as np
import pandas as pd

from neural_predictor.figures.protocol import describe


def run(request):
    """One row an architecture."""
    signal = np.sort(request.table.mean(request.table.signal))
    return pd.DataFrame({"place": np.arange(1, len(signal) + 1), "signal": signal}), describe(request, {})
'''
PAGE = '''"""A line."""

from neural_predictor.figures.style import new_figure, style

COLUMNS = ("place", "signal")


def draw(frame, protocol):
    """Signal by place."""
    with style():
        figure = new_figure(4, 3)
        figure.subplots().plot(frame["place"], protocol.scale * frame["signal"])
    return figure


def finding(frame, protocol):
    """The best."""
    return f"The best {protocol.signal} is {protocol.scale * frame['signal'].max():.2f} {protocol.unit}."
'''
ROW = """    Artefact(
        "fig-toy",
        "figure",
        "the signal of all architectures in their order",
        numbers="fig_toy.numbers:run",
        page="fig_toy.page:draw",
    ),
"""
REGISTRY = "src/neural_predictor/figures/registry.py"
FIRST_ROW = "ARTEFACTS = (\n"


def output(checkout, *command):
    """Of a command that runs the checkout's own code."""
    environment = {**os.environ, "PYTHONPATH": str(checkout.path("src"))}
    done = subprocess.run(command, cwd=checkout.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rules(printed):
    """Rules that ran."""
    return set(re.findall(r"^(?:local)?rule (\w+):", printed, re.MULTILINE))


def test_a_folder_and_a_row_make_a_figure(checkout):
    for document in ("Makefile", "docs/figures.md"):
        checkout.path(document).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / document, checkout.path(document))
    folder = checkout.path("src/neural_predictor/figures/fig_toy")
    folder.mkdir()
    (folder / "numbers.py").write_text(NUMBERS)
    (folder / "page.py").write_text(PAGE)
    (folder / "caption.rst").write_text("The signal of all architectures.\n")
    checkout.edit(REGISTRY, FIRST_ROW, FIRST_ROW + ROW)

    assert "results/fig-toy.pdf" in output(checkout, "make", "help", f"PYTHON={sys.executable}")
    output(checkout, sys.executable, "-m", "neural_predictor", "write-lists")
    about = "the signal of all architectures in their order"
    listed = checkout.path("docs/figures.md").read_text()
    assert f"| `results/fig-toy.pdf` | {about} |" in listed
    assert "The signal of all architectures." in listed

    built = checkout.snakemake("--cores", "2", "results/smoke-v1/fig-toy.pdf")
    assert {"fetch_source", "build_table", "run_experiment", "render_fig_toy"} == rules(built)
    assert checkout.path("results/smoke-v1/fig-toy.png").stat().st_size > 5_000
    said = checkout.path("results/smoke-v1/fig-toy.finding.rst").read_text()
    assert re.fullmatch(r"The best validation accuracy is \d\d\.\d\d %\.\n", said)
    curve = pd.read_csv(checkout.path("results/smoke-v1/fig-toy.csv"))
    assert (len(curve), curve["signal"].is_monotonic_increasing) == (2021, True)
    assert "results/smoke-v1/fig-toy.pdf" in checkout.snakemake("-n", "results/smoke-v1/all")
