"""The protocol buffer in which NAS-Bench-101 keeps what one training run gave, for many runs at once.

Source: `nasbench/lib/model_metrics.proto` of google-research/nasbench (Apache-2.0):

    ModelMetrics:    repeated EvaluationData evaluation_data = 1; int32 trainable_parameters = 2;
                     double total_time = 3
    EvaluationData:  double current_epoch = 1, training_time = 2, train_accuracy = 3, validation_accuracy = 4,
                     test_accuracy = 5; string checkpoint_path = 6

A run is evaluated three times: at its start, half way through and at its end. Serialisers write the fields in
the order of their numbers, and the benchmark leaves `checkpoint_path` out, so that messages differ in their
numbers only: such messages are taken apart as one array. Any other message of the format is parsed field by
field.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

EVALUATIONS = ("start", "half way", "end")
FIELDS = ("current_epoch", "training_time", "train_accuracy", "validation_accuracy", "test_accuracy")

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types; a tag is the field's number times 8, plus the wire type."""
_EVALUATION_TAG, _PARAMETERS_TAG, _TOTAL_TIME_TAG = 1 << 3 | _BYTES, 2 << 3 | _VARINT, 3 << 3 | _FIXED64
_FIELD_TAGS = np.arange(1, len(FIELDS) + 1, dtype=np.uint8) << 3 | _FIXED64
_DOUBLE_BYTES = 1 + 8
_EVALUATION_BYTES = len(FIELDS) * _DOUBLE_BYTES
_PARAMETERS_AT = len(EVALUATIONS) * (2 + _EVALUATION_BYTES)
_PARAMETERS_MAX = 2**31 - 1
_VARINT_BYTES_MAX = 10


@dataclass(frozen=True)
class ModelMetrics:
    """What n training runs gave; a field that a message leaves out is NaN, or -1 as the parameters.

    Attributes:
        evaluations: (n, 3, 5) float64, by `EVALUATIONS` and `FIELDS`; times in s, accuracies as fractions.
        parameters: (n,) int64, the trainable parameters.
        total_time: (n,) float64, s, with all evaluations.
        problems: place of each message that does not follow the format, and what is wrong with it.
    """

    evaluations: NDArray[np.float64]
    parameters: NDArray[np.int64]
    total_time: NDArray[np.float64]
    problems: dict[int, str]


def decode(messages: Sequence[bytes]) -> ModelMetrics:
    """Take n serialised ModelMetrics apart."""
    n = len(messages)
    runs = ModelMetrics(
        evaluations=np.full((n, len(EVALUATIONS), len(FIELDS)), np.nan),
        parameters=np.full(n, -1, np.int64),
        total_time=np.full(n, np.nan),
        problems={},
    )
    lengths = np.fromiter(map(len, messages), np.intp, n)
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        usual = _decode_usual(runs, places, b"".join(messages[int(place)] for place in places), int(length))
        for place in places[~usual]:
            try:
                _decode_any(runs, int(place), messages[place])
            except ValueError as error:
                runs.problems[int(place)] = str(error)
    return runs


def _decode_usual(runs: ModelMetrics, places: NDArray[np.intp], joined: bytes, length: int) -> NDArray[np.bool_]:
    """Decode those messages of one length whose fields are all there, once and in order.

    Args:
        runs: is filled at `places`.
        places: (m,) where the messages belong.
        joined: the m messages, one after the other.
        length: bytes of a message.

    Returns:
        (m,) whether each message is of this kind.
    """
    m = len(places)
    digits = length - _PARAMETERS_AT - 1 - _DOUBLE_BYTES
    if not 1 <= digits <= _VARINT_BYTES_MAX // 2:
        return np.zeros(m, np.bool_)
    data = np.frombuffer(joined, np.uint8).reshape(m, length)
    blocks = data[:, :_PARAMETERS_AT].reshape(m, len(EVALUATIONS), 2 + _EVALUATION_BYTES)
    fields = blocks[:, :, 2:].reshape(m, len(EVALUATIONS), len(FIELDS), _DOUBLE_BYTES)
    varint = data[:, _PARAMETERS_AT + 1 : -_DOUBLE_BYTES]
    parameters = (varint.astype(np.int64) & 0x7F) @ (1 << 7 * np.arange(digits))
    usual: NDArray[np.bool_] = (
        (blocks[:, :, :2] == (_EVALUATION_TAG, _EVALUATION_BYTES)).all(axis=(1, 2))
        & (fields[..., 0] == _FIELD_TAGS).all(axis=(1, 2))
        & (data[:, _PARAMETERS_AT] == _PARAMETERS_TAG)
        & ((varint >= 0x80) == (np.arange(digits) < digits - 1)).all(axis=1)
        & (parameters <= _PARAMETERS_MAX)
        & (data[:, -_DOUBLE_BYTES] == _TOTAL_TIME_TAG)
    )
    runs.evaluations[places[usual]] = np.ascontiguousarray(fields[usual, ..., 1:]).view("<f8")[..., 0]
    runs.parameters[places[usual]] = parameters[usual]
    runs.total_time[places[usual]] = np.ascontiguousarray(data[usual, 1 - _DOUBLE_BYTES :]).view("<f8")[:, 0]
    return usual


def _decode_any(runs: ModelMetrics, place: int, message: bytes) -> None:
    """Decode one message by the rules of the format: any order, the last of a field wins, others are skipped.

    Raises:
        ValueError: for a message that breaks them, or without exactly three evaluations.
    """
    evaluations = 0
    for tag, value in _fields(message):
        if tag == _EVALUATION_TAG and isinstance(value, bytes):
            for inner, number in _fields(value):
                if evaluations < len(EVALUATIONS) and inner in _FIELD_TAGS:
                    runs.evaluations[place, evaluations, (inner >> 3) - 1] = number
            evaluations += 1
        elif tag == _PARAMETERS_TAG and not isinstance(value, bytes):
            if value > _PARAMETERS_MAX:
                raise ValueError(f"trainable_parameters is {value}, no positive int32")
            runs.parameters[place] = value
        elif tag == _TOTAL_TIME_TAG:
            runs.total_time[place] = value
    if evaluations != len(EVALUATIONS):
        raise ValueError(f"it has {evaluations} evaluations; expected {len(EVALUATIONS)}: {', '.join(EVALUATIONS)}")


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of a message as (tag, value): varints as int, fixed64 as float, the rest as bytes.

    Raises:
        ValueError: for a message that ends too early and for wire types that the format does not use.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            number, at = _varint(message, at)
            yield tag, number
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field has wire type {kind} at byte {at}; expected 0, 1, 2 or 5")
        if at + size > len(message):
            raise ValueError(f"field {tag >> 3} needs {size} bytes at byte {at}, but {len(message) - at} are left")
        value = message[at : at + size]
        yield tag, struct.unpack("<d", value)[0] if kind == _FIXED64 else value
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The base-128 number at a place, and the place after it."""
    number = 0
    for shift, byte in enumerate(message[at : at + _VARINT_BYTES_MAX]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, at + shift + 1
    raise ValueError(f"a number that begins at byte {at} does not end")
