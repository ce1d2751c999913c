"""What every search finds: the place of the best architecture among all of a space, by the number of trainings.

    python bench/search_methods.py --space nasbench-graph-cs [--searches rounds bananas ..] [--repeats 20] [--batch 20]
        [--budget 300] [--development] [--record docs/lab/searches.csv]
    python bench/search_methods.py --space nasbench101 --file nasbench101_val_15k.csv.gz
    python bench/search_methods.py --record docs/lab/searches.csv    # the tables of docs/lab/searches.md

Spaces: nasbench-graph-<table> (inside the package nas-bench-graph), nasbench101 (FILE: CSV with adjacency, operations
and val_acc_108_max3), nasbench-nlp (FILE: logs). A search is asked for `batch` architectures at a time and told their
mean validation label. learning-curve needs a space whose trainings show labels before they end, nasbench101; what it
stops costs what was trained of it. A repeat's seed is the same for all searches, so that those which begin at random
begin alike. Settings are chosen with --development: on a third of the architectures, by the SHA-256 of their identity.
The table has the geometric mean over repeats of the best one's place, with its 95 % bootstrap interval. The last line
is JSON. A record keeps each repeat: those that it holds are not run again, so that repeats can be added at any time.
Repeats of a search's older versions (`version` of its row in search/registry.py) stay there and count no more.
"""

from __future__ import annotations

import argparse
import csv
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
KEYS = ("space", "architectures", "search", "version", "batch", "budget", "repeat")
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


def cell(places):
    """Geometric mean and interval as the tables show them."""
    mean, low, high = geometric(places)
    return f"{mean:.3g} [{low:.3g}, {high:.3g}]"


class Record:
    """Repeats that were run: one row of a CSV each, with its keys, seconds a question, and the place at each level."""

    def __init__(self, path):
        self.path, self.rows = path, {}
        if path and path.is_file():
            with path.open(newline="") as file:
                self.rows = {self._key(row): row for row in csv.DictReader(file)}

    @staticmethod
    def _key(row):
        return tuple(str(row[key]) for key in KEYS)

    def find(self, row):
        """The row of the same keys, or None."""
        return self.rows.get(self._key(row))

    def add(self, row):
        """Keep a row, at once on the disk."""
        self.rows[self._key(row)] = row
        if self.path:
            new = not self.path.is_file()
            with self.path.open("a", newline="") as file:
                writer = csv.DictWriter(file, [*KEYS, "seconds", *map(str, LEVELS)], lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerow(row)


def tables_of(record, budget=300, batch=20, repeats=20):
    """Markdown: one table a level with a row for each search, a column for each space, and repeats that are fewer."""
    rows = [
        row
        for row in record.rows.values()
        if (int(row["budget"]), int(row["batch"])) == (budget, batch)
        and int(row["version"]) == SEARCHES[row["search"]].version
    ]
    spaces = {row["space"]: f"{row['space']}, {int(row['architectures']):,}" for row in rows}
    grouped = {}
    for row in rows:
        grouped.setdefault((row["search"], row["space"]), []).append(row)
    for level in (level for level in LEVELS if level <= budget):
        yield f"| {level} trainings | {' | '.join(spaces.values())} |"
        yield "|---" * (len(spaces) + 1) + "|"
        for name in (name for name in SEARCHES if any(search == name for search, _ in grouped)):
            groups = [grouped.get((name, space), []) for space in spaces]
            cells = [cell([float(row[str(level)]) for row in group]) if group else "" for group in groups]
            fewer = [f" ({len(group)})" if 0 < len(group) < repeats else "" for group in groups]
            yield f"| `{name}` | {' | '.join(map(str.__add__, cells, fewer))} |"
        yield ""


def arguments():
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--searches", nargs="+", default=list(SEARCHES), choices=list(SEARCHES))
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--record", type=Path)
    args = parser.parse_args()
    if args.space is None and args.record is None:
        parser.error("name a --space to measure, or a --record whose tables are to be printed")
    if args.development and args.record:
        parser.error("a --record is of whole tables, not of a --development third")
    return args


class Measured:
    """A space with the labels of all its architectures, and the places of the best that searches find in it."""

    def __init__(self, args, record):
        self.args, self.record = args, record
        space, codes, self.shown = listed(args.space, args.file)
        if args.development:
            names = space.identify(codes)
            third = np.array([int(hashlib.sha256(str(name).encode()).hexdigest()[:8], 16) % 3 == 0 for name in names])
            codes, self.shown = codes[third], self.shown[third]
        self.curve = Curve(tuple(SHOWN.values()), continued=False) if self.shown.shape[1] > 1 else None
        self.pool = ListedPool(space, codes, self.curve)
        labels = self.shown[:, -1]
        self.place = np.searchsorted(np.sort(-labels), -labels) + 1
        self.levels = [level for level in LEVELS if level <= args.budget]

    def repeat(self, name, repeat):
        """The record's row of a repeat of a search, which is run unless it is there."""
        args, count = self.args, len(self.place)
        values = (args.space, count, name, SEARCHES[name].version, args.batch, args.budget, repeat)
        row = dict(zip(KEYS, values, strict=True))
        if self.record.find(row) is None:
            search = make_search(name, self.pool, repeat)
            rows, costs, seconds = spend(search, self.shown, args.budget, args.batch)
            places = {str(level): int(self.place[rows[costs <= level]].min(initial=count)) for level in self.levels}
            self.record.add(row | {"seconds": f"{np.median(seconds):.3f}"} | places)
            print(f"{name}, repeat {repeat}: places {list(places.values())}", file=sys.stderr, flush=True)
        return self.record.find(row)


def main():
    """Measure and print the table, or print those of a record."""
    args = arguments()
    record = Record(args.record)
    if args.space is None:
        print("\n".join(tables_of(record)))
        return
    space = Measured(args, record)
    print(f"| {args.space}, {len(space.place):,} | {' | '.join(map(str, space.levels))} | seconds a question |")
    print("|---" * (len(space.levels) + 2) + "|")
    found = {}
    for name in args.searches:
        if name == "learning-curve" and space.curve is None:
            print(f"{name}: {args.space} has no labels of unfinished trainings", file=sys.stderr)
            continue
        rows = [space.repeat(name, repeat) for repeat in range(args.repeats)]
        places = {level: [float(row[str(level)]) for row in rows] for level in space.levels}
        found[name] = {level: geometric(each) for level, each in places.items()}
        seconds = np.median([float(row["seconds"]) for row in rows])
        print(f"| {name} | {' | '.join(map(cell, places.values()))} | {seconds:.2f} |", flush=True)
    about = {"space": args.space, "repeats": args.repeats, "batch": args.batch, "development": args.development}
    print(json.dumps(about | {"searches": found}))


if __name__ == "__main__":
    main()
