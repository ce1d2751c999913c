"""The log of the command line: plain lines on standard error.

Modules log through `logging.getLogger(__name__)`. Only the command line sets the log up; from Python the caller does.
"""

from __future__ import annotations

import logging
import os
import sys

PACKAGE_LOGGER = logging.getLogger("neural_predictor")
"""The parent of the loggers of all modules."""


def set_up_log(level: int = logging.INFO) -> None:
    """Send the package's messages from `level` up to standard error, a plain line each.

    A line that cannot be written, as on a full disk, is lost and stops no work.
    """
    logging.raiseExceptions = False
    PACKAGE_LOGGER.handlers = [logging.StreamHandler()]
    PACKAGE_LOGGER.setLevel(level)


def end_log() -> None:
    """Drop what standard error could not take: otherwise the interpreter ends with status 120 because of it."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
