"""table-methods: efficiency, friendliness to hyper-parameters and parallelism of each search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neural_predictor.errors import FormatError
from neural_predictor.figures import needs
from neural_predictor.figures.curves import problem_of, traced_curves
from neural_predictor.figures.methods import best_places, level_of, reach, spread, wall_times
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.traces import read_searches
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean
from neural_predictor.statistics.efficiency import REACHED_RULE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.beyond import TableMethods
    from neural_predictor.config.study import Study
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.traces import SearchRuns
    from neural_predictor.tables.table import BenchmarkTable

    Row = dict[str, Any]
    Floats = NDArray[np.float64]

COLUMNS = ("method", "measure", "workers", "batch", "value", "low", "high", "repeats")


def run(request: Request[TableMethods]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """One row a search and measure.

    `trainings`: for the level that random search reaches with `fig_rounds.level_trainings`; `times`: the latter over
    the former; `regret`: of the choice's reported metric after `regret_at` trainings; `price`: of not tuning, as in
    fig-tuning; `wall_time` to the level, by `workers`, and `questions` by then. A wall time is in seconds, or in
    trainings where none is recorded; with W workers a search is asked in the largest of fig-rounds' batches up to W,
    or in the smallest. What is not reached within the budget is missing.

    Where the study shares weights, `kendall_tau` of fig-sharing: each method's own scores with stand-alone trainings.

    Raises:
        FormatError: if fig-sharing's numbers are damaged.
    """
    study, plan, table = request.study, request.section, request.table
    rounds, tuning = study.fig_rounds, study.fig_tuning
    assert rounds is not None  # the study was validated
    assert tuning is not None
    study.check_rows(table.name, len(table))
    runs = read_searches(request.traces, table, study.seed, request.searches)
    level = level_of(table, study, rounds.level_trainings)
    rows: list[Row] = []
    for name in dict.fromkeys(key.search for key in runs):
        defaults = [found for key, found in runs.items() if key.search == name and not key.setting]
        rows += _efficiency(table, study, defaults, level, plan.regret_at)
        rows += _friendliness(
            table, study, [runs[key] for key in needs.every_setting(study, tuning) if key.search == name]
        )
        batched = {key.batch: runs[key] for key in needs.every_batch(study, rounds) if key.search == name}
        for workers in plan.workers if batched else ():
            batch = max((size for size in batched if size <= workers), default=min(batched))
            rows += _parallelism(table, study, batched[batch], level, workers)
    if "fig-sharing" in request.numbers:
        rows += _shared(request.numbers["fig-sharing"])
    timed = "seconds" if "training_time_s" in table.metrics else "trainings, for this table records no times"
    notes = [REACHED_RULE, f"Wall times are in {timed}.", f"Level: random search with {rounds.level_trainings:,}."]
    repeats = {"each search": rounds.repeats, "each setting": tuning.repeats, "random search": study.searches.repeats}
    return pd.DataFrame(rows, columns=list(COLUMNS)), describe(request, repeats, notes)


def _shared(path: Path) -> list[Row]:
    """A row a method that shares weights, without numbers where it diverged."""
    try:
        frame = pd.read_csv(path)
        found = frame.loc[frame["kind"] == "kendall_tau", ["method", "value", "low", "high"]]
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"{path}: not the numbers of fig-sharing ({error}); delete it and run again") from error
    return [
        {"measure": "kendall_tau", "method": method, "value": value, "low": low, "high": high}
        for method, value, low, high in found.to_numpy().tolist()
    ]


def _efficiency(
    table: BenchmarkTable, study: Study, defaults: Sequence[SearchRuns], level: Floats, regret_at: int
) -> list[Row]:
    """Trainings to the level, how many times fewer than random search's these are, and the regret."""
    assert study.fig_rounds is not None  # the study was validated
    usual = study.searches.batch
    runs = min(defaults, key=lambda each: (abs(each.key.batch - usual), -each.key.total))
    about = {"method": runs.key.search, "batch": runs.key.batch, "repeats": len(runs.rows)}
    found, random = reach(table, study, runs, level), study.fig_rounds.level_trainings
    trainings = {"value": found.samples, "low": found.low, "high": found.high}
    times = {"value": random / found.samples, "low": random / found.high, "high": random / found.low}
    curves, best = traced_curves(table, study, runs.key.search, runs.rows), table.mean(table.target)
    chosen = curves.target[:, regret_at - 1]
    regret = best.max() - chosen if table.maximise else chosen - best.min()
    return [
        {**about, "measure": "trainings", **trainings},
        {**about, "measure": "times", **times},
        {**about, "measure": "regret", **_mean(regret, study, "regret", runs)},
    ]


def _friendliness(table: BenchmarkTable, study: Study, settings: Sequence[SearchRuns]) -> list[Row]:
    """The price of not tuning; nothing for a search without drawn settings."""
    assert study.fig_tuning is not None  # the study was validated
    if len(settings) < 2:
        return []
    name, repeats = settings[0].key.search, study.fig_tuning.repeats
    places = np.stack([best_places(table, study, runs)[:repeats] for runs in settings])
    price = spread(places, study, name)["price"]
    return [
        {"method": name, "measure": "price", "batch": study.fig_tuning.batch, **price._asdict(), "repeats": repeats}
    ]


def _parallelism(table: BenchmarkTable, study: Study, runs: SearchRuns, level: Floats, workers: int) -> list[Row]:
    """Wall time until the level is reached, and questions by then."""
    about = {"method": runs.key.search, "workers": workers, "batch": runs.key.batch, "repeats": len(runs.rows)}
    found = reach(table, study, runs, level)
    if np.isnan(found.samples):
        return [{**about, "measure": measure} for measure in ("wall_time", "questions")]
    walls, samples = [], int(found.samples)
    for repeat, (rows, questions) in enumerate(zip(runs.rows, runs.questions, strict=True)):
        drawn = problem_of(table, study, runs.key.total).draw(repeat)[1]
        timed = "training_time_s" in table.metrics
        times = table.at("training_time_s", drawn)[rows] if timed else np.ones(len(rows))
        walls.append(wall_times(times, questions, workers)[:samples].max())
    asked = runs.questions[:, samples - 1].astype(np.float64) + 1
    return [
        {**about, "measure": "wall_time", **_mean(np.array(walls), study, "wall", runs)},
        {**about, "measure": "questions", **_mean(asked, study, "questions", runs)},
    ]


def _mean(values: Floats, study: Study, what: str, runs: SearchRuns) -> dict[str, float]:
    """Mean over repeats (R,), and its interval."""
    ends = bootstrap_mean(values, study.bootstrap, seed_of(study.seed, "methods", "bootstrap", what, *runs.key))
    return dict(zip(("value", "low", "high"), map(float, ends), strict=True))
