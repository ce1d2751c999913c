"""Kendall tau of every predictor against the number N of training architectures, on one search space.

    python bench/predictors.py --space nasbench101 --file nasbench101_val_15k.csv.gz [--train 172] [--splits 20]
        [--predictors best paper ..] [--development] [--threads 2]

Spaces: nasbench101 (FILE: CSV with adjacency, operations and val_acc_108_max3), nasbench-nlp (FILE: logs),
nasbench-graph-<table> (no file: inside the package nas-bench-graph), proxylessnas-<images> (FILE: a table of
import-children or of a study's children, its CSV file beside it).

In each split N architectures are drawn uniformly, each predictor is fitted to them, and tau is of all others.
Choices are made with --development: it draws and tests on a third of them, by the SHA-256 of their identity.
The other two thirds are the lock-box: without the flag all are drawn from and tested on, and `lock-box` is tau
on those of them that are not the third. docs/lab/predictors.md holds the tables; a row is mean [95 % bootstrap interval
of the mean over splits], and the seconds of a fit. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.stats import kendalltau

from neural_predictor.predictors.device import configure
from neural_predictor.tables.benchmarks import BENCHMARKS, space_of


def graphs_and_labels(space, file):
    """Graphs, labels (higher is better), and identities of all architectures of a space."""
    if space == "nasbench101":
        import pandas as pd

        from neural_predictor.spaces.nasbench101.space import NasBench101Space

        data, cells = pd.read_csv(file, dtype={"adjacency": str}), NasBench101Space()
        codes = cells.from_columns([data["adjacency"].tolist(), data["operations"].tolist()])
        return cells.encode(codes), data["val_acc_108_max3"].to_numpy(np.float64), cells.identify(codes)
    if space.startswith("proxylessnas-"):
        import pandas as pd

        from neural_predictor.tables.table import read_table

        table, trainings = read_table(file), pd.read_csv(file.with_suffix(".csv"))
        written = trainings[trainings["status"] == "ok"].drop_duplicates("network")["architecture"]
        names = ["".join(filter(str.isdigit, text)) for text in written]  # by which the thirds have always been dealt
        return space_of(table).encode(table.encoding), table.mean(table.signal), names
    if file is None:
        import nas_bench_graph

        name = space.removeprefix("nasbench-graph-")
        file = Path(nas_bench_graph.__file__).parent / "light" / f"{name}.bench"
    table = BENCHMARKS[space].read(space, file)
    sign = 1 if table.maximise else -1
    return space_of(table).encode(table.encoding), sign * table.mean(table.signal), table.architecture


def interval(values):
    """Mean over splits, and its 95 % percentile bootstrap."""
    drawn = np.random.default_rng(0).choice(values, (2000, len(values))).mean(axis=1)
    return [round(float(x), 4) for x in (np.mean(values), *np.quantile(drawn, (0.025, 0.975)))]


def main():
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", required=True)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--train", type=int, default=172)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--predictors", nargs="+")
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    workers = configure(args.threads, "cpu")
    from neural_predictor.predictors.ensemble import make_predictor
    from neural_predictor.predictors.recipes import PREDICTORS

    graphs, labels, names = graphs_and_labels(args.space, args.file)
    third = np.array([int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) % 3 == 0 for name in names])
    if args.development:
        graphs, labels, third = graphs.take(np.flatnonzero(third)), labels[third], third[third]
    print("| space | N | splits | tested on | predictor | tau | lock-box | seconds a fit |\n" + "|---" * 8 + "|")
    best = {}
    for name in args.predictors or PREDICTORS:
        taus, boxed, seconds = [], [], []
        for split in range(args.splits):
            rows = np.random.default_rng([2020, split]).choice(len(labels), args.train, replace=False)
            rest = np.setdiff1d(np.arange(len(labels)), rows)
            start = perf_counter()
            fitted = make_predictor(PREDICTORS[name], split, workers).fit(graphs.take(rows), labels[rows])
            seconds.append(perf_counter() - start)
            scores = fitted.predict(graphs)
            taus.append(kendalltau(scores[rest], labels[rest]).statistic)
            locked = rest[~third[rest]]
            boxed.append(kendalltau(scores[locked], labels[locked]).statistic if len(locked) else np.nan)
            print(f"{name}, split {split}: tau {taus[-1]:.3f}", file=sys.stderr, flush=True)
        tau, low, high = interval(np.nan_to_num(taus))
        box = "" if args.development else f"{np.nanmean(boxed):.3f}"
        where = f"{args.space} | {args.train} | {args.splits} | {len(labels) - args.train:,}"
        print(
            f"| {where} | {name} | {tau:.3f} [{low:.3f}, {high:.3f}] | {box} | {np.median(seconds):.1f} |", flush=True
        )
        best[name] = {"tau": tau, "tau_low": low, "tau_high": high, "seconds": round(float(np.median(seconds)), 2)}
    about = {"space": args.space, "train": args.train, "splits": args.splits, "development": args.development}
    print(json.dumps(about | best.get("best", {}) | {"predictors": best}))


if __name__ == "__main__":
    main()
