"""Scores, ranks and intervals of candidates, and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import PredictorError, RankingError
from neural_predictor.io.progress import progress
from neural_predictor.ranking.quality import CONFIDENCE, Curve, Intervals, Top, Trial, learning_curve, sub_trials
from neural_predictor.statistics.bootstrap import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.ensemble import Predictor
    from neural_predictor.ranking.candidates import Candidates
    from neural_predictor.ranking.quality import Maker


@dataclass(frozen=True)
class Options:
    """How candidates are ranked.

    Attributes:
        minimise: the label is better the lower it is.
        top: how many of the best are kept; None for all.
        seed: of the fits, subsets and resamples.
        curve: whether a learning curve is measured.
    """

    minimise: bool = False
    top: int | None = None
    seed: int = 0
    curve: bool = True

    def __post_init__(self) -> None:
        if self.top is not None:
            check_whole("top", self.top, 1, "numbers from 1 to that of the candidates")
        check_whole("seed", self.seed, 0, "0 and larger numbers")
        check_truth("minimise", self.minimise)
        check_truth("learning_curve", self.curve)


def check_truth(name: str, value: Any) -> None:
    """Refuse an option that is no truth value: any text would count as true.

    Raises:
        RankingError: naming it and what is allowed.
    """
    if not isinstance(value, bool | np.bool_):
        raise RankingError(f"{name} is {value!r}; allowed are True and False")


def check_whole(name: str, value: Any, least: int, allowed: str) -> None:
    """Refuse an option that is no whole number, or too small.

    Raises:
        RankingError: naming it and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise RankingError(f"{name} is {value!r}; allowed are {allowed}")


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of n candidates, in their own order, in the label's unit.

    Attributes:
        order: (k,) the best candidates, best first; equal scores in order of the candidates.
        score: (n,) predicted label.
        low: (n,) lower end of the score's interval.
        high: (n,) its upper end.
        in_training: (n,) bool, whether a candidate is a training architecture.
        tau: Kendall tau of the training architectures in cross-validation.
        top: how many of the best it finds among those that it would train first, in cross-validation too.
        curve: tau by number of architectures, where it was measured.
        warnings: sentences.
    """

    order: NDArray[np.intp]
    score: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    in_training: NDArray[np.bool_]
    tau: Estimate
    top: Top
    curve: Curve | None
    warnings: list[str]


def check_predictor(name: object) -> None:
    """Refuse an unknown name of a predictor; TensorFlow is not imported for it.

    Raises:
        PredictorError: naming those there are.
    """
    from neural_predictor.predictors.recipes import PREDICTORS

    if not isinstance(name, str) or name not in PREDICTORS:
        raise PredictorError(f"unknown predictor {name!r}; known are {', '.join(PREDICTORS)}")


def maker(predictor: str, workers: int) -> Maker:
    """What makes unfitted predictors of this name from seeds.

    Raises:
        PredictorError: for an unknown name.
    """
    check_predictor(predictor)
    from neural_predictor.predictors.ensemble import make_predictor
    from neural_predictor.predictors.recipes import PREDICTORS

    return lambda seed: make_predictor(PREDICTORS[predictor], seed, workers)


def score_candidates(candidates: Candidates, make: Maker, options: Options) -> Scored:
    """Fit a predictor to the training architectures and rank the candidates.

    Args:
        candidates: all read.
        make: makes the predictor.
        options: how.

    Raises:
        RankingError: if more are to be kept than there are, or a score is not finite.
    """
    n = len(candidates.scratch)
    check_top(options, n)
    training, places = candidates.training, candidates.vocabulary.places(candidates.trained)
    graphs, sign = training.cells.encode(places), -1.0 if options.minimise else 1.0
    units = Units.of(sign * training.labels)
    labels = units.scaled(sign * training.labels)
    fitted = make(options.seed).fit(graphs, labels)
    crossed = fitted.predict_out_of_fold()
    members = fitted.predict_members_out_of_fold()
    intervals = Intervals.calibrated(labels, crossed, members)
    trials = [
        *(sub_trials(fitted, labels, options.seed) if options.curve else []),
        Trial(len(labels), labels, crossed),
    ]
    rng = np.random.default_rng([options.seed, 2])
    taus = [trial.taus(rng) for trial in trials]
    curve = learning_curve(trials, taus, rng) if len({trial.size for trial in trials}) > 1 else None
    score, half = _scores(candidates, fitted, intervals, places, ensemble=len(members) > 1)
    order = np.argsort(-score, kind="stable")
    score, half = sign * units.back(score), units.scale * half
    if not (np.isfinite(score).all() and np.isfinite(half).all()):
        raise RankingError(
            "the predictor gives scores that are no finite numbers; try another one, such as --predictor xgboost, and "
            "look for labels that are far from all others"
        )
    return Scored(
        order=order[: options.top],
        score=score,
        low=score - half,
        high=score + half,
        in_training=np.isin(candidates.scratch.identities, training.identities),
        tau=estimate(taus[-1], CONFIDENCE),
        top=Top.of(trials[-1], rng),
        curve=curve,
        warnings=candidates.warnings(),
    )


@dataclass(frozen=True)
class Units:
    """Labels by their distance from the lowest, in a power of two that makes them at most 1.

    So the predictors' float32 holds labels of any offset and size, and labels that differ by an offset alone, or by a
    power of two, are the same labels to a predictor, to the bit.
    """

    low: float
    scale: float

    @classmethod
    def of(cls, labels: NDArray[np.float64]) -> Units:
        """Of labels (N,), finite and not all equal."""
        return cls(float(labels.min()), float(np.exp2(np.ceil(np.log2(np.ptp(labels))))))

    def scaled(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Labels in these units, 0 to 1."""
        return np.asarray((labels - self.low) / self.scale)

    def back(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Labels in these units in their own."""
        return np.asarray(self.low + self.scale * labels)


def check_top(options: Options, n: int) -> None:
    """Refuse to keep more candidates than there are."""
    if options.top is not None and options.top > n:
        raise RankingError(
            f"top is {options.top:,}, but there are {n:,} candidates; allowed are numbers from 1 to {n:,}"
        )


def _scores(
    candidates: Candidates, fitted: Predictor, intervals: Intervals, places: NDArray[np.intp], *, ensemble: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) predictions and (n,) half-widths of their intervals; equal graphs are scored once."""
    scratch = candidates.scratch
    _, first, inverse = np.unique(scratch.identities, return_index=True, return_inverse=True)
    score, half = np.empty(len(scratch)), np.empty(len(scratch))
    with progress("score candidates", len(first), "architectures") as advance:
        for rows in scratch.score_blocks(first, len(places)):
            graphs = scratch.graphs(rows).encode(places)
            score[rows] = predicted = fitted.predict(graphs)
            half[rows] = intervals.half_width(fitted.members(graphs) if ensemble else predicted[None])
            advance(len(rows))
    return score[first][inverse], half[first][inverse]
