"""How much of a table's own front every search finds, by the number of trainings, and its regret under bounds.

    python bench/fronts.py --file anb_dataset_jsons.tar.gz [--searches front front-rounds ..] [--repeats 20]
        [--batch 10] [--budget 200] [--development]
    python bench/fronts.py --benchmark nasbench-graph-cs --cost latency_ms --bounds 2 3 4

FILE is the raw file of the benchmark (Accel-NASBench unless named); NAS-Bench-Graph's lie in its package. Costs are
known before training, accuracies are not. Each search trains `batch` architectures at a time. Settings are chosen with
--development: on a third of the architectures, by the SHA-256 of their identity. The table has the mean share of the
true front's hypervolume over repeats with its 95 % bootstrap interval, the reference point being the table's worst
accuracy and cost; then the mean regret at each bound. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from neural_predictor.search.fronts.registry import FRONT_SEARCHES
from neural_predictor.search.fronts.run import BATCH, FrontProblem, run_front
from neural_predictor.tables.benchmarks import BENCHMARKS

LEVELS = (40, 60, 80, 100, 150, 200, 300, 500, 1000)


def table_of(benchmark, file, *, development):
    """The table, or the development third of it."""
    if file is None:
        import nas_bench_graph

        file = Path(nas_bench_graph.__file__).parent / "light" / f"{benchmark.removeprefix('nasbench-graph-')}.bench"
    table = BENCHMARKS[benchmark].read(benchmark, file)
    if not development:
        return table
    digests = [hashlib.sha256(str(name).encode()).hexdigest()[:8] for name in table.architecture]
    third = np.array([int(digest, 16) % 3 == 0 for digest in digests])
    metrics = {name: values[third] for name, values in table.metrics.items()}
    return replace(table, architecture=table.architecture[third], encoding=table.encoding[third], metrics=metrics)


def interval(values):
    """Mean over repeats (R,), and its 95 % percentile bootstrap."""
    drawn = np.random.default_rng(0).choice(values, (2000, len(values))).mean(axis=1)
    return [round(float(x), 4) for x in (values.mean(), *np.quantile(drawn, (0.025, 0.975)))]


def main():
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", default="accel-nasbench")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--cost", default="latency_zcu102_ms")
    parser.add_argument("--bounds", type=float, nargs="+", default=[3.0, 5.0, 8.0])
    parser.add_argument("--searches", nargs="+", default=list(FRONT_SEARCHES), choices=list(FRONT_SEARCHES))
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON, for one search")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--development", action="store_true")
    args = parser.parse_args()
    table = table_of(args.benchmark, args.file, development=args.development)
    problem = FrontProblem(table, args.cost, tuple(args.bounds), 0, args.repeats, args.budget)
    draws, levels = problem.problem(), [level for level in LEVELS if level <= args.budget]
    print(
        f"| {table.name}, {len(table):,}, front of {len(problem.true_front)} | {' | '.join(map(str, levels))} | ",
        end="",
    )
    print(f"{' | '.join(f'regret at {bound:g}' for bound in args.bounds)} | seconds a repeat |")
    print("|---" * (len(levels) + len(args.bounds) + 2) + "|")
    found = {}
    for name in args.searches:
        start = perf_counter()
        traces = run_front(name, problem, args.batch, **args.settings)
        seconds = (perf_counter() - start) / args.repeats
        shares = np.array([problem.share(trace) for trace in traces])
        regrets = np.array(
            [
                [problem.regret(trace, draws.signal(repeat), bound)[-1] for bound in args.bounds]
                for repeat, trace in enumerate(traces)
            ]
        )
        found[name] = {
            "share": {level: interval(shares[:, level - 1]) for level in levels},
            "regret": {bound: interval(column) for bound, column in zip(args.bounds, regrets.T, strict=True)},
        }
        cells = [f"{m:.4f} [{low:.4f}, {high:.4f}]" for part in found[name].values() for m, low, high in part.values()]
        print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)
    about = {"benchmark": table.name, "cost": args.cost, "repeats": args.repeats, "batch": args.batch}
    print(json.dumps(about | {"development": args.development, "settings": args.settings, "searches": found}))


if __name__ == "__main__":
    main()
