"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import platform
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from neural_predictor.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, then run the same command again",
    errno.EFBIG: "the file would be larger than allowed: raise the limit (ulimit -f), or choose another disk",
    errno.EDQUOT: "the disk quota is used up: free some space, then run the same command again",
    errno.EROFS: "the file system is read-only: choose another folder, or mount it writable",
    errno.EACCES: "permission denied: make the folder writable for you, or choose another",
    errno.EPERM: "permission denied: make the folder writable for you, or choose another",
    errno.EISDIR: "a folder stands at this place: move it away",
    errno.EEXIST: "a file stands where a folder is needed: move it away",
    errno.ENOTDIR: "a file stands where a folder is needed: move it away",
    errno.ENAMETOOLONG: "the name is too long for this file system: choose a shorter one",
}

_HOST = platform.node() or "localhost"


@contextmanager
def disk_faults(*paths: Path) -> Iterator[None]:
    """Turn faults of the disk while `paths` are written into advice.

    Raises:
        UserError: when the disk is full, the folder is read-only or a path is blocked.
    """
    try:
        yield
    except OSError as error:
        number = _number(error)
        if number in _ADVICE:
            raise UserError(f"cannot write {', '.join(map(str, paths))}: {_ADVICE[number]}") from error
        raise


def _number(error: OSError) -> int | None:
    """The number of a fault, also of one that a library has raised again without it."""
    seen: BaseException | None = error
    while isinstance(seen, OSError) and seen.errno is None:
        seen = seen.__cause__ or seen.__context__
    return seen.errno if isinstance(seen, OSError) else None


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed, on failure removed.

    A file that stood at `path` before stays as it was until the new one is complete.

    Raises:
        UserError: when the disk is full, the folder is read-only or a path is blocked.
    """
    with atomic_together(path) as (part,):
        yield part


@contextmanager
def atomic_together(*paths: Path) -> Iterator[list[Path]]:
    """As `atomic`, for files that belong together: none is renamed before all are complete."""
    parts = [_part_of(path) for path in paths]
    try:
        with disk_faults(*paths):
            for path in paths:
                path.parent.mkdir(parents=True, exist_ok=True)
            yield parts
            for part in parts:
                with part.open("rb") as written:
                    os.fsync(written.fileno())
            for part, path in zip(parts, paths, strict=True):
                part.replace(path)
                logger.debug("wrote %s", path)
    finally:
        for part in parts:
            with suppress(OSError):  # the folder itself may be out of reach; the error above says so
                part.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Find out before long work whether `atomic` could write a file; nothing is left behind.

    Raises:
        UserError: if a folder stands at this place, its own folder cannot be made, or takes no file of this name.
    """
    made: list[Path] = []
    try:
        with disk_faults(path):
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, path)
            made = [folder for folder in path.parents if not folder.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            part = _part_of(path)
            part.open("wb").close()
            part.unlink()
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror or error}): choose another folder or name") from error
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{_HOST}.{os.getpid()}.part")


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8 with the newlines of `text`."""
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
