"""Depthwise convolutions in several forms, equal to rounding: which is fastest depends on the device and the maps.

All are padded to "same", and give up the taps of a kernel that only ever meet padding (on maps smaller than the kernel,
of which these networks have many).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import tensorflow as tf

FEW_CHANNELS = 24
"""With fewer, TensorFlow's own depthwise convolution is slow on CPUs; see `by_library`."""
TILES = (16, 14, 12, 8, 7)
"""Sides of tiles, of outputs; a map of no more than the first is one tile. On an H100, networks of 224 pixels trained
1.16 times as fast with these as without the first three. Two tiles share up to six pixels, and none may be smaller."""


class Taps(NamedTuple):
    """Taps first to last - 1 of a kernel meet a map of `side` pixels; the padding before and after it for these."""

    first: int
    last: int
    before: int
    after: int


def taps_of(side: int, kernel: int, stride: int) -> Taps:
    """The taps of a kernel, in one direction, that meet a map."""
    outputs = -(-side // stride)
    total = max((outputs - 1) * stride + kernel - side, 0)
    before = total // 2
    starts = range(-before, -before + outputs * stride, stride)
    met = [tap for tap in range(kernel) if any(0 <= start + tap < side for start in starts)]
    first, last = met[0], met[-1] + 1
    return Taps(first, last, before - first, (outputs - 1) * stride + (last - first) - side - (before - first))


def by_library(hidden: Any, kernel: Any, stride: int) -> Any:
    """TensorFlow's own.

    On a CPU, its rewriting gives it to oneDNN if the padding is "SAME" and leaves it to TensorFlow if the padding is
    explicit. With one thread of a Xeon, TensorFlow's was measured 1.2 to 3 times faster on maps no larger than the
    kernel, and oneDNN's 1.2 to 5 times faster on others and for few channels.
    """
    side, channels = hidden.shape[1], hidden.shape[3]
    first, last, before, after = taps_of(side, kernel.shape[0], stride)
    kernel = tf.cast(kernel[first:last, first:last], hidden.dtype)
    if side == 1:
        return hidden * tf.reshape(kernel, (1, 1, 1, -1))
    ours = last - first >= side and channels >= FEW_CHANNELS
    padding = ((0, 0), (before, after), (before, after), (0, 0)) if ours else "SAME"
    return tf.nn.depthwise_conv2d(hidden, kernel, (1, stride, stride, 1), padding)


def shifted(hidden: Any, kernel: Any, stride: int) -> Any:
    """A sum over taps: each multiplies a shifted view of the map, which no library has to be asked for."""
    side = hidden.shape[1]
    first, last, before, after = taps_of(side, kernel.shape[0], stride)
    kernel = tf.cast(kernel, hidden.dtype)
    padded = tf.pad(hidden, ((0, 0), (before, max(after, 0)), (before, max(after, 0)), (0, 0)))
    reach = (-(-side // stride) - 1) * stride + 1
    parts = [
        padded[:, i : i + reach : stride, j : j + reach : stride] * kernel[first + i, first + j, :, 0]
        for i in range(last - first)
        for j in range(last - first)
    ]
    return tf.add_n(parts)


def tiled(hidden: Any, kernel: Any, stride: int) -> Any:
    """A matrix product for each channel: tiles of the map, which overlap, by a matrix that holds the kernel's taps.

    A tile of t x t outputs is computed of L x L inputs, L = (t - 1) stride + taps, by a matrix (L^2, t^2): the kernel
    shifted t^2 times. A map that is one tile is not padded; what would meet padding is left out of the matrix. Products
    of matrices need no search for an algorithm, and half precision makes them faster.
    """
    side, channels = hidden.shape[1], hidden.shape[3]
    first, last, before, _ = taps_of(side, kernel.shape[0], stride)
    outputs = -(-side // stride)
    tile = outputs if outputs <= max(TILES) else min(TILES, key=lambda size: (-(-outputs // size) * size, -size))
    count, step, span = -(-outputs // tile), tile * stride, (tile - 1) * stride + last - first
    taps = tf.transpose(kernel[first:last, first:last, :, 0], (2, 0, 1))
    shifts = _shifts(_shifts(taps, 1, tile, stride), 3, tile, stride)  # (channels, tile, span, tile, span)
    maps = tf.transpose(hidden, (3, 0, 1, 2))
    if count == 1:
        span = min(side, span - before)
        maps, shifts = maps[:, :, :span, :span], shifts[:, :, before : before + span, :, before : before + span]
    else:
        columns = _overlapping(maps, 3, before, count, step, span)  # (channels, b, side, count, span)
        maps = _overlapping(tf.transpose(columns, (0, 1, 3, 2, 4)), 3, before, count, step, span)
    matrix = tf.cast(tf.reshape(tf.transpose(shifts, (0, 2, 4, 1, 3)), (channels, span**2, tile**2)), hidden.dtype)
    found = tf.matmul(tf.reshape(maps, (channels, -1, span**2)), matrix)
    found = tf.transpose(tf.reshape(found, (channels, -1, count, count, tile, tile)), (0, 1, 3, 4, 2, 5))
    found = tf.reshape(found, (channels, -1, count * tile, count * tile))[:, :, :outputs, :outputs]
    return tf.transpose(found, (1, 2, 3, 0))


def _shifts(kernel: Any, axis: int, tile: int, stride: int) -> Any:
    """Taps along an axis, zeros after them, once for each output of a tile: two axes in its place, (outputs, span).

    `stack_layout` multiplies taps by a constant pattern instead, which grows with the fourth power of the side.
    """
    shape = list(kernel.shape)
    span = (tile - 1) * stride + shape[axis]
    before, after = shape[:axis], shape[axis + 1 :]
    flat = tf.reshape(kernel, (-1, shape[axis], math.prod(after)))
    padded = tf.pad(flat, ((0, 0), (0, span + stride - shape[axis]), (0, 0)))
    rows = tf.tile(padded, (1, tile, 1))[:, : tile * span]  # each begins `stride` later
    return tf.reshape(rows, (*before, tile, span, *after))


def _overlapping(maps: Any, axis: int, before: int, count: int, step: int, span: int) -> Any:
    """Pieces of `span` pixels along an axis, each `step` after the one before: two axes in its place, (count, span)."""
    after = (count + 1) * step - before - maps.shape[axis]
    maps = tf.pad(maps, [(before, after) if k == axis else (0, 0) for k in range(len(maps.shape))])
    outer, inner = [[-1 if n is None else n for n in part] for part in (maps.shape[:axis], maps.shape[axis + 1 :])]
    here = (slice(None),) * axis
    own, following = (
        tf.reshape(maps[(*here, slice(begin, begin + count * step))], (*outer, count, step, *inner))
        for begin in (0, step)
    )
    here = (*here, slice(None))
    if span <= step:
        return own[(*here, slice(span))]
    return tf.concat([own, following[(*here, slice(span - step))]], axis + 1)


FORMS = {"standard": by_library, "float32": by_library, "shifted": shifted, "tiled": tiled}
"""By the name that a recipe has: `float32` casts the maps before and after. Each takes maps (b, height, width,
channels), a float32 kernel (taps, taps, channels, 1) and the stride, and gives (b, ceil(height / stride), ceil(width /
stride), channels) of the maps' type."""
