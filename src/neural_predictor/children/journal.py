"""The finished children of a shard: a file of lines that survives a kill at any moment.

Each line is the CRC-32C of its text in eight hexadecimal digits, a space, and the text: JSON without line breaks. The
first line says what the shard is; each of the others is one finished child. Lines are only appended, and synced to the
disk before the next child starts. What a kill leaves of a last line is dropped, and said.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import google_crc32c
from filelock import FileLock, Timeout

from neural_predictor.errors import ChildError, FormatError
from neural_predictor.io.files import disk_faults
from neural_predictor.io.untrusted import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

Record = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """What messages call the work that a journal is of.

    Attributes:
        whole: that of another journal.
        advice: what to do with a journal of another.
        again: why the lines below a damaged one are removed.
        torn: what follows from a last line that was cut off.
        busy: what another process does that has the journal.
    """

    whole: str = "children of another shard"
    advice: str = "move the file away, or build under the study that it belongs to"
    again: str = "to train these again"
    torn: str = "its child is trained again"
    busy: str = "another process trains these children"


CHILDREN = Terms()


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()
    return b"%08x %s\n" % (google_crc32c.value(text), text)


def _record(line: bytes) -> Record | None:
    """What a line holds; None where it is not whole."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % google_crc32c.value(text):
        return None
    try:
        record = parse_json(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def is_record(value: object) -> bool:
    """Whether this says which child it is of: `network` and `training`, numbers from 0 on."""
    keys = ("network", "training")
    return isinstance(value, dict) and all(type(value.get(key)) is int and 0 <= value[key] < 2**31 for key in keys)


class Journal:
    """The finished children of one shard; one process at a time.

    Args:
        path: the file; made when it is not there.
        header: what the shard is: recipes, images, architectures. A file of another shard is refused.
        terms: what messages call the work.

    Raises:
        ChildError: if the file belongs to another shard.
        FormatError: if a line that is not the last one is damaged.
        UserError: when the disk is full or read-only.
    """

    def __init__(self, path: Path, header: Record, terms: Terms = CHILDREN) -> None:
        self.path = path
        self.records: list[Record] = []
        if not path.exists() or path.stat().st_size == 0:
            self._append(header)
            return
        whole = self.read(path, terms)
        if not whole:
            path.unlink()
            self._append(header)
        elif whole[0] != header:
            changed = sorted(key for key in {*whole[0], *header} if whole[0].get(key) != header.get(key))
            raise ChildError(f"{path}: {terms.whole} (different: {', '.join(changed)}); {terms.advice}")
        self.records = whole[1:]

    def keys(self) -> set[tuple[int, int]]:
        """Network and training of each finished child.

        Raises:
            FormatError: for a record that does not say them.
        """
        for number, record in enumerate(self.records, 2):
            if not is_record(record):
                raise FormatError(
                    f"{self.path}: line {number} is no child's record; remove it and all lines below it to train these "
                    "again"
                )
        return {(record["network"], record["training"]) for record in self.records}

    def append(self, record: Record) -> None:
        """Add a finished child; on return it is on the disk."""
        self._append(record)
        self.records.append(record)

    def _append(self, record: Record) -> None:
        with disk_faults(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Without a buffer, which closing the file would write after what came of it was cut off.
            with self.path.open("ab", buffering=0) as file:
                start = file.tell()
                try:
                    rest = memoryview(_line(record))
                    while rest:
                        rest = rest[file.write(rest) :]
                    os.fsync(file.fileno())
                except OSError:
                    os.ftruncate(file.fileno(), start)
                    raise

    @staticmethod
    def read(path: Path, terms: Terms = CHILDREN) -> list[Record]:
        """All whole lines of a journal, its header first; a torn last one is cut off.

        Raises:
            FormatError: if a line that is not the last one is damaged.
        """
        lines = path.read_bytes().splitlines(keepends=True)
        records: list[Record] = []
        for number, line in enumerate(lines, 1):
            record = _record(line)
            if record is not None:
                records.append(record)
            elif number == len(lines):
                logger.warning("%s: line %d was cut off by the end of an earlier run; %s", path, number, terms.torn)
                with disk_faults(path):
                    os.truncate(path, sum(map(len, lines[:-1])))
            else:
                raise FormatError(f"{path}: line {number} is damaged; remove it and all lines below it {terms.again}")
        return records


@contextmanager
def locked(path: Path, terms: Terms = CHILDREN) -> Iterator[None]:
    """Keep `path` for this process; the lock ends with the process, however it ends.

    Raises:
        ChildError: if another process has it.
    """
    with disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ChildError(f"{path}: {terms.busy}; wait for it, or end it, then run the command again") from None
    try:
        yield
    finally:
        lock.release()
