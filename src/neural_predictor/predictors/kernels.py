"""What layers are made of: initial kernels, products in the recipe's precision, arrays of round sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.predictors.lazy import tf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe


def glorot(rng: np.random.Generator, fan_in: int, fan_out: int, outputs: int | None = None) -> NDArray[np.float32]:
    """A Glorot-uniform kernel (fan_in, outputs), float32; outputs are fan_out unless said otherwise."""
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, outputs or fan_out)).astype(np.float32)


def multiply(left: Any, kernel: Any, recipe: NeuralRecipe) -> Any:
    """Matrix product in the recipe's precision, as float32."""
    if recipe.precision == "mixed_bfloat16":
        low = tf.matmul(tf.cast(left, tf.bfloat16), tf.cast(kernel, tf.bfloat16))
        return tf.cast(low, tf.float32)
    return tf.matmul(left, kernel)


def padded(values: NDArray[Any], size: int) -> Any:
    """An array on the device with rows of zeros behind its own, `size` in all."""
    return tf.constant(np.pad(values, [(0, size - len(values))] + [(0, 0)] * (values.ndim - 1)))
