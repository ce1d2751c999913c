"""The text of a record of the official NAS-Bench-101 files.

Source: the loop over records in `nasbench/api.py` of google-research/nasbench (Apache-2.0). The data of a record
are the UTF-8 text of a JSON list of

    the graph hash of the cell, 32 hexadecimal digits
    the number of epochs that the run was set to: 4, 12, 36 or 108
    the adjacency matrix, row by row, as a string of 0 and 1
    the operations of the vertices, separated by commas
    base64, with or without line breaks, of a serialised `ModelMetrics`
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neural_predictor.tables.nasbench101.tfrecord import Batch

    Head = tuple[str, int, str, str]
    """Graph hash, epochs, adjacency and operations."""

_ROW = (str, int, str, str, str)
_ROW_TEXT = "[hash, epochs, adjacency, operations, metrics], a number and four strings"
_EPOCHS_MAX = 10**6


def parse(batch: Batch) -> tuple[list[Head], list[bytes]]:
    """For each record its JSON list up to the metrics, and the message that the metrics are.

    Raises:
        FormatError: if a record is not the list that the module's docstring describes.
    """
    heads: list[Head] = []
    messages: list[bytes] = []
    for index, data in enumerate(batch.records):
        start, _, rest = data.rpartition(b', "')
        try:
            head, message = _parse_head(start), _parse_metrics(rest)
        except (ValueError, RecursionError):
            head, message = _parse_any(batch, index)
        heads.append(head)
        messages.append(message)
    return heads, messages


@lru_cache(maxsize=16)
def _parse_head(start: bytes) -> Head:
    """A record's JSON list as far as all repeats of a training share it: without `, "<base64>"]`.

    Raises:
        ValueError: if it is not the start of such a list.
    """
    head = json.loads(start.decode() + "]")
    if type(head) is not list or tuple(map(type, head)) != _ROW[:-1] or not 0 < head[1] <= _EPOCHS_MAX:
        raise ValueError
    return tuple(head)


def _parse_metrics(rest: bytes) -> bytes:
    """The message from the end of a record, `<base64>"]`.

    Raises:
        ValueError: if it is not such an end.
    """
    if rest[-2:] != b'"]':
        raise ValueError
    return a2b_base64(rest[:-2].replace(b"\\n", b""), strict_mode=True)


def _parse_any(batch: Batch, index: int) -> tuple[Head, bytes]:
    """As `parse`, for one record in any notation of JSON.

    Raises:
        FormatError: if it is not the list that the module's docstring describes.
    """
    data = batch.records[index]
    try:
        row = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise batch.error(index, f"the data are no JSON ({error}); expected {_ROW_TEXT}") from error
    if type(row) is not list or tuple(map(type, row)) != _ROW:
        raise batch.error(index, f"found the data {data[:80]!r}; expected the JSON list {_ROW_TEXT}")
    if not 0 < row[1] <= _EPOCHS_MAX:
        raise batch.error(index, f"the number of epochs is {row[1]}; expected 1 to {_EPOCHS_MAX}")
    try:
        message = a2b_base64(row[4].replace("\n", ""), strict_mode=True)
    except ValueError as error:
        raise batch.error(index, f"the metrics are no base64 ({error})") from error
    return tuple(row[:4]), message
