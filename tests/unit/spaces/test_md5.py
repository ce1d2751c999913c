from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_predictor.spaces.nasbench101.md5 import md5


@given(length=st.integers(0, 260), n=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_digests_are_those_of_hashlib(length: int, n: int, seed: int) -> None:
    messages = np.random.default_rng(seed).integers(256, size=(n, length), dtype=np.uint8)
    digests = md5(messages)
    assert [row.tobytes() for row in digests] == [hashlib.md5(row.tobytes()).digest() for row in messages]


@pytest.mark.parametrize("length", [55, 56, 63, 64, 119, 120])
def test_padding_at_the_edges_of_a_block(length: int) -> None:
    message = np.arange(length, dtype=np.uint8)[None]
    assert md5(message).tobytes() == hashlib.md5(message.tobytes()).digest()


def test_more_messages_than_lanes_keep_their_order() -> None:
    messages = np.arange(40_000, dtype="<u4").view(np.uint8).reshape(-1, 4)
    digests = md5(messages)
    for row in (0, 16_383, 16_384, 39_999):
        assert digests[row].tobytes() == hashlib.md5(messages[row].tobytes()).digest()


def test_no_message() -> None:
    assert md5(np.empty((0, 7), np.uint8)).shape == (0, 16)
