import struct

import numpy as np
import pytest

from neural_predictor.tables.nasbench101.model_metrics import decode

NUMBERS = np.arange(15.0).reshape(3, 5) / 16


def double(field, number):
    return bytes([field << 3 | 1]) + struct.pack("<d", number)


def varint(number):
    digits = b""
    while number >= 0x80:
        digits += bytes([number & 0x7F | 0x80])
        number >>= 7
    return digits + bytes([number])


def evaluation(numbers, extra=b""):
    inner = b"".join(double(field, number) for field, number in enumerate(numbers, start=1)) + extra
    return b"\x0a" + varint(len(inner)) + inner


def parameters(number):
    return b"\x10" + varint(number)


def message(count=8_555_530, numbers=NUMBERS, total_time=413.5):
    return b"".join(map(evaluation, numbers)) + parameters(count) + double(3, total_time)


def test_messages_of_all_lengths_are_decoded_together():
    counts = [1, 127, 128, 2**14, 2**21 - 1, 2**21, 2**28, 2**31 - 1]
    decoded = decode([message(count, NUMBERS + k, k) for k, count in enumerate(counts)])
    assert decoded.problems == {}
    assert decoded.parameters.tolist() == counts
    assert decoded.total_time.tolist() == list(range(len(counts)))
    assert (decoded.evaluations == NUMBERS + np.arange(len(counts))[:, None, None]).all()


UNUSUAL = {
    "other order": double(3, 413.5) + parameters(7) + b"".join(map(evaluation, NUMBERS)),
    "a checkpoint path": b"".join(evaluation(row, b"\x32\x04/a/b") for row in NUMBERS)
    + parameters(7)
    + double(3, 413.5),
    "an unknown field": message(7) + b"\x3d\x00\x00\x00\x00" + b"\x42\x02hi" + b"\x48\x01",
    "a field twice": parameters(5) + message(7),
    "long varint": message(7)[:-11] + b"\x10\x87\x80\x00" + double(3, 413.5),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_the_format_allows_is_understood(name):
    decoded = decode([message(1), UNUSUAL[name], message(1)])
    assert decoded.problems == {}
    assert decoded.parameters.tolist() == [1, 7, 1]
    assert (decoded.evaluations == NUMBERS).all()
    assert decoded.total_time.tolist() == [413.5] * 3


def test_fields_that_are_left_out_are_marked():
    decoded = decode([b"".join(map(evaluation, NUMBERS[:, :4]))])
    assert decoded.problems == {}
    assert decoded.parameters.tolist() == [-1]
    assert np.isnan(decoded.total_time).all()
    assert np.isnan(decoded.evaluations[..., 4]).all()
    assert (decoded.evaluations[..., :4] == NUMBERS[:, :4]).all()


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (b"", "it has 0 evaluations; expected 3: start, half way, end"),
        (message(numbers=NUMBERS[:2]), "it has 2 evaluations"),
        (message(numbers=np.vstack([NUMBERS, NUMBERS[:1]])), "it has 4 evaluations"),
        (message()[:-1], "needs 8 bytes at byte 147, but 7 are left"),
        (message() + b"\x0a\x05", "needs 5 bytes"),
        (message() + b"\x0b", "wire type 3"),
        (message() + b"\x10\xff\xff", "does not end"),
        (message() + b"\x10" + b"\xff" * 12, "does not end"),
        (message(2**31), "trainable_parameters is 2147483648"),
        (b"not a message", "wire type 6"),
    ],
)
def test_what_breaks_the_format_is_a_problem_of_its_message_only(broken, problem):
    decoded = decode([message(3), broken, message(4)])
    assert list(decoded.problems) == [1]
    assert problem in decoded.problems[1]
    assert decoded.parameters[[0, 2]].tolist() == [3, 4]


def test_every_cut_is_found():
    whole = message()
    for size in range(len(whole)):
        decoded = decode([whole[:size]])
        assert decoded.problems or np.isnan(decoded.total_time[0])
