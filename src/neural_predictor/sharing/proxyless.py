"""ProxylessNAS: weights learn along one path at a time, alphas by two, and the latency may be in the loss.

Source: Cai et al., "ProxylessNAS: Direct Neural Architecture Search on Target Task and Hardware", ICLR 2019. For a step
of the alphas two choices of each layer are drawn by their probabilities. One of the two is open, drawn again; gates
are 1 and 0. The gradient of the loss with respect to the gates stands in for that of the two choices' probabilities,
and both alphas are moved so that the probabilities of the other choices stay. The expected latency is a sum over
layers, of which the gradient is exact.

What differs: alphas take one step with each step of the weights, by DARTS's Adam. The latency is TuNAS's linear model
of the Pixel 1 (`latency.pixel1`), that of the architecture at width 1 and 224 pixels, whatever is trained; its
expectation as a share of `latency_ms` times `latency_weight` is added to the loss. The paper trains the weights alone
for some epochs first: `warm_up`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.config.sharing_recipes import Proxyless as Recipe
from neural_predictor.latency.pixel1 import load
from neural_predictor.sharing.alphas import Alphas, through_softmax
from neural_predictor.sharing.one_shot import TAKEN
from neural_predictor.sharing.trainer import SupernetTrainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.sharing.trainer import Batch

    Floats = NDArray[np.float64]
    Pairs = NDArray[np.intp]


class Proxyless(Alphas[Recipe]):
    """See the module."""

    def _begin(self) -> None:
        super()._begin()
        whole = self.trainer
        self._two = SupernetTrainer(whole.network, whole.training, whole.feed, branches=2)
        self._latency = np.where(TAKEN, load().table, 0.0)  # the table is NaN where a layer does not take a code

    def _learn(self, rng: np.random.Generator, batch: Batch) -> None:
        pairs = drawn(rng, self.probabilities, 2)
        among = pair_softmax(self.alphas, pairs)
        opened = (rng.random(len(pairs)) >= among[:, 0]).astype(np.intp)
        gates = tf.constant(np.eye(2)[opened], tf.float32)
        of_gates = self._two.gate_gradient(self.values, batch, pairs.T.astype(np.uint8), gates)
        gradient = np.zeros(TAKEN.shape)
        slower = np.take_along_axis(self._of_latency(), pairs, axis=1)
        np.put_along_axis(gradient, pairs, through_softmax(among, of_gates) + slower, axis=1)
        before = self.alphas
        self._descend(gradient)
        self.alphas = with_mass_of(before, self.alphas, pairs)

    def _next(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Any]:
        return drawn(rng, self.probabilities, 1).T.astype(np.uint8), None

    def _of_latency(self) -> Floats:
        """(22, 7) gradient of the latency's part of the loss with respect to alphas."""
        weight = self.recipe.latency_weight / self.recipe.latency_ms
        return weight * through_softmax(self.probabilities, self._latency)


def drawn(rng: np.random.Generator, probabilities: Floats, count: int) -> Pairs:
    """(22, count) different choices of each layer, drawn one after another by probabilities (22, 7)."""
    with np.errstate(divide="ignore"):
        keys = np.log(probabilities) + rng.gumbel(size=probabilities.shape)
    return np.argsort(-keys, axis=1, kind="stable")[:, :count]


def pair_softmax(alphas: Floats, pairs: Pairs) -> Floats:
    """(22, 2) probabilities of both choices of a pair, if it must be one of them."""
    own = np.take_along_axis(alphas, pairs, axis=1)
    powers = np.exp(own - own.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def with_mass_of(before: Floats, after: Floats, pairs: Pairs) -> Floats:
    """Alphas in which pairs have moved to `after`, less what keeps their sum of exponentials as it was before."""
    old, new = (np.logaddexp.reduce(np.take_along_axis(alphas, pairs, axis=1), axis=1) for alphas in (before, after))
    found = before.copy()
    np.put_along_axis(found, pairs, np.take_along_axis(after, pairs, axis=1) + (old - new)[:, None], axis=1)
    return found
