"""Progress of long work: a bar on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINE_EVERY_S = 15.0


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many more units are done; it may be called from several threads."""
    if sys.stderr.isatty():
        with tqdm(total=total, desc=what, unit=f" {unit}", dynamic_ncols=True) as bar:
            yield lambda more: _ignore(bar.update(more))
        return
    lock, start = Lock(), time.monotonic()
    done, last = 0, start

    def advance(more: int) -> None:
        nonlocal done, last
        with lock:
            done += more
            if time.monotonic() - last >= LINE_EVERY_S:
                last = time.monotonic()
                left = (last - start) * (total - done) / max(done, 1)
                say(f"{what}: {done}/{total} {unit}, about {left:.0f} s left")

    yield advance
    say(f"{what}: {done}/{total} {unit} in {time.monotonic() - start:.1f} s")


def say(line: str) -> None:
    """Print one line to standard error at once."""
    print(line, file=sys.stderr, flush=True)


def _ignore(_: object) -> None:
    return None
