"""fig9-<set> and fig4-<set>: predictors of trained ProxylessNAS networks in cross-validation, and what one chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.children.plan import draw, plan_of
from neural_predictor.children.table import networks_of
from neural_predictor.config.sections import MIN_TEST
from neural_predictor.errors import ConfigError, TableError
from neural_predictor.figures.observed import METRICS, POINT_COLUMNS
from neural_predictor.figures.protocol import SAMPLINGS, describe_children
from neural_predictor.figures.published import TEST, TRAINING, VALIDATION
from neural_predictor.fits.chains import (
    FOLDS,
    chain_graphs,
    chain_recipe,
    fit_chains,
    partition,
    score_chains,
)
from neural_predictor.seeds import seed_of
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from neural_predictor.statistics.reliability import reliability
from neural_predictor.statistics.resampling import estimate, metrics, resample, taus, variances

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from neural_predictor.children.table import Networks
    from neural_predictor.config.sections import ChildSet
    from neural_predictor.config.study import Study
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.chains import Partitions
    from neural_predictor.statistics.resampling import Estimate

COLUMNS = (*POINT_COLUMNS, "predictor")
SEARCH_COLUMNS = ("panel", "method", "x", "mean", "low", "high")
QUOTED_FROM = 30
"""Held-out networks below which metrics are not for quoting."""
ENSEMBLE = 10
"""Predictors of different seeds whose mean score chooses."""
ORDERS = 1000
"""Random searches through the sample."""
FLAT = 1e-3
"""Predictions that spread less than this share of the labels' deviation are called equal."""
SHOWN = 100.0
"""Accuracies are fractions and are shown in percent: squares in squared percentage points."""


def _plan(study: Study, name: str, networks: Networks) -> ChildSet:
    """What the study says of the set; the table must be of it."""
    plan = plan_of(study, name)
    if networks.images != plan.images:
        raise TableError(f"children.{name} of the study are of {plan.images}, the table's are of {networks.images}")
    return plan


def run_fig9_children(
    experiment: str, study: Study, name: str, frame: pd.DataFrame, *, workers: int
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Predictors of a set of children in cross-validation.

    Args:
        experiment: its name, such as `fig9-digits`.
        study: the study.
        name: the set, a key of `study.children`.
        frame: its table, of `children.table`.
        workers: training threads.

    Returns:
        Rows `COLUMNS`, accuracies as fractions. Kind `network` (predicted and observed of the study's first
        predictor in the first repeat: training of its first fold, validation likewise, test of all folds); `mse`,
        `kendall_tau` and `r2` by predictor and set, the mean over repeats; `variance` of the labels, the `mse` of a
        constant; `depth_tau`, the size of the tau of label and number of zero layers; where networks have two
        trainings, `tau_between_trainings`, `reliability_one`, `reliability_mean`, `sd_between`, `sd_within`. Intervals
        are over networks. `mse` and `variance` are in squared percentage points, deviations in percentage points.

    Raises:
        TableError: if the table is of other images, or of too few networks.
        PredictorError: if all labels are equal, or a training diverges.
    """
    networks = networks_of(frame)
    plan = _plan(study, name, networks)
    if len(networks) < MIN_TEST:
        raise TableError(f"children.{name}: {len(networks)} networks were trained to an end; {MIN_TEST} are needed")
    recipes = {predictor: chain_recipe(study, predictor) for predictor in plan.predictors}
    label, graphs = networks.label, chain_graphs(networks.codes)
    parts = partition(len(networks), plan.repeats, seed_of(study.seed, "children", name, "partitions"))
    counts = resample(len(networks), study.bootstrap, seed_of(study.seed, "children", name, "bootstrap"))
    rows: list[dict[str, object]] = []
    notes = _notes(plan, networks, frame, parts)
    for predictor, recipe in recipes.items():
        fits = [(repeat, fold) for repeat in range(plan.repeats) for fold in range(FOLDS)]
        seeds = [seed_of(study.seed, "children", name, "fit", predictor, *fit) for fit in fits]
        training = parts.training.reshape(len(fits), -1)
        what = f"{predictor} to {training.shape[1]} networks, {len(fits)} times"
        scores = score_chains(fit_chains(recipe, what, graphs, label, training, seeds, workers), graphs)
        predicted = scores.reshape(plan.repeats, FOLDS, -1).astype(np.float64)
        if predictor == plan.predictors[0]:
            rows += _points(parts, predicted, label)
        found = _measure(study, parts, predicted, label, counts)
        rows += [row | {"predictor": predictor, "repeats": plan.repeats} for row in found]
        notes += _warnings(predictor, predicted, label, found)
    rows += _bounds(study, name, networks, counts)
    confidence, resamples = study.bootstrap.confidence, study.bootstrap.resamples
    protocol = describe_children(
        experiment,
        study,
        plan,
        len(networks),
        networks.validation.shape[1],
        scored=f"the networks of the fold that the predictor was not fitted to, {FOLDS} folds",
        reported=f"predictions of held-out networks, points of the first partition by {plan.predictors[0]}",
        repeats={f"random partitions into {FOLDS} folds": plan.repeats},
        interval=f"{confidence:.0%} percentile bootstrap over networks, {resamples} resamples",
        notes=notes,
    )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype({"repeats": "Int64"}), protocol


def _points(
    parts: Partitions, predicted: NDArray[np.float64], label: NDArray[np.float64]
) -> Iterator[dict[str, object]]:
    for name in (TRAINING, VALIDATION, TEST):
        for _, folds, rows in parts.groups(name):
            for value, observed in zip(predicted[0, folds, rows].tolist(), label[rows].tolist(), strict=True):
                yield {"kind": "network", "set": name, "predicted": value, "observed": observed}
            break  # the first repeat, of training and validation its first fold


def _row(kind: str, found: Estimate, factor: float = 1.0) -> dict[str, object]:
    value, low, high = (factor * part for part in found)
    return {"kind": kind, "value": value, "low": low, "high": high}


def _measure(
    study: Study,
    parts: Partitions,
    predicted: NDArray[np.float64],
    label: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> list[dict[str, object]]:
    """Metrics of each set, the mean over its groups, with intervals over networks."""
    rows: list[dict[str, object]] = []
    for name in (TRAINING, VALIDATION, TEST):
        found = [
            metrics(predicted[repeat, folds, members], label[members], counts[:, members], folds)
            for repeat, folds, members in parts.groups(name)
        ]
        for metric in METRICS if found else ():
            each = np.stack([one[metric] for one in found])
            # A small validation set may be missing from a resample altogether.
            there = np.isfinite(each).sum(axis=0)
            mean = np.divide(np.nansum(each, axis=0), there, out=np.full(len(there), np.nan), where=there > 0)
            row = _row(metric, estimate(mean, study.bootstrap), SHOWN**2 if metric == "mse" else 1)
            rows.append(row | {"set": name})
    return rows


def _bounds(study: Study, name: str, networks: Networks, counts: NDArray[np.float64]) -> list[dict[str, object]]:
    """What a predictor is to be judged by: a constant, a count of layers, and how far trainings agree."""
    label, bootstrap = networks.label, study.bootstrap
    depth = taus(label, networks.zeros.astype(np.float64), counts)
    rows = [
        _row("variance", estimate(variances(label, counts), bootstrap), SHOWN**2),
        _row("depth_tau", estimate(depth * (-1 if depth[0] < 0 else 1), bootstrap)),
    ]
    found = reliability(networks.validation, bootstrap, seed_of(study.seed, "children", name, "reliability"))
    if found is not None:
        rows.append(_row("tau_between_trainings", found.tau))
        rows += [_row("reliability_one", found.one), _row("reliability_mean", found.mean)]
        rows += [_row("sd_between", found.sd_between, SHOWN), _row("sd_within", found.sd_within, SHOWN)]
    return rows


def _notes(plan: ChildSet, networks: Networks, frame: pd.DataFrame, parts: Partitions) -> list[str]:
    """What a reader must know of the networks and of the cross-validation."""
    training, validation, test = (part.shape[2] for part in (parts.training, parts.validation, parts.test))
    validates = f", {validation} others validate" if validation else ""
    notes = [
        f"Sampling: {SAMPLINGS[plan.sampling]}.",
        f"Each predictor is fitted to {training} networks{validates}, and {test} are held out; metrics are of all "
        "held-out networks of a partition, tau of pairs of networks that one fit predicts.",
    ]
    epochs = frame[frame["status"] == "ok"]["epochs"].dropna().unique().tolist()
    if epochs:
        notes.append(f"Trained for {' or '.join(map(str, sorted(epochs)))} epochs.")
    if (frame["variant"] == "as-replicated").any():
        notes.append("Networks with the replication's strides, which end as one pixel.")
    if networks.diverged:
        left_out = f"; networks left out, which have no other: {len(networks.left_out)}"
        notes.append(
            f"{networks.diverged} of {len(frame)} trainings diverged{left_out if len(networks.left_out) else ''}."
        )
    if parts.test[0].size < QUOTED_FROM:
        notes.append(f"Only {parts.test[0].size} networks are held out: these numbers are not for quoting.")
    return notes


def _warnings(
    predictor: str, predicted: NDArray[np.float64], label: NDArray[np.float64], found: Sequence[dict[str, object]]
) -> list[str]:
    """What must be said of a predictor that does not predict."""
    notes = []
    flat = int((predicted.std(axis=2) < FLAT * label.std()).sum())
    if flat:
        notes.append(f"In {flat} of {predicted[..., 0].size} fits {predictor} predicts one value for all networks.")
    (r2,) = (row for row in found if (row["kind"], row["set"]) == ("r2", TEST))
    low = r2["low"]
    assert isinstance(low, float)  # of an estimate
    if not low > 0:
        notes.append(f"{predictor} is no better than the mean: its R2 on held-out networks may be 0 or below.")
    return notes


def choose(study: Study, name: str, frame: pd.DataFrame, *, workers: int) -> pd.DataFrame:
    """The best candidates by the study's first predictor, fitted to all networks of the sample.

    Args:
        study: the study.
        name: the set, a key of `study.children`.
        frame: its table, of `children.table`.
        workers: training threads.

    Returns:
        `chosen` rows, best first: architecture, and predicted accuracy, the mean of `ENSEMBLE` predictors.

    Raises:
        TableError: if the table is of other images.
        ConfigError: if candidates are fewer than are to be chosen.
        PredictorError: if all labels are equal, or a training diverges.
    """
    networks, space = networks_of(frame), ProxylessNasSpace()
    plan = _plan(study, name, networks)
    predictor = plan.predictors[0]
    recipe = chain_recipe(study, predictor)
    candidates = draw(plan, plan.candidates, seed_of(study.seed, "candidates", name))
    trained = space.identify(np.stack([space.parse(text) for text in frame["architecture"].unique()]))
    candidates = candidates[~np.isin(space.identify(candidates), trained)]
    if not 1 <= plan.chosen <= len(candidates):
        raise ConfigError(
            f"children.{name}.chosen is {plan.chosen}; it must be 1 to {len(candidates)}, the candidates that are not "
            "in the sample: change it, or raise candidates"
        )
    seeds = [seed_of(study.seed, "children", name, "choice", member) for member in range(ENSEMBLE)]
    rows = np.tile(np.arange(len(networks)), (ENSEMBLE, 1))
    what = f"{predictor} to all {len(networks)} networks"
    fitted = fit_chains(recipe, what, chain_graphs(networks.codes), networks.label, rows, seeds, workers)
    predicted = score_chains(fitted, chain_graphs(candidates)).mean(axis=0, dtype=np.float64)
    best = np.argsort(-predicted, kind="stable")[: plan.chosen]
    texts = [space.format(code) for code in candidates[best]]
    return pd.DataFrame({"architecture": texts, "predicted": predicted[best]})


def run_fig4_children(
    experiment: str,
    study: Study,
    name: str,
    sample_frame: pd.DataFrame,
    chosen_frame: pd.DataFrame,
) -> tuple[pd.DataFrame, ProtocolRecord]:
    """The K networks that a predictor chose, against as many random ones of the sample.

    Args:
        experiment: its name, such as `fig4-digits`.
        study: the study.
        name: the set, a key of `study.children`.
        sample_frame: table of the sample, to which the predictor was fitted.
        chosen_frame: table of what it chose, with the column `predicted`.

    Returns:
        Rows `SEARCH_COLUMNS`, accuracies as fractions. Panels `validation_by_networks` and `test_by_networks`: at x
        trained networks, validation and test of the one with the best validation, each the mean over its trainings;
        of `chosen`, in the order of the predictions, one search (low and high are its mean); of `random`, mean and
        interval over `ORDERS` random orders. Panel `network`: x is the validation, mean the test of every network.

    Raises:
        TableError: if a table is of other images, or nothing was trained to an end.
    """
    sample, chosen = networks_of(sample_frame), networks_of(chosen_frame)
    plan = _plan(study, name, sample)
    _plan(study, name, chosen)
    found = _accuracies(chosen_frame, chosen).sort_values("predicted", ascending=False, kind="stable")
    pool = _accuracies(sample_frame, sample)
    rng = np.random.default_rng(seed_of(study.seed, "children", name, "orders"))
    orders = rng.permuted(np.tile(np.arange(len(pool)), (ORDERS, 1)), axis=1)[:, : len(found)]
    chosen_curves = _best_so_far(found, np.arange(len(found))[None])
    random_curves = _best_so_far(pool, orders)
    rows = _search_rows(found, pool, chosen_curves, random_curves, (1 - study.bootstrap.confidence) / 2)
    protocol = describe_children(
        experiment,
        study,
        plan,
        len(sample),
        sample.validation.shape[1],
        scored=f"{plan.candidates:,} networks that were sampled likewise, less those of the sample",
        reported="test accuracy of the network with the best validation accuracy among those trained so far",
        repeats={"the predictor's search": 1, "random search": ORDERS},
        interval=f"{study.bootstrap.confidence:.0%} of random orders of the sample",
        notes=_search_notes(plan, sample, found, chosen_curves[1][0], random_curves[1]),
    )
    return pd.DataFrame(rows).reindex(columns=list(SEARCH_COLUMNS)), protocol


def _search_rows(
    found: pd.DataFrame,
    pool: pd.DataFrame,
    chosen: tuple[NDArray[np.float64], NDArray[np.float64]],
    random: tuple[NDArray[np.float64], NDArray[np.float64]],
    tail: float,
) -> list[dict[str, object]]:
    """All panels of `run_fig4_children`: both curves of the choice and of random orders, and every network."""
    rows: list[dict[str, object]] = []
    for panel, one, many in zip(("validation_by_networks", "test_by_networks"), chosen, random, strict=True):
        rows += _curve(panel, "chosen", one[0], one[0], one[0])
        rows += _curve(panel, "random", *_band(many, tail))
    for method, networks in (("chosen", found), ("random", pool)):
        for validation, test in networks[["validation", "test"]].dropna(subset="validation").to_numpy().tolist():
            rows.append({"panel": "network", "method": method, "x": validation, "mean": test})
    return rows


def _accuracies(frame: pd.DataFrame, networks: Networks) -> pd.DataFrame:
    """Every network's mean validation and test, and its prediction; accuracies are NaN where all trainings diverged."""
    found = frame.drop_duplicates("network").set_index("network")[["predicted"]].sort_index()
    found["validation"] = pd.Series(networks.label, networks.numbers)
    found["test"] = pd.Series(networks.tested, networks.numbers)
    return found


def _best_so_far(networks: pd.DataFrame, orders: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Validation and test (b, K) of the best by validation among the first k of each of b orders (b, K).

    A network whose trainings diverged is never the best; before any other, both are NaN.
    """
    validation, test = (networks[name].to_numpy(np.float64)[orders] for name in ("validation", "test"))
    known = np.where(np.isnan(validation), -np.inf, validation)
    best = np.maximum.accumulate(known, axis=1)
    before = np.pad(best[:, :-1], ((0, 0), (1, 0)), constant_values=-np.inf)
    places = np.maximum.accumulate(np.where(known > before, np.arange(known.shape[1]), 0), axis=1)
    return tuple(np.take_along_axis(values, places, axis=1) for values in (validation, test))  # type: ignore[return-value]


def _band(curves: NDArray[np.float64], tail: float) -> tuple[NDArray[np.float64], ...]:
    """Mean and quantiles (K,) over orders (b, K) of those that have a value; NaN where none has."""
    parts = np.full((3, curves.shape[1]), np.nan)
    there = np.isfinite(curves).any(axis=0)
    parts[0, there] = np.nanmean(curves[:, there], axis=0)
    parts[1:, there] = np.nanquantile(curves[:, there], (tail, 1 - tail), axis=0)
    return tuple(parts)


def _curve(
    panel: str, method: str, mean: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> list[dict[str, object]]:
    about = {"panel": panel, "method": method}
    return [
        about | {"x": k, "mean": float(mean[k - 1]), "low": float(low[k - 1]), "high": float(high[k - 1])}
        for k in range(1, len(mean) + 1)
        if np.isfinite(mean[k - 1])
    ]


def _search_notes(
    plan: ChildSet,
    sample: Networks,
    found: pd.DataFrame,
    chosen: NDArray[np.float64],
    random: NDArray[np.float64],
) -> list[str]:
    notes = [
        f"{plan.predictors[0]}, fitted to the sample, whose trainings are not counted here, chose the best "
        f"{len(found)} of {plan.candidates:,} candidates by the mean of {ENSEMBLE} fits: one search, so without a "
        "band. Random search draws from the sample.",
        f"Sampling: {SAMPLINGS[plan.sampling]}.",
    ]
    last = random[:, -1]
    if np.isfinite(chosen[-1]) and np.isfinite(last).any():
        below = np.mean(last < chosen[-1]) + np.mean(last == chosen[-1]) / 2
        notes.append(
            f"After {len(found)} networks the predictor's choice has the higher test accuracy in {below:.0%} of the "
            "random orders."
        )
    failed = int(found["validation"].isna().sum()) + len(sample.left_out)
    if failed:
        notes.append(f"Networks all of whose trainings diverged count as trained and are never chosen: {failed}.")
    return notes
