"""The files of searches: what a job of searches writes, and what figures read.

Layout of an .npz file, format 1, with R repeats of a search that trains `total` architectures in each: `format`;
`search`, `benchmark`, `total`, `batch` and `setting` of the key; `settings`, the hyper-parameters as JSON; for each
repeat `repeats` (R,), `seeds` (R,), `rows` (R, total) in the order of training, `questions` (R, total), the number of
the question in which each was asked for, and `signals` (R, total), the labels that the search was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError
from neural_predictor.fits.key import SearchKey
from neural_predictor.io.files import atomic
from neural_predictor.io.untrusted import read_npz
from neural_predictor.search.base import Problem
from neural_predictor.search.run import run_asking, search_seed
from neural_predictor.search.tuning import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.study import Study
    from neural_predictor.tables.table import BenchmarkTable

    Rows = NDArray[np.intp]

FORMAT = 1
_LAYOUT = {
    "format": ("iu", 0),
    "search": ("U", 0),
    "benchmark": ("U", 0),
    "total": ("iu", 0),
    "batch": ("iu", 0),
    "setting": ("iu", 0),
    "settings": ("U", 0),
    "repeats": ("iu", 1),
    "seeds": ("u", 1),
    "rows": ("iu", 2),
    "questions": ("iu", 2),
    "signals": ("f", 2),
}
"""Array -> kinds of its type, and number of its dimensions."""
_AGAIN = "delete it and run the same command again"


@dataclass(frozen=True, eq=False)
class SearchRuns:
    """The repeats 0 to R - 1 of one key.

    Attributes:
        key: search, benchmark, trainings, batch and setting.
        rows: (R, total) rows of the table in the order of training.
        questions: (R, total) number of the question, from 0, that each was asked for in.
    """

    key: SearchKey
    rows: Rows
    questions: Rows


def run_searches(study: Study, table: BenchmarkTable, key: SearchKey, repeats: range, output: Path) -> None:
    """Run some repeats of a search, and write what it trained.

    Args:
        study: its seed.
        table: the table that `key` names.
        key: search, trainings, batch and setting.
        repeats: numbers of the repeats.
        output: the .npz file.

    Raises:
        ConfigError: if the table is too small for the study.
        SearchError: if the search cannot work on the table.
    """
    study.check_rows(table.name, len(table))
    settings = settings_of(key.search, key.setting, study.seed)
    problem = Problem(table, study.seed, repeats.stop, key.total)
    found = run_asking(key.search, problem, batch=key.batch, settings=settings, repeats=repeats)
    arrays: dict[str, Any] = {name: np.array(value) for name, value in key._asdict().items()}
    arrays |= {
        "format": np.array(FORMAT),
        "settings": np.array(settings.model_dump_json()),
        "repeats": np.array(repeats),
        "seeds": np.array(_seeds(key, study.seed, repeats), np.uint64),
        "rows": found.rows,
        "questions": found.questions,
        "signals": np.stack([problem.signal(k)[rows] for k, rows in zip(repeats, found.rows, strict=True)]),
    }
    with atomic(output) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_searches(
    paths: Iterable[Path], table: BenchmarkTable, study_seed: int, wanted: Mapping[SearchKey, int]
) -> dict[SearchKey, SearchRuns]:
    """The runs of each key, in the order of `wanted`.

    What a search was told is held against what the study draws today.

    Args:
        paths: files that `run_searches` wrote.
        table: the table that it ran on.
        study_seed: the study's seed.
        wanted: key -> number of its repeats.

    Raises:
        FormatError: if a file is damaged, is of another table, settings, seed or labels than the study draws today, or
            a repeat is missing.
    """
    parts: dict[SearchKey, list[tuple[int, Rows, Rows]]] = {key: [] for key in wanted}
    for path in paths:
        arrays = _arrays(path)
        key = SearchKey(*(arrays[name].item() for name in SearchKey._fields))
        if key not in wanted:
            raise FormatError(f"{path}: runs {key.folder}, which this figure of the study does not read; leave it out")
        _check(path, arrays, key, table, study_seed)
        parts[key] += zip(arrays["repeats"].tolist(), arrays["rows"], arrays["questions"], strict=True)
    return {key: _whole(key, parts[key], repeats) for key, repeats in wanted.items()}


def _whole(key: SearchKey, parts: Sequence[tuple[int, Rows, Rows]], repeats: int) -> SearchRuns:
    """Repeats 0 to `repeats` - 1 of a key."""
    found = {repeat: (rows, questions) for repeat, rows, questions in parts}
    if missing := [repeat for repeat in range(repeats) if repeat not in found]:
        raise FormatError(f"searches/{key.folder}: no file has repeat {missing[0]}; run the rule run_searches again")
    rows, questions = (np.array(part, np.intp) for part in zip(*(found[k] for k in range(repeats)), strict=True))
    return SearchRuns(key, rows, questions)


def _seeds(key: SearchKey, study_seed: int, repeats: Iterable[int]) -> list[int]:
    return [search_seed(study_seed, key.search, key.benchmark, repeat) for repeat in repeats]


def _check(
    path: Path, arrays: Mapping[str, NDArray[Any]], key: SearchKey, table: BenchmarkTable, study_seed: int
) -> None:
    """Refuse a file that is not what the study would write today."""
    shape, rows = (len(arrays["repeats"]), key.total), arrays["rows"]
    each = [arrays[name].shape for name in ("rows", "questions", "signals")]
    if each != [shape] * 3 or len(arrays["seeds"]) != shape[0]:
        raise FormatError(f"{path}: rows {rows.shape} of {shape[0]} repeats of {key.total} trainings; {_AGAIN}")
    if key.benchmark != table.name or rows.min(initial=0) < 0 or rows.max(initial=0) >= len(table):
        raise FormatError(f"{path}: rows that the table {table.name} of {len(table)} does not have; {_AGAIN}")
    if not np.isin(np.diff(arrays["questions"], prepend=-1, axis=1), (0, 1)).all():
        raise FormatError(f"{path}: questions are not numbered in their order; {_AGAIN}")
    repeats = arrays["repeats"].tolist()
    # Seeds are compared first: they cost nothing, whatever number a damaged file has for a repeat.
    same = arrays["seeds"].tolist() == _seeds(key, study_seed, repeats)
    same = same and str(arrays["settings"]) == settings_of(key.search, key.setting, study_seed).model_dump_json()
    problem = Problem(table, study_seed, 0, key.total)
    if not same or any(
        not np.array_equal(problem.signal(repeat)[rows[k]], arrays["signals"][k]) for k, repeat in enumerate(repeats)
    ):
        raise FormatError(
            f"{path}: run with other settings, labels or a seed than the study draws today, since a range, a sampler "
            f"or the table has changed: raise the version of {key.search} in src/neural_predictor/search/registry.py, "
            "which runs it again, or delete the file; then run the same command again"
        )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        found = read_npz(path, tuple(_LAYOUT))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: not a file of searches ({error}); {_AGAIN}") from error
    for name, array in found.items():
        kinds, dimensions = _LAYOUT[name]
        if array.dtype.kind not in kinds or array.ndim != dimensions:
            raise FormatError(f"{path}: {name} is {array.dtype} {array.shape}, which no file of searches has; {_AGAIN}")
    if missing := [name for name in _LAYOUT if name not in found]:
        raise FormatError(f"{path}: a file of searches without {', '.join(missing)}; {_AGAIN}")
    if int(found["format"]) != FORMAT:
        raise FormatError(
            f"{path}: a file of searches in format {int(found['format'])}; this version reads format {FORMAT}: {_AGAIN}"
        )
    return found
