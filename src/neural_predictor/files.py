"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from neural_predictor.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, then run the same command again",
    errno.EDQUOT: "the disk quota is used up: free some space, then run the same command again",
    errno.EROFS: "the file system is read-only: choose another folder, or mount it writable",
    errno.EACCES: "permission denied: make the folder writable for you, or choose another",
    errno.EPERM: "permission denied: make the folder writable for you, or choose another",
    errno.EISDIR: "a folder stands at this place: move it away",
    errno.EEXIST: "a file stands where a folder is needed: move it away",
    errno.ENOTDIR: "a file stands where a folder is needed: move it away",
}


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn faults of the disk while `path` is written into advice.

    Raises:
        UserError: when the disk is full, the folder is read-only or a path is blocked.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _ADVICE:
            raise UserError(f"cannot write {path}: {_ADVICE[error.errno]}") from error
        raise


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed, on failure removed.

    A file that stood at `path` before stays as it was until the new one is complete.

    Raises:
        UserError: when the disk is full, the folder is read-only or a path is blocked.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with disk_faults(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(path)
    finally:
        with suppress(OSError):  # the folder itself may be out of reach; the error above says so
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8 with the newlines of `text`."""
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
