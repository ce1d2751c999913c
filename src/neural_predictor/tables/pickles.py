"""Unpickling of benchmark files with an allow-list: whatever else a pickle asks for is refused before it runs."""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
from typing import TYPE_CHECKING, Any

from neural_predictor.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NUMBERS = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u2": "H",
    "u1": "B",
}
"""NumPy's names of types of numbers -> those of `struct`."""


class _Dtype:
    """Stands for `numpy.dtype`, whose own `__setstate__` would let a file alter types that all of a process shares."""

    __slots__ = ("code", "number")

    def __init__(self, name: str, *_: object) -> None:
        self.code = _NUMBERS[name]
        self.number = struct.Struct(f"<{self.code}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.number = struct.Struct({"<": "<", "|": "<", ">": ">"}[state[1]] + self.code)


class _Scalar:
    """Stands for `scalar` of NumPy: gives the number as Python has it."""

    __slots__ = ()

    def __new__(cls, dtype: _Dtype, data: bytes) -> Any:
        if type(dtype) is not _Dtype or type(data) is not bytes:
            raise ValueError("a scalar that is not made of a type and bytes")
        return dtype.number.unpack(data)[0]

    def __setstate__(self, state: object) -> None:
        raise ValueError("a number has no state")


NUMPY_SCALARS = {("numpy", "dtype"): _Dtype, ("numpy.core.multiarray", "scalar"): _Scalar}
"""What a pickle of NumPy scalars names, and what it gets: nothing of NumPy's is called with what a file says."""
_OPCODES = frozenset(
    (
        *("PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
        *("EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINBYTES"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "MEMOIZE"),
    )
)
"""What dicts of numbers need. A place in the memo may cost eight bytes for each one below it, so it is bounded too."""


def _check_opcodes(data: bytes, path: Path) -> None:
    for opcode, argument, at in pickletools.genops(data):
        if opcode.name not in _OPCODES:
            raise FormatError(
                f"{path}, byte {at}: opcode {opcode.name} has no place in a pickle of numbers: fetch it anew"
            )
        if opcode.name in ("LONG_BINPUT", "FRAME") and int(argument or 0) > len(data):
            raise FormatError(
                f"{path}, byte {at}: {opcode.name} {argument} in a file of {len(data)} bytes: fetch it anew"
            )


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
        data = path.read_bytes()
        _check_opcodes(data, path)
        return _Unpickler(io.BytesIO(data), path, allowed).load()
    except FormatError:
        raise
    except Exception as error:  # a damaged pickle may raise nearly anything
        raise FormatError(f"{path}: not a readable pickle ({type(error).__name__}: {error}): fetch it anew") from error
