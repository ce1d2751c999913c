"""Reading altered files under limits, and counting them.

A reader may succeed or raise the project's `UserError`. Anything else fails the test: another exception, more time or
memory than the limits, or a file that code from the input would leave behind.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections import Counter
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from neural_predictor.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

EXAMPLES = int(os.environ.get("ALTERATIONS", "100"))
"""Of each format; `make hostile` takes more."""
SECONDS = 10.0
"""Processor time of one reading, a thousand times what it takes; by the clock twelve times that, for machines stall."""
STALLED = 12 * SECONDS
RESIDENT_BYTES = 2**28
"""By how much one reading may raise the resident memory."""
ADDRESS_BYTES = 2**30
"""By how much it may raise the address space: more fails at once, before the machine swaps."""
MESSAGE_LENGTH = 10_000
COUNTS: dict[str, Counter[str]] = {}
"""Format -> how many alterations were read, and refused."""


class HangError(BaseException):
    """No `Exception`: no reader may take it for a fault of its file."""


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    raise AssertionError(key)


def _ring(*_: object) -> None:
    raise HangError(f"no answer within {SECONDS:g} s of processor time, or {STALLED:g} s")


@contextmanager
def _time() -> Iterator[None]:
    clocks = {signal.SIGPROF: (signal.ITIMER_PROF, SECONDS), signal.SIGALRM: (signal.ITIMER_REAL, STALLED)}
    handlers = {number: signal.signal(number, _ring) for number in clocks}
    start = time.process_time()
    for clock, seconds in clocks.values():
        signal.setitimer(clock, seconds)
    try:
        yield
    finally:
        for clock, _ in clocks.values():
            signal.setitimer(clock, 0)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert time.process_time() - start < SECONDS  # also where compiled code kept the alarm waiting


@contextmanager
def _memory() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmHWM")
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + ADDRESS_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    grown = _status("VmHWM") - before
    assert grown < RESIDENT_BYTES, f"{grown:,} bytes more than before"


@contextmanager
def limits() -> Iterator[None]:
    """Bound processor time, and on Linux memory, of what runs inside."""
    with _time(), _memory() if sys.platform == "linux" else nullcontext():
        yield


@dataclass(frozen=True)
class Format:
    """A format that the project reads.

    Attributes:
        name: for the count.
        file: name that its file has.
        valid: bytes of a small file that is read.
        read: takes the path.
        altered: gives bytes of altered files.
    """

    name: str
    file: str
    valid: bytes
    read: Callable[[Path], Any]
    altered: SearchStrategy[bytes]

    def __str__(self) -> str:
        return self.name


def refusal(read: Callable[[Path], Any], path: Path) -> str | None:
    """What a reader says of a file, within the limits; None where it reads it."""
    with limits():
        try:
            read(path)
        except UserError as error:
            said = str(error)
        else:
            return None
    assert len(said) < MESSAGE_LENGTH, said[:500]
    assert path.name in said, said[:500]
    return said


def check(form: Format, folder: Path) -> None:
    """Read `EXAMPLES` altered files of a format, or more."""
    path = folder / form.file
    canary = folder / "ran"
    path.write_bytes(form.valid)
    form.read(path)
    seen: set[bytes] = set()
    counts = COUNTS.setdefault(form.name, Counter())

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(form.altered)
    def one(data: bytes) -> None:
        assume(data != form.valid and data not in seen)
        _read(data)

    def _read(data: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        try:
            said = refusal(form.read, path)
        except BaseException:
            kept = folder / f"failed-{form.file}"
            kept.write_bytes(data)
            print(f"{form.name}: {kept} ({len(data):,} bytes)")
            raise
        assert not canary.exists(), "code of the file was run"
        counts["read" if said is None else "refused"] += 1
        seen.add(data)  # not before: hypothesis runs a failing example again

    one()
    assert len(seen) >= EXAMPLES, f"{form.name}: only {len(seen)} different alterations"
    assert counts["refused"] > EXAMPLES // 10, f"{form.name}: hardly an alteration is noticed"


def formats(*listed: Format) -> Any:
    """Parametrise a test by formats."""
    return pytest.mark.parametrize("form", listed, ids=str)
