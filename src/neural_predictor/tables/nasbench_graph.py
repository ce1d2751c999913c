"""Reader of NAS-Bench-Graph's `light/<data set>.bench` files (package nas-bench-graph 1.4.0, Apache-2.0).

File format: a pickle of {key: {valid_perf, perf, latency, para}}, numbers plain or NumPy scalars; the key as in
`spaces.nasbench_graph`; validation and test accuracy (ROC-AUC on proteins) as fractions, one training each; latency
in seconds; parameters in millions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError
from neural_predictor.io.files import sha256
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.pickles import NUMPY_SCALARS, read_pickle
from neural_predictor.tables.table import BenchmarkTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_FIELDS = ("valid_perf", "perf", "latency", "para")


def _row(path: Path, key: Any, fields: Any) -> list[float]:
    try:
        return [float(fields[name]) for name in _FIELDS]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise FormatError(
            f"{path}: architecture {key!r} holds {str(fields)[:200]!r}; expected numbers {', '.join(_FIELDS)}"
        ) from error


def read(name: str, path: Path, *, progress: Callable[[int, int], None] | None = None) -> BenchmarkTable:
    """Read one data set: a row for every architecture of the space, in the space's order.

    Args:
        name: name of the benchmark.
        path: the file.
        progress: is called with (bytes done, bytes in all) when the file is read.

    Raises:
        FormatError: if the file is damaged, names code, or does not hold exactly the space's architectures.
        TableError: if a number is out of range.
    """
    bench = read_pickle(path, NUMPY_SCALARS)
    if progress is not None:
        progress(path.stat().st_size, path.stat().st_size)
    space = NasBenchGraphSpace(**BENCHMARKS[name].options)
    encoding = space.enumerate()
    architecture = space.identify(encoding)
    keys = [int(key) for key in architecture]
    if not isinstance(bench, dict) or set(bench) != set(keys):
        found = f"{len(bench)} keys" if isinstance(bench, dict) else type(bench).__name__
        raise FormatError(f"{path}: expected a dict of the {len(keys)} architectures of {name}; found {found}")
    values: NDArray[np.float64] = np.array([_row(path, key, bench[key]) for key in keys])
    return BenchmarkTable(
        name=name,
        space=space.name,
        architecture=architecture,
        encoding=encoding,
        metrics={
            "validation_accuracy": values[:, 0:1],
            "test_accuracy": values[:, 1:2],
            "latency_ms": values[:, 2:3] * 1e3,
            "trainable_parameters": np.rint(values[:, 3:4] * 1e6),
        },
        provenance={"source": path.name, "sha256": sha256(path)},
    )
