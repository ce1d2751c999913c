"""What a method that shares weights is: epochs of training, then scores of paths and a choice.

Every draw follows from the seed and the number of epochs, and `arrays` are all that the rest follows from: a method
that is restored goes on as if never stopped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from neural_predictor.children.feeds import Order
from neural_predictor.config.sharing_recipes import SharingRecipe
from neural_predictor.errors import ChildError
from neural_predictor.sharing.trainer import SupernetTrainer, Values
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from neural_predictor.children.feeds import Feed
    from neural_predictor.config.child_recipes import NetworkRecipe

RecipeOf = TypeVar("RecipeOf", bound=SharingRecipe)


class Trained(NamedTuple):
    """Mean cross-entropy and share of right images of an epoch's training images, each when it was trained on."""

    loss: float
    accuracy: float


class Method(ABC, Generic[RecipeOf]):
    """A method; its file says what it is.

    Args:
        recipe: of the method.
        network: what architectures are built as.
        feed: the images; those of the split `test` are never asked for.
        seed: of weights, order and draws.
    """

    def __init__(self, recipe: RecipeOf, network: NetworkRecipe, feed: Feed, seed: int) -> None:
        self.recipe, self.seed, self.space = recipe, seed, ProxylessNasSpace()
        self.trainer = SupernetTrainer(network, recipe.training, feed, **self._sizes())
        self.values = self.trainer.start(seed, alike=recipe.start == "alike")
        self._begin()

    def _sizes(self) -> dict[str, Any]:
        """What the trainer is told besides: `branches` or `generated`."""
        return {}

    def _begin(self) -> None:
        """Set up what a method keeps besides."""

    def generator(self, *name: int) -> np.random.Generator:
        """Source of the draws of this name: an epoch, or what comes after the last."""
        return np.random.default_rng((self.seed, 2, *name))

    # State

    def _own(self) -> dict[str, NDArray[Any]]:
        """What a method keeps besides weights and slots."""
        return {}

    def _take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restore what `_own` gave."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that the rest of it follows from, by name."""
        slots = {f"slot_{k}": slot.numpy() for k, slot in enumerate(self.values.slots)}
        return {"weights": self.values.weights.numpy(), **slots, **self._own()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `arrays` gave.

        Raises:
            ChildError: if it is of another method, or holds numbers that are not finite.
        """
        expected = {name: (array.shape, array.dtype) for name, array in self.arrays().items()}
        found = {name: (array.shape, array.dtype) for name, array in arrays.items()}
        if found != expected:
            raise ChildError(f"it has {found}, this method needs {expected}: it is of another")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ChildError("it holds numbers that are not finite")
        slots = tuple(tf.constant(arrays[f"slot_{k}"]) for k in range(len(self.values.slots)))
        self.values = Values(tf.constant(arrays["weights"]), slots)
        self._take(arrays)

    # Training

    @abstractmethod
    def run_epoch(self, epoch: int) -> Trained:
        """Train one more epoch, the `epoch`-th from 0 on.

        Raises:
            ChildError: if the device's memory is exhausted.
        """

    def _epoch(self, epoch: int, steps: Callable[[int], tuple[NDArray[np.uint8], Any]]) -> Trained:
        """One pass over the training images; `steps` gives the paths and the gates of step k."""
        trainer, totals = self.trainer, []
        for k, batch in enumerate(trainer.batches("train", Order(self.seed, epoch))):
            place = (self.seed, epoch * trainer.steps + k)
            self.values, total = trainer.step(self.values, batch, *steps(k), place)
            totals.append(total)
        loss, right = np.array([total.numpy() for total in totals], np.float64).sum(axis=0)
        size = trainer.feed.size("train")
        return Trained(float(loss / size), float(right / size))

    @property
    def finite(self) -> bool:
        """Whether all numbers are: with others nothing can be learnt any more."""
        return all(bool(np.isfinite(array).all()) for array in self.arrays().values())

    # What comes of it

    def accuracies(self, codes: NDArray[np.uint8], advance: Callable[[int], None]) -> NDArray[np.float64]:
        """(n,) validation accuracy of paths (n, 22) with the shared weights, as shares of the images.

        Raises:
            ArchitectureError: for a path outside the space.
        """
        calibration, found = self.trainer.calibration(self.seed, self.recipe.calibration), []
        for code in codes:
            found.append(self.trainer.evaluate(self.values, code, calibration, "validation").accuracy)
            advance(1)
        return np.array(found)

    def scores(self, codes: NDArray[np.uint8], accuracies: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) what the method itself ranks architectures (n, 22) by, higher is better: here their accuracies."""
        return accuracies

    @abstractmethod
    def candidates(self) -> NDArray[np.uint8]:
        """(k, 22) the `SharingRecipe.evaluated` paths that it chooses among by their accuracies."""
