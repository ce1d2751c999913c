"""The TFRecord container: a file of byte strings, each with its length and two checksums.

Source: the TensorFlow documentation, "TFRecord and tf.train.Example", section "TFRecords format details".
A record is

    uint64  length of the data, little-endian
    uint32  masked CRC-32C of the eight bytes of the length
    bytes   the data
    uint32  masked CRC-32C of the data

where the mask of a checksum c is (c rotated right by 15 bits) + 0xa282ead8 modulo 2^32. There is no header,
no index and no mark at the end: whatever is wrong shows only in the lengths and the checksums.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from google_crc32c import value as crc32c

from neural_predictor.errors import FormatError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH_BYTES = 4 * 2**20
RECORD_LIMIT = 2**20
"""Longest record that is read, in bytes: a guard of the memory, thousands of times a benchmark's record."""

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_FRAME_BYTES = _HEADER.size + _FOOTER.size

_START_BYTES = 512
_SIGNATURES = (
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive: unpack it first"),
    (b"PAR1", "a Parquet file, perhaps a table that was converted before"),
    (b"version https://git-lfs", "a git-lfs pointer, not the file itself: fetch that with `git lfs pull`"),
    (b"<", "an HTML or XML page, such as the error message of a download site"),
)


def _mask(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@lru_cache(maxsize=4096)
def _length_checksum(length: int) -> int:
    """Masked checksum of a length field; a file has few different lengths."""
    return _mask(crc32c(length.to_bytes(8, "little")))


def frame(data: bytes) -> bytes:
    """One record as it stands in a file."""
    header = _HEADER.pack(len(data), _length_checksum(len(data)))
    return b"".join((header, data, _FOOTER.pack(_mask(crc32c(data)))))


@dataclass(frozen=True)
class Batch:
    """Records that follow each other in a file, their checksums verified.

    Attributes:
        path: the file.
        first: number of the first record, counted from 1.
        start: byte of the file at which the first record begins, framing included.
        records: data of each record.
    """

    path: Path
    first: int
    start: int
    records: list[bytes]

    def offset(self, index: int) -> int:
        """Byte of the file at which a record of this batch begins; for the number of records, where it ends."""
        return self.start + sum(_FRAME_BYTES + len(data) for data in self.records[:index])

    def where(self, index: int) -> str:
        """The words by which an error names the record at a place of this batch."""
        return f"{self.path}, record {self.first + index} (byte {self.offset(index)})"

    def error(self, index: int, problem: str) -> FormatError:
        """The error that tells of a problem in the record at a place of this batch."""
        return FormatError(f"{self.where(index)}: {problem}")


def _check_start(path: Path, start: bytes) -> None:
    """Raise FormatError, saying what the file looks like, unless it begins with the header of a record."""
    if len(start) >= _HEADER.size:
        length, checksum = _HEADER.unpack_from(start)
        if checksum == _length_checksum(length):
            return
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = f"begins with the bytes {start[:12].hex(' ')}" if start else "is empty"
    for signature, description in _SIGNATURES:
        if text.startswith(signature):
            found = f"looks like {description}"
    expected = "the length of a record and its checksum"
    raise FormatError(f"{path}, record 1 (byte 0): not a TFRecord file: it {found}; expected {expected}")


def _split(buffer: bytes, records: list[bytes]) -> tuple[int, str]:
    """Append the data of the records that are whole at the start of a buffer, and verify their checksums.

    Returns:
        Number of bytes used, and what is wrong with the record that begins there (nothing if it is cut off).
    """
    at, size = 0, len(buffer)
    while at + _HEADER.size <= size:
        length, checksum = _HEADER.unpack_from(buffer, at)
        if checksum != _length_checksum(length):
            return at, "the length and its checksum disagree: the file is damaged here; fetch it again"
        if length > RECORD_LIMIT:
            return at, f"it is {length} bytes long; expected at most {RECORD_LIMIT}"
        end = at + _FRAME_BYTES + length
        if end > size:
            break
        data = buffer[at + _HEADER.size : end - _FOOTER.size]
        if _FOOTER.unpack_from(buffer, end - _FOOTER.size)[0] != _mask(crc32c(data)):
            return at, "the data and their checksum disagree: the file is damaged here; fetch it again"
        records.append(data)
        at = end
    return at, ""


def read_batches(path: Path, batch_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """Read a TFRecord file from start to end, a few megabytes at a time.

    Args:
        path: the file.
        batch_bytes: how much is read at a time; a batch has the records that are whole by then.

    Raises:
        SourceError: if the file cannot be opened or read.
        FormatError: if it is empty, no TFRecord file, cut short or damaged. The message names the record,
            counted from 1, and the byte at which it begins.
    """
    try:
        with path.open("rb") as file:
            _check_start(path, file.read(_START_BYTES))
            file.seek(0)
            buffer, start, first = file.read(batch_bytes), 0, 1
            while buffer:
                records: list[bytes] = []
                used, problem = _split(buffer, records)
                buffer = buffer[used:]
                if records:
                    yield Batch(path, first, start, records)
                start, first = start + used, first + len(records)
                more = file.read(batch_bytes)
                if not problem and buffer and not more:
                    problem = f"cut short: the file ends after {len(buffer)} bytes of it; fetch it again"
                if problem:
                    raise FormatError(f"{path}, record {first} (byte {start}): {problem}")
                buffer += more
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
