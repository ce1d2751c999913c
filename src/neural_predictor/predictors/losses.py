"""Training losses of a batch, one value a replicate: of each label, or of the order of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from neural_predictor.predictors.recipe import NeuralRecipe


def batch_loss(scores: Any, targets: Any, shares: Any, recipe: NeuralRecipe, pairwise: tuple[Any, Any]) -> Any:
    """The recipe's loss, (R,).

    Args:
        scores: (R, B) by the network.
        targets: (R, B) labels in the unit that `engine` trains on.
        shares: (B,) that sum to one over real places, and are zero on padding.
        recipe: its loss; `hinge` stands for both losses of pairs.
        pairwise: which of these it is, 1 for the hinge and 0 for the logistic loss, and the margin.
    """
    if recipe.loss == "squared":
        return tf.reduce_sum(tf.square(scores - targets) * shares, axis=1)
    if recipe.loss == "logistic":
        return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(targets, scores) * shares, axis=1)
    real = tf.cast(shares > 0, tf.float32)
    if recipe.loss == "listwise":
        return _list_mle(scores, targets, real, shares)
    lead = scores[:, :, None] - scores[:, None, :]
    pairs = tf.cast(targets[:, :, None] > targets[:, None, :], tf.float32) * real[:, None] * real
    hinge, margin = pairwise
    each = hinge * tf.nn.relu(margin - lead) + (1 - hinge) * tf.nn.softplus(-lead)
    return tf.reduce_sum(each * pairs, axis=(1, 2)) / tf.maximum(tf.reduce_sum(pairs, axis=(1, 2)), 1)


def _list_mle(scores: Any, targets: Any, real: Any, shares: Any) -> Any:
    """Mean over i of -log softmax of s_i among all j that are not better than i (Xia et al., ICML 2008, equation 8)."""
    among = (targets[:, None, :] <= targets[:, :, None]) & (real > 0)
    left = tf.where(among, scores[:, None, :], tf.constant(-1e9, scores.dtype))
    return tf.reduce_sum((tf.reduce_logsumexp(left, axis=2) - scores) * shares, axis=1)
