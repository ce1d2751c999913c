"""Fields of JSON lines as columns: one type each for all lines of a file."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Kind = Literal["nothing", "truth", "whole", "number", "names", "edges", "text"]


def _kind(name: str, value: Any) -> Kind:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int):
        return "whole" if -(2**63) <= value < 2**63 else "text"  # no column of numbers holds it
    if isinstance(value, float):
        return "number"
    if isinstance(value, list):
        if name == "operations" and all(isinstance(each, str) for each in value):
            return "names"
        if name == "edges" and all(isinstance(edge, list) and list(map(type, edge)) == [int, int] for edge in value):
            return "edges" if all(-(2**63) <= end < 2**63 for end in chain.from_iterable(value)) else "text"
    return "text"


_TYPES = {
    "nothing": pa.string(),
    "truth": pa.bool_(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "names": pa.list_(pa.string()),
    "edges": pa.list_(pa.list_(pa.int64())),
    "text": pa.string(),
}


class FieldTypes:
    """Names of fields in the order in which they are met, and what kinds of values they have."""

    def __init__(self) -> None:
        self._kinds: dict[str, set[Kind]] = {}

    @property
    def names(self) -> list[str]:
        """All names so far."""
        return list(self._kinds)

    def note(self, fields: Mapping[str, Any]) -> None:
        """Take up the fields of a line."""
        for name, value in fields.items():
            self._kinds.setdefault(name, set()).add(_kind(name, value))

    def table(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        """Rows as columns: where a field has values of more than one kind, each as its JSON text.

        Raises:
            ValueError: for a text that is no Unicode, or a value that is nested too deep.
        """
        return pa.table({name: self._column(name, [fields.get(name) for fields in rows]) for name in self._kinds})

    def _column(self, name: str, values: list[Any]) -> pa.Array:
        kinds = self._kinds[name] - {"nothing"}
        kind = kinds.pop() if len(kinds) == 1 else "number" if kinds == {"whole", "number"} else "text"
        kind = kind if self._kinds[name] != {"nothing"} else "nothing"
        if kind == "number":
            values = [None if value is None else float(value) for value in values]
        elif kind == "text":
            values = [
                value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False) for value in values
            ]
        try:
            return pa.array(values, _TYPES[kind])
        except (RecursionError, ValueError, OverflowError, pa.ArrowException) as error:
            raise ValueError(f"field {name!r}: {error}") from error
