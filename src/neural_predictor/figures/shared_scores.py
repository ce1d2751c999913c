"""What figures of methods that share weights read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.errors import FormatError
from neural_predictor.sharing.files import read_shared
from neural_predictor.sharing.tuning import method_of
from neural_predictor.spaces.proxylessnas.layers import ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.config.sharing_recipes import Sharing
    from neural_predictor.figures.request import Request
    from neural_predictor.sharing.files import Shared
    from neural_predictor.tables.table import BenchmarkTable


def read_all(request: Request[Sharing]) -> list[Shared]:
    """The files of all supernets that a figure reads, in the order of the section.

    Raises:
        FormatError: if one is damaged or missing, or is of other architectures.
    """
    files: dict[str, tuple[Path, Shared]] = {}
    for path in request.shared:
        shared = read_shared(path)
        files[shared.method] = path, shared
    for name in request.supernets:
        if name not in files:
            raise FormatError(f"no file of the method {name!r} is given; run train-supernet {name}, and give its file")
    table = request.table
    for path, shared in files.values():
        if missing := sorted(set(table.architecture) - set(shared.architecture)):
            raise FormatError(
                f"{path}: no score of {missing[0]}, which is in the table {table.name}: it is of another set of "
                "children; run train-supernet again"
            )
    return [files[name][1] for name in request.supernets]


def by_method(found: list[Shared]) -> dict[str, list[Shared]]:
    """Method -> its searches, one a seed, in the order of the section."""
    searches: dict[str, list[Shared]] = {}
    for shared in found:
        searches.setdefault(method_of(shared.method), []).append(shared)
    return searches


def in_rows_of(table: BenchmarkTable, shared: Shared) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores and accuracies (n,) of the rows of a table."""
    places = {name: k for k, name in enumerate(shared.architecture.tolist())}
    order = [places[name] for name in table.architecture]
    return shared.scores[order], shared.accuracies[order]


def zeros_of(shared: Shared) -> int:
    """How many layers of a method's choice are zero."""
    return int((ProxylessNasSpace().parse(shared.choice) == ZERO).sum())


def every_zeros_of(searches: list[Shared]) -> str:
    """The same of the choices of several searches, in their order: `4, 5, 0`."""
    return ", ".join(str(zeros_of(shared)) for shared in searches)
