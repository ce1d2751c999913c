"""What was computed of the batch of graphs that was asked for last: several predictors ask for the same one in turn."""

from __future__ import annotations

import weakref
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from neural_predictor.spaces import GraphBatch

Value = TypeVar("Value")


class LastBatch(Generic[Value]):
    """One value, kept while its batch lives and no other was asked for; threads wait for the one that computes it.

    Args:
        compute: from a batch to its value.
    """

    def __init__(self, compute: Callable[[GraphBatch], Value]) -> None:
        self._compute = compute
        self._lock = Lock()
        self._last: tuple[weakref.ref[GraphBatch], Value] | None = None

    def __call__(self, graphs: GraphBatch) -> Value:
        """The value of these graphs."""
        with self._lock:
            if self._last is None or self._last[0]() is not graphs:
                self._last = (weakref.ref(graphs), self._compute(graphs))
            return self._last[1]
