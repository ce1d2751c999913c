"""Progress of long work: a bar on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_EVERY_S = 15.0


class Progress:
    """How far a piece of work is; call it with the number of units done since the last call, from any thread."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done, self._lock = 0, Lock()
        self._start = self._last = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=what, unit=f" {unit}", unit_scale=True, dynamic_ncols=True)

    def __call__(self, more: int) -> None:
        """Say how many more units are done."""
        with self._lock:
            self.done += more
            if self._bar is not None:
                self._bar.update(more)
            elif time.monotonic() - self._last >= LINE_EVERY_S:
                self._last = time.monotonic()
                left = (self._last - self._start) * (self.total - self.done) / max(self.done, 1)
                say(f"{self.what}: {self.done}/{self.total} {self.unit}, about {left:.0f} s left")

    def to(self, done: int) -> None:
        """Say how many units are done in all."""
        self(done - self.done)

    def close(self) -> None:
        """End the bar, or say what was done in which time."""
        if self._bar is not None:
            self._bar.close()
        else:
            seconds = time.monotonic() - self._start
            say(f"{self.what}: {self.done}/{self.total} {self.unit} in {seconds:.1f} s")


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Progress]:
    """Show the progress of the work inside the block."""
    shown = Progress(what, total, unit)
    try:
        yield shown
    finally:
        shown.close()


def say(line: str) -> None:
    """Print one line to standard error at once; a log that cannot be written, on a full disk, stops no work."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def end_log() -> None:
    """Drop what standard error could not take: otherwise the interpreter ends with status 120 because of it."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
