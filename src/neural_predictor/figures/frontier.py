"""What the figures of a front share: the problem of a study, and how its cost is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.protocol import describe
from neural_predictor.search.fronts.run import FrontProblem
from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from neural_predictor.config.beyond import Frontier
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

KNOWN_BEFORE = "The cost of every architecture is known before training, its accuracy is not."


def problem_of(request: Request[Frontier], repeats: int) -> FrontProblem:
    """What the searches for a front of a study are asked.

    Raises:
        ConfigError: if the table is too small, has no such cost, or no architecture within a bound.
    """
    study, plan, table = request.study, request.section, request.table
    study.check_rows(table.name, len(table))
    return FrontProblem(table, plan.cost, plan.bounds, study.seed, repeats, plan.total)


def cost_name(cost: str) -> str:
    """A cost as axes name it, with its unit: `latency_zcu102_ms` is latency on ZCU102 (ms)."""
    unit = metric_of(cost).unit
    words = cost.removesuffix("_ms").removesuffix("_per_s").removesuffix("_s")
    kind, _, device = words.partition("_")
    if kind in ("latency", "throughput") and device:
        return f"{kind} on {device.replace('_', ' ').upper()} ({unit})"
    return f"{words.replace('_', ' ')} ({unit})"


def cost_sign(cost: str) -> str:
    """How a bound of the cost is written."""
    return "≥" if metric_of(cost).maximise else "≤"


def describe_front(
    request: Request[Frontier], repeats: dict[str, int], reported: str, notes: list[str]
) -> ProtocolRecord:
    """The protocol of searches for a front.

    Args:
        request: the artefact, its study and its table.
        repeats: by what is repeated.
        reported: what is reported of a search.
        notes: what a reader must know besides.
    """
    said = f"Cost: {cost_name(request.section.cost)}. {KNOWN_BEFORE}"
    found = describe(request, repeats, [said, *notes])
    return found.model_copy(
        update={"scored": "all architectures of the table that were not trained", "reported": reported}
    )
