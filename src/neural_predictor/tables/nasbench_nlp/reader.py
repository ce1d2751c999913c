"""Reader of NAS-Bench-NLP: recurrent cells of `spaces.nasbench_nlp` trained as language models.

Source: Klyuchnikov et al., "NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language Processing",
2020, arXiv 2006.07116; logs of fmsnew/nas-bench-nlp-release (Apache-2.0). Two layouts are read:

* The release's: a zip archive or a folder of one JSON file a run, with `recepie` (JSON in a string), `data`, `status`,
  `num_params`, and for each of 50 epochs `train_losses`, `val_losses`, `test_losses` (nats per token) and
  `wall_times` (seconds).
* JSON lines, a run a line, plain or gzip: such logs, or extracts of them with `recepie`, `status`, `num_params`,
  `num_epochs`, `final_val_loss`, `final_test_loss` and `total_wall_time_s`.

The losses of a run are those of its last epoch. A run whose status is not OK (mostly: its loss became NaN) has none:
it is no row of the table, but counted by status in the provenance. Runs of one cell are its repeats, in the order of
the logs' names; the release's recipes are not all different cells.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import ArchitectureError, FormatError
from neural_predictor.io.untrusted import parse_json, shown
from neural_predictor.spaces.nasbench_nlp.space import NasBenchNlpSpace
from neural_predictor.spaces.nasbench_nlp.text import parse_recipe, recipe_codes, shortened
from neural_predictor.tables.nasbench_nlp.logs import LFS_POINTER, digest_of, read_logs, what_it_is
from neural_predictor.tables.table import BenchmarkTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

EPOCHS = 50
OK = "OK"
_DATA = {
    "nasbench-nlp": ("ptb", "train_logs_single_run"),
    "nasbench-nlp-wikitext2": ("wikitext-2", "train_logs_wikitext-2"),
}
"""Benchmark -> the data set that its logs name, and the release's folder of these logs."""
_LOSSES = {"train_loss": "train_losses", "validation_loss": "val_losses", "test_loss": "test_losses"}
"""Metric -> its list in a log."""
_LARGEST = float(np.finfo(np.float32).max)
"""Largest value that a table on disk holds."""
_REPEATS = 1000
"""Most runs of one cell, since a table has a column for each."""
_SHOWN = 5
"""Faults that an error lists."""


@dataclass(frozen=True, eq=False)
class _Run:
    """One training.

    Attributes:
        where: name of its log.
        status: OK, or what went wrong.
        codes: (code_length,) of its cell.
        metrics: name -> value at the end; empty if the status is not OK.
        parameters: number of trainable ones.
    """

    where: str
    status: str
    codes: NDArray[np.uint8]
    metrics: Mapping[str, float]
    parameters: int


def read(
    name: str, path: Path, *, progress: Callable[[int, int], None] | None = None, tolerate: int = 0
) -> BenchmarkTable:
    """Read the logs as a table: a row for each cell with a run that is OK, in the order of their first ones.

    The metrics are `validation_loss` (signal), `test_loss` (target), `training_time_s`, `trainable_parameters`, and
    `train_loss` where all runs have it. The encoding is canonical. The provenance holds the number of `logs`, the
    runs `left_out` by status, the logs `not_used` since they have a fault, and a `note` of all this in a sentence.

    Args:
        name: name of the benchmark.
        path: archive, folder or JSON lines.
        progress: is called with (bytes done, bytes in all) after every few hundred logs.
        tolerate: how many logs may be left out because they do not follow the format.

    Raises:
        SourceError: if the file or folder cannot be read.
        FormatError: if it holds no logs, or more than `tolerate` that do not follow the format: each of the first
            few is named, with what is wrong and what was expected.
    """
    data_set, folder = _DATA[name]
    runs: list[_Run] = []
    wrong: list[str] = []
    for where, log in read_logs(path, folder, progress):
        try:
            runs.append(_parse(where, log, data_set))
        except (FormatError, ArchitectureError) as error:
            wrong.append(f"{where}: {error}")
    total = len(runs) + len(wrong)
    rows, failed = _by_cell(runs, wrong)
    _judge(path, wrong, total, tolerate)
    if not rows:
        raise FormatError(f"{path}: none of {total:,} runs has the status OK; found {dict(failed)}")
    provenance = {
        "source": path.name,
        "sha256": digest_of(path, folder),
        "data": data_set,
        "logs": total,
        "left_out": dict(sorted(failed.items())),
        "not_used": wrong,
        "note": _note(total, failed, len(wrong)),
    }
    return _table(name, rows, provenance)


def _judge(path: Path, wrong: Sequence[str], total: int, tolerate: int) -> None:
    """Raise FormatError if too many logs are wrong; say so if any is."""
    listed = "".join(f"\n  {fault}" for fault in wrong[:_SHOWN])
    listed += f"\n  and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
    found = f"{path}: {len(wrong):,} of {total:,} logs do not follow the format"
    if len(wrong) > tolerate:
        raise FormatError(
            f"{found}, at most {tolerate} may:{listed}\n"
            "Mend or remove them, or tolerate more: tolerated_logs in config/config.yaml"
        )
    if wrong:
        logger.warning("%s and are left out:%s", found, listed)


def _note(total: int, failed: Counter[str], wrong: int) -> str:
    """What was left out, in a sentence."""
    reasons = [f"{count:,} with the status {status!r}" for status, count in sorted(failed.items())]
    reasons += [f"{wrong:,} whose log does not follow the format"] if wrong else []
    return f"Of {total:,} runs, left out are " + (", ".join(reasons) if reasons else "none") + "."


def _by_cell(runs: Sequence[_Run], wrong: list[str]) -> tuple[dict[bytes, list[_Run]], Counter[str]]:
    """The runs that are OK by the canonical codes of their cells, and the number of others by status.

    Contradictions go to `wrong`.
    """
    codes = np.array([run.codes for run in runs], np.uint8).reshape(len(runs), NasBenchNlpSpace.code_length)
    cells = NasBenchNlpSpace().canonical(codes)
    rows: dict[bytes, list[_Run]] = {}
    first: dict[bytes, _Run] = {}
    failed: Counter[str] = Counter()
    for run, cell in zip(runs, cells, strict=True):
        earlier = first.setdefault(cell.tobytes(), run)
        if run.parameters != earlier.parameters:
            wrong.append(
                f"{run.where}: num_params is {run.parameters}, but {earlier.parameters} in {earlier.where}, which has "
                "the same cell; expected one number"
            )
        elif run.status != OK:
            failed[run.status] += 1
        else:
            repeats = rows.setdefault(cell.tobytes(), [])
            copies = [other.where for other in repeats if other.metrics == run.metrics]
            if len(repeats) == _REPEATS:
                wrong.append(f"{run.where}: is the {_REPEATS + 1:,}th run of its cell; expected some dozen at most")
            elif copies:
                wrong.append(f"{run.where}: is a copy of {copies[0]}; expected each run once")
            else:
                repeats.append(run)
    return rows, failed


def _table(name: str, rows: Mapping[bytes, Sequence[_Run]], provenance: Mapping[str, Any]) -> BenchmarkTable:
    space = NasBenchNlpSpace()
    encoding = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), space.code_length)
    names = ["validation_loss", "test_loss", "training_time_s"]
    if all("train_loss" in run.metrics for repeats in rows.values() for run in repeats):
        names.insert(0, "train_loss")
    shape = (len(rows), max(map(len, rows.values())))
    metrics: dict[str, NDArray[Any]] = {metric: np.full(shape, np.nan) for metric in names}
    for row, repeats in enumerate(rows.values()):
        for metric, values in metrics.items():
            values[row, : len(repeats)] = [run.metrics[metric] for run in repeats]
    metrics["trainable_parameters"] = np.array([[repeats[0].parameters] for repeats in rows.values()])
    return BenchmarkTable(
        name=name,
        space=space.name,
        architecture=space.identify(encoding),
        encoding=encoding,
        metrics=metrics,
        signal="validation_loss",
        target="test_loss",
        provenance=provenance,
    )


def _parse(where: str, log: bytes | FormatError, data_set: str) -> _Run:
    """One log.

    Raises:
        FormatError: saying what is wrong in it and what was expected.
        ArchitectureError: if its recipe is no cell.
    """
    if isinstance(log, FormatError):
        raise log
    try:
        record = parse_json(log)
    except ValueError as error:
        found = what_it_is(log) if log.startswith(LFS_POINTER) else f"no whole JSON object ({error})"
        raise FormatError(f"{found}; expected the log of a run") from error
    if not isinstance(record, dict):
        raise FormatError(f"a JSON {type(record).__name__}; expected the object of a run")
    final = "final_val_loss" in record
    recipe, status, parameters = (_value(record, key) for key in ("recepie", "status", "num_params"))
    if not isinstance(status, str):
        raise FormatError(f"status is {_shown(status)}; expected 'OK' or what went wrong")
    if type(parameters) is not int or not 1 <= parameters < 2**53:
        raise FormatError(f"num_params is {_shown(parameters)}; expected a whole number, 1 or more")
    if not final or "data" in record:
        found = _value(record, "data")
        if not isinstance(found, str) or found.rstrip("/").rpartition("/")[2] != data_set:
            raise FormatError(f"data is {_shown(found)}; expected the data set {data_set!r} of this benchmark")
    codes = parse_recipe(recipe) if isinstance(recipe, str) else recipe_codes(recipe)
    metrics = _final_metrics(record, status) if final else _last_metrics(record, status)
    return _Run(where, status[:100], codes, metrics, parameters)


def _last_metrics(record: Mapping[str, Any], status: str) -> dict[str, float]:
    """Losses after the last epoch, and the time of all, of a log as the release has them."""
    lists = {key: _value(record, key) for key in (*_LOSSES.values(), "wall_times")}
    for key, values in lists.items():
        if not isinstance(values, list) or len(values) > EPOCHS or not all(map(_is_number, values)):
            raise FormatError(f"{key} is {_shown(values)}; expected a list of up to {EPOCHS} numbers")
        if status == OK and len(values) != EPOCHS:
            raise FormatError(f"{key} has {len(values)} entries; expected {EPOCHS}, since the status is OK")
    if status != OK:
        return {}
    last = {metric: float(lists[key][-1]) for metric, key in _LOSSES.items()}
    return _checked(last | {"training_time_s": sum(lists["wall_times"])})


def _final_metrics(record: Mapping[str, Any], status: str) -> dict[str, float]:
    """The same of an extract."""
    keys = {"validation_loss": "final_val_loss", "test_loss": "final_test_loss", "training_time_s": "total_wall_time_s"}
    values = {metric: _value(record, key) for metric, key in keys.items()}
    epochs = _value(record, "num_epochs")
    if status != OK:
        return {}
    if epochs != EPOCHS:
        raise FormatError(f"num_epochs is {_shown(epochs)}; expected {EPOCHS}, since the status is OK")
    return _checked(values)


def _checked(metrics: Mapping[str, Any]) -> dict[str, float]:
    for metric, value in metrics.items():
        if not _is_number(value) or not 0 <= value <= _LARGEST:
            raise FormatError(f"the {metric} is {_shown(value)}; expected a number, 0 or more, since the status is OK")
    return {metric: float(value) for metric, value in metrics.items()}


def _value(record: Mapping[str, Any], key: str) -> Any:
    if key not in record:
        raise FormatError(f"no {key!r}; the log has {shortened(', '.join(map(str, record)))}")
    return record[key]


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**53)


def _shown(value: Any) -> str:
    try:
        return shortened(json.dumps(value))
    except (RecursionError, ValueError):  # a number of more digits than Python writes
        return shown(value)
