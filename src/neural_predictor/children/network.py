"""A child network as a plain Keras model: readable, and what the fast form in `forward` must equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neural_predictor.children.architecture import OUTPUT_DEVIATION, blocks
from neural_predictor.predictors.keras_settings import keras

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neural_predictor.children.architecture import Convolution
    from neural_predictor.config.child_recipes import NetworkRecipe


def build_network(
    code: NDArray[np.uint8], recipe: NetworkRecipe, classes: int, channels: int, l2: float = 0.0
) -> keras.Model:
    """The network of an architecture: images (n, resolution, resolution, channels) in [-1, 1] to logits (n, classes).

    Kernels of convolutions start He-uniform, as Keras counts the inputs of a depthwise kernel too; the softmax is left
    to the loss.

    Args:
        code: (22,) op codes.
        recipe: variant, width, stem stride, resolution and batch normalisation.
        classes: number of classes.
        channels: of an image, 1 or 3.
        l2: factor of Keras's regulariser `L2` on every kernel.

    Raises:
        ArchitectureError: for a code outside the space.
    """
    images = keras.Input((recipe.resolution, recipe.resolution, channels), name="images")
    hidden = images
    for block in blocks(code, recipe, channels):
        before = hidden
        for convolution in block.convolutions:
            hidden = _normalised(hidden, convolution, recipe, l2)
        if block.residual:
            hidden = keras.layers.Add()([before, hidden])
    hidden = keras.layers.GlobalAveragePooling2D(name="pooling")(hidden)
    logits = keras.layers.Dense(
        classes,
        kernel_initializer=keras.initializers.RandomNormal(stddev=OUTPUT_DEVIATION),
        kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
        dtype="float32",  # in mixed precision too
        name="logits",
    )(hidden)
    return keras.Model(images, logits, name="proxylessnas")


def _normalised(hidden: Any, convolution: Convolution, recipe: NetworkRecipe, l2: float) -> Any:
    """The convolution, its batch normalisation and, if it has one, its activation."""
    decay = keras.regularizers.L2(l2) if l2 else None
    common = {"strides": convolution.stride, "padding": "same", "use_bias": False, "name": convolution.name}
    if convolution.depthwise:
        layer = keras.layers.DepthwiseConv2D(
            convolution.kernel, depthwise_initializer="he_uniform", depthwise_regularizer=decay, **common
        )
    else:
        layer = keras.layers.Conv2D(
            convolution.outputs,
            convolution.kernel,
            kernel_initializer="he_uniform",
            kernel_regularizer=decay,
            **common,
        )
    hidden = keras.layers.BatchNormalization(
        momentum=recipe.batch_norm_momentum,
        epsilon=recipe.batch_norm_epsilon,
        name=f"{convolution.name}_norm",
    )(layer(hidden))
    return keras.layers.ReLU(6, name=f"{convolution.name}_relu")(hidden) if convolution.activation else hidden
