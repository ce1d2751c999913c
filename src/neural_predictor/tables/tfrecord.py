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

_SIGNATURES = (
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive: unpack it first"),
    (b"PAR1", "a Parquet file, perhaps a table that was converted before"),
    (
        b"version https://git-lfs",
        "a git-lfs pointer in place of the file: fetch the file itself with `git lfs pull`",
    ),
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
        offsets: byte at which each record begins, framing included.
        records: data of each record.
    """

    path: Path
    first: int
    offsets: list[int]
    records: list[bytes]

    @property
    def end(self) -> int:
        """Byte at which the last record ends."""
        return self.offsets[-1] + _FRAME_BYTES + len(self.records[-1])

    def where(self, index: int) -> str:
        """The words by which an error names the record at a place of this batch."""
        return f"{self.path}, record {self.first + index} (byte {self.offsets[index]})"

    def error(self, index: int, problem: str) -> FormatError:
        """The error that tells of a problem in the record at a place of this batch."""
        return FormatError(f"{self.where(index)}: {problem}")


def _error(path: Path, number: int, offset: int, problem: str) -> FormatError:
    return FormatError(f"{path}, record {number} (byte {offset}): {problem}")


def _check_start(path: Path, start: bytes) -> None:
    """Raise FormatError, saying what the file looks like, unless it begins with the header of a record."""
    if len(start) >= _HEADER.size:
        length, checksum = _HEADER.unpack_from(start)
        if checksum == _length_checksum(length):
            return
    text = start[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    found = f"begins with the bytes {start[:12].hex(' ')}" if start else "is empty"
    for signature, description in _SIGNATURES:
        if text.startswith(signature):
            found = f"looks like {description}"
    raise _error(path, 1, 0, f"not a TFRecord file: it {found}; expected the length of a record and its checksum")


def _split(batch: Batch, buffer: bytes, position: int) -> int:
    """Move the records that are whole at the start of a buffer into a batch, and verify their checksums.

    Args:
        batch: a batch without records.
        buffer: bytes of the file, from the start of a record on.
        position: where in the file the buffer begins.

    Returns:
        Number of bytes used.

    Raises:
        FormatError: for a checksum that does not match and for a record over the limit.
    """
    at = 0
    while at + _HEADER.size <= len(buffer):
        number, offset = batch.first + len(batch.records), position + at
        length, checksum = _HEADER.unpack_from(buffer, at)
        if checksum != _length_checksum(length):
            problem = "the length and its checksum disagree: the file is damaged here; fetch it again"
            raise _error(batch.path, number, offset, problem)
        if length > RECORD_LIMIT:
            problem = f"it is {length} bytes long; expected at most {RECORD_LIMIT}"
            raise _error(batch.path, number, offset, problem)
        end = at + _FRAME_BYTES + length
        if end > len(buffer):
            break
        data = buffer[at + _HEADER.size : end - _FOOTER.size]
        if _FOOTER.unpack_from(buffer, end - _FOOTER.size)[0] != _mask(crc32c(data)):
            problem = "the data and their checksum disagree: the file is damaged here; fetch it again"
            raise _error(batch.path, number, offset, problem)
        batch.offsets.append(offset)
        batch.records.append(data)
        at = end
    return at


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
            buffer, position, first = file.read(batch_bytes), 0, 1
            _check_start(path, buffer)
            while buffer:
                batch = Batch(path, first, [], [])
                used = _split(batch, buffer, position)
                if used:
                    yield batch
                more = file.read(batch_bytes)
                if not more and used < len(buffer):
                    problem = f"cut short: the file ends after {len(buffer) - used} bytes of it; fetch it again"
                    raise _error(path, first + len(batch.records), position + used, problem)
                buffer, position, first = buffer[used:] + more, position + used, first + len(batch.records)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
