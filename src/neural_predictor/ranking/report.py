"""A ranking in words: what was ranked by what, and what that is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.ranking.quality import COVERAGE, MIN_SUBSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neural_predictor.ranking.quality import Top
    from neural_predictor.ranking.score import Scored


def describe(scored: Scored, trained: int, operations: list[str], predictor: str, costs: Sequence[str] = ()) -> str:
    """The report of a ranking.

    Args:
        scored: the ranking.
        trained: number of training architectures, N.
        operations: names of all operations.
        predictor: its name.
        costs: what to say of the candidates' costs, a line each.
    """
    n = len(scored.score)
    lines = [
        f"{trained:,} training architectures, {n:,} candidates, {len(operations)} operations: {_some(operations)}",
        f"Predictor {predictor}; Kendall tau in cross-validation of the training architectures, with its 95 % "
        f"interval: {scored.tau}",
        f"  {meaning(scored)}",
        f"  {_top(scored.top)}",
        *_curve(scored, trained),
        f"Intervals score_low to score_high are made to hold {COVERAGE:.0%} of the labels of architectures like the "
        "training architectures",
    ]
    lines += costs
    if scored.warnings:
        lines += ["Mind:", *(f"  {warning}" for warning in scored.warnings)]
    return "\n".join(lines)


def meaning(scored: Scored) -> str:
    """What tau says, in a sentence."""
    if scored.tau.low <= 0:
        return (
            "The interval reaches 0: these labels do not show that the ranking is better than a random one. "
            "Train more architectures first"
        )
    right = (1 + scored.tau.value) / 2
    return (
        "Of two architectures that it was not fitted to, the predictor puts the better one first in "
        f"{100 * right:.0f} of 100 cases (guessing: 50)"
    )


def _top(top: Top) -> str:
    return (
        f"Of the {top.first} that it would train first, {top.found.value:.0f} ({top.found.low:.0f} to "
        f"{top.found.high:.0f}) are among the best {top.best} (guessing: {top.guessed:.1f})"
    )


def _curve(scored: Scored, trained: int) -> list[str]:
    if scored.curve is None:
        return [f"No learning curve: not asked for, or fewer than {2 * MIN_SUBSET} training architectures"]
    points = [f"  {size:>9,}  {value}" for size, value in scored.curve.points.items()]
    gain = scored.curve.ahead.value - scored.tau.value
    return [
        "Learning curve: tau by number of training architectures",
        *points,
        f"  {scored.curve.twice:>9,}  {scored.curve.ahead} extrapolated, a straight line in the log of the number",
        f"  So {trained:,} more architectures would change tau by about {gain:+.2f}",
    ]


def _some(names: list[str], most: int = 12) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
