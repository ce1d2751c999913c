"""Ranking from Python: graphs in, a table out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neural_predictor.errors import ArchitectureError, RankingError
from neural_predictor.ranking.cells import Cells, Vocabulary
from neural_predictor.ranking.parse import parse, shorten
from neural_predictor.ranking.report import describe
from neural_predictor.ranking.score import Candidates, Options, Scored, maker, score_candidates
from neural_predictor.ranking.scratch import Scratch, scratch_folder
from neural_predictor.ranking.training import training_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from neural_predictor.ranking.quality import Curve, Maker
    from neural_predictor.statistics.bootstrap import Estimate

CHUNK_SIZE = 2048
"""Candidates whose graphs are in memory at once."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Ranked candidates.

    Attributes:
        table: one row a candidate, best first: `candidate` (its place in what was given, from 0), `score`, `rank`,
            `score_low`, `score_high` (in the label's unit), `in_training`.
        tau: Kendall tau of the training architectures in cross-validation, with its 95 % interval.
        curve: tau by number of training architectures, and with twice as many; None where it was not measured.
        warnings: what to mind, a sentence each.
        report: all of it in words.
    """

    table: pd.DataFrame
    tau: Estimate
    curve: Curve | None
    warnings: list[str]
    report: str

    def __str__(self) -> str:
        return self.report


def rank(
    train: Sequence[Any],
    labels: ArrayLike,
    candidates: Sequence[Any],
    *,
    minimise: bool = False,
    top: int | None = None,
    predictor: str = "best",
    seed: int = 0,
    threads: int | None = None,
    learning_curve: bool = True,
    operation: str = "operation",
    make: Maker | None = None,
) -> Ranking:
    """Rank candidate architectures by what some trained architectures teach.

    An architecture is a pair (adjacency, operations): a (v, v) array of 0 and 1 with `[i, j] == 1` for an edge i -> j,
    and v names; or a directed graph with `nodes(data=True)` and `edges()`, as networkx has them, whose nodes carry the
    name of their operation. Nodes may come in any order.

    Progress goes to the logger `neural_predictor` (level INFO); no logger is set up here. On a terminal it is a bar.

    Args:
        train: N trained architectures.
        labels: (N,) their labels, in any unit.
        candidates: n architectures to rank.
        minimise: the label is better the lower it is.
        top: how many of the best are kept; None for all.
        predictor: its name.
        seed: of the fits.
        threads: CPU threads; all by default.
        learning_curve: whether to measure how tau grows with the number of training architectures.
        operation: attribute of a directed graph's nodes that names their operation.
        make: makes an unfitted predictor from a seed, instead of `predictor`.

    Raises:
        UserError: naming the architecture and what is wrong.
    """
    options = Options(minimise=minimise, top=top, seed=seed, curve=learning_curve)
    values = np.asarray(labels, np.float64)
    if values.shape != (len(train),):
        raise RankingError(
            f"labels have the shape {values.shape}; expected one a training architecture, ({len(train)},)"
        )
    if not np.isfinite(values).all():
        raise RankingError(f"labels {np.flatnonzero(~np.isfinite(values)).tolist()} are not finite")
    if not len(train) or not len(candidates):
        raise RankingError(
            f"{len(train)} training architectures and {len(candidates)} candidates; expected some of both"
        )
    vocabulary = Vocabulary()
    known = training_set(_cells(train, "train", 0, operation, vocabulary), values, "train")
    make = make or maker(predictor, threads or os.cpu_count() or 1)
    with scratch_folder() as folder:
        found = Candidates(Scratch(folder / "candidates.arrow"), vocabulary, known)
        for start in range(0, len(candidates), CHUNK_SIZE):
            cells = _cells(candidates[start : start + CHUNK_SIZE], "candidates", start, operation, vocabulary)
            found.count(cells)
            found.scratch.append(None, cells)
        found.scratch.close()
        scored = score_candidates(found, make, options)
    report = describe(scored, len(known.labels), sorted(vocabulary.numbers), predictor)
    return Ranking(_table(scored), scored.tau, scored.curve, scored.warnings, report)


def _table(scored: Scored) -> pd.DataFrame:
    order = scored.order
    return pd.DataFrame(
        {
            "candidate": order,
            "score": scored.score[order],
            "rank": np.arange(1, len(order) + 1),
            "score_low": scored.low[order],
            "score_high": scored.high[order],
            "in_training": scored.in_training[order],
        }
    )


def _cells(architectures: Sequence[Any], what: str, start: int, operation: str, vocabulary: Vocabulary) -> Cells:
    """Graphs of architectures; `start` is the place of the first in what was given."""
    pairs = [_pair(architecture, f"{what}[{start + row}]", operation) for row, architecture in enumerate(architectures)]
    operations, edges = zip(*pairs, strict=True)
    return parse(
        operations, edges, ["edges"] * len(pairs), vocabulary, lambda row, column: f"{what}[{start + row}], {column}"
    )


def _pair(architecture: Any, where: str, operation: str) -> tuple[list[Any], list[list[int]]]:
    """Names of operations and edges of an architecture."""
    if hasattr(architecture, "nodes") and hasattr(architecture, "edges"):
        return _from_graph(architecture, where, operation)
    if not isinstance(architecture, tuple | list) or len(architecture) != 2:
        raise ArchitectureError(
            f"{where}: {shorten(architecture)} is no architecture; allowed are pairs (adjacency, operations) and "
            "directed graphs"
        )
    adjacency, operations = np.asarray(architecture[0]), [str(name) for name in architecture[1]]
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise ArchitectureError(f"{where}: adjacency has the shape {adjacency.shape}; allowed is a square, (v, v)")
    if len(adjacency) != len(operations):
        raise ArchitectureError(f"{where}: {len(adjacency)} nodes in adjacency, but {len(operations)} operations")
    if not np.isin(adjacency, (0, 1)).all():
        raise ArchitectureError(f"{where}: adjacency holds other values than 0 and 1")
    return operations, np.argwhere(adjacency).tolist()


def _from_graph(graph: Any, where: str, operation: str) -> tuple[list[Any], list[list[int]]]:
    if hasattr(graph, "is_directed") and not graph.is_directed():
        raise ArchitectureError(f"{where}: a graph whose edges have no direction; allowed are directed graphs")
    nodes = list(graph.nodes(data=True))
    place = {node: number for number, (node, _) in enumerate(nodes)}
    bare = [node for node, data in nodes if operation not in data]
    if bare:
        raise ArchitectureError(f"{where}: node {bare[0]!r} has no attribute {operation!r}, which names its operation")
    return [str(data[operation]) for _, data in nodes], [[place[edge[0]], place[edge[1]]] for edge in graph.edges()]
