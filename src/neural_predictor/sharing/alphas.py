"""What DARTS and ProxylessNAS have in common: a probability of each choice, learnt along with the shared weights."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from neural_predictor.children.feeds import Order
from neural_predictor.config.sharing_recipes import AlphaRecipe
from neural_predictor.sharing.base import Method
from neural_predictor.sharing.one_shot import TAKEN
from neural_predictor.spaces.proxylessnas.layers import LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from neural_predictor.sharing.base import Trained
    from neural_predictor.sharing.trainer import Batch

    Floats = NDArray[np.float64]

AlphaRecipeOf = TypeVar("AlphaRecipeOf", bound=AlphaRecipe)
BETA_1, BETA_2, EPSILON = 0.5, 0.999, 1e-8
"""Of Adam, as DARTS has it for its alphas; ProxylessNAS has 0 for the first."""
EVERY_LAYER = np.arange(len(LAYERS))


class Alphas(Method[AlphaRecipeOf]):
    """Alphas (22, 7); a layer's softmax of them are the probabilities of its choices.

    The score of an architecture is the logarithm of its probability, and the choice is the most probable one.
    """

    def _begin(self) -> None:
        self.alphas, self._first, self._second = (np.zeros(TAKEN.shape) for _ in range(3))
        self._alpha_steps = 0

    def _own(self) -> dict[str, NDArray[Any]]:
        steps = np.array(self._alpha_steps)
        return {"alphas": self.alphas, "first": self._first, "second": self._second, "alpha_steps": steps}

    def _take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.alphas, self._first, self._second = (arrays[name].copy() for name in ("alphas", "first", "second"))
        self._alpha_steps = int(arrays["alpha_steps"])

    @property
    def probabilities(self) -> Floats:
        """(22, 7), 0 where a layer does not take an op code."""
        return _softmax(self.alphas)

    def run_epoch(self, epoch: int) -> Trained:  # noqa: D102
        rng, batches = self.generator(epoch), self._validation(epoch)

        def step(_: int) -> tuple[NDArray[np.uint8], Any]:
            if epoch >= self.recipe.warm_up:
                self._learn(rng, next(batches))
            return self._next(rng)

        return self._epoch(epoch, step)

    @abstractmethod
    def _learn(self, rng: np.random.Generator, batch: Batch) -> None:
        """One step of the alphas on validation images."""

    @abstractmethod
    def _next(self, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Any]:
        """Paths and gates of the next step of the weights."""

    def _descend(self, gradient: Floats) -> None:
        """One step of Adam against a gradient (22, 7), with weight decay."""
        gradient = np.where(TAKEN, gradient + self.recipe.alpha_decay * self.alphas, 0.0)
        self._alpha_steps += 1
        self._first = self._first + (1 - BETA_1) * (gradient - self._first)
        self._second = self._second + (1 - BETA_2) * (np.square(gradient) - self._second)
        first, second = (
            moment / (1 - beta**self._alpha_steps) for moment, beta in ((self._first, BETA_1), (self._second, BETA_2))
        )
        self.alphas = self.alphas - self.recipe.alpha_rate * first / (np.sqrt(second) + EPSILON)

    def _validation(self, epoch: int) -> Iterator[Batch]:
        """Batches of validation images without end, in an order that follows from the epoch."""
        while True:
            yield from self.trainer.batches("validation", Order(self.seed, epoch))

    def scores(self, codes: NDArray[np.uint8], accuracies: Floats) -> Floats:
        """(n,) logarithms of the probabilities of architectures (n, 22)."""
        tiny = np.finfo(float).tiny  # a probability that is rounded to 0 stays a score
        found: Floats = np.log(np.maximum(self.probabilities, tiny))[EVERY_LAYER, codes].sum(axis=1)
        return found

    def candidates(self) -> NDArray[np.uint8]:
        """(1, 22) the most probable choice of each layer."""
        return np.asarray(self.probabilities.argmax(axis=1)[None], np.uint8)


def _softmax(alphas: Floats) -> Floats:
    masked = np.where(TAKEN, alphas, -np.inf)
    powers = np.exp(masked - masked.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def through_softmax(probabilities: Floats, gradient: Floats) -> Floats:
    """Gradient with respect to alphas (n, k) from that with respect to their softmax (n, k)."""
    found: Floats = probabilities * (gradient - (probabilities * gradient).sum(axis=1, keepdims=True))
    return found
