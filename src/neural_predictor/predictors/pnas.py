"""PNAS's predictor: inputs and operation of each node as tokens of their own through an LSTM.

Source: Liu, Zoph, Neumann and others, "Progressive Neural Architecture Search", ECCV 2018: tokens of inputs and of
operations, each of the two sorts with its table of embeddings, an LSTM, and a fully connected layer on its last output.
What differs, beside what `lstm` says: all inputs of a node are one token, the sum of the embeddings of what they come
from, followed by the token of the node's operation, for there a block has always two inputs and two operations. The
published predictor is the mean of five, each fitted to another four fifths of the data; the recipe is one of the five,
and who fits replicates makes the ensemble, by giving each replicate the rows of its four fifths
(`engine.fit_replicates`), and takes the mean of their scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.lstm import SEQUENCE_SETTINGS, encode, tokens
from neural_predictor.predictors.recipe_base import NeuralRecipe

if TYPE_CHECKING:
    from neural_predictor.predictors.network import Graphs, Weights


class PnasRecipe(NeuralRecipe):
    """An LSTM over two tokens a node."""

    kind: Literal["pnas"] = "pnas"


NAMED = {"pnas": PnasRecipe(**SEQUENCE_SETTINGS)}


def embed(weights: Weights, graphs: Graphs, recipe: PnasRecipe) -> Any:
    """The LSTM's last output, (R, b, D)."""
    operations, incoming, real = tokens(graphs)
    count, batch, places, size = operations.shape
    none = tf.zeros_like(operations)
    inputs, operation = tf.concat([none, incoming], axis=-1), tf.concat([operations, none], axis=-1)
    sequence = tf.reshape(tf.stack([inputs, operation], axis=3), (count, batch, 2 * places, 2 * size))
    return encode(sequence, tf.repeat(real, 2, axis=2), weights, recipe)[-1]
