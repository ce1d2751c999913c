"""Progress of long work: a bar on a terminal, a line of the log now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import IO, TYPE_CHECKING, Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from neural_predictor.io.logs import PACKAGE_LOGGER

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

LINE_EVERY_S = 15.0
REDRAW_EVERY_S = 0.5


class Progress:
    """How far a piece of work is; call it with the number of units done since the last call, from any thread.

    Args:
        what: the work, as a log names it.
        total: number of units.
        unit: their name, in the plural.
        bar: shows the progress; None for lines of the log.
    """

    def __init__(self, what: str, total: int, unit: str, bar: tqdm[Any] | None) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done, self._lock, self._bar = 0, Lock(), bar
        self._start = self._last = time.monotonic()

    def __call__(self, more: int) -> None:
        """Count more units as done."""
        with self._lock:
            self.done += more
            if self._bar is not None:
                self._bar.update(more)
            elif time.monotonic() - self._last >= LINE_EVERY_S:
                self._last = time.monotonic()
                left = (self._last - self._start) * (self.total - self.done) / max(self.done, 1)
                logger.info("%s: %d/%d %s, about %.0f s left", self.what, self.done, self.total, self.unit, left)

    def to(self, done: int) -> None:
        """Set how many units are done in all."""
        self(done - self.done)

    def log_end(self) -> None:
        """Log how many units were done in which time."""
        seconds = time.monotonic() - self._start
        logger.info("%s: %d/%d %s in %.1f s", self.what, self.done, self.total, self.unit, seconds)


@contextmanager
def waiting(what: str, terminal: IO[str] | None = None) -> Iterator[None]:
    """Show that work of unknown length goes on inside the block.

    On a terminal it is the time that has gone by, which disappears at the end; elsewhere a line of the log.

    Args:
        what: the work, as the log names it.
        terminal: to write on in place of standard error, where that is redirected meanwhile.
    """
    file = terminal or sys.stderr
    if _on_terminal(file):
        with tqdm(desc=what, bar_format="{desc}: {elapsed}", leave=False, file=file) as bar, _ticking(bar):
            yield
    else:
        logger.info("%s", what)
        yield


def _on_terminal(file: IO[str] | None = None) -> bool:
    return (file or sys.stderr).isatty() and logger.isEnabledFor(logging.WARNING)


@contextmanager
def _ticking(bar: tqdm[Any]) -> Iterator[None]:
    """Draw a bar anew now and then, also while no unit is done, as during a compilation."""
    over = Event()

    def tick() -> None:
        while not over.wait(REDRAW_EVERY_S):
            bar.refresh()

    thread = Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Progress]:
    """Show the progress of the work inside the block.

    On a terminal it is a bar, unless the log takes errors only; lines of the log appear above it. Elsewhere it is a
    line of the log every `LINE_EVERY_S` seconds and one at the end.

    Args:
        what: the work, as the log names it.
        total: number of units.
        unit: their name, in the plural.

    Yields:
        What to call with the number of units done since its last call.
    """
    if _on_terminal():
        loggers = [each for each in (PACKAGE_LOGGER, logging.root) if each.handlers]
        with (
            tqdm(total=total, desc=what, unit=f" {unit}", unit_scale=True, dynamic_ncols=True) as bar,
            _ticking(bar),
            logging_redirect_tqdm(loggers),
        ):
            yield Progress(what, total, unit, bar)
    else:
        lines = Progress(what, total, unit, None)
        try:
            yield lines
        finally:
            lines.log_end()
