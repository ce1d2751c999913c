"""Trained replicates of a predictor, and their file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.io.files import atomic
from neural_predictor.io.untrusted import read_npz
from neural_predictor.predictors.recipe import NeuralRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import keras
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Replicates:
    """R trained predictors of one recipe.

    Attributes:
        recipe: how they were built and trained.
        width: D.
        features: f, kinds of operation.
        weights: arrays (R, ...), laid out as in `network`.
        label_mean: (R,) mean of each replicate's training labels.
        label_deviation: (R,) their standard deviation.
        loss: (R, epochs) mean training loss, squared error of the z-scored label.
    """

    recipe: NeuralRecipe
    width: int
    features: int
    weights: tuple[NDArray[np.float32], ...]
    label_mean: NDArray[np.float64]
    label_deviation: NDArray[np.float64]
    loss: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.label_mean)

    def keras_model(self, replicate: int) -> keras.Model:
        """One replicate of a GCN as a Keras model; it predicts the z-scored label.

        Raises:
            PredictorError: for another kind of network.
        """
        if not self.recipe.local:
            raise PredictorError(f"only the paper's gcn has a Keras model here, not this {self.recipe.kind}")
        from neural_predictor.predictors.gcn import build_gcn

        model = build_gcn(self.recipe, self.width, self.features)
        values: list[NDArray[np.float32]] = []
        for k, weight in enumerate(self.weights):
            if k < 2 * self.recipe.layers and k % 2 == 0:
                kernels = np.split(weight[replicate], 2, axis=-1)
                biases = np.split(self.weights[k + 1][replicate], 2, axis=-1)
                values += [kernels[0], biases[0], kernels[1], biases[1]]
            elif k >= 2 * self.recipe.layers:
                values.append(weight[replicate])
        model.set_weights(values)
        return model

    def take(self, rows: Sequence[int]) -> Self:
        """The replicates at these places."""
        chosen = list(rows)
        return replace(
            self,
            weights=tuple(weight[chosen] for weight in self.weights),
            label_mean=self.label_mean[chosen],
            label_deviation=self.label_deviation[chosen],
            loss=self.loss[chosen],
        )

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Replicates of one recipe, width and number of operations as one."""
        return replace(
            parts[0],
            weights=tuple(np.concatenate(weights) for weights in zip(*(part.weights for part in parts), strict=True)),
            label_mean=np.concatenate([part.label_mean for part in parts]),
            label_deviation=np.concatenate([part.label_deviation for part in parts]),
            loss=np.concatenate([part.loss for part in parts]),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All but the recipe, as arrays that `from_arrays` takes."""
        return {
            "shape": np.array([self.width, self.features]),
            "label_mean": self.label_mean,
            "label_deviation": self.label_deviation,
            "loss": self.loss,
        } | {f"weight_{k:03d}": weight for k, weight in enumerate(self.weights)}

    @classmethod
    def from_arrays(cls, recipe: NeuralRecipe, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The replicates that gave these arrays.

        Raises:
            KeyError: if one is missing.
            ValueError: if one has not the type or shape that the recipe gives it.
        """
        found = cls(
            recipe=recipe,
            width=int(arrays["shape"][0]),
            features=int(arrays["shape"][1]),
            weights=tuple(arrays[name] for name in sorted(arrays) if name.startswith("weight_")),
            label_mean=arrays["label_mean"],
            label_deviation=arrays["label_deviation"],
            loss=arrays["loss"],
        )
        found._check()
        return found

    def _check(self) -> None:
        """Raise ValueError unless there are as many kernels and biases as layers, of one number of replicates."""
        recipe, kernels, biases = self.recipe, self.weights[::2], self.weights[1::2]
        if len(self.weights) != 2 * (recipe.layers + len(recipe.hidden) + 1) or not len(self):
            raise ValueError(f"{len(self.weights)} arrays of weights do not belong to {recipe.layers} layers")
        r = (len(self),)
        for kernel, bias in zip(kernels, biases, strict=True):
            if kernel.ndim != 3 or bias.shape != r + kernel.shape[2:] or kernel.shape[:1] != r:
                raise ValueError(f"a kernel {kernel.shape} and a bias {bias.shape} do not belong together")
        if self.label_mean.shape != r or self.label_deviation.shape != r or self.loss.shape[:1] != r:
            raise ValueError(f"units {self.label_mean.shape}, {self.label_deviation.shape} of {len(self)} replicates")
        numbers: list[NDArray[Any]] = [*self.weights, self.label_mean, self.label_deviation]
        for array in numbers:
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError("weights or units are not finite numbers")

    def save(self, path: Path) -> None:
        """Write an .npz file, atomically."""
        arrays: Any = self.arrays()
        with atomic(path) as part, part.open("wb") as file:
            np.savez(file, recipe=np.array(self.recipe.model_dump_json()), **arrays)


def load_replicates(path: Path) -> Replicates:
    """Read what `Replicates.save` wrote; nothing is unpickled.

    Raises:
        PredictorError: if the file is missing, damaged, or something else.
    """
    try:
        arrays = read_npz(path)
        return Replicates.from_arrays(NeuralRecipe.model_validate_json(str(arrays.pop("recipe"))), arrays)
    except (
        OSError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
    ) as error:
        raise PredictorError(f"{path}: not a file of trained predictors ({type(error).__name__}: {error})") from error
