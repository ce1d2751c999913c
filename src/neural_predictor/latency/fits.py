"""Latency models from measurements: sums of blocks, a linear fit to networks, and the chain predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import kendalltau

from neural_predictor.errors import LatencyError
from neural_predictor.latency.additive import AdditiveModel
from neural_predictor.latency.parts import HEAD, STEM, block_name, counts
from neural_predictor.predictors.ensemble import make_predictor
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.spaces.proxylessnas.layers import CHOICES, LAYERS, ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from neural_predictor.latency.profile import Profile

    Floats = NDArray[np.float64]

CHAIN = GcnRecipe(layers=18, initial_gain=2.0, hidden=(512, 128), learning_rate=1e-3, weight_decay=1e-5)
"""The paper's predictor for this space."""
PENALTIES = np.logspace(-4, 3, 15)
"""Of which ridge regression chooses by leaving one network out."""
FOLDS, FEWEST = 5, 20
"""Of the cross-validation; networks that a fit needs."""


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

    Raises:
        LatencyError: for fewer networks than `FEWEST`, or an architecture that would take no time by the fit.
    """
    _check(profile)
    constant, by_block = _ridge(profile.plan.codes, measured(profile))
    return AdditiveModel(
        "here", constant, _table(by_block), _note(profile, f"a linear fit to {len(profile.plan.codes)} networks")
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


def _ridge(codes: NDArray[np.uint8], latency: Floats) -> tuple[float, dict[str, float]]:
    from sklearn.linear_model import RidgeCV

    names, features = counts(codes)
    model = RidgeCV(PENALTIES).fit(features, latency)
    return float(model.intercept_), dict(zip(names, model.coef_.tolist(), strict=True))


def _by_ridge(train: NDArray[np.uint8], latency: Floats, test: NDArray[np.uint8]) -> Floats:
    constant, by_block = _ridge(train, latency)
    names, features = counts(test)
    return np.asarray(constant + features @ np.array([by_block[name] for name in names]))


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
        "linear fit": score(_cross_validated(codes, latency, _by_ridge), latency),
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
