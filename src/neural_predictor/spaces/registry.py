"""The search spaces. A space is one row here, and a module (or a folder) beside this one.

A plan reads the rows alone; the code of a space is imported when one is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neural_predictor.errors import ArchitectureError
from neural_predictor.records import by_name, load_entry

if TYPE_CHECKING:
    from neural_predictor.spaces.base import SearchSpace

_FILE = "spaces/registry.py"


@dataclass(frozen=True)
class SpaceRow:
    """A search space.

    Attributes:
        name: what studies, tables and commands call it; the class has the same.
        space: entry point of the class, `module:name` below `neural_predictor.spaces`.
    """

    name: str
    space: str


SPACES = by_name(
    _FILE,
    [
        SpaceRow("nasbench-graph", "nasbench_graph:NasBenchGraphSpace"),
        SpaceRow("nasbench101", "nasbench101.space:NasBench101Space"),
        SpaceRow("proxylessnas", "proxylessnas.space:ProxylessNasSpace"),
        SpaceRow("nasbench-nlp", "nasbench_nlp.space:NasBenchNlpSpace"),
        SpaceRow("mnasnet", "mnasnet.space:MnasNetSpace"),
    ],
)
"""Name -> row."""


def make_space(name: str, **options: Any) -> SearchSpace:
    """A space by its name.

    Args:
        name: one of `SPACES`.
        options: what the constructor of its class takes, such as `allowed` of NAS-Bench-Graph.

    Raises:
        ArchitectureError: for an unknown name.
        ConfigError: if the row's entry point does not exist.
    """
    if name not in SPACES:
        raise ArchitectureError(f"unknown space {name!r}; known are {', '.join(SPACES)}")
    space: SearchSpace = load_entry(_FILE, name, "neural_predictor.spaces", SPACES[name].space)(**options)
    return space
