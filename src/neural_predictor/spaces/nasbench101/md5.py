"""MD5 of many messages of one length at once (RFC 1321), one NumPy lane a message.

`hashlib` hashes one message a call; on short messages the call costs more than the hashing, and it makes a
Python object of each digest. Here a step of the algorithm is a handful of array operations over thousands of
messages. For naming things, as the benchmarks do; MD5 guards no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BLOCK = 64
"""Bytes that one application of the compression function takes in."""
_LANES = 16384
"""Messages worked on together: their 16 words and the state fit into the second-level cache (1.3 MB)."""
_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_SINES = np.floor(np.abs(np.sin(np.arange(1, 65))) * 2**32).astype(np.uint32)
_SHIFTS = np.repeat([[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]], 4, axis=0)
_SHIFTS = _SHIFTS.ravel().astype(np.uint32)
_WORDS = [(stride * k + first) % 16 for stride, first in ((1, 0), (5, 1), (3, 5), (7, 0)) for k in range(16)]


def md5(messages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The digests of n messages of equal length.

    Args:
        messages: (n, length) uint8.

    Returns:
        (n, 16) uint8, each row the bytes that `hashlib.md5(row).digest()` gives.
    """
    n, length = messages.shape
    blocks = (length + 8) // _BLOCK + 1
    ending = np.zeros(blocks * _BLOCK - length, np.uint8)
    ending[0] = 0x80
    ending[-8:] = np.frombuffer((8 * length).to_bytes(8, "little"), np.uint8)
    digests = np.empty((n, 16), np.uint8)
    for start in range(0, n, _LANES):
        part = messages[start : start + _LANES]
        padded = np.empty((len(part), blocks * _BLOCK), np.uint8)
        padded[:, :length] = part
        padded[:, length:] = ending
        words = np.ascontiguousarray(padded.view("<u4").T).astype(np.uint32, copy=False)
        state = [np.full(len(part), word, np.uint32) for word in _START]
        for block in range(blocks):
            _compress(state, words[16 * block : 16 * block + 16])
        digests[start : start + _LANES] = np.stack(state, axis=1).astype("<u4").view(np.uint8)
    return digests


def _compress(state: Sequence[NDArray[np.uint32]], words: NDArray[np.uint32]) -> None:
    """Take one block into the state, in place. Names are those of RFC 1321, section 3.4.

    Args:
        state: the four registers, (n,) each.
        words: (16, n), the block of each message.
    """
    a, b, c, d = (register.copy() for register in state)
    mixed, scratch = np.empty_like(a), np.empty_like(a)
    for step in range(64):
        _mix(step // 16, b, c, d, mixed)
        a += mixed
        a += _SINES[step]
        a += words[_WORDS[step]]
        np.left_shift(a, _SHIFTS[step], out=scratch)
        np.right_shift(a, 32 - _SHIFTS[step], out=a)
        a |= scratch
        a += b
        a, b, c, d = d, a, b, c
    for register, change in zip(state, (a, b, c, d), strict=True):
        register += change


def _mix(
    stage: int, b: NDArray[np.uint32], c: NDArray[np.uint32], d: NDArray[np.uint32], out: NDArray[np.uint32]
) -> None:
    """The functions F, G, H and I, in forms with the fewest operations."""
    if stage == 0:
        np.bitwise_xor(c, d, out=out)
        out &= b
        out ^= d
    elif stage == 1:
        np.bitwise_xor(b, c, out=out)
        out &= d
        out ^= c
    elif stage == 2:
        np.bitwise_xor(b, c, out=out)
        out ^= d
    else:
        np.invert(d, out=out)
        out |= b
        out ^= c
