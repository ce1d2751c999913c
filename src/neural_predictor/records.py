"""Records of what exists: rows that are found by their names, and the code that a row names as text.

A registry is a list of rows and nothing more. A row names its code by an entry point, `module:name`, so that a plan
reads the rows without importing what they stand for.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from neural_predictor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Named(Protocol):
    """A row of a registry."""

    @property
    def name(self) -> str:
        """What it is found by."""


Row = TypeVar("Row", bound=Named)


def by_name(registry: str, rows: Iterable[Row]) -> dict[str, Row]:
    """The rows of a registry by their names, in their order.

    Args:
        registry: its file, for the message.
        rows: the rows.

    Raises:
        ConfigError: naming the first name that two rows have.
    """
    found: dict[str, Row] = {}
    for row in rows:
        if row.name in found:
            raise ConfigError(f"{registry}: two rows have the name {row.name!r}; expected one row a name: rename one")
        found[row.name] = row
    return found


def meant(name: str, known: Iterable[str]) -> str:
    """The known name that is nearest to an unknown one, as a part of a message; empty where none is near."""
    names = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), names, n=1)
    return f" (did you mean {names[near[0]]}?)" if near else ""


def load_entry(registry: str, name: str, package: str, entry_point: str) -> Any:
    """The code that a row names.

    Args:
        registry: its file, for the message.
        name: of the row, likewise.
        package: where the entry point starts, such as `neural_predictor.spaces`.
        entry_point: `module:name` below `package`, such as `proxylessnas.space:ProxylessNasSpace`.

    Raises:
        ConfigError: if there is no such module, or nothing of that name in it. What goes wrong inside the module
            while it is imported keeps its own error.
    """
    module, separator, attribute = entry_point.partition(":")
    path = f"{package}.{module}"
    wrong = f"{registry}, row {name!r}: the entry point {entry_point!r} does not exist"
    if not separator or not module or not attribute:
        raise ConfigError(f"{wrong}; expected module:name, a module below {package} and a name in it")
    try:
        found = import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise
        raise ConfigError(f"{wrong}: there is no module {path}; add it, or correct the row") from error
    if not hasattr(found, attribute):
        raise ConfigError(f"{wrong}: the module {path} has no {attribute}; add it, or correct the row")
    return getattr(found, attribute)
