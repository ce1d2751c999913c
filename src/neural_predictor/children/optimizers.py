"""The optimizers on one flat vector, each step equal to that of Keras's optimizer of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from neural_predictor.config.child_recipes import Adam, RmsProp, Sgd

    Optimizer = RmsProp | Adam | Sgd

SLOTS = {"rmsprop": 2, "adam": 2, "sgd": 1}
"""Vectors that each optimizer keeps beside the weights: (mean square, step), (mean, mean square), (step)."""


def cosine_rate(initial: float, step: Any, total: int) -> Any:
    """Learning rate of a step: from `initial` at step 0 along a cosine to zero at step `total`; a float32 scalar."""
    return initial * 0.5 * (1 + tf.cos(np.pi * step / total))


def update(
    optimizer: Optimizer, weights: Any, slots: tuple[Any, ...], gradient: Any, rate: Any, step: Any
) -> tuple[Any, tuple[Any, ...]]:
    """Weights and slots after one step.

    Args:
        optimizer: which, and its constants.
        weights: (p,) float32.
        slots: (p,) float32 each, zero before the first step.
        gradient: (p,) float32.
        rate: learning rate of the step.
        step: steps done before, float32.
    """
    if optimizer.name == "sgd":
        moment = optimizer.momentum * slots[0] - rate * gradient
        change = optimizer.momentum * moment - rate * gradient if optimizer.nesterov else moment
        return weights + change, (moment,)
    first, second = slots
    if optimizer.name == "rmsprop":
        square = optimizer.rho * first + (1 - optimizer.rho) * tf.square(gradient)
        moment = optimizer.momentum * second + rate * gradient / tf.sqrt(square + optimizer.epsilon)
        return weights - moment, (square, moment)
    moment = first + (1 - optimizer.beta_1) * (gradient - first)
    square = second + (1 - optimizer.beta_2) * (tf.square(gradient) - second)
    rate *= tf.sqrt(1 - tf.pow(optimizer.beta_2, step + 1)) / (1 - tf.pow(optimizer.beta_1, step + 1))
    return weights - rate * moment / (tf.sqrt(square) + optimizer.epsilon), (moment, square)
