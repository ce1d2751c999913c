"""The searches. A search is one row here and one file beside this one.

A study names them under `searches` of the sections fig4 and its variants, fig_rounds and fig_tuning. A plan reads the
rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neural_predictor.records import by_name, load_entry

_FILE = "search/registry.py"


@dataclass(frozen=True, kw_only=True)
class SearchRow:
    """A search.

    Attributes:
        name: what studies and figures call it.
        search: entry point `module:class` below `neural_predictor.search`, a `base.Search`.
        traces: entry point `module:function` of (base.Problem) -> base.Traces, which runs many repeats as one array;
            None where there is no such form.
        tuned: whether it has hyper-parameters that studies of tuning draw.
        family: kind of method, as the slides' table has them: RL, EA, BO, predictor.
        whole: whether all its trainings go to their end: figures count whole trainings.
        version: of what it asks for. Its code is no input of its jobs, which are costly: raise this, with a line in
            CHANGELOG.md, after a change of the search, of a range or of a sampler, and they run anew.
    """

    name: str
    search: str
    traces: str | None = None
    tuned: bool = True
    family: str = ""
    whole: bool = True
    version: int = 1

    @property
    def module(self) -> str:
        """The module of its code."""
        return (self.traces or self.search).partition(":")[0]

    def load(self, field: str) -> Any:
        """What one of the row's entry points names.

        Raises:
            ConfigError: if there is nothing of that name.
        """
        return load_entry(_FILE, self.name, "neural_predictor.search", getattr(self, field))


SEARCHES = by_name(
    _FILE,
    [
        SearchRow(
            name="random", family="random", search="random_search:Random", traces="random_search:traces", tuned=False
        ),
        SearchRow(name="evolution", family="EA", search="evolution:Evolution", traces="evolution:traces"),
        SearchRow(name="local-search", family="local search", search="local_search:LocalSearch"),
        SearchRow(name="reinforce", family="RL", search="reinforce:Reinforce"),
        SearchRow(name="reinforce-rnn", family="RL", search="controller:Controller"),
        SearchRow(name="tpe", family="BO", search="tpe:Tpe"),
        SearchRow(name="bayesian", family="BO", search="bayesian:Bayesian"),
        SearchRow(name="nasbot", family="BO", search="nasbot:Nasbot"),
        SearchRow(name="bananas", family="BO", search="bananas:Bananas", version=2),
        SearchRow(name="pnas", family="predictor", search="pnas:Pnas"),
        SearchRow(name="nao", family="predictor", search="nao:Nao"),
        SearchRow(name="peephole", family="predictor", search="peephole:Peephole"),
        SearchRow(name="semi-supervised", family="predictor", search="semi_supervised:SemiSupervised"),
        SearchRow(name="learning-curve", family="stopping", search="learning_curve:LearningCurve", whole=False),
        SearchRow(name="predictor", family="predictor", search="one_fit:OneFit"),
        SearchRow(name="rounds", family="predictor", search="rounds:Rounds", version=2),
    ],
)
"""Name -> row."""
