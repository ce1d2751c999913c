"""The garbage collector, which finds nothing while a process loads what it needs."""

from __future__ import annotations

import gc


def collect_rarely() -> None:
    """Leave out what is loaded by now, and look for garbage after 100,000 new objects in place of 700.

    Modules, functions and classes are never garbage, yet each full scan visits them: without this, scans take a fifth
    of a plan's CPU time. Only cycles wait for them; all else is freed at once, as ever.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
