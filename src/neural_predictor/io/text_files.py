"""Text files of others: unpacked and decoded by what they hold, whatever their names say."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from neural_predictor.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINE_CHARACTERS = 2**24
"""Of a line: a guard of the memory, hundreds of times what the largest architecture takes."""
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PAR1": "a Parquet file; give it the extension .parquet",
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx); save the table as CSV",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (.xls); save the table as CSV",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it, or pack it by gzip",
    b"BZh": "packed by bzip2; unpack it, or pack it by gzip",
    b"\xfd7zXZ": "packed by xz; unpack it, or pack it by gzip",
    b"\x89HDF": "an HDF5 file; save the table as CSV",
    b"\x80\x04\x95": "a pickle, which is never loaded; save the table as CSV",
    b"\x80\x05\x95": "a pickle, which is never loaded; save the table as CSV",
}
"""What a file begins with, and what it is then."""
_ENCODINGS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Byte order marks; the longer ones first."""


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark; packed by gzip or not.

    Raises:
        FormatError: if it cannot be read, is not whole, or holds something else.
    """
    if not path.is_file():
        raise FormatError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == _GZIP
        with gzip.open(path) if zipped else path.open("rb") as data:
            start = data.read(8)
        for mark, what in _OTHERS.items():
            if start.startswith(mark):
                raise FormatError(f"{path}: {what}")
        encoding = next((name for mark, name in _ENCODINGS.items() if start.startswith(mark)), "utf-8")
        with (
            gzip.open(path, "rt", encoding=encoding, newline="")
            if zipped
            else path.open(encoding=encoding, newline="") as file
        ):
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FormatError(f"{path}: not a whole gzip file ({error})") from error
    except UnicodeError as error:
        raise FormatError(f"{path}: not text in UTF-8 ({error}); save it in UTF-8") from error
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error})") from error


def lines_of(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of an open text file, with their ends.

    Raises:
        FormatError: for a line longer than `MAX_LINE_CHARACTERS`.
    """
    number = 0
    while line := file.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise FormatError(
                f"{path}, line {number}: longer than {MAX_LINE_CHARACTERS:,} characters; no architecture is"
            )
        if number == 1 and line.count("\0") > len(line) / 3:  # of UTF-16 without a mark it is half
            raise FormatError(f"{path}: not text in UTF-8 (it holds zero bytes); save it in UTF-8")
        yield line
