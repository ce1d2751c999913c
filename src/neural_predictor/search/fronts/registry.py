"""The searches for a front. A search is one row here and one file beside this one.

A study names them under `searches` of its section `frontier`. A plan reads the rows alone.
"""

from __future__ import annotations

from neural_predictor.records import by_name
from neural_predictor.search.registry import SearchRow

FRONT_SEARCHES = by_name(
    "search/fronts/registry.py",
    [
        SearchRow(name="random", search="fronts.random_front:RandomFront"),
        SearchRow(name="front", search="fronts.predicted:PredictedFront"),
        SearchRow(name="front-rounds", search="fronts.predicted:FrontRounds"),
        SearchRow(name="windows", search="fronts.windows:Windows"),
        SearchRow(name="chamnet", search="fronts.chamnet:ChamNet"),
        SearchRow(name="nsga2", search="fronts.nsga2:Nsga2"),
        SearchRow(name="constrained", search="fronts.constrained:Constrained"),
    ],
)
"""Name -> row."""
