"""Predictors of ProxylessNAS chains on the 606 pairs of the 2021 replication.

    neural-predictor import-children FILE --output FOLDER
    python bench/chains.py FOLDER/*.parquet [--splits 20] [--predictors 3-layers ..] [--threads 1]

FILE is the replication's CSV file. In each random split a fifth of a set's architectures is held out, and each
predictor is fitted to all others: 300 epochs, batch 10, D by N.

- 18-layers: the paper's recipe for chains: 18 graph convolutions, FC 512 and 128, lr 1e-3, weight decay 1e-5; their
  kernels start twice as large as Glorot's (initial_gain 2), which undoes the halves of the paper's equation.
- 18-layers-gain-1: the same with Glorot's kernels: each layer passes on about half of what it gets, 18 of them a
  hundred thousandth, and the fit never leaves the mean of the labels.
- 3-layers: the recipe for NAS-Bench-101's cells, which the replication used: FC 128, lr 1e-4, weight decay 1e-3.
- zero-layers: a straight line in the number of zero layers.

The Markdown table has mean and standard deviation over splits of Kendall tau and R2 on the held-out networks, and the
number of fits that predict one value for all. It takes hours on one core; the rows are said as they come.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from neural_predictor.children.table import zero_layers
from neural_predictor.predictors.device import configure
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.statistics.metrics import predictor_metrics
from neural_predictor.tables.benchmarks import space_of
from neural_predictor.tables.table import read_table

PAPER = GcnRecipe(layers=18, initial_gain=2, hidden=(512, 128), learning_rate=1e-3, weight_decay=1e-5)
PREDICTORS = {
    "zero-layers": None,
    "3-layers": GcnRecipe(),
    "18-layers": PAPER,
    "18-layers-gain-1": PAPER.model_copy(update={"initial_gain": 1.0}),
}
CONSTANT_SPREAD = 1e-3


def predict(name, table, training, threads):
    """Predictions of all architectures by each split's fit: (splits, n)."""
    recipe, label = PREDICTORS[name], table.mean(table.signal)
    if recipe is None:
        zeros = zero_layers(table)
        lines = [np.polyfit(zeros[rows], label[rows], 1) for rows in training]
        return np.stack([np.polyval(line, zeros) for line in lines])
    from neural_predictor.predictors.engine import fit_replicates
    from neural_predictor.predictors.scoring import score

    graphs, seeds = space_of(table).encode(table.encoding), range(len(training))
    return score(fit_replicates(graphs, label[training], recipe, seeds, training, workers=threads), graphs)


def measure(name, table, splits, threads):
    """One row of the table."""
    held, label = len(table) // 5, table.mean(table.signal)
    orders = np.stack([np.random.default_rng(split).permutation(len(table)) for split in range(splits)])
    start = perf_counter()
    predicted = predict(name, table, orders[:, held:], threads)
    seconds = perf_counter() - start
    found = [predictor_metrics(one[rows], label[rows]) for one, rows in zip(predicted, orders[:, :held], strict=True)]
    cells = [table.name, str(len(table)), name, str(splits)]
    for metric in ("kendall_tau", "r2"):
        values = np.array([one[metric] for one in found])
        cells.append(f"{values.mean():.3f} ± {values.std(ddof=1):.3f}")
    constant = int((predicted.std(axis=1) < CONSTANT_SPREAD * label.std()).sum())
    return [*cells, str(constant), f"{seconds:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--predictors", nargs="+", choices=PREDICTORS, default=list(PREDICTORS))
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    configure(arguments.threads, "cpu")
    rows = []
    for name in arguments.predictors:
        for path in arguments.tables:
            rows.append(measure(name, read_table(path), arguments.splits, arguments.threads))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    columns = ["set", "architectures", "predictor", "splits", "Kendall tau", "R2", "constant fits", "seconds"]
    print("\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows)))


if __name__ == "__main__":
    main()
