"""What the GCN and the DAGNN share: what their nodes carry and see, and one vector of all nodes of a graph."""

from __future__ import annotations

from typing import Any, Literal

from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.recipe_base import NeuralRecipe

BELOW_ALL_NODES = -1e9
"""Padding's value where a maximum over nodes is taken."""


class GraphRecipe(NeuralRecipe):
    """Recipe of a neural predictor that passes messages along edges.

    Attributes:
        readout: how one vector is made of a graph's nodes: their `mean`, or `mean-sum-max`: that, their sum over the
            square root of their number, and their largest values, side by side.
        transitive_closure: whether layers also see all nodes that a node reaches and is reached from, as two further
            directions with kernels of their own.
        positional_features: whether nodes also carry where they stand: depth, degrees, share of paths
            (`propagation.positional_features`), which few layers cannot count.
    """

    readout: Literal["mean", "mean-sum-max"] = "mean"
    transitive_closure: bool = False
    positional_features: bool = False

    @property
    def directions(self) -> int:
        """Directions in which messages pass."""
        return 4 if self.transitive_closure else 2

    def embedding_size(self, width: int) -> int:
        """Length of what `read_out` makes of nodes of `width` numbers."""
        return width * (3 if self.readout == "mean-sum-max" else 1)


def read_out(nodes: Any, pooling: Any, recipe: GraphRecipe) -> Any:
    """One vector (R, b, E) of each graph's nodes (R, b, v, D), as the recipe's readout says.

    Args:
        nodes: embeddings.
        pooling: (R, b, v) weights of the mean over real nodes, 0 on padding.
        recipe: its readout.
    """
    mean = tf.reduce_sum(nodes * pooling[..., None], axis=2)
    if recipe.readout == "mean":
        return mean
    real = pooling[..., None] > 0
    count = tf.reduce_sum(tf.cast(real, tf.float32), axis=2)
    largest = tf.reduce_max(tf.where(real, nodes, BELOW_ALL_NODES), axis=2)
    return tf.concat([mean, mean * tf.sqrt(count), largest], axis=-1)
