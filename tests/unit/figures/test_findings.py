"""What is seen in a figure: sentences that follow from the numbers, also where these speak against the method."""

import pandas as pd
import pytest
from docutils.core import publish_string

from neural_predictor.figures.entry_points import load
from neural_predictor.figures.findings import against, as_rst, order, shown
from neural_predictor.figures.registry import ARTEFACTS
from neural_predictor.figures.render import render
from neural_predictor.figures.results import write_result
from neural_predictor.statistics.bootstrap import Estimate
from neural_predictor.workflow.code import PACKAGE
from support.frames import accepted, curves, defects, frontier, observed, points

NAN = float("nan")
CAPTION = PACKAGE / "figures/table_tau/caption.rst"


def rows(keys, *values):
    return pd.DataFrame([dict(zip(keys.split(), row, strict=True)) for row in values])


def ends(*found):
    """Curves of one point: panel, method, N, mean; intervals of one point to each side."""
    keys = "panel method train_size x mean low high repeats"
    return rows(keys, *((panel, name, size, 400, m, m - 0.01, m + 0.01, 3) for panel, name, size, m in found))


def taus(*found):
    keys = "predictor benchmark train_size test_set metric mean low high"
    return rows(keys, *((*each, "rest", "kendall_tau", tau, tau - 0.1, tau + 0.1) for *each, tau in found))


SIGNAL, TARGET = "signal_by_samples", "target_by_samples"
WORSE = ends((SIGNAL, "gcn", 20, 0.8), (SIGNAL, "mlp", 20, 0.86), (SIGNAL, "random", None, 0.9))
SEARCHED = rows(
    "kind place signal target predicted",
    ("training", 1, 0.8, 0.7, NAN),
    ("training", 2, 0.9, 0.8, NAN),
    ("candidate", 1, 0.85, 0.75, 0.95),
    ("candidate", 2, 0.92, 0.8, 0.93),
)
ENCODED = [("node", "", NAN)] * 3 + [("edge", "", NAN)] * 2 + [("recipe", "train size", 43), ("recipe", "hidden", 16)]
COSTS = (("cardinality", NAN, NAN, NAN, NAN, "1,000"), ("networks", NAN, NAN, NAN, NAN, "900"))
COSTS += (("multiply_adds", 4e8, 2e8, 6e8, 100, ""), ("parameters", 4e6, 3e6, 5e6, 100, ""))
CASCADE = [("stages", 2), ("training", 20), ("accurate", 12), ("scored", 80), ("accepted", 60), ("candidates", 10)]
CHILDREN = [("chosen", 0.8, 0.8, 0.8), ("random", 0.9, 0.85, 0.95)]
FOLDS = [("kendall_tau", "test", "chain", 0.6, 0.5, 0.7), ("kendall_tau", "test", "flat", 0.1, 0.0, 0.2)]
FOLDS += [("depth_tau", None, None, 0.4, 0.3, 0.45), ("tau_between_trainings", None, None, 0.5, 0.4, 0.6)]
FRONT = [("true_front", NAN), ("true_front", NAN), ("share", 0.9), ("share_random", 0.8), ("tau", 0.5)]
SHARES = [("share", "front", 0.95, 0.94, 0.96), ("share", "random", 0.9, 0.89, 0.91)]
ROUNDS = [("tpe", 10, 29, 6, NAN, 60, 100), ("random", 10, NAN, NAN, NAN, 60, 100)]
PRICES = [("summary", "tpe", "default", 8, 8, 8), ("summary", "tpe", "price", 0.5, 0.25, 1)]
SHARED = [("kendall_tau", "darts", "ok", 0.6, 0.5, 0.7), ("kendall_tau", "fbnet", "diverged", NAN, NAN, NAN)]
SHARED += [("depth_tau", None, None, 0.4, 0.3, 0.55)]
TUNED = [
    ("setting", "kendall_tau", "darts", 0, "ok", 0.5, 0.4, 0.6),
    ("setting", "kendall_tau", "darts", 1, "ok", 0.7, 0.6, 0.8),
]
TUNED += [("setting", "kendall_tau", "darts", 2, "diverged", NAN, NAN, NAN)]
TUNED += [
    ("median", "kendall_tau", "darts", NAN, NAN, 0.35, 0, 0.7),
    ("median", "accuracy", "darts", NAN, NAN, 0.8, 0.7, 0.9),
]
TUNED += [("worst-tenth", "kendall_tau", "darts", NAN, NAN, 0.07, 0, 0.7)]
TUNED += [("worst-tenth", "accuracy", "darts", NAN, NAN, 0.71, 0.7, 0.9)]
TUNED += [("reference", "kendall_tau", "zero layers", NAN, NAN, 0.6, 0.5, 0.7)]
TUNED += [
    ("reference", "accuracy", name, NAN, NAN, value, NAN, NAN)
    for name, value in (("random", 0.7), ("zero layers", 0.85), ("best", 0.9))
]
TUNED += [("in_window", NAN, "darts", NAN, NAN, 1, 75, 85), ("searches_to_window", NAN, "darts", NAN, NAN, 2, NAN, NAN)]
BRIDGE = [("tau", "alone", "ok", size, tau, tau - 0.1, tau + 0.1) for size, tau in ((20, 0.5), (10, 0.3))]
BRIDGE += [("difference", "darts", "ok", 20, 0.1, 0.05, 0.15), ("difference", "darts", "ok", 10, 0.1, -0.05, 0.15)]
BRIDGE += [("difference", "enas", "ok", 10, -0.1, -0.15, -0.05), ("difference", "enas", "ok", 20, 0, -0.1, 0.1)]
BRIDGE += [("difference", "smash", "ok", size, 0, -0.1, 0.1) for size in (10, 20)]
BRIDGE += [("tau", "fbnet", "diverged", NAN, NAN, NAN, NAN)]
TIMES = [(SIGNAL, "predictor", 4, 3, NAN, 1, 0.9), (SIGNAL, "random", NAN, NAN, NAN, 0, 0.9)]
TIMES += [(SIGNAL, "evolution", 1, 1, 1, 0.96, 0.9)]
REGRETS = [(3, "windows", 0.001, 0, 0.002), (3, "random", 0.02, 0.01, 0.03)]
METHODS = [("random", "trainings", NAN, NAN, NAN), ("tpe", "trainings", 29, 6, NAN)]
METHODS += [("darts", "kendall_tau", 0.1, -0.1, 0.3)]
METRICS = [("measured", "test", "kendall_tau", 0.4, 0.3, 0.5), ("measured", "test", "r2", -0.2, -0.3, -0.1)]
METRICS += [("paper", "test", "r2", 0.9, NAN, NAN)]
ACCEPTED = "what the classifier accepts of it"
ERRORS = [("measured", "one", ACCEPTED, 2, 1.9, 2.1), ("measured", "two", ACCEPTED, 4, 3.9, 4.1)]
ERRORS += [("measured", "mean of the set", ACCEPTED, 1, 1, 1), ("paper", "two", ACCEPTED, 0.66, NAN, NAN)]

SAID = {
    "fig1": (
        pd.concat([SEARCHED, SEARCHED.iloc[[3]].assign(kind="choice", place=4)]),
        "The best validation accuracy among the N = 2 training architectures is 90.00 %. The choice is candidate 2 of "
        "2, at 92.00 %; the predictor said 93.00 %. Its test accuracy is 80.00 %. One search: no interval.",
    ),
    "fig2": (
        rows("kind label value", *ENCODED, ("prediction", "predicted", 0.9), ("prediction", "observed", 0.92)),
        "The architecture has 3 nodes and 2 edges. Fitted to N = 43 others, the predictor says 90.00 %; observed is "
        "92.00 %: the prediction is 2.00 percentage points below it.",
    ),
    "fig3": (
        points(),
        "The oracle takes the best validation accuracy, 93.00 % [93.00, 93.10], and has a test accuracy of 91.00 % "
        "[90.90, 91.10]. 6 of 300 architectures have a better one; the best is 92.07 %.",
    ),
    "fig4": (
        WORSE,
        "By validation accuracy, the best choice after 400 trainings in all is that of random search, 90.00 % [89.00, "
        "91.00]; the intervals tell it from all others.",
    ),
    "fig4-nlp": (
        ends((SIGNAL, "gcn", 20, 0.9), (SIGNAL, "tpe", None, 0.85), (SIGNAL, "random", None, 0.88)),
        "By validation accuracy, the best choice after 400 trainings in all is that of gcn, 90.00 % [89.00, 91.00]; "
        "the intervals do not tell it from random search. Random search has 88.00 % [87.00, 89.00]: gcn is not told "
        "from it and tpe is worse.",
    ),
    "fig4-{children}": (
        rows("panel x method mean low high", *(("test_by_networks", 6, *each) for each in CHILDREN)),
        "After 6 trainings, the test accuracy of what the predictor chose is 80.00 %, worse than the band of random "
        "orders, 90.00 % [85.00, 95.00].",
    ),
    "fig5": (
        pd.concat(
            [
                rows("kind name count", *(("count", *each) for each in (*CASCADE, ("passed", 9)))),
                rows("kind name value", ("metric", "precision", 0.6), ("metric", "base rate", 0.6)),
            ]
        ),
        "The classifier accepts 60 of 80 architectures. 60.0 % of these are accurate, not more than the 60.0 % of all. "
        "It accepts 9 of the K = 10 that were trained then. One search: no interval.",
    ),
    "fig6": (
        accepted(),
        "90.0 % [89.0, 91.0] of the architectures that the classifier accepts are accurate. It accepts 90.0 % [89.0, "
        "91.0] of the accurate ones.",
    ),
    "fig7": (
        curves(SIGNAL),
        "By validation accuracy, the best choice after 399 trainings in all is that of N = 43, 89.97 % [89.87, 90.07]; "
        "the intervals do not tell it from any other. Random search has 89.97 % [89.87, 90.07]: N = 43 and N = 172 are "
        "not told from it. The oracle has 91.00 %.",
    ),
    "fig8": (
        rows("kind name value low high count text", *(("summary", *each) for each in COSTS)),
        "1,000 ways to choose the operations give 900 different architectures. The mean of 100 random ones is 400 "
        "million multiply-adds (200 to 600) and 4 million parameters (3 to 5).",
    ),
    "fig9-nasbench-one": (
        observed(),
        "On architectures that it has not seen, the predictor has a Kendall tau of 0.500 [0.400, 0.600] and an R2 of "
        "0.500 [0.400, 0.600]: it is better than predicting the mean. On its training architectures tau is 0.500 "
        "[0.400, 0.600].",
    ),
    "fig9-nasbench-two": (
        observed().query("set == 'training'"),
        "Too few unseen architectures are accepted: there are no metrics of them.",
    ),
    "fig9-nlp": (
        observed().assign(low=-0.1),
        "On architectures that it has not seen, the predictor has a Kendall tau of 0.500 [-0.100, 0.600] and an R2 of "
        "0.500 [-0.100, 0.600]: it is not told from predicting the mean. On its training architectures tau is 0.500 "
        "[-0.100, 0.600].",
    ),
    "fig9-{children}": (
        rows("kind set predictor value low high", *FOLDS),
        "Kendall tau on held-out architectures: chain 0.600 [0.500, 0.700] and flat 0.100 [0.000, 0.200]. A count of "
        "zero layers has 0.400 [0.300, 0.450]: chain is better and flat is worse. Two trainings of the same "
        "architectures agree with 0.500 [0.400, 0.600].",
    ),
    "fig10": (
        rows("kind value", *FRONT),
        "What the predictor chose closes 50% of the gap between the random architectures and the true front. What was "
        "trained has 90.0% of the hypervolume of the true front of 2 architectures, the random ones alone 80.0%; "
        "Kendall tau of all predictions 0.50. One search: no interval.",
    ),
    "fig11": (
        rows("kind search mean low high", *SHARES).assign(x=120),
        "After 120 trainings front has the largest share of the true front's hypervolume; the intervals tell it from "
        "random: front 95.0% [94.0%, 96.0%], random 90.0% [89.0%, 91.0%].",
    ),
    "figA1": (
        ends((SIGNAL, "gcn", 20, 0.9), (TARGET, "gcn", 20, 0.7), (TARGET, "random", None, 0.8)),
        "By validation accuracy, the best choice after 400 trainings in all is that of gcn, 90.00 % [89.00, 91.00]. By "
        "test accuracy, the best choice after 400 trainings in all is that of random search, 80.00 % [79.00, 81.00]; "
        "the intervals tell it from gcn.",
    ),
    "figA1-tau": (
        taus(("gcn", "b", 20, 0.4), ("mlp", "b", 20, 0.1), ("gcn", "b", 43, 0.5), ("mlp", "b", 43, 0.6)),
        "With N = 20 on b, gcn has the best Kendall tau, 0.400 [0.300, 0.500]; the intervals tell it from mlp. "
        "With N = 43 on b, mlp has the best Kendall tau, 0.600 [0.500, 0.700]; the intervals do not tell it from gcn.",
    ),
    "fig-frontier": (
        frontier(),
        "By validation accuracy, N = 172 needs the fewest trainings in all for what random search has after 2,000: "
        "230. Not held within as many with N = 43. By test accuracy, N = 172 needs the fewest trainings in all for "
        "what random search has after 2,000: 230. Not held within as many with N = 43.",
    ),
    "fig-audit": (
        defects().iloc[3:],
        "1 of 2 defects change their number. The others change nothing that can be told: filtered random search as the "
        "predictor.",
    ),
    "fig-rounds": (
        rows("method batch samples low high budget level_samples", *ROUNDS),
        "With 10 at a time, tpe needs the fewest trainings for the level; the intervals do not tell it from random. "
        "Trainings, of at most 60, that hold what random search ends with after 100. 10 at a time: tpe 29 [6, beyond]. "
        "Triangles: not held within the budget. A question waits for the labels of the one before.",
    ),
    "fig-tuning": (
        rows("kind method setting value low high", *PRICES),
        "Price of not tuning, the place that one setting in ten is worse than over the default's: tpe 0.5 [0.25, 1]; "
        "brackets: over repeats and settings.",
    ),
    "fig-sharing": (
        rows("kind method status value low high", *SHARED),
        "Kendall tau of scores and trainings alone: darts 0.600 [0.500, 0.700]. A count of zero layers has 0.400 "
        "[0.300, 0.550]: darts is not told from it. No scores: fbnet diverged.",
    ),
    "fig-sharing-tuning": (
        rows("kind measure method setting status value low high", *TUNED),
        "Median Kendall tau of 2 drawn settings of each method: darts 0.350 [0.000, 0.700], worst tenth 0.070. A count "
        "of zero layers has 0.600 [0.500, 0.700]; 1 of 2 drawn settings has more. Stand-alone accuracy of what a "
        "setting scores highest, median: darts 80.00 % [70.00, 90.00], worst tenth 71.00. A random architecture has "
        "70.00 %, one with most zero layers 85.00 %, the best 90.00 %. Diverged: 1 of darts. Choices of darts that "
        "take 75 to 85 ms by TuNAS's model: 1 of 2, the first after 2.",
    ),
    "fig-bridge": (
        rows("kind method status train_size value low high", *BRIDGE),
        "With features of the architecture alone, Kendall tau on the rest is 0.300 [0.200, 0.400] with N = 10 and "
        "0.500 [0.400, 0.600] with N = 20. The score of darts helps from N = 20 on: 0.100 [0.050, 0.150] with N = 20. "
        "The score of enas harms with N = 10 alone: 0.000 [-0.100, 0.100] with N = 20. The score of smash makes no "
        "difference that can be told at any N: 0.000 [-0.100, 0.100] with N = 20. No scores: fbnet diverged. "
        "All splits are of one set of architectures.",
    ),
    "fig4-sharing": (
        rows(
            "kind method networks x mean low high",
            ("random", "random", 1, 10, 0.80, 0.79, 0.81),
            ("predictor", "chain", 20, 100, 0.91, 0.90, 0.92),
            ("predictor", "chain", 40, 200, 0.93, 0.92, 0.94),
            ("choice", "darts", 1, 300, 0.88, 0.87, 0.89),
            ("choice", "one-shot", 1, 250, 0.94, 0.93, 0.95),
        ),
        "The predictor's choice with N = 40 has 93.00 % [92.00, 94.00] after 200 core seconds, all trainings counted. "
        "Choices of methods that share weights: one-shot 94.00 % [93.00, 95.00] after 250 core seconds and darts "
        "88.00 % [87.00, 89.00] after 300 core seconds; by the intervals, against the predictor's, one-shot is not "
        "told from it and darts is worse.",
    ),
    "table-efficiency": (
        rows("panel method ratio low high reached level", *TIMES),
        "Evolution's mean validation accuracy at its whole budget is 90 %. Times as efficient as evolution: predictor "
        "4.00 [3.00, below 1] and random below 1.",
    ),
    "table-methods": (
        rows("method measure value low high", *METHODS).assign(workers=NAN),
        "tpe needs the fewest trainings for the level: 29 [6, beyond].",
    ),
    "table-metrics": (
        rows("source set metric value low high", *METRICS).assign(predictor="gcn", benchmark="b"),
        "On unseen architectures: gcn on b: Kendall tau 0.400 [0.300, 0.500], R2 -0.200 [-0.300, -0.100], worse than "
        "predicting the mean.",
    ),
    "table-frontier": (
        rows("bound search regret low high", *REGRETS).assign(cost="latency_ms"),
        "At latency (ms) ≤ 3, windows has the least regret, 0.10 % [0.00, 0.20]; the intervals tell it from random.",
    ),
    "table-mse": (
        rows("source stages tested_on mse low high", *ERRORS),
        "On what the classifier accepts, the mean squared error of two stages is 4.00 [3.90, 4.10], that of one stage "
        "2.00 [1.90, 2.10], 0.50 times as large: two stages are worse. Predicting the mean of the set has 1.00.",
    ),
    "table-tau": (
        taus(("gcn", "b", 20, 0.4), ("gcn", "b", 43, 0.5), ("mlp", "b", 43, 0.1)),
        "With N = 43 on b, gcn has a Kendall tau of 0.500 [0.400, 0.600], the best of 2; the intervals tell it from "
        "mlp.",
    ),
}


@pytest.mark.parametrize("row", ARTEFACTS, ids=lambda row: row.name)
def test_every_artefact_says_what_is_seen(row, protocol):
    frame, said = SAID[row.name]
    assert load(row.page, "finding")(frame, protocol) == said


def test_where_the_signal_is_a_loss_less_is_better(protocol):
    lower = protocol.model_copy(update={"maximise": False, "signal": "loss", "unit": "nats", "scale": 1})
    said = load("fig4.page:draw", "finding")(WORSE, lower)
    assert said.startswith(
        "By loss, the best choice after 400 trainings in all is that of gcn, 0.800 nats [0.790, 0.810]"
    )
    assert said.endswith("Random search has 0.900 nats [0.890, 0.910]: gcn and mlp are better.")


@pytest.mark.parametrize(
    ("kinds", "shares", "said"),
    [
        (["true_front"], (1, 1), "What the predictor chose adds nothing to the front of the random architectures."),
        ([], (0.8, 0.9), "What the predictor chose improves the front of the random architectures."),
        (["trained"] * 2 + ["further"], (0.8, 0.9, 0.85), "The 2 that the predictor chose add more than 1 further"),
        (["trained"] * 2 + ["further"], (0.8, 0.9, 0.95), "The 2 that the predictor chose add less than 1 further"),
    ],
)
def test_fig10_begins_with_what_the_choice_adds(kinds, shares, said, protocol):
    values = [*zip(("share_random", "share", "share_further"), shares, strict=False), ("tau", 0.5)]
    frame = rows("kind value", *((kind, NAN) for kind in kinds), *values)
    assert load("fig10.page:draw", "finding")(frame, protocol).startswith(said)


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        (
            (9, 11, 19, 21),
            "With 1 at a time, tpe needs the fewest trainings for the level; the intervals tell it from random. "
            "With 20 at a time, tpe needs the fewest trainings for the level; the intervals do not tell it from random."
            " The larger batch costs tpe trainings. Trainings, of at most 60",
        ),
        ((9, 25, 19, 21), "For no search do the intervals tell the two batches apart."),
        ((19, 21, 9, 11), "The larger batch saves tpe trainings."),
        ((NAN, NAN, NAN, NAN), "With 1 at a time, no search holds the level. With 20 at a time, no search holds"),
    ],
)
def test_fig_rounds_begins_with_the_fewest_trainings_and_what_a_batch_costs(spans, said, protocol):
    low, high, later_low, later_high = spans
    numbers = [("tpe", 1, (low + high) / 2, low, high), ("random", 1, NAN, 30, NAN)]
    numbers += [("tpe", 20, (later_low + later_high) / 2, later_low, later_high), ("random", 20, 40, 20, NAN)]
    if low != low:
        numbers = [(name, batch, NAN, NAN, NAN) for name, batch, *_ in numbers]
    frame = rows("method batch samples low high", *numbers).assign(budget=60, level_samples=100)
    assert said in load("fig_rounds.page:draw", "finding")(frame, protocol)


@pytest.mark.parametrize(
    ("own", "other", "found"),
    [((0, 1), (2, 3), -1), ((2, 3), (0, 1), 1), ((0, 2), (2, 3), 0), ((NAN, NAN), (2, 3), 0), ((4, 5), (2, NAN), 0)],
)
def test_intervals_that_meet_or_are_missing_tell_nothing(own, other, found):
    assert order(Estimate(1, *own), Estimate(1, *other)) == found
    assert order(Estimate(1, *own), Estimate(1, *other), maximise=False) == -found


def test_many_names_that_stand_alike_are_not_listed():
    found = {name: Estimate(2, 2, 3) for name in "abc"}
    assert against(found, Estimate(1, 1, 1)) == "all others are better"
    assert against(found, Estimate(2, 2, 2)) == "no other is told from it"
    assert against(found | {"d": Estimate(0, 0, 0)}, Estimate(1, 1, 1)) == "a, b and c are better and d is worse"
    assert shown(Estimate(1, NAN, NAN), 1, "%") == "1.0 %"


def test_the_file_of_a_finding_shows_the_same_text_in_a_report(tmp_path, protocol):
    (tmp_path / "out").mkdir()
    csv, json, md, file = (tmp_path / name for name in ("a.csv", "a.json", "out/a.md", "out/a.finding.rst"))
    frame = SAID["table-tau"][0].assign(repeats=3, test_size=9).replace("gcn", "my_gcn*`|_")
    frame = pd.concat([frame.assign(metric=name) for name in ("kendall_tau", "mse", "r2")])
    write_result(frame, protocol, csv, json)
    render("table-tau", csv, json, {"md": md}, file)
    shown_text = publish_string(f".. include:: {file}\n", writer="pseudoxml", settings_overrides={"report_level": 1})
    assert "With N = 43 on b, my_gcn*`|_ has a Kendall tau of 0.500 [0.400, 0.600]" in " ".join(
        shown_text.decode().split()
    )
    assert as_rst("a_b") == "a\\_b\n"
    assert "my_gcn" in md.read_text()
