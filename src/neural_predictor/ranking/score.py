"""Scores, ranks and intervals of candidates, and what they are worth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.errors import PredictorError, RankingError
from neural_predictor.io.progress import progress
from neural_predictor.ranking.quality import CONFIDENCE, Curve, Intervals, Trial, learning_curve, sub_trials
from neural_predictor.statistics.bootstrap import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.ensemble import Predictor
    from neural_predictor.ranking.cells import Cells, Vocabulary
    from neural_predictor.ranking.quality import Maker
    from neural_predictor.ranking.scratch import Scratch
    from neural_predictor.ranking.training import TrainingSet


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
        if self.top is not None and self.top < 1:
            raise RankingError(f"top is {self.top}; allowed are numbers from 1 to that of the candidates")
        if self.seed < 0:
            raise RankingError(f"seed is {self.seed}; allowed are 0 and larger numbers")


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
        curve: tau by number of architectures, where it was measured.
        warnings: sentences.
    """

    order: NDArray[np.intp]
    score: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    in_training: NDArray[np.bool_]
    tau: Estimate
    curve: Curve | None
    warnings: list[str]


def maker(predictor: str, workers: int) -> Maker:
    """What makes unfitted predictors of this name from seeds.

    Raises:
        PredictorError: for an unknown name.
    """
    from neural_predictor.predictors.ensemble import make_predictor
    from neural_predictor.predictors.recipes import PREDICTORS

    if predictor not in PREDICTORS:
        raise PredictorError(f"unknown predictor {predictor!r}; known are {', '.join(PREDICTORS)}")
    return lambda seed: make_predictor(PREDICTORS[predictor], seed, workers)


class Candidates:
    """Candidates as they are read: their graphs go to the disk, counts of what is new about them stay.

    Args:
        scratch: where the graphs go.
        vocabulary: of the training architectures so far; takes up the candidates' names.
        training: the training architectures.
    """

    def __init__(self, scratch: Scratch, vocabulary: Vocabulary, training: TrainingSet) -> None:
        self.scratch, self.vocabulary, self.training = scratch, vocabulary, training
        self.trained = len(vocabulary.numbers)
        self.unseen: Counter[int] = Counter()

    def count(self, cells: Cells) -> None:
        """Count the candidates of each operation that no training architecture has."""
        for kind in np.unique(cells.kinds[cells.kinds >= self.trained]):
            self.unseen[int(kind)] += int((cells.kinds == kind).any(axis=1).sum())

    def warnings(self) -> list[str]:
        """What a reader of the ranking should know of the architectures."""
        names, found = list(self.vocabulary.numbers), []
        for kind, count in sorted(self.unseen.items()):
            found.append(
                f"operation {names[kind]!r} of {count:,} candidates is in no training architecture: expect less there"
            )
        if larger := int((self.scratch.sizes > self.training.cells.sizes.max()).sum()):
            found.append(f"{larger:,} candidates have more nodes than any training architecture: expect less there")
        if doubled := len(self.scratch) - len(np.unique(self.scratch.digests)):
            found.append(f"{doubled:,} candidates repeat an earlier one; they are kept, with the same score")
        if known := int(np.isin(self.scratch.digests, self.training.digests).sum()):
            found.append(f"{known:,} candidates are training architectures; they are kept, and marked in_training")
        if self.training.repeated:
            found.append(
                f"{self.training.repeated:,} training rows repeat the architecture of an earlier row; each "
                "architecture counts once, with the mean of its labels"
            )
        return found


def score_candidates(candidates: Candidates, make: Maker, options: Options) -> Scored:
    """Fit a predictor to the training architectures and rank the candidates.

    Args:
        candidates: all read.
        make: makes the predictor.
        options: how.

    Raises:
        RankingError: if more are to be kept than there are.
    """
    n = len(candidates.scratch)
    check_top(options, n)
    training, places = candidates.training, candidates.vocabulary.places(candidates.trained)
    graphs, sign = training.cells.encode(places), -1.0 if options.minimise else 1.0
    labels = sign * training.labels
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
    return Scored(
        order=order[: options.top],
        score=sign * score,
        low=sign * score - half,
        high=sign * score + half,
        in_training=np.isin(candidates.scratch.digests, training.digests),
        tau=estimate(taus[-1], CONFIDENCE),
        curve=curve,
        warnings=candidates.warnings(),
    )


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
    _, first, inverse = np.unique(scratch.digests, return_index=True, return_inverse=True)
    score, half = np.empty(len(scratch)), np.empty(len(scratch))
    with progress("score candidates", len(first), "architectures") as advance:
        for rows in scratch.score_blocks(first, len(places)):
            graphs = scratch.graphs(rows).encode(places)
            score[rows] = predicted = fitted.predict(graphs)
            half[rows] = intervals.half_width(fitted.members(graphs) if ensemble else predicted[None])
            advance(len(rows))
    return score[first][inverse], half[first][inverse]
