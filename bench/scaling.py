"""How far a study, and a search, run in parallel: measured with one and two workers, simulated up to 1,000.

    python bench/scaling.py [--study smoke-v1] [--children results/embedded-v2/children/digits.csv]
        [--output results/fig-parallel]

1. Measured: the study is built from nothing with one and with two workers, in empty folders. The seconds of
   each job of the first run are the unit times.
2. Simulated: its jobs, with the edges that Snakemake gives, on W workers by list scheduling, the job with the longest
   path to the end first. With one and two workers that is held against the measurement.
3. The same of paper-v1, less its children: seconds of a fit from docs/paper-scale.md, those of other jobs as measured.
4. The search itself, with the trainings that the paper has on ImageNet (N = 119, K = 137): N at once, then K at once,
   against regularized evolution with the same budget, of which only the first population is independent. The lengths
   of trainings are drawn from those of a set of children, over their mean.

The law of 2 and 3: with T1 the seconds of all jobs and Tinf those of the longest path, W workers need at least
max(T1 / W, Tinf), and a list schedule at most T1 / W + (1 - 1 / W) Tinf (Graham 1969). The law of 4: at least two
trainings, one after the other, however many workers; evolution needs budget - population + 1.

Writes OUTPUT.csv, .pdf and .png. The last line is JSON.
"""

from __future__ import annotations

import argparse
import heapq
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from neural_predictor.figures.style import INK, OKABE_ITO, REFERENCE, add_caption, new_figure, save_figure, style

ROOT = Path(__file__).parents[1]
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
N, K = 119, 137
"""Trainings of the paper's search on ImageNet: before the fit, and of what the predictor chose."""
POPULATION = 100
DRAWS = 200
CHILDREN = re.compile("children|prepare_images|imagenet")


class Job(NamedTuple):
    """A job of a workflow: its rule, wildcards, and the numbers of the jobs that it waits for."""

    rule: str
    wildcards: dict[str, str]
    needs: list[int]


def read_dag(study):
    """Jobs of a whole study, nothing of which is there, as Snakemake plans them."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = snakemake(folder, "--dag", "dot", "--", f"results/{study}/all")
    numbers, jobs = {}, []
    for number, label in re.findall(r'^\s*(\d+)\[label = "([^"]*)"', drawn, re.MULTILINE):
        rule, *wildcards = label.split("\\n")
        numbers[number] = len(jobs)
        jobs.append(Job(rule, dict(text.split(": ", 1) for text in wildcards), []))
    for first, then in re.findall(r"^\s*(\d+) -> (\d+)", drawn, re.MULTILINE):
        jobs[numbers[then]].needs.append(numbers[first])
    return jobs


def without(jobs, pattern):
    """The jobs whose rule and wildcards do not match, without edges to the others."""
    kept = [k for k, job in enumerate(jobs) if not pattern.search(" ".join((job.rule, *job.wildcards.values())))]
    place = {k: new for new, k in enumerate(kept)}
    return [jobs[k]._replace(needs=[place[need] for need in jobs[k].needs if need in place]) for k in kept]


def longest_paths(jobs, seconds):
    """Seconds from the start of each job to the end of the last that waits for it."""
    waiting = [[] for _ in jobs]
    for k, job in enumerate(jobs):
        for need in job.needs:
            waiting[need].append(k)
    found = [None] * len(jobs)
    stack = list(range(len(jobs)))
    while stack:
        k = stack[-1]
        open_ = [then for then in waiting[k] if found[then] is None]
        if open_:
            stack.extend(open_)
        else:
            found[stack.pop()] = seconds[k] + max((found[then] for then in waiting[k]), default=0.0)
    return found


def schedule(jobs, seconds, workers):
    """Seconds until the last job is done: a free worker takes the ready job with the longest path to the end."""
    paths = longest_paths(jobs, seconds)
    missing = [len(job.needs) for job in jobs]
    waiting = [[] for _ in jobs]
    for k, job in enumerate(jobs):
        for need in job.needs:
            waiting[need].append(k)
    ready = [(-paths[k], k) for k, count in enumerate(missing) if not count]
    heapq.heapify(ready)
    running, now = [], 0.0
    while ready or running:
        while ready and len(running) < workers:
            _, k = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[k], k))
        now, done = heapq.heappop(running)
        for k in waiting[done]:
            missing[k] -= 1
            if not missing[k]:
                heapq.heappush(ready, (-paths[k], k))
    return now


def snakemake(folder, *arguments):
    """Standard output of the project's workflow, run in a folder of its own."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def measure(study, workers):
    """Seconds of a build from nothing, and those of its jobs by folder and name of their benchmark files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = perf_counter()
        snakemake(folder, "--cores", str(workers), "--quiet", "all", "--", f"results/{study}/all")
        wall = perf_counter() - start
        files = (folder / "work/benchmarks").rglob("*.tsv")
        units = {
            (path.relative_to(folder / "work/benchmarks").parts[0], predictor_of(path), path.stem): seconds_of(path)
            for path in files
        }
    return wall, units


def predictor_of(path):
    """The predictor of a fit, from .../<predictor>/<benchmark>/n<N>-<shard>.tsv."""
    return path.parts[-3] if "fit_predictor" in path.parts else ""


def seconds_of(path):
    """Wall seconds in a benchmark file."""
    return float(pd.read_csv(path, sep="\t")["s"].iloc[0])


def unit_seconds(job, units, idle):
    """Measured seconds of a job: of itself, else the mean of its rule, else what Snakemake needs for any."""
    folder = "render" if job.rule.startswith("render_") else job.rule
    tags = job.wildcards
    if job.rule == "fit_predictor":
        name = (folder, tags["predictor"], f"n{tags['train_size']}-{tags['shard']}")
    else:
        parts = [tags[key] for key in ("experiment", "children", "source", "benchmark", "shard") if key in tags]
        name = (folder, "", "-".join(parts))
    same = [seconds for (rule, _, _), seconds in units.items() if rule == folder]
    return idle + (units[name] if name in units else mean(same) if same else 0.0)


def paper_seconds(jobs, units, idle, start_up):
    """Seconds of each job of paper-v1: fits and searches of docs/paper-scale.md, the rest as measured."""
    text = (ROOT / "docs/paper-scale.md").read_text(encoding="utf-8")
    row = re.compile(r"^\| fit and score: ([a-z0-9-]+), N = (\d+), \d+ repeats \| ([\d.]+) ", re.MULTILINE)
    fits = {(name, size): float(seconds) for name, size, seconds in row.findall(text)}
    hours = re.findall(r"^\| (?:curves|random|regularized).*\| ([\d.]+) \|$", text, re.MULTILINE)
    searching = {"fig4", "fig7", "figA1", "table-efficiency"}
    seconds = []
    for job in jobs:
        if job.rule == "fit_predictor":
            seconds.append(idle + start_up + fits[job.wildcards["predictor"], job.wildcards["train_size"]])
        else:
            more = 3600 * sum(map(float, hours)) / len(searching)
            searched = job.wildcards.get("experiment") in searching and job.rule in ("run_experiment", "run_table")
            seconds.append(unit_seconds(job, units, idle) + (more if searched else 0.0))
    return seconds


def makespan(durations, workers):
    """Seconds of independent trainings: a free worker takes the next."""
    free = [0.0] * min(workers, len(durations))
    for length in durations:
        heapq.heapreplace(free, free[0] + length)
    return max(free)


def search_rows(lengths):
    """Time of the predictor's search and of evolution, in mean trainings, with the 95 % interval over draws."""
    rng = np.random.default_rng(0)
    rows = []
    for workers in WORKERS:
        found = {"predictor": [], "evolution": []}
        for _ in range(DRAWS):
            drawn = rng.choice(lengths, N + K) / lengths.mean()
            found["predictor"].append(makespan(drawn[:N], workers) + makespan(drawn[N:], workers))
            found["evolution"].append(makespan(drawn[:POPULATION], workers) + drawn[POPULATION:].sum())
        for name, values in found.items():
            low, high = np.quantile(values, (0.025, 0.975))
            rows.append(
                {"what": f"search, {name}", "workers": workers, "time": np.mean(values), "low": low, "high": high}
            )
    return rows


def study_rows(name, jobs, seconds):
    """Simulated seconds of a study and the bounds of the law."""
    total, longest = sum(seconds), max(longest_paths(jobs, seconds))
    return [
        {
            "what": f"study, {name}",
            "workers": workers,
            "time": schedule(jobs, seconds, workers),
            "low": max(total / workers, longest),
            "high": total / workers + (1 - 1 / workers) * longest,
        }
        for workers in WORKERS
    ]


def draw_studies(axes, frame, measured):
    """Speed-up of studies, between the bounds of the law, and what was measured."""
    studies = frame[frame["what"].str.startswith("study")].groupby("what", sort=False)
    for (name, rows), colour, marker in zip(studies, OKABE_ITO.values(), "os", strict=False):
        one, label = rows["time"].iloc[0], f"{name.removeprefix('study, ')}, simulated"
        axes.plot(rows["workers"], one / rows["time"], marker=marker, color=colour, markersize=3.5, label=label)
        slowest, fastest = one / rows["high"], one / rows["low"]
        axes.fill_between(rows["workers"], slowest, fastest, color=colour, alpha=0.18, linewidth=0)
    gained = [measured[1] / seconds for seconds in measured.values()]
    axes.plot(list(measured), gained, "x", color=INK, label="measured")
    axes.plot(WORKERS, WORKERS, ":", color=REFERENCE, label="W times as fast")
    axes.set_title("a  building a study", loc="left")
    axes.set_ylabel("speed-up over one worker")
    axes.set_ylim(0.8, 300)


def draw_searches(axes, frame):
    """Time of the two searches."""
    searches = frame[frame["what"].str.startswith("search")].groupby("what", sort=False)
    for (name, rows), colour, marker in zip(searches, list(OKABE_ITO.values())[2:], "^v", strict=False):
        label = name.removeprefix("search, ")
        axes.plot(rows["workers"], rows["time"], marker=marker, color=colour, markersize=3.5, label=label)
        axes.fill_between(rows["workers"], rows["low"], rows["high"], color=colour, alpha=0.18, linewidth=0)
    axes.axhline(2, linestyle=":", color=REFERENCE, label="two mean trainings in a row")
    axes.set_title(f"b  a search: {N + K} trainings", loc="left")
    axes.set_ylabel("time (mean trainings)")


def draw(frame, measured, text):
    """Both, with what they show as a caption."""
    with style():
        figure = new_figure(7.2, 4.2)
        left, right = figure.subplots(1, 2)
        draw_studies(left, frame, measured)
        draw_searches(right, frame)
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("workers, W")
            axes.xaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.legend(frameon=False)
        add_caption(figure, text, characters=150)
        figure.subplots_adjust(left=0.08, right=0.985, top=0.93, bottom=0.29, wspace=0.24)
    return figure


def caption_of(study, measured, jobs, paper):
    """What was measured and simulated, and the law."""
    return (
        f"Measured: {study} from nothing in {measured[1]:.0f} s with one worker, {measured[2]:.0f} s with two "
        f"(efficiency {measured[1] / measured[2] / 2:.2f}). Simulated: list scheduling of the real jobs ({study} "
        f"{len(jobs)}, paper-v1 without children {len(paper)}) with measured seconds. Bands of a: at least "
        f"max(T1 / W, Tinf) and at most T1 / W + (1 - 1 / W) Tinf, with T1 all seconds and Tinf those of the longest "
        f"path. b: N = {N} and K = {K}, each at once, against evolution with a population of {POPULATION}, whose "
        f"later children wait for one another; mean and 95 % of {DRAWS} draws of lengths of trainings."
    )


def main():
    """Measure, simulate, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="smoke-v1")
    parser.add_argument("--children", type=Path, default=ROOT / "results/embedded-v2/children/digits.csv")
    parser.add_argument("--output", type=Path, default=ROOT / "results/fig-parallel")
    args = parser.parse_args()
    if not args.children.is_file():
        parser.error(f"--children {args.children}: no such file; make results/fig9-digits.pdf trains a set of children")
    lengths = pd.read_csv(args.children)["training_time_s"].to_numpy()
    jobs, paper = read_dag(args.study), without(read_dag("paper-v1"), CHILDREN)
    (one, units), (two, _) = (measure(args.study, workers) for workers in (1, 2))
    measured = {1: one, 2: two}
    idle = max(one - sum(units.values()), 0) / len(jobs)
    seconds = [unit_seconds(job, units, idle) for job in jobs]
    start_up = min(taken for (rule, _, _), taken in units.items() if rule == "fit_predictor")
    paper_units = paper_seconds(paper, units, idle, start_up)
    rows = study_rows(args.study, jobs, seconds) + study_rows("paper-v1", paper, paper_units) + search_rows(lengths)
    frame = pd.DataFrame(rows)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(args.output.with_suffix(".csv"), index=False, float_format="%.6g")
    figure = draw(frame, measured, caption_of(args.study, measured, jobs, paper))
    save_figure(figure, args.output.with_suffix(".pdf"), args.output.with_suffix(".png"))
    print(frame.to_string(index=False, float_format="%.4g"))
    about = {
        "study": args.study,
        "jobs": len(jobs),
        "measured_s": measured,
        "simulated_s": {workers: schedule(jobs, seconds, workers) for workers in (1, 2)},
        "efficiency": round(one / two / 2, 3),
        "paper_jobs": len(paper),
        "paper_T1_s": round(sum(paper_units)),
        "paper_Tinf_s": round(max(longest_paths(paper, paper_units))),
    }
    print(json.dumps(about))


if __name__ == "__main__":
    main()
