"""Kills of a study at random moments, and restarts by the documented command: the same command again.

A run goes from nothing to the end of its targets and suffers several kills on the way. When k kills are still to come,
the next one is the earliest of k moments drawn uniformly over the time that the rest of the run is expected to take, so
that all of them together are spread evenly over it, however much work each destroys. The expected time comes from the
seconds that each rule took in an undisturbed run, and is corrected as jobs finish: a kill strikes when the time since
the last start, as a share of that time and what is then still expected, passes the share that was drawn. A moment that
the run does not live to see is drawn anew in a run more. The kinds of kills follow in shuffled rounds of all four.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from statistics import mean
from typing import TYPE_CHECKING

import psutil

from neural_predictor.workflow.locks import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import Popen

    from support.checkout import Checkout

GROUP, SNAKEMAKE, JOB, TERM = KINDS = (
    "SIGKILL of the process group",
    "SIGKILL of Snakemake alone",
    "SIGKILL of a job's process",
    "SIGTERM to Snakemake",
)
ALL = "results/smoke-v1/all"
CORES = 2
HANGS_S = 1200
"""Seconds after which a run hangs."""
START_S = 3.0
"""Expected seconds until the first job begins."""
LATEST = 0.97
"""Largest share that is drawn: later, the run would be over before the kill strikes."""


@dataclass(frozen=True)
class Kill:
    """A kill that struck: its kind, seconds since the last start, share of the jobs done, rules of running jobs."""

    kind: str
    after_s: float
    done: float
    running: tuple[str, ...]


@dataclass
class Run:
    """A run from nothing to the end: its kills, jobs by rule as they began, and what restarts said of locks."""

    kills: list[Kill] = field(default_factory=list)
    begun: Counter[str] = field(default_factory=Counter)
    unlocked: int = 0
    stopped: int = 0


class Log:
    """What a Snakemake run has printed until now."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def text(self) -> str:
        return self.path.read_text(errors="replace")

    def begun(self) -> Counter[str]:
        return Counter(re.findall(r"^(?:local)?rule (\w+):", self.text(), re.MULTILINE))

    def finished(self) -> Counter[str]:
        return Counter(re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)", self.text(), re.MULTILINE))

    def running(self) -> tuple[str, ...]:
        failed = Counter(re.findall(r"^Error in rule (\w+):", self.text(), re.MULTILINE))
        return tuple(sorted((self.begun() - self.finished() - failed).elements()))

    def planned(self) -> Counter[str]:
        """Rule -> jobs, of the table that Snakemake prints before it begins; empty until then."""
        table, end, _ = self.text().partition("Job stats:")[2].partition("\ntotal ")
        rows = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE) if end else []
        return Counter({rule: int(jobs) for rule, jobs in rows})


class Killer:
    """Builds targets of smoke-v1 in checkouts beside an undisturbed one, kills the runs, restarts them."""

    def __init__(self, built: Checkout, folder: Path, seed: int, targets: tuple[str, ...] = (ALL,)) -> None:
        self.type, self.folder, self.targets = type(built), folder, targets
        self.seconds = seconds_of_rules(built)
        self.plan = jobs_by_rule(built, targets)
        self.whole_s = self._expected(self.plan)
        self.random = random.Random(seed)
        self.kinds = self._kinds()
        self.kind = next(self.kinds)
        self.folders = count()

    def run(self, kills: int) -> tuple[Checkout, Run]:
        """A run from nothing to the end with up to `kills` kills."""
        number = next(self.folders)
        checkout, run = self.type(self.folder / f"killed-{number}"), Run()
        rest = self.plan
        try:
            for leg in count():
                log = Log(self.folder / f"killed-{number}.{leg}.log")
                before = Folder(checkout.folder).locked(), jobs_in(checkout)
                process = checkout.start("--cores", str(CORES), *self.targets, log=log.path)
                struck = False
                while len(run.kills) < kills and self._strike(process, log, run, kills - len(run.kills), rest):
                    struck = True
                    if run.kills[-1].kind != JOB:  # after that, Snakemake goes on if the rule may be tried again
                        break
                code = process.wait(HANGS_S)
                run.begun += log.begun()
                if log.planned():
                    self._check_start(log, run, *before)
                    rest = log.planned() - log.finished()
                if code == 0:
                    return checkout, run
                assert struck, log.text()
                if run.kills[-1].kind == SNAKEMAKE:
                    time.sleep(self.random.uniform(0, 2))  # orphans go on for a while
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            for orphan in jobs_in(checkout):
                with suppress(psutil.NoSuchProcess):
                    orphan.kill()
        raise AssertionError

    def _strike(self, process: Popen[bytes], log: Log, run: Run, kills: int, rest: Counter[str]) -> bool:
        """Wait for the drawn moment, then kill; False if the run ended before that."""
        share = min(1 - self.random.random() ** (1 / kills), LATEST)
        start, victims = time.monotonic(), []
        while process.poll() is None:
            elapsed = time.monotonic() - start
            left, start_s = (log.planned() - log.finished(), 0.0) if log.planned() else (rest, START_S)
            if elapsed >= share * (elapsed + start_s + self._expected(left)):
                victims = jobs_of(process) if self.kind == JOB else []
                if victims or self.kind != JOB:  # between two jobs, wait for the next one
                    break
            time.sleep(0.02)
        else:
            return False
        run.kills.append(Kill(self.kind, elapsed, 1 - self._expected(left) / self.whole_s, log.running()))
        _send(self.kind, process, victims and self.random.choice(victims))
        self.kind = next(self.kinds)
        return True

    def _expected(self, rest: Counter[str]) -> float:
        """Seconds that these jobs are expected to take; those that no benchmark file times are short."""
        return sum(self.seconds.get(rule, 0.0) * jobs for rule, jobs in rest.items()) / CORES

    def _kinds(self) -> Iterator[str]:
        while True:
            yield from self.random.sample(KINDS, len(KINDS))

    @staticmethod
    def _check_start(log: Log, run: Run, locked: bool, orphans: list[psutil.Process]) -> None:
        """A run that got as far as its plan has cleared away what the one before left, and said so."""
        text = log.text()
        assert not any(map(_alive, orphans)), f"an orphan and the rerun were at work together\n{text}"
        if locked:
            assert "An earlier run was killed (process " in text, text
            assert "its lock is removed" in text, text
        run.unlocked += locked
        run.stopped += len(orphans)


def seconds_of_rules(built: Checkout) -> dict[str, float]:
    """Mean seconds of each rule's jobs in the undisturbed run, from Snakemake's benchmark files."""
    folder = built.path("work/benchmarks")
    times: dict[str, list[float]] = {}
    for path in folder.rglob("*.tsv"):
        rule = path.relative_to(folder).parts[0]
        name = "render_" + path.stem.replace("-", "_") if rule == "render" else rule
        times.setdefault(name, []).append(float(path.read_text().splitlines()[1].split("\t")[0]))
    return {rule: mean(values) for rule, values in times.items()}


def jobs_by_rule(built: Checkout, targets: tuple[str, ...]) -> Counter[str]:
    """Jobs of each rule that a run from nothing has, from Snakemake's own plan."""
    log = Log(built.folder.with_suffix(".plan"))
    log.path.write_text(built.snakemake("-n", "--forceall", *targets))
    return log.planned()


def jobs_in(checkout: Checkout) -> list[psutil.Process]:
    """Processes of this package that work at jobs in a checkout."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # ended meanwhile, or another user's
            here = process.environ().get("NEURAL_PREDICTOR_ROOT") == str(checkout.folder)
            if here and "neural_predictor" in process.cmdline():
                found.append(process)
    return found


def jobs_of(process: Popen[bytes]) -> list[psutil.Process]:
    """Those of one run of Snakemake."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if "neural_predictor" in child.cmdline():
                    found.append(child)
    return found


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(kind: str, process: Popen[bytes], victim: psutil.Process | None) -> None:
    if kind == GROUP:
        os.killpg(process.pid, signal.SIGKILL)
    elif kind == SNAKEMAKE:
        process.kill()
    elif kind == TERM:
        process.terminate()
    elif victim is not None:
        with suppress(psutil.NoSuchProcess):
            victim.kill()


def summary(runs: list[Run], plan: Counter[str]) -> str:
    """What happened, as a page: kinds, moments, rules that were running, and what was computed again."""
    kills = [kill for run in runs for kill in run.kills]
    kinds, running = Counter(kill.kind for kill in kills), Counter(rule for kill in kills for rule in set(kill.running))
    tenths = Counter(min(int(10 * kill.done), 9) for kill in kills)
    begun = sum((run.begun for run in runs), Counter())
    again = begun - Counter({rule: jobs * len(runs) for rule, jobs in plan.items()})
    rows = [
        f"{len(kills)} kills in {len(runs)} runs from nothing to the end, {plan.total()} jobs each when undisturbed",
        "kinds: " + ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS),
        "share of the jobs done at the kill, by tenths: " + " ".join(str(tenths[tenth]) for tenth in range(10)),
        "kills while a job of the rule ran: "
        + _counts(running)
        + f"; no job {sum(not kill.running for kill in kills)}",
        f"locks of dead runs removed: {sum(run.unlocked for run in runs)}; "
        f"orphaned jobs stopped: {sum(run.stopped for run in runs)}",
        f"jobs begun: {begun.total()}, of which again: {again.total()} ({again.total() / len(kills):.1f} a kill): "
        + _counts(again),
    ]
    moments = [
        f"{number}: {kill.kind}, {kill.after_s:.1f} s after a start, {kill.done:.0%} done, "
        f"running: {', '.join(kill.running) or 'none'}"
        for number, run in enumerate(runs, 1)
        for kill in run.kills
    ]
    return "\n".join([*rows, "each kill, by run:", *moments])


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counter.most_common()) or "none"
