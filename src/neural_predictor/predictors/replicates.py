"""Trained replicates of a predictor, and their file."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from neural_predictor.errors import PredictorError
from neural_predictor.files import atomic
from neural_predictor.predictors.recipe import NeuralRecipe

if TYPE_CHECKING:
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

    def save(self, path: Path) -> None:
        """Write an .npz file, atomically."""
        arrays: Any = {f"weight_{k:03d}": weight for k, weight in enumerate(self.weights)}
        with atomic(path) as part, part.open("wb") as file:
            np.savez(
                file,
                recipe=np.array(self.recipe.model_dump_json()),
                shape=np.array([self.width, self.features]),
                label_mean=self.label_mean,
                label_deviation=self.label_deviation,
                loss=self.loss,
                **arrays,
            )


def load_replicates(path: Path) -> Replicates:
    """Read what `Replicates.save` wrote; nothing is unpickled.

    Raises:
        PredictorError: if the file is missing, damaged, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Replicates(
                recipe=NeuralRecipe.model_validate_json(str(file["recipe"])),
                width=int(file["shape"][0]),
                features=int(file["shape"][1]),
                weights=tuple(file[name] for name in sorted(file.files) if name.startswith("weight_")),
                label_mean=file["label_mean"],
                label_deviation=file["label_deviation"],
                loss=file["loss"],
            )
    except (
        OSError,
        ValueError,
        KeyError,
        IndexError,
        EOFError,
        zipfile.BadZipFile,
        ValidationError,
    ) as error:
        raise PredictorError(f"{path}: not a file of trained predictors ({type(error).__name__}: {error})") from error
