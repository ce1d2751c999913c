"""Latency models from measurements: sums of blocks, a linear fit to networks, and the chain predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import nnls
from scipy.stats import kendalltau

from neural_predictor.errors import LatencyError
from neural_predictor.latency.additive import AdditiveModel
from neural_predictor.latency.parts import HEAD, STEM, block_name, counts, distinct_blocks, multiply_adds
from neural_predictor.predictors.ensemble import make_predictor
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.spaces.proxylessnas.layers import CHOICES, LAYERS, ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from neural_predictor.latency.profile import Plan, Profile

    Floats = NDArray[np.float64]

CHAIN = GcnRecipe(layers=18, initial_gain=2.0, hidden=(512, 128), learning_rate=1e-3, weight_decay=1e-5)
"""The paper's predictor for this space."""
PENALTIES = np.logspace(-5, 2, 15)
"""Of which the linear fit chooses by cross-validation, as shares of the variance of latencies."""
LEAST = 0.1
"""What a block costs by the linear fit, at least: a share of what its multiply-adds would."""
FOLDS, FEWEST = 5, 20
"""Of cross-validations; networks that a fit needs."""


@dataclass(frozen=True)
class Score:
    """How well a model says the latency of networks that it has not seen.

    Attributes:
        tau: Kendall's.
        mape: mean absolute error as a share of what was measured.
        networks: how many they are.
    """

    tau: float
    mape: float
    networks: int


def score(predicted: Floats, measured: Floats) -> Score:
    """Both measures of predictions (n,) in milliseconds."""
    tau = float(kendalltau(predicted, measured).statistic)
    return Score(tau, float(np.mean(np.abs(predicted - measured) / measured)), len(measured))


def look_up(profile: Profile) -> AdditiveModel:
    """The sum of stem, blocks and head, each as it was measured alone.

    Raises:
        LatencyError: for a profile without blocks.
    """
    alone = {name: timing.ms for name, timing in profile.timings.items()}
    if STEM not in alone:
        raise LatencyError("this profile has networks alone, and no blocks: take the fit to the networks")
    return AdditiveModel(
        "here", alone[STEM] + alone[HEAD], _table(alone), _note(profile, "a sum of blocks measured alone")
    )


def calibrated(profile: Profile) -> AdditiveModel:
    """The sum of blocks on the line through the whole networks, which a block measured alone does not know.

    With fewer networks than `FEWEST` it is the sum as it is.

    Raises:
        LatencyError: for a profile without blocks, or an architecture that would take no time by the line.
    """
    model, codes = look_up(profile), profile.plan.codes
    if len(codes) < FEWEST:
        return model
    constant, slope = _line(model.latency_ms(codes), measured(profile))
    how = f"{constant:.3g} ms and {slope:.3g} times the sum of blocks, fitted to {len(codes)} networks"
    return AdditiveModel("here", constant + slope * model.fixed_ms, slope * model.table, _note(profile, how))


def _line(predicted: Floats, latency: Floats) -> tuple[float, float]:
    """Constant and slope of the least squares."""
    slope, constant = np.polyfit(predicted, latency, 1)
    return float(constant), float(slope)


def measured(profile: Profile) -> Floats:
    """(networks,) milliseconds of the whole networks, in the order of the plan's codes."""
    names = ProxylessNasSpace().identify(profile.plan.codes)
    return np.array([profile.timings[str(name)].ms for name in names])


def fitted(profile: Profile) -> AdditiveModel:
    """A linear fit to the whole networks: a constant, and a number for each distinct block.

    By least squares, with a penalty on what tells a block from its multiply-adds: of most blocks, few networks say
    what they cost. No number is negative, so that no architecture takes less than nothing.

    Raises:
        LatencyError: for fewer networks than `FEWEST`.
    """
    _check(profile)
    constant, by_block = Linear(profile.plan).fit(profile.plan.codes, measured(profile))
    return AdditiveModel(
        "here", constant, _table(by_block), _note(profile, f"a linear fit to {len(profile.plan.codes)} networks")
    )


@dataclass(frozen=True)
class Linear:
    """Linear fits of latency to how often each distinct block stands in a network.

    Attributes:
        plan: how networks are built.
    """

    plan: Plan

    def fit(self, codes: NDArray[np.uint8], latency: Floats) -> tuple[float, dict[str, float]]:
        """The constant in milliseconds, and name -> milliseconds of each distinct block."""
        names, found = counts(codes)
        parts = {part.name: part for part in distinct_blocks(self.plan.recipe, self.plan.channels, self.plan.classes)}
        work = np.array([multiply_adds(parts[name]) for name in names], np.float64)
        features = np.insert(found * work / work.mean(), 0, 1.0, axis=1)  # the constant, and the work of each block
        _, slope = nnls(np.stack([features[:, 0], features[:, 1:].sum(axis=1)], axis=1), latency)[0]
        penalties = PENALTIES * latency.var()
        errors = [_errors(features, latency, slope, penalty) for penalty in penalties]
        solved = _bounded(features, latency, slope, penalties[int(np.argmin(errors))])
        by_block = solved[1:] * work / work.mean()
        return float(solved[0]), dict(zip(names, by_block.tolist(), strict=True))

    def predict(self, train: NDArray[np.uint8], latency: Floats, test: NDArray[np.uint8]) -> Floats:
        """(n,) milliseconds of networks by a fit to others."""
        constant, by_block = self.fit(train, latency)
        names, found = counts(test)
        return np.asarray(constant + found @ np.array([by_block[name] for name in names]))


def _bounded(features: Floats, latency: Floats, slope: float, penalty: float) -> Floats:
    """Constant of 0 or more, and numbers of `LEAST` slopes or more that are drawn to the slope."""
    count = features.shape[1] - 1
    scale = np.append(1.0, np.full(count, slope))
    weight = np.sqrt(penalty) * np.eye(count, count + 1, 1)
    least = np.append(0.0, np.full(count, LEAST))
    rows, targets = np.vstack([features * scale, weight]), np.append(latency, np.full(count, np.sqrt(penalty)))
    return np.asarray((nnls(rows, targets - rows @ least)[0] + least) * scale)


def _errors(features: Floats, latency: Floats, slope: float, penalty: float) -> float:
    """Squared errors on networks that a fit has not seen, by cross-validation."""
    fold = np.arange(len(latency)) % FOLDS
    return sum(
        float(((features[own] @ _bounded(features[~own], latency[~own], slope, penalty) - latency[own]) ** 2).sum())
        for own in (fold == k for k in range(FOLDS))
    )


def _table(by_block: Mapping[str, float]) -> Floats:
    """(22, op codes) milliseconds of each layer's choices, by the name of the block; a zero layer takes none."""
    table = np.full((len(LAYERS), CHOICES.max()), np.nan)
    for k, layer in enumerate(LAYERS):
        for op in range(len(layer.blocks)):
            table[k, op] = by_block[block_name(k, op)]
        if layer.optional:
            table[k, ZERO] = 0.0
    return table


def _note(profile: Profile, how: str) -> str:
    about = profile.machine
    return (
        f"Measured on {about['processor']} by {about['runs_on']}, one image, {profile.plan.resolution} pixels: {how}."
    )


def _check(profile: Profile) -> None:
    count = len(profile.plan.codes)
    if count < FEWEST:
        raise LatencyError(
            f"a fit needs {FEWEST} measured networks or more, the profile has {count}: measure more "
            "(--networks), or use the sum of blocks"
        )


def _by_chain(train: NDArray[np.uint8], latency: Floats, test: NDArray[np.uint8]) -> Floats:
    space = ProxylessNasSpace()
    graphs = [space.encode(space.canonical(codes)) for codes in (train, test)]
    return np.asarray(make_predictor(CHAIN).fit(graphs[0], latency).predict(graphs[1]), np.float64)


def scores(profile: Profile) -> dict[str, Score]:
    """Each model on networks that it has not seen: the sum of blocks on all, fits by cross-validation.

    Raises:
        LatencyError: for fewer networks than `FEWEST`.
    """
    _check(profile)
    codes, latency = profile.plan.codes, measured(profile)
    alone = look_up(profile)

    def by_line(train: NDArray[np.uint8], latency: Floats, test: NDArray[np.uint8]) -> Floats:
        constant, slope = _line(alone.latency_ms(train), latency)
        return constant + slope * alone.latency_ms(test)

    return {
        "sum of blocks": score(alone.latency_ms(codes), latency),
        "sum of blocks, calibrated": score(_cross_validated(codes, latency, by_line), latency),
        "linear fit": score(_cross_validated(codes, latency, Linear(profile.plan).predict), latency),
        "chain predictor": score(_cross_validated(codes, latency, _by_chain), latency),
    }


def _cross_validated(
    codes: NDArray[np.uint8], latency: Floats, fit: Callable[[NDArray[np.uint8], Floats, NDArray[np.uint8]], Floats]
) -> Floats:
    """(n,) predictions of each network by a fit to the other folds; networks are in random order already."""
    fold = np.arange(len(codes)) % FOLDS
    found = np.empty(len(codes))
    for k in range(FOLDS):
        found[fold == k] = fit(codes[fold != k], latency[fold != k], codes[fold == k])
    return found
