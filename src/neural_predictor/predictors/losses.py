"""Training losses of a batch, one value a replicate, in `LOSSES` by the name that recipes have for them.

To add a loss, write its function and its row; nothing else names losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from neural_predictor.predictors.lazy import tf

if TYPE_CHECKING:
    from collections.abc import Callable


class Batch(NamedTuple):
    """What a loss is computed from: tensors of R replicates and B places.

    Attributes:
        scores: (R, B) by the neural network.
        targets: (R, B) labels, turned into what `Loss.targets` says.
        shares: (B,) that sum to one over real places, and are zero on padding.
        hinge: scalar, 1 where the loss of pairs is the hinge and 0 where it is logistic.
        margin: scalar, of the hinge.
    """

    scores: Any
    targets: Any
    shares: Any
    hinge: Any
    margin: Any


def squared(batch: Batch) -> Any:
    """Mean squared error, (R,)."""
    return tf.reduce_sum(tf.square(batch.scores - batch.targets) * batch.shares, axis=1)


def logistic(batch: Batch) -> Any:
    """Mean cross-entropy of scores as logits of the targets 0 and 1, (R,)."""
    errors = tf.nn.sigmoid_cross_entropy_with_logits(batch.targets, batch.scores)
    return tf.reduce_sum(errors * batch.shares, axis=1)


def pairwise(batch: Batch) -> Any:
    """Mean over all pairs of which i is better than j, (R,): hinge max(0, margin - (s_i - s_j)), or logistic.

    The logistic loss of a pair is log(1 + exp(s_j - s_i)). Which of both it is is a number in the batch, so that
    training by either is one compiled program: compiling takes seconds, computing both losses of a few hundred pairs
    next to nothing.
    """
    lead = batch.scores[:, :, None] - batch.scores[:, None, :]
    real = _real(batch)
    pairs = tf.cast(batch.targets[:, :, None] > batch.targets[:, None, :], tf.float32) * real[:, None] * real
    each = batch.hinge * tf.nn.relu(batch.margin - lead) + (1 - batch.hinge) * tf.nn.softplus(-lead)
    return tf.reduce_sum(each * pairs, axis=(1, 2)) / tf.maximum(tf.reduce_sum(pairs, axis=(1, 2)), 1)


def listwise(batch: Batch) -> Any:
    """ListMLE (Xia et al., ICML 2008, equation 8), (R,): mean over i of -log softmax of s_i.

    The softmax of each i is over all j that are not better than i.
    """
    among = (batch.targets[:, None, :] <= batch.targets[:, :, None]) & (_real(batch) > 0)
    left = tf.where(among, batch.scores[:, None, :], tf.constant(-1e9, batch.scores.dtype))
    return tf.reduce_sum((tf.reduce_logsumexp(left, axis=2) - batch.scores) * batch.shares, axis=1)


def _real(batch: Batch) -> Any:
    """(B,) 1 on real places, 0 on padding."""
    return tf.cast(batch.shares > 0, tf.float32)


@dataclass(frozen=True)
class Loss:
    """One way to train.

    Attributes:
        function: from a batch to (R,) losses.
        targets: what labels are turned into: `z-scores`; `classes`, 0 and 1 as they are; or, for a loss of the order
            alone, `normal scores` of their ranks. Scores of the last have no unit; a line through the training labels
            gives them one.
    """

    function: Callable[[Batch], Any]
    targets: Literal["z-scores", "classes", "normal scores"]


LOSSES = {
    "squared": Loss(squared, "z-scores"),
    "logistic": Loss(logistic, "classes"),
    "hinge": Loss(pairwise, "normal scores"),
    "pairwise-logistic": Loss(pairwise, "normal scores"),
    "listwise": Loss(listwise, "normal scores"),
}
"""Name in a recipe -> loss. The cascade's classifier has the logistic one."""
