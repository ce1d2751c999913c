"""What best-so-far curves show at their common end: the best, what is not told from it, random search, the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.findings import against, estimate_of, metric, ranked, untold

if TYPE_CHECKING:
    import pandas as pd

    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.statistics.bootstrap import Estimate

RANDOM = "random search"


def curve_finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """By the signal, then by the target: the best curve, how the others stand to random search, and the oracle.

    Args:
        frame: rows `curve_panels.COLUMNS`.
        protocol: of these numbers.
    """
    names = {"signal_by_samples": protocol.signal, "target_by_samples": protocol.target}
    said = [
        _panel(frame[frame["panel"] == panel], name, protocol)
        for panel, name in names.items()
        if (frame["panel"] == panel).any()
    ]
    return " ".join(said)


def _panel(curves: pd.DataFrame, name: str, protocol: ProtocolRecord) -> str:
    found, end = _ends(curves, protocol)
    best = ranked(found, maximise=protocol.maximise)[0]
    told = f"; {untold(found, best)}" if len(found) > 1 else ""
    said = f"By {name}, the best choice after {end:,} trainings in all is that of {best}, "
    said += f"{metric(found[best], protocol)}{told}."
    others = {label: number for label, number in found.items() if label != RANDOM}
    if best != RANDOM and RANDOM in found:
        compared = against(others, found[RANDOM], maximise=protocol.maximise)
        said += f" {RANDOM.capitalize()} has {metric(found[RANDOM], protocol)}: {compared}."
    for _, row in curves[curves["method"] == "oracle"].iterrows():
        said += f" The oracle has {metric(estimate_of(row, 'mean', protocol.scale), protocol)}."
    return said


def _ends(curves: pd.DataFrame, protocol: ProtocolRecord) -> tuple[dict[str, Estimate], int]:
    """Label of a curve -> what it holds at the end that all curves reach; and this end."""
    moving = curves[curves["method"] != "oracle"]
    end = int(moving.groupby(["method", "train_size"], dropna=False)["x"].max().min())
    ends = moving[moving["x"] == end]
    found: dict[str, Estimate] = {}
    for _, row in ends.iterrows():
        several = (ends["method"] == row["method"]).sum() > 1
        label = f"N = {int(row['train_size'])}" if several else str(row["method"])
        found[RANDOM if label == "random" else label] = estimate_of(row, "mean", protocol.scale)
    return found, end
