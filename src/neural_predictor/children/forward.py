"""A child network as a pure function of one flat vector: `network.build_network` laid out for speed.

1 x 1 convolutions are matrix products, batch normalisation is TensorFlow's fused operation, and depthwise convolutions
have several forms (`depthwise`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from neural_predictor.children.depthwise import FORMS

if TYPE_CHECKING:
    from neural_predictor.children.architecture import Convolution
    from neural_predictor.children.layout import Layout


class Forward(NamedTuple):
    """What a pass gives.

    Attributes:
        logits: (b, classes) float32.
        moments: in training the means, then the variances of this batch, laid out as the moving statistics are; the
            variances are of the batch (divided by its number of values, not by one less), as Keras takes them. None in
            inference.
    """

    logits: Any
    moments: Any


class Pass:
    """One pass: the weights split, the moments collected.

    Args:
        layout: of the network.
        weights: the flat vector.
        statistics: moving means and variances for inference; None in training.
        epsilon: of batch normalisation.
        dtype: of the convolutions.
        depthwise: how depthwise convolutions are computed, see `forward`.
    """

    def __init__(
        self, layout: Layout, weights: Any, statistics: Any, epsilon: float, dtype: Any, depthwise: str
    ) -> None:
        self.layout, self.depthwise = layout, depthwise
        pieces = tf.split(weights, layout.sizes)
        count = len(layout.convolutions)
        names = [convolution.name for convolution in layout.convolutions]
        self.kernels = dict(zip(names, pieces[:count], strict=True))
        self.dense, self.bias = tf.reshape(pieces[count], layout.shapes[count]), pieces[-1]
        self.norms = dict(
            zip(names, zip(pieces[count + 1 : -1 : 2], pieces[count + 2 : -1 : 2], strict=True), strict=True)
        )
        self.training = statistics is None
        none = tf.zeros(0)
        moving = [none] * 2 * count if self.training else tf.split(statistics, layout.channels * 2)
        self.moving = dict(zip(names, zip(moving[:count], moving[count:], strict=True), strict=True))
        self.epsilon, self.dtype = epsilon, dtype
        self.means: list[Any] = []
        self.variances: list[Any] = []
        self.pixels: list[int] = []

    def convolve(self, hidden: Any, convolution: Convolution) -> Any:
        """(b, h, w, inputs) to (b, ceil(h / stride), ceil(w / stride), outputs), normalised and activated."""
        kernel = self.kernels[convolution.name]
        if convolution.depthwise:
            dtype = tf.float32 if self.depthwise == "float32" else self.dtype
            taps = tf.reshape(kernel, convolution.shape)
            hidden = tf.cast(FORMS[self.depthwise](tf.cast(hidden, dtype), taps, convolution.stride), self.dtype)
        elif convolution.kernel == 1:
            matrix = tf.cast(tf.reshape(kernel, convolution.shape[2:]), self.dtype)
            rows = tf.matmul(tf.reshape(hidden, (-1, convolution.inputs)), matrix)
            hidden = tf.reshape(rows, (-1, *hidden.shape[1:3], convolution.outputs))
        else:
            kernel = tf.cast(tf.reshape(kernel, convolution.shape), self.dtype)
            hidden = tf.nn.conv2d(hidden, kernel, convolution.stride, "SAME")
        hidden = self._normalise(hidden, convolution.name)
        return tf.nn.relu6(hidden) if convolution.activation else hidden

    def _normalise(self, hidden: Any, name: str) -> Any:
        scale, offset = self.norms[name]
        mean, variance = self.moving[name]
        found = tf.raw_ops.FusedBatchNormV3(
            x=hidden,
            scale=scale,
            offset=offset,
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=self.training,
        )
        self.means.append(found.batch_mean)
        self.variances.append(found.batch_variance)
        self.pixels.append(hidden.shape[1] * hidden.shape[2])
        return found.y

    def moments(self, images: Any) -> Any:
        """Means, then variances of all batch normalisations, for that number of images.

        The fused operation's variance is divided by one less than the number of values; Keras's is not.
        """
        pixels = np.repeat(np.array(self.pixels, np.float32), self.layout.channels)
        values = tf.cast(images, tf.float32) * pixels
        return tf.concat([*self.means, tf.concat(self.variances, axis=0) * (1 - 1 / values)], axis=0)


def forward(
    layout: Layout,
    weights: Any,
    images: Any,
    statistics: Any,
    epsilon: float,
    dtype: Any,
    depthwise: str = "standard",
) -> Forward:
    """Logits of images.

    Args:
        layout: of the network.
        weights: (parameters,) the flat vector, float32.
        images: (b, height, width, channels) float32 in [-1, 1]; height and width known when traced.
        statistics: moving means and variances for inference; None in training, where the batch's own are used.
        epsilon: of batch normalisation.
        dtype: in which convolutions are computed; logits are float32.
        depthwise: how depthwise ones are, see `depthwise.FORMS`.
    """
    run = Pass(layout, weights, statistics, epsilon, dtype, depthwise)
    hidden = tf.cast(images, dtype)
    for block in layout.blocks:
        before = hidden
        for convolution in block.convolutions:
            hidden = run.convolve(hidden, convolution)
        if block.residual:
            hidden += before
    pooled = tf.reduce_mean(tf.cast(hidden, tf.float32), axis=(1, 2))
    logits = tf.matmul(pooled, run.dense) + run.bias
    return Forward(logits, run.moments(tf.shape(images)[0]) if run.training else None)
