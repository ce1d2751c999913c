"""fig-frontier: what total of samples pays off for every N, read off the curves of fig7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.errors import FormatError
from neural_predictor.figures.protocol import describe
from neural_predictor.statistics.efficiency import REACHED_RULE, held_from

if TYPE_CHECKING:
    from neural_predictor.config.sections import Fig7
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("panel", "train_size", "level", "samples", "random_samples", "repeats")


def run(request: Request[Fig7]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """For every N the total N + K from which on the mean choice is as good as random search's at the whole budget.

    Returns:
        As `frontier`, and its protocol.

    Raises:
        FormatError: if the numbers of fig7 are missing or damaged.
    """
    study, plan, path = request.study, request.section, request.numbers["fig7"]
    try:
        frame = frontier(pd.read_csv(path), plan.total, maximise=request.table.maximise)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise FormatError(f"{path}: not the numbers of fig7 ({error}); run its rule again") from error
    repeats = {**plan.said_repeats, "random search": study.searches.repeats}
    return frame, describe(request, repeats, [REACHED_RULE])


def frontier(fig7: pd.DataFrame, total: int, *, maximise: bool) -> pd.DataFrame:
    """The total samples of each N.

    Args:
        fig7: the numbers of fig7.
        total: random search's budget.
        maximise: whether more of the metric is better.

    Returns:
        One row a panel and N; `samples` is missing where the level is not held at the end of the budget.
    """
    sign = 1 if maximise else -1
    rows = []
    for panel in ("signal_by_samples", "target_by_samples"):
        curves = fig7[fig7["panel"] == panel]
        random = curves[curves["method"] == "random"].set_index("x")["mean"]
        level = random[total]
        for size in curves["train_size"].dropna().unique():
            curve = curves[curves["train_size"] == size]
            held = held_from(sign * curve["mean"].to_numpy(), sign * level, int(curve["x"].iloc[0]))
            rows.append(
                {
                    "panel": panel,
                    "train_size": int(size),
                    "level": level,
                    "samples": held,
                    "random_samples": total,
                    "repeats": int(curve["repeats"].iloc[0]),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"samples": "Int64"})
