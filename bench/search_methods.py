"""What every search finds: the place of the best architecture among all of a space, by the number of trainings.

    python bench/search_methods.py --space nasbench-graph-cs [--searches rounds bananas ..] [--repeats 20] [--batch 20]
        [--budget 300] [--development]
    python bench/search_methods.py --space nasbench101 --file nasbench101_val_15k.csv.gz

Spaces: nasbench-graph-<table> (inside the package nas-bench-graph), nasbench101 (FILE: CSV with adjacency, operations
and val_acc_108_max3), nasbench-nlp (FILE: logs). A search is asked for `batch` architectures at a time and told their
mean validation label. learning-curve needs a space whose trainings show labels before they end, nasbench101; what it
stops costs what was trained of it. A repeat's seed is the same for all searches, so that those which begin at random
begin alike. Settings are chosen with --development: on a third of the architectures, by the SHA-256 of their identity.
The table has the geometric mean over repeats of the best one's place, with its 95 % bootstrap interval. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from neural_predictor.search.curve import Curve
from neural_predictor.search.learning_curve import LearningCurve
from neural_predictor.search.pool import ListedPool
from neural_predictor.search.registry import SEARCHES
from neural_predictor.search.run import make_search, run_watched
from neural_predictor.tables.benchmarks import BENCHMARKS, space_of

LEVELS = (50, 100, 200, 300, 500, 1000, 2000)
SHOWN = {"val_acc_4": 4, "val_acc_12": 12, "val_acc_36": 36, "val_acc_108_max3": 108}
"""Columns of NAS-Bench-101's validation accuracies, each of trainings of its own of so many epochs."""


def listed(space, file):
    """Search space, codes and labels (n, B) of all architectures, higher is better, at B points of their training."""
    if space == "nasbench101":
        import pandas as pd

        from neural_predictor.spaces.nasbench101.space import NasBench101Space

        data, cells = pd.read_csv(file, dtype={"adjacency": str}), NasBench101Space()
        codes = cells.from_columns([data["adjacency"].tolist(), data["operations"].tolist()])
        return cells, codes, data[list(SHOWN)].to_numpy(np.float64)
    if file is None:
        import nas_bench_graph

        file = Path(nas_bench_graph.__file__).parent / "light" / f"{space.removeprefix('nasbench-graph-')}.bench"
    table = BENCHMARKS[space].read(space, file)
    return space_of(table), table.encoding, (1 if table.maximise else -1) * table.mean(table.signal)[:, None]


def spend(search, labels, budget, batch):
    """The rows that a search trains to their end, what all had cost by then, and the seconds of each question."""
    if isinstance(search, LearningCurve):
        start = perf_counter()
        spent = run_watched(search, labels, budget, batch)
        asked = len(spent.rows) + len(spent.stopped)
        return spent.rows, spent.costs, [(perf_counter() - start) * batch / asked]
    seconds = []
    while len(search.asked) < budget:
        start = perf_counter()
        rows = search.ask(min(batch, budget - len(search.asked)))
        seconds.append(perf_counter() - start)
        search.tell(rows, labels[rows, -1])
    return search.asked, 1.0 + np.arange(len(search.asked)), seconds


def geometric(places):
    """Geometric mean over repeats (R,), and its 95 % percentile bootstrap."""
    logs = np.log(places)
    drawn = np.random.default_rng(0).choice(logs, (2000, len(logs))).mean(axis=1)
    return [round(float(np.exp(x)), 2) for x in (logs.mean(), *np.quantile(drawn, (0.025, 0.975)))]


def main():
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", required=True)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--searches", nargs="+", default=list(SEARCHES), choices=list(SEARCHES))
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--development", action="store_true")
    args = parser.parse_args()
    space, codes, shown = listed(args.space, args.file)
    if args.development:
        names = space.identify(codes)
        third = np.array([int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) % 3 == 0 for name in names])
        codes, shown = codes[third], shown[third]
    labels = shown[:, -1]
    curve = Curve(tuple(SHOWN.values()), continued=False) if shown.shape[1] > 1 else None
    pool = ListedPool(space, codes, curve)
    place = np.searchsorted(np.sort(-labels), -labels) + 1
    levels = [level for level in LEVELS if level <= args.budget]
    print(f"| {args.space}, {len(labels):,} | {' | '.join(map(str, levels))} | seconds a question |")
    print("|---" * (len(levels) + 2) + "|")
    found = {}
    for name in args.searches:
        if name == "learning-curve" and curve is None:
            print(f"{name}: {args.space} has no labels of unfinished trainings", file=sys.stderr)
            continue
        places, seconds = [], []
        for repeat in range(args.repeats):
            rows, costs, taken = spend(make_search(name, pool, repeat), shown, args.budget, args.batch)
            places.append(np.array([place[rows[costs <= level]].min(initial=len(labels)) for level in levels]))
            seconds += taken
            print(f"{name}, repeat {repeat}: places {places[-1].tolist()}", file=sys.stderr, flush=True)
        found[name] = {level: geometric(each) for level, each in zip(levels, np.array(places).T, strict=True)}
        cells = [f"{mean:g} [{low:g}, {high:g}]" for mean, low, high in found[name].values()]
        print(f"| {name} | {' | '.join(cells)} | {np.median(seconds):.2f} |", flush=True)
    about = {"space": args.space, "repeats": args.repeats, "batch": args.batch, "development": args.development}
    print(json.dumps(about | {"searches": found}))


if __name__ == "__main__":
    main()
