"""The searches without a predictor. A search is one row here and one file beside this one.

A study names them under `searches` of the sections fig4 and its variants. A plan reads the rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neural_predictor.records import by_name, load_entry

if TYPE_CHECKING:
    from neural_predictor.search.base import Problem, Traces

_FILE = "search/registry.py"


@dataclass(frozen=True)
class SearchRow:
    """A search.

    Attributes:
        name: what studies and figures call it.
        run: entry point `module:function` below `neural_predictor.search` of (base.Problem) -> base.Traces.
    """

    name: str
    run: str


SEARCHES = by_name(
    _FILE,
    [
        SearchRow("random", "random_search:run"),
        SearchRow("evolution", "evolution:run"),
    ],
)
"""Name -> row."""


def run_search(name: str, problem: Problem) -> Traces:
    """The traces of a search.

    Raises:
        ConfigError: if the row's entry point does not exist, or a setting does not fit the table.
    """
    traces: Traces = load_entry(_FILE, name, "neural_predictor.search", SEARCHES[name].run)(problem)
    return traces
