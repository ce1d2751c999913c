"""What libraries in other languages write on standard error, past Python's: kept from a terminal while they load."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STDERR = 2
_NOISE = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IWE] |To enable the following instr"
    r"|INFO: Created TensorFlow Lite "
)
"""How a line of TensorFlow, XLA, LiteRT or absl below a fatal error begins."""


@contextmanager
def without_noise() -> Iterator[IO[str] | None]:
    """Drop such lines that the process writes inside the block; all others appear when it ends, and all if it raises.

    Yields:
        The real standard error, to write on meanwhile; None where the process has none.
    """
    try:
        real = os.dup(STDERR)
    except OSError:  # closed
        yield None
        return
    with tempfile.TemporaryFile() as caught, os.fdopen(real, "w", encoding="utf-8", errors="replace") as terminal:
        _flush()
        os.dup2(caught.fileno(), STDERR)
        keep = True
        try:
            yield terminal
            keep = False
        finally:
            _flush()
            os.dup2(terminal.fileno(), STDERR)
            caught.seek(0)
            lines = caught.read().decode("utf-8", "replace").splitlines(keepends=True)
            with suppress(OSError):
                terminal.write("".join(line for line in lines if line.strip() and (keep or not _NOISE.match(line))))
                terminal.flush()


def _flush() -> None:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
