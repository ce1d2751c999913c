"""The search of a predictor's first repeat in full, whose numbers fig1, fig2 and fig5 explain the method with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.figures.curves import guided_search
from neural_predictor.figures.protocol import describe
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.fits.key import FitKey
from neural_predictor.search.base import best_so_far

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.fits.files import RepeatScores
    from neural_predictor.search.draws import RepeatDraw

    Rows = list[dict[str, object]]

BINS = 40
TAIL = 0.05
"""Share of the worst predictions that a histogram leaves out, for the others to be told apart."""


@dataclass(frozen=True, eq=False)
class FirstSearch:
    """A predictor's search in repeat 0.

    Attributes:
        fit: the predictor's scores.
        seen: what the search sees.
        trace: (N + K,) rows of the table in the order of their training.
        rest: (n - N,) rows that the predictor was not fitted to.
        place: where in the trace the choice stands, the best signal of all.
    """

    fit: RepeatScores
    seen: RepeatDraw
    trace: NDArray[np.intp]
    rest: NDArray[np.intp]
    place: int

    @property
    def candidates(self) -> NDArray[np.intp]:
        """(K,) rows that are trained because of their predictions, in this order."""
        return self.trace[len(self.seen.train_rows) :]

    @property
    def choice(self) -> int:
        """Row of the choice."""
        return int(self.trace[self.place])

    @property
    def role(self) -> str:
        """What the choice was to the search."""
        return "training architectures" if self.place < len(self.seen.train_rows) else "candidates"


def first_search(request: Request[Comparison], predictor: str) -> FirstSearch:
    """The search that `curves.guided_curves` adds for repeat 0, with the same draws.

    Raises:
        ConfigError: if the table is too small for the study.
        FormatError: if a file of scores is damaged.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    key = FitKey(predictor, table.name, plan.train_size)
    (fit,) = read_fits(group_fits(request.scores)[key], table, study.seed, 1)
    seen, trace = guided_search(table, study, predictor, plan.train_size, fit, plan.total)
    place = int(best_so_far(seen.signal[trace], maximise=table.maximise)[-1])
    return FirstSearch(fit, seen, trace, np.flatnonzero(seen.rest), place)


def describe_search(request: Request[Comparison], predictor: str, notes: Sequence[str]) -> ProtocolRecord:
    """The protocol of one search."""
    plan = request.section
    said = f"One search, the first repeat of {predictor}: N = {plan.train_size}, N + K = {plan.total:,}."
    protocol = describe(request, {"the predictor": 1}, [said, *notes])
    return protocol.model_copy(update={"interval": "none, this is one search"})


def histograms(kind: str, values: NDArray[np.floating], best: NDArray[np.floating], *, maximise: bool) -> Rows:
    """Counts of predictions and of the K best among them in the same bins, less the tail of the worst.

    Returns:
        A row of this kind, and one of kind `best`, for every bin: low, high, count. None without values.
    """
    if not len(values):
        return []
    ends = (TAIL, 1.0) if maximise else (0.0, 1 - TAIL)
    # In float64, or rounding might set a value and the edge that it gave apart.
    low, high = np.quantile(values.astype(np.float64), ends).tolist()
    edges = np.histogram_bin_edges(values.astype(np.float64), BINS, (low, high))
    rows: Rows = []
    for name, part in ((kind, values), ("best", best)):
        counts = np.histogram(part.astype(np.float64), edges)[0].tolist()
        bins = zip(edges[:-1].tolist(), edges[1:].tolist(), counts, strict=True)
        rows += [{"kind": name, "low": below, "high": above, "count": count} for below, above, count in bins]
    return rows
