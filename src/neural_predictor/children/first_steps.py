"""What a training says before its first epoch is over, while a graph is traced, compiled and tuned."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from neural_predictor.children.feeds import Section

logger = logging.getLogger(__name__)

SILENT_S = 5.0
"""What takes no longer is not worth a line of the log."""
SLOW_S = 60.0
"""After so many seconds without a step the log says so, and again after as many more."""
PIECES = 20
"""In so many pieces, and its first step, the first epoch is computed, for only between two calls a count is known."""


class FirstSteps:
    """Logs how far the first epoch of a graph is: a context in which each piece's steps are counted by a call.

    Args:
        steps: of the epoch.
        what: takes them, for the log.
    """

    def __init__(self, steps: int, what: str) -> None:
        self._steps, self._what, self._done = steps, what, 0
        self._begun = self._first = self._told = time.monotonic()
        self._over = Event()

    def __enter__(self) -> FirstSteps:
        Thread(target=self._wait, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    def _wait(self) -> None:
        while not self._over.wait(SLOW_S):
            if not self._done:
                seconds = time.monotonic() - self._begun
                logger.warning(
                    "%s: no step after %.0f s: TensorFlow still traces, compiles or searches for algorithms; another "
                    "setting may be faster (precision, xla and depthwise of the recipe)",
                    self._what,
                    seconds,
                )

    def pieces(self, sections: Iterable[Section]) -> Iterator[Section]:
        """The same steps in pieces, the first of one step."""
        length = 1
        for section in sections:
            begin = 0
            while begin < section.rows.shape[0]:
                yield section._replace(rows=section.rows[begin : begin + length])
                begin, length = begin + length, max(1, self._steps // PIECES)

    def __call__(self, steps: int) -> None:
        """Count steps that are done: their results were fetched, for devices compute behind one's back."""
        now = time.monotonic()
        if not self._done:
            self._first = now
            if now - self._begun > SILENT_S:
                logger.info("%s: first step after %.1f s", self._what, now - self._begun)
        self._done += steps
        if now - self._told > SILENT_S and self._done > steps:
            rate = (self._done - 1) / (now - self._first)
            left = (self._steps - self._done) / rate
            logger.info("%s: first epoch, %d/%d steps, about %.0f s left", self._what, self._done, self._steps, left)
            self._told = now
