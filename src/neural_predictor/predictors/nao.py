"""NAO's predictor: an architecture's embedding by an LSTM, of unit length.

Source: Luo, Tian, Qin, Chen and Liu, "Neural Architecture Optimization", NeurIPS 2018: an LSTM whose outputs are
brought to unit length, their mean brought to it too, and a fully connected layer on that. What differs, beside what
`lstm` says: the decoder, which rebuilds the sequence from the encoder's outputs, and its reconstruction loss are left
out. This is the encoder and the predictor alone, trained on the predictor's loss. The dropout of the encoder is left
out. The search by gradient in the space of embeddings is `search.nao`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.lstm import SEQUENCE_SETTINGS, encode, tokens
from neural_predictor.predictors.recipe_base import NeuralRecipe

if TYPE_CHECKING:
    from neural_predictor.predictors.network import Graphs, Weights


class NaoRecipe(NeuralRecipe):
    """An LSTM over the nodes whose outputs are averaged."""

    kind: Literal["nao"] = "nao"


NAMED = {"nao": NaoRecipe(**(SEQUENCE_SETTINGS | {"width": 96}))}


def embed(weights: Weights, graphs: Graphs, recipe: NaoRecipe) -> Any:
    """The mean of the LSTM's outputs, all of unit length, (R, b, D)."""
    operations, incoming, real = tokens(graphs)
    outputs = encode(tf.concat([operations, incoming], axis=-1), real, weights, recipe)
    shares = tf.transpose(graphs[2], (2, 0, 1))[..., None]
    return _unit(tf.reduce_sum(_unit(outputs) * shares, axis=0))


def _unit(vectors: Any) -> Any:
    return tf.math.l2_normalize(vectors, axis=-1, epsilon=1e-12)
