"""Fig. 3 of the paper: the search signal against the mean target metric of every architecture, and the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.protocol import describe
from neural_predictor.search.base import oracle
from neural_predictor.seeds import seed_of
from neural_predictor.statistics.bootstrap import bootstrap_mean

if TYPE_CHECKING:
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

ORACLE_DRAWS = 100  # paper, Fig. 3: "averaged over 100 oracle experiments"
COLUMNS = (
    "kind",
    "architecture",
    "signal",
    "signal_low",
    "signal_high",
    "target",
    "target_low",
    "target_high",
)


def run(request: Request[None]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """Every architecture's signal (one run) and mean target, then a row for the oracle with intervals.

    The oracle draws a run of every architecture, takes the best signal, and reports that architecture's mean target.
    """
    study, table = request.study, request.table
    mean_target = table.mean(table.target)
    signal = table.at(table.signal, table.draw_runs(np.random.default_rng(seed_of(study.seed, "fig3"))))
    draws = []
    for draw in range(ORACLE_DRAWS):
        drawn = table.at(
            table.signal, table.draw_runs(np.random.default_rng(seed_of(study.seed, "fig3", "oracle", draw)))
        )
        row = oracle(drawn, maximise=table.maximise)
        draws.append((drawn[row], mean_target[row]))
    mean, low, high = bootstrap_mean(np.array(draws), study.bootstrap, seed_of(study.seed, "fig3", "bootstrap"))
    points = pd.DataFrame(
        {"kind": "architecture", "architecture": table.architecture, "signal": signal, "target": mean_target}
    )
    best = pd.DataFrame(
        {
            "kind": ["oracle"],
            **{
                f"{name}{end}": [part[k]]
                for k, name in enumerate(("signal", "target"))
                for end, part in (("", mean), ("_low", low), ("_high", high))
            },
        }
    )
    frame = pd.concat([points, best], ignore_index=True).reindex(columns=list(COLUMNS))
    return frame, describe(request, {"oracle": ORACLE_DRAWS})
