"""Where the training logs of NAS-Bench-NLP lie: a zip archive or a folder of one JSON file a run, or JSON lines.

What a file is follows from its first bytes, not from its name. Nothing is unpacked to disk.
"""

from __future__ import annotations

import gzip
import hashlib
import stat
import zipfile
import zlib
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING

from neural_predictor.errors import FormatError, SourceError
from neural_predictor.io.files import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Log = tuple[str, bytes | FormatError]
    Progress = Callable[[int, int], None]

EXPECTED = (
    "a zip archive or a folder of logs (log_stats_model_<id>_<time>_<experiment>.json), or JSON lines "
    "(.jsonl, .jsonl.gz)"
)
MAX_BYTES = 2**24
"""Of one log, which has some kilobytes: more is not a log."""
LFS_POINTER = b"version https://git-lfs.github.com/"
_STEP = 256
"""Logs between two reports of progress."""


def read_logs(path: Path, folder: str, progress: Progress | None = None) -> Iterator[Log]:
    """The logs of a file or folder, one after another, with the name of each; in place of one that fails, its error.

    Args:
        path: the file or folder.
        folder: name of the folder that holds the logs, where there are several.
        progress: is called with (bytes done, bytes in all).

    Raises:
        SourceError: if the file or folder cannot be read.
        FormatError: if it is none of logs, or the archive has an entry that no archive of logs has.
    """
    try:
        if path.is_dir():
            yield from _from_folder(path, folder, progress)
            return
        with path.open("rb") as file:
            start = file.read(256)
            file.seek(0)
            if start.startswith(b"PK"):
                yield from _from_archive(path, file, folder, progress)
            elif start.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=file) as lines:
                    yield from _from_lines(path, lines, file, progress)
            elif start.lstrip().startswith(b"{"):
                yield from _from_lines(path, file, file, progress)
            else:
                raise FormatError(f"{path}: {what_it_is(start)}; expected {EXPECTED}")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}; expected {EXPECTED}") from error


def what_it_is(start: bytes) -> str:
    """Says what a file is that begins with these bytes and is no log."""
    if start.startswith(LFS_POINTER):
        return "a Git LFS pointer, not the file itself: run `git lfs pull` where it came from"
    return f"begins with {start[:20]!r}"


def digest_of(path: Path, folder: str) -> str:
    """Hexadecimal SHA-256 of a file; of a folder, of the names and digests of its logs."""
    if not path.is_dir():
        return sha256(path)
    lines = [f"{file.name} {sha256(file)}\n" for file in _files(path, folder)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(path: Path, folder: str) -> list[Path]:
    """The logs of a folder, or of the one in it with the name `folder`."""
    for place in (path, path / folder):
        found = [file for file in place.glob("*.json") if not file.name.startswith(".")]
        if found:
            return sorted(found, key=lambda file: file.name)
    packed = sorted(place.name for place in path.glob("*.zip"))
    advice = f"; unpack {packed[0]}, or name it instead of the folder" if packed else ""
    raise FormatError(f"{path}: no logs in this folder; expected {EXPECTED}{advice}")


def _from_folder(path: Path, folder: str, progress: Progress | None) -> Iterator[Log]:
    files = _files(path, folder)
    size = path.stat().st_size
    for index, file in enumerate(files):
        try:
            with file.open("rb") as log:
                yield file.name, _whole(log)
        except OSError as error:
            yield file.name, FormatError(f"cannot be read: {error.strerror or error}")
        # A folder has no bytes of its own to count: its size stands for all of its logs.
        _report(progress, index + 1, len(files), size)


def _from_archive(path: Path, file: IO[bytes], folder: str, progress: Progress | None) -> Iterator[Log]:
    size = path.stat().st_size
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise FormatError(f"{path}: not a whole zip archive ({error}); expected {EXPECTED}") from error
    with archive:
        entries = _entries(path, archive.infolist(), folder)
        for index, entry in enumerate(entries):
            name = PurePosixPath(entry.filename).name
            try:
                with archive.open(entry) as log:
                    yield name, _whole(log)
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
                yield name, FormatError(f"cannot be unpacked: {error}")
            _report(progress, index + 1, len(entries), size)


def _entries(path: Path, entries: Sequence[zipfile.ZipInfo], folder: str) -> list[zipfile.ZipInfo]:
    """The logs of an archive in the order of their names.

    Raises:
        FormatError: for an entry that would lie outside the archive's folder, a link, logs in several folders, two
            of one name, or none.
    """
    logs: dict[str, list[zipfile.ZipInfo]] = {}
    for entry in entries:
        place = PureWindowsPath(entry.filename)  # which knows slashes, backslashes and drives
        if place.anchor or ".." in place.parts:
            raise FormatError(f"{path}: the entry {entry.filename!r} leads out of the archive; expected names of logs")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise FormatError(f"{path}: the entry {entry.filename!r} is a symbolic link; expected files alone")
        if place.suffix == ".json" and not place.name.startswith(".") and not entry.is_dir():
            logs.setdefault("/".join(place.parts[:-1]), []).append(entry)
    chosen = [place for place in logs if PurePosixPath(place).name == folder] or list(logs)
    if len(chosen) != 1:
        found = f"logs in {len(chosen)} folders, {', '.join(sorted(chosen)[:5])}" if chosen else "no logs"
        raise FormatError(f"{path}: {found}; expected {EXPECTED}, all in one folder or in one named {folder}")
    found_logs = sorted(logs[chosen[0]], key=lambda entry: entry.filename)
    for one, other in pairwise(found_logs):
        if one.filename == other.filename:
            raise FormatError(f"{path}: the entry {one.filename!r} is there twice; expected each log once")
    return found_logs


def _from_lines(
    path: Path, lines: IO[bytes] | gzip.GzipFile, raw: IO[bytes], progress: Progress | None
) -> Iterator[Log]:
    size, number = path.stat().st_size, 0
    try:
        while line := lines.readline(MAX_BYTES + 1):
            number += 1
            if len(line) > MAX_BYTES:
                raise FormatError(f"{path}, line {number}: longer than {MAX_BYTES:,} bytes; expected {EXPECTED}")
            if line.strip():
                yield f"line {number}", line
            if progress is not None and number % _STEP == 0:
                progress(raw.tell(), size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FormatError(
            f"{path}: not a whole gzip file ({error}), after {number} lines; expected {EXPECTED}"
        ) from error
    if number == 0:
        raise FormatError(f"{path}: no lines; expected {EXPECTED}")
    if progress is not None:
        progress(size, size)


def _whole(log: IO[bytes]) -> bytes | FormatError:
    data = log.read(MAX_BYTES + 1)
    return data if len(data) <= MAX_BYTES else FormatError(f"more than {MAX_BYTES:,} bytes; expected some thousand")


def _report(progress: Progress | None, done: int, count: int, size: int) -> None:
    if progress is not None and (done % _STEP == 0 or done == count):
        progress(size * done // count, size)
