"""Unpickling of benchmark files with an allow-list: whatever else a pickle asks for is refused before it runs."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NUMPY_SCALARS = {
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): np._core.multiarray.scalar,  # type: ignore[attr-defined]
}
"""What a pickle of NumPy scalars needs; `numpy.core` was renamed `numpy._core` in NumPy 2."""


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, path: Path, allowed: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(file)
        self._path, self._allowed = path, allowed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._allowed:
            raise FormatError(
                f"{self._path}: the pickle asks for {module}.{name}, which is not data; nothing was run. "
                f"Only {', '.join('.'.join(key) for key in self._allowed)} are admitted: "
                "fetch the file anew from its source"
            )
        return self._allowed[module, name]


def read_pickle(path: Path, allowed: Mapping[tuple[str, str], Any]) -> Any:
    """The object in a pickle file that names nothing but `allowed`.

    Raises:
        FormatError: if the file is missing, truncated or altered, or names anything else.
    """
    try:
        with path.open("rb") as file:
            return _Unpickler(file, path, allowed).load()
    except FormatError:
        raise
    except Exception as error:  # a damaged pickle may raise nearly anything
        raise FormatError(f"{path}: not a readable pickle ({type(error).__name__}: {error}): fetch it anew") from error
