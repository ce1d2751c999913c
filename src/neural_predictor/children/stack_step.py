"""Networks on small maps as functions of data: one graph computes every architecture, for a stack of trainings.

Maps lie as (trainings, channels, pixels x images). So a pointwise convolution is a product of matrices for each
training, a normalisation is along rows, and a depthwise convolution is a product with a matrix (pixels, pixels) for
each channel, which holds the kernel's taps wherever they lead from one pixel to another: on maps of some pixels it is
several times faster than a library's convolution. A network is a loop over blocks, whose weights and shapes a table
says (`stack_layout`); what the way back needs of a block waits on a list.

Trainings have no number in common: one that is no longer finite leaves the others alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from neural_predictor.children.stack_layout import HEAD_PIECES, PIECES, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SAVED = 13
"""Tensors of a block that the way back needs."""
MAPS = (None, None, None)


class Normalised(NamedTuple):
    """Rows (c, n) that are normalised.

    Attributes:
        values: the result.
        kept: for the way back: rows less their mean; scale over deviation and one over deviation, (c, 1) each.
        moments: mean and variance of each row, (c, 1); the variance is of the batch, as Keras takes it.
    """

    values: Any
    kept: tuple[Any, ...] = ()
    moments: tuple[Any, ...] = ()


class Step(NamedTuple):
    """What a batch gives.

    Attributes:
        gradient: of the mean loss of each training, as the vector of weights.
        moments: as the vector of statistics.
        totals: (trainings, 2), summed cross-entropy and number of right images.
    """

    gradient: Any
    moments: Any
    totals: Any


class _Weights(NamedTuple):
    expand: Any
    taps: Any
    project: Any
    norms: list[Any]


def step(weights: Any, patches: Any, labels: Any, tables: Tables, classes: int, epsilon: float) -> Step:
    """A batch in training, with its gradients.

    Args:
        weights: (..,) float32, as `StackLayout.join` gives it.
        patches: (trainings, taps x channels, pixels x images) float32, what the stem's kernel meets.
        labels: (trainings, images) int32.
        tables: the architecture.
        classes: outputs of the dense layer.
        epsilon: of batch normalisation.
    """

    def norm(rows: Any, scale: Any, offset: Any) -> Normalised:
        return _normalise(rows, scale, offset, epsilon)

    blocks = tf.shape(tables.rows)[0]
    memory = tf.raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=-1, element_dtype=tf.float32)

    def forward(k: Any, maps: Any, memory: Any, means: Any, variances: Any, **how: bool) -> Any:
        row = _row(tables, k)
        maps, saved, moments = _block(_weights(weights, row), maps, row, tables.patterns, norm, **how)
        for tensor in saved:
            memory = tf.raw_ops.TensorListPushBack(input_handle=memory, tensor=tensor)
        mean, variance = (_flat(pair[at] for pair in moments) for at in (0, 1))
        return k + 1, maps, memory, means.write(k, mean), variances.write(k, variance)

    _, maps, memory, means, variances = _all_blocks(forward, (patches, memory, *_pieces(blocks)), tables)
    gradient, head, tail, totals = _head_step(weights, maps, labels, tables.head, classes, norm)

    def backward(k: Any, gradient: Any, memory: Any, kernels: Any, norms: Any, **how: bool) -> Any:
        row = _row(tables, k)
        saved: list[Any] = []
        for _ in range(SAVED):
            memory, tensor = tf.raw_ops.TensorListPopBack(
                input_handle=memory, element_shape=-1, element_dtype=tf.float32
            )
            saved.insert(0, tensor)
        own = _weights(weights, row)
        gradient, kernel, norm = _block_back(own, gradient, saved, row, tables.patterns, **how)
        return k - 1, gradient, memory, kernels.write(k, kernel), norms.write(k, norm)

    state = (blocks - 1, gradient, memory, *_pieces(blocks))
    state = _loop(lambda k: k >= tables.many, backward, state, many=False, first=False)
    state = _loop(lambda k: k >= 1, backward, state, many=True, first=False)
    *_, kernels, norms = backward(*state, many=True, first=True)
    mean, variance = (_flat(moment) for moment in zip(head.moments, strict=True))
    return Step(
        tf.concat([kernels.concat(), tail[0], norms.concat(), tail[1]], 0),
        tf.concat([means.concat(), mean, variances.concat(), variance], 0),
        totals,
    )


def infer(weights: Any, patches: Any, labels: Any, tables: Tables, classes: int) -> Any:
    """Totals (trainings, 2) of a batch in inference, as `Step` has them.

    Args:
        weights: as for `step`, but with what `StackLayout.infer` makes of scales and offsets.
        patches: (1, taps x channels, pixels x images) float32: all trainings see the same images.
        labels: (1, images) int32.
        tables: the architecture.
        classes: outputs of the dense layer.
    """

    def norm(rows: Any, scale: Any, offset: Any) -> Normalised:
        return Normalised(rows * scale + offset)

    def forward(k: Any, maps: Any, **how: bool) -> Any:
        row = _row(tables, k)
        return k + 1, _block(_weights(weights, row), maps, row, tables.patterns, norm, **how)[0]

    maps = _all_blocks(forward, (patches,), tables)[1]
    head = _head(weights, maps, tf.shape(labels)[1], tables.head, classes, norm)
    labels = tf.tile(labels, (tf.shape(maps)[0], 1))
    return _totals(_cross_entropy(head.logits, labels, classes).loss, head.logits, labels)


def _all_blocks(forward: Callable[..., Any], start: tuple[Any, ...], tables: Tables) -> Any:
    """The first block, whose convolution is the stem; the others on many pixels; those on one."""
    state = forward(0, *start, many=True, first=True)
    state = _loop(lambda k: k < tables.many, forward, state, many=True, first=False)
    return _loop(lambda k: k < tf.shape(tables.rows)[0], forward, state, many=False, first=False)


def _loop(condition: Callable[[Any], Any], body: Callable[..., Any], state: Any, **how: bool) -> Any:
    return tf.while_loop(lambda k, *_: condition(k), lambda *now: body(*now, **how), state, parallel_iterations=1)


def _pieces(blocks: Any) -> tuple[Any, Any]:
    """Two arrays of vectors, one a block."""
    first, second = (
        tf.TensorArray(tf.float32, size=blocks, element_shape=(None,), infer_shape=False) for _ in range(2)
    )
    return first, second


def _row(tables: Tables, k: Any) -> dict[str, Any]:
    return dict(zip(PIECES, tf.split(tables.rows[k], list(PIECES.values())), strict=True))


def _weights(vector: Any, row: dict[str, Any]) -> _Weights:
    kernels = tf.split(_slice(vector, row["kernels"]), row["kernel_sizes"], num=3)
    norms = tf.split(_slice(vector, row["norms"]), row["norm_sizes"], num=6)
    expand, taps, project = (
        tf.reshape(part, row[name]) for part, name in zip(kernels, ("expand", "taps", "project"), strict=True)
    )
    return _Weights(expand, taps, project, [tf.reshape(part, (-1, 1)) for part in norms])


def _slice(vector: Any, place: Any) -> Any:
    return tf.slice(vector, place[:1], place[1:])


def _flat(tensors: Iterable[Any]) -> Any:
    return tf.concat([tf.reshape(tensor, (-1,)) for tensor in tensors], 0)


def _normalise(rows: Any, scale: Any, offset: Any, epsilon: float) -> Normalised:
    mean = tf.reduce_mean(rows, 1, keepdims=True)
    centred = rows - mean
    variance = tf.reduce_mean(centred * centred, 1, keepdims=True)
    root = tf.math.rsqrt(variance + epsilon)
    factor = root * scale
    return Normalised(centred * factor + offset, (centred, factor, root), (mean, variance))


def _normalise_back(gradient: Any, centred: Any, factor: Any, root: Any) -> tuple[Any, Any, Any]:
    """Gradients of rows, scale and offset."""
    count = tf.cast(tf.shape(centred)[1], tf.float32)
    mean = tf.reduce_mean(gradient, 1, keepdims=True)
    along = tf.reduce_mean(gradient * centred, 1, keepdims=True) * root
    rows = factor * (gradient - mean - centred * (along * root))
    return rows, along * count, mean * count


def _relu6_back(gradient: Any, result: Any) -> Any:
    return tf.raw_ops.Relu6Grad(gradients=gradient, features=result)


def _block(
    weights: _Weights,
    maps: Any,
    row: dict[str, Any],
    patterns: Any,
    norm: Callable[..., Normalised],
    *,
    many: bool,
    first: bool,
) -> tuple[Any, list[Any], list[tuple[Any, ...]]]:
    """Maps after a block, what is kept for the way back, and the moments of its normalisations."""
    expanded = norm(tf.reshape(tf.matmul(weights.expand, maps), row["inner_rows"]), *weights.norms[:2])
    inner = tf.nn.relu6(expanded.values)
    matrix = tf.matmul(weights.taps, _pattern(patterns, row), transpose_a=True)
    if many:
        matrix = tf.reshape(matrix, row["matrix"])
        moved = tf.reshape(tf.matmul(matrix, tf.reshape(inner, row["inner_before"])), row["inner_rows"])
    else:
        matrix = tf.reshape(matrix, (-1, 1))
        moved = matrix * inner
    filtered = norm(moved, *weights.norms[2:4])
    seen = tf.nn.relu6(filtered.values)
    outer = tf.matmul(weights.project, tf.reshape(seen, row["inner"]), transpose_a=True)
    projected = norm(tf.reshape(outer, row["outer_rows"]), *weights.norms[4:])
    result = tf.reshape(projected.values, row["outer"])
    before = tf.reshape(inner, row["inner"]) if first else maps  # of block 0 the stem's
    result = tf.cond(row["residual"][0] > 0, lambda: result + before, lambda: result)
    result.set_shape(MAPS)
    norms = (expanded, filtered, projected)
    kept = [maps, inner, matrix, seen, *(tensor for one in norms for tensor in one.kept)]
    return result, kept, [one.moments for one in norms]


def _pattern(patterns: Any, row: dict[str, Any]) -> Any:
    return tf.reshape(_slice(patterns, row["pattern"]), row["pattern_shape"])


def _block_back(
    weights: _Weights,
    gradient: Any,
    saved: Sequence[Any],
    row: dict[str, Any],
    patterns: Any,
    *,
    many: bool,
    first: bool,
) -> tuple[Any, Any, Any]:
    """Gradients of a block's maps (None for the first, whose maps are images), kernels and normalisations."""
    maps, inner, matrix, seen, *kept = saved
    back, *projected = _normalise_back(tf.reshape(gradient, row["outer_rows"]), *kept[6:])
    back = tf.reshape(back, row["outer"])
    project = tf.matmul(tf.reshape(seen, row["inner"]), back, transpose_b=True)
    back = tf.reshape(tf.matmul(weights.project, back), row["inner_rows"])
    back, *filtered = _normalise_back(_relu6_back(back, seen), *kept[3:6])
    if many:
        back = tf.reshape(back, row["inner_after"])
        moved = tf.matmul(back, tf.reshape(inner, row["inner_before"]), transpose_b=True)
        back = tf.reshape(tf.matmul(matrix, back, transpose_a=True), row["inner_rows"])
    else:
        moved = tf.reduce_sum(back * inner, 1)
        back = matrix * back
    taps = tf.matmul(_pattern(patterns, row), tf.reshape(moved, row["inner"]), transpose_b=True)
    residual = row["residual"][0] > 0
    if first:
        own = tf.reshape(gradient, row["outer_rows"])
        back = tf.cond(residual, lambda: back + own, lambda: back)
    back, *expanded = _normalise_back(_relu6_back(back, inner), *kept[:3])
    back = tf.reshape(back, row["inner"])
    expand = tf.matmul(back, maps, transpose_b=True)
    kernels, norms = _flat((expand, taps, project)), _flat((*expanded, *filtered, *projected))
    if first:
        return None, kernels, norms
    back = tf.matmul(weights.expand, back, transpose_a=True)
    back = tf.cond(residual, lambda: back + gradient, lambda: back)
    back.set_shape(MAPS)
    return back, kernels, norms


class _Head(NamedTuple):
    kernel: Any
    dense: Any
    norm: Normalised
    result: Any
    pooled: Any
    logits: Any


def _head(weights: Any, maps: Any, images: Any, table: Any, classes: int, norm: Callable[..., Normalised]) -> _Head:
    """The last convolution, the mean over pixels and the dense layer; logits (trainings, images, classes)."""
    parts = dict(zip(HEAD_PIECES, tf.split(table, list(HEAD_PIECES.values())), strict=True))
    trainings, (inputs, outputs) = tf.shape(maps)[0], tf.unstack(parts["channels"])
    kernel = tf.reshape(_slice(weights, parts["kernel"]), tf.stack([trainings, inputs, outputs]))
    dense = tf.reshape(_slice(weights, parts["dense"]), tf.stack([trainings, outputs, classes]))
    bias = tf.reshape(_slice(weights, parts["bias"]), tf.stack([trainings, 1, classes]))
    scale, offset = (tf.reshape(part, (-1, 1)) for part in tf.split(_slice(weights, parts["norm"]), 2))
    rows = tf.reshape(tf.matmul(kernel, maps, transpose_a=True), tf.stack([trainings * outputs, -1]))
    found = norm(rows, scale, offset)
    result = tf.nn.relu6(found.values)
    pooled = tf.reduce_mean(tf.reshape(result, tf.stack([trainings, outputs, -1, images])), 2)
    return _Head(kernel, dense, found, result, pooled, tf.matmul(pooled, dense, transpose_a=True) + bias)


def _head_step(
    weights: Any, maps: Any, labels: Any, table: Any, classes: int, norm: Callable[..., Normalised]
) -> tuple[Any, Normalised, tuple[Any, Any], Any]:
    """Gradient of the maps, the head's normalisation, gradients of kernels and of all else in the head, totals."""
    images = tf.shape(labels)[1]
    head = _head(weights, maps, images, table, classes, norm)
    found = _cross_entropy(head.logits, labels, classes)
    back = tf.reshape(found.backprop, tf.shape(head.logits)) / tf.cast(images, tf.float32)
    bias, dense = tf.reduce_sum(back, 1), tf.matmul(head.pooled, back)
    back = tf.matmul(head.dense, back, transpose_b=True)
    pixels = tf.shape(head.result)[1] // images
    back = tf.tile(back[:, :, None] / tf.cast(pixels, tf.float32), tf.stack([1, 1, pixels, 1]))
    back = _relu6_back(tf.reshape(back, tf.shape(head.result)), head.result)
    back, *norms = _normalise_back(back, *head.norm.kept)
    back = tf.reshape(back, tf.stack([tf.shape(maps)[0], -1, tf.shape(maps)[2]]))
    kernel = tf.matmul(maps, back, transpose_b=True)
    tail = (_flat((kernel, dense)), _flat((*norms, bias)))
    return tf.matmul(head.kernel, back), head.norm, tail, _totals(found.loss, head.logits, labels)


def _cross_entropy(logits: Any, labels: Any, classes: int) -> Any:
    """Loss of each image, and its gradient."""
    return tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(
        features=tf.reshape(logits, (-1, classes)), labels=tf.reshape(labels, (-1,))
    )


def _totals(each: Any, logits: Any, labels: Any) -> Any:
    right = tf.equal(tf.argmax(logits, axis=2, output_type=tf.int32), labels)
    losses = tf.reduce_sum(tf.reshape(each, tf.shape(labels)), 1)
    return tf.stack([losses, tf.reduce_sum(tf.cast(right, tf.float32), 1)], 1)
