"""table-frontier: regret of every search under each bound, from the numbers of fig11."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.errors import FormatError
from neural_predictor.figures.frontier import describe_front

if TYPE_CHECKING:
    from neural_predictor.config.beyond import Frontier
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("bound", "members", "best", "search", "cost", "trainings", "regret", "low", "high", "repeats")


def run(request: Request[Frontier]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """A row a bound and search: how many architectures meet the bound, their best target, and the search's regret.

    Raises:
        FormatError: if the numbers of fig11 are missing or damaged.
    """
    path = request.numbers["fig11"]
    try:
        read = pd.read_csv(path)
        within = read[read["kind"] == "within"].set_index("bound")
        regret = read[read["kind"] == "regret"]
        rows = regret.rename(columns={"mean": "regret", "x": "trainings"}).assign(
            members=regret["bound"].map(within["x"]), best=regret["bound"].map(within["mean"])
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: not the numbers of fig11 ({error}); run its rule again") from error
    order = {bound: place for place, bound in enumerate(request.section.bounds)}
    frame = rows.sort_values("bound", key=lambda column: column.map(order), kind="stable")
    notes = [
        "Regret: the best mean of those that meet the bound, less that of the choice. A repeat that trained none of "
        "them counts with the worst of them.",
    ]
    reported = "mean target of the architecture with the best search signal among those trained that meet the bound"
    protocol = describe_front(request, {"each search": request.section.repeats}, reported, notes)
    return frame.reindex(columns=list(COLUMNS)), protocol
