"""Fig. 5: the two stages of the predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.figures.diagrams import (
    SMALL,
    Place,
    add_axes,
    arrow,
    box,
    chain,
    new_canvas,
)
from neural_predictor.figures.search_diagrams import (
    CHOICE,
    CHOSEN,
    PREDICTOR,
    by_kind,
    draw_predictions,
    in_unit,
)
from neural_predictor.figures.style import REFERENCE, style

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.figures.search_diagrams import Parts

COLUMNS = ("kind", "name", "low", "high", "count", "value")
TRAINING, REGRESSOR, RANKED = Place(0.08, 3.5, 2.55, 0.7), Place(4.3, 2.0, 0.95, 0.8), Place(5.55, 2.0, 1.52, 0.95)
ACCURATE, SPACE = Place(2.95, 3.5, 2.3, 0.7), Place(0.08, 2.0, 1.1, 0.8)


def draw(frame: pd.DataFrame, protocol: ProtocolRecord) -> Figure:
    """The cascade with its counts; where one stage had to do, that one."""
    parts = by_kind(frame)
    counts = {str(row["name"]): int(row["count"]) for _, row in parts["count"].iterrows()}
    with style():
        figure, canvas = new_canvas(4.4, protocol)
        box(canvas, TRAINING, f"N = {counts['training']:,} architectures at random,\ntrained and validated")
        box(canvas, SPACE, f"all other\n{counts['scored']:,}\narchitectures")
        box(canvas, REGRESSOR, "regressor", PREDICTOR)
        chain(canvas, TRAINING, ACCURATE)
        draw_stages = _two_stages if counts["stages"] == 2 else _one_stage
        draw_stages(canvas, parts, counts, protocol)
        passed = counts.get("passed", counts["candidates"])
        if "ranked" in parts:  # a classifier may accept nothing
            chain(canvas, REGRESSOR, RANKED)
            axes = add_axes(figure, RANKED)
            draw_predictions(axes, parts["ranked"], parts["best"], protocol, f"the best {passed:,}")
            arrow(canvas, (RANKED.x, 1.72), (RANKED.x, 1.5))
        last = f"train and validate\nthe K = {counts['candidates']:,} best"
        if passed < counts["candidates"]:
            last = f"train and validate\nK = {counts['candidates']:,}: {passed:,} accepted,\n"
            last += f"{counts['candidates'] - passed:,} rejected ones"
        box(canvas, Place(5.6, 0.95, 1.5, 0.55), last, CHOSEN)
    return figure


def finding(frame: pd.DataFrame, protocol: ProtocolRecord) -> str:
    """What the classifier accepts, and whether that is more often accurate than any architecture."""
    parts = by_kind(frame)
    counts = {str(row["name"]): int(row["count"]) for _, row in parts["count"].iterrows()}
    if counts["stages"] == 1:
        return (
            f"{counts['accurate']:,} of the N = {counts['training']:,} training architectures are accurate: too few, "
            "or all of them, so that one stage had to do."
        )
    share = {str(row["name"]): 100 * row["value"] for _, row in parts["metric"].iterrows()}
    said = f"The classifier accepts {counts['accepted']:,} of {counts['scored']:,} architectures. "
    if "precision" in share:
        word = "more" if share["precision"] > share["base rate"] else "not more"
        said += f"{share['precision']:.1f} % of these are accurate, {word} than the {share['base rate']:.1f} % of all. "
    said += f"It accepts {counts['passed']:,} of the K = {counts['candidates']:,} that were trained then."
    return f"{said} One search: no interval."


def _two_stages(canvas: Axes, parts: Parts, counts: Mapping[str, int], protocol: ProtocolRecord) -> None:
    classifier, accepted = Place(1.55, 2.0, 0.95, 0.8), Place(2.95, 2.0, 0.95, 0.8)
    rejected = Place(1.4, 0.95, 1.25, 0.55)
    chain(canvas, SPACE, classifier, accepted, REGRESSOR)
    box(canvas, ACCURATE, f"{counts['accurate']:,} of them accurate:\n{_rule(parts, protocol)}")
    box(canvas, classifier, "classifier", PREDICTOR)
    box(canvas, accepted, f"{counts['accepted']:,}\naccepted", CHOICE)
    box(canvas, rejected, f"{counts['rejected']:,} rejected,\ntried last", dashed=True)
    arrow(canvas, (classifier.x, classifier.bottom), (classifier.x, rejected.top))
    for source, learner, text in (
        (TRAINING, classifier, f"all {counts['training']:,},\naccurate or not"),
        (ACCURATE, REGRESSOR, f"the {counts['accurate']:,}\naccurate"),
    ):
        arrow(canvas, (learner.x, source.bottom), (learner.x, learner.top))
        canvas.text(learner.x - 0.06, 3.15, text, fontsize=SMALL, ha="right", va="center", color=REFERENCE)
    among = {"precision": f"the {counts['accepted']:,} accepted", "base rate": f"all {counts['scored']:,}"}
    lines = [
        f"{100 * row['value']:.1f} % of {among[row['name']]} ({row['name']})" for _, row in parts["metric"].iterrows()
    ]
    canvas.text(accepted.left, 1.22, "\n".join(["accurate are", *lines]), fontsize=SMALL, va="center")


def _one_stage(canvas: Axes, parts: Parts, counts: Mapping[str, int], protocol: ProtocolRecord) -> None:
    everything = counts["accurate"] == counts["training"]
    reason = "as none of the N is inaccurate" if everything else f"as two need {counts['needed']} accurate"
    text = f"one stage, {reason}:\n{counts['accurate']:,} of the N are\n{_rule(parts, protocol)}"
    box(canvas, ACCURATE, text, dashed=True)
    chain(canvas, SPACE, REGRESSOR)
    arrow(canvas, (2.2, TRAINING.bottom), (REGRESSOR.left + 0.1, REGRESSOR.top))
    canvas.text(3.1, 2.95, f"all {counts['training']:,}", fontsize=SMALL, ha="right", color=REFERENCE)


def _rule(parts: Parts, protocol: ProtocolRecord) -> str:
    """What makes an architecture accurate."""
    rule = parts["rule"].iloc[0]
    text = f"{'above' if protocol.maximise else 'below'} {in_unit(parts['bound']['value'].iloc[0], protocol)}"
    if rule["name"] == "quantile":
        share = rule["value"] if protocol.maximise else 1 - rule["value"]
        text += f" (quantile {share:g} of the N)"
    return text
