"""Draws that are pinned to their values: a sampler that changes must not change what is stored without a word."""

from __future__ import annotations

import hashlib

import numpy as np

ADVICE = (
    "the draw is another one than before. Scores and records that are stored were made with the former: raise "
    "FIT_STAGE_VERSION or CHILD_STAGE_VERSION in workflow/plan.py, say so in CHANGELOG.md, and pin the new value"
)


def digest(*arrays: np.ndarray) -> str:
    """16 hexadecimal digits that follow from the shapes and values of arrays of whole numbers, whatever their types."""
    text = hashlib.sha256()
    for array in arrays:
        text.update(repr(array.shape).encode())
        text.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    return text.hexdigest()[:16]


def assert_pinned(found: object, expected: object) -> None:
    """Fail, with what to do, where a draw is not the one that was pinned."""
    assert found == expected, f"{ADVICE}: found {found!r}, pinned is {expected!r}"
