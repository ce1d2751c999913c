"""From the files that an experiment reads to the files that it writes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pandas as pd

from neural_predictor.errors import ConfigError, FormatError
from neural_predictor.figures import MODULES
from neural_predictor.figures.results import write_result
from neural_predictor.tables.table import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from neural_predictor.config.study import Study
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable

    Tables = dict[str, BenchmarkTable]
    Result = tuple[pd.DataFrame, ProtocolRecord]


def _call(
    experiment: str, module: Any, study_name: str, study: Study, tables: Tables, inputs: Sequence[Path]
) -> Result:
    if experiment == "fig8":
        return module.run_fig8(study_name, study)  # type: ignore[no-any-return]
    own = next(iter(tables.values()))
    calls: dict[str, Callable[[], Result]] = {
        "fig1": lambda: module.run_fig1(study_name, study, own, inputs),
        "fig2": lambda: module.run_fig2(study_name, study, own, inputs),
        "fig3": lambda: module.run_fig3(study_name, study, own),
        "fig4": lambda: module.run_comparison(experiment, study_name, study, study.fig4, own, inputs),
        "fig4-nlp": lambda: module.run_comparison(experiment, study_name, study, study.recurrent.fig4, own, inputs),
        "fig5": lambda: module.run_fig5(study_name, study, own, inputs),
        "fig6": lambda: module.run_fig6(study_name, study, own, inputs),
        "fig7": lambda: module.run_fig7(study_name, study, own, inputs),
        "fig9-nasbench-one": lambda: module.run_fig9(experiment, study_name, study, study.fig9, own, inputs),
        "fig9-nasbench-two": lambda: module.run_fig9(experiment, study_name, study, study.fig9, own, inputs),
        "fig9-nlp": lambda: module.run_fig9(experiment, study_name, study, study.recurrent.fig9, own, inputs),
        "figA1": lambda: module.run_comparison(experiment, study_name, study, study.figa1, own, inputs),
        "figA1-tau": lambda: module.run_learning(study_name, study, tables, inputs),
        "fig-frontier": lambda: _frontier(module, study_name, study, own, inputs[0]),
        "table-efficiency": lambda: module.run_efficiency(study_name, study, own, inputs),
        "table-metrics": lambda: module.run_table_metrics(study_name, study, tables, inputs),
        "table-mse": lambda: module.run_table_mse(study_name, study, own, inputs),
        "table-tau": lambda: module.run_table_tau(study_name, study, tables, inputs),
    }
    return calls[experiment]()


def _frontier(module: Any, study_name: str, study: Study, own: BenchmarkTable, fig7: Path) -> Result:
    try:
        return module.run_frontier(study_name, study, own, pd.read_csv(fig7))  # type: ignore[no-any-return]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise FormatError(f"{fig7}: not the numbers of fig7 ({error}); run its rule again") from error


def run(
    experiment: str,
    study_name: str,
    study: Study,
    tables: Sequence[Path],
    inputs: Sequence[Path],
    csv: Path,
    protocol: Path,
    markdown: Path | None,
) -> None:
    """Run one experiment.

    Raises:
        ConfigError: for an experiment that the project does not have, or a table that is too small for the study.
        FormatError: if an input is damaged.
        TableError: if a table is.
    """
    if experiment not in MODULES:
        raise ConfigError(f"no experiment {experiment!r}; there are {', '.join(MODULES)}")
    module = import_module(f"neural_predictor.figures.{MODULES[experiment]}")
    read = {table.name: table for table in map(read_table, tables)}
    frame, described = _call(experiment, module, study_name, study, read, inputs)
    text = None if markdown is None else (markdown, module.as_markdown(frame))
    write_result(frame, described, csv, protocol, text)
