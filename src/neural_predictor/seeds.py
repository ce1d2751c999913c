"""Seeds by name: a draw follows from the study's seed and its own name, so that any job can redo it alone."""

from __future__ import annotations

import hashlib


def seed_of(study_seed: int, *name: str | int) -> int:
    """A 64-bit seed for a named draw of a study; different names give unrelated seeds."""
    text = "/".join(map(str, (study_seed, *name)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
