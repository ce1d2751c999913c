"""The paper's predictor as a Keras model: what `engine` trains many of at once, one at a time and readable.

Wen et al. 2020, section 3: V_{l+1} = 1/2 ReLU(A_hat V_l W+ + b+) + 1/2 ReLU(A_hat' V_l W- + b-), with A_hat' as
A_hat but of the reversed edges; the mean over nodes; a fully connected ReLU layer with dropout; one linear output,
here in units of the z-scored label.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.io.untrusted import parse_json, shortened, shown
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.keras_settings import keras
from neural_predictor.predictors.propagation import network_inputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.replicates import Replicates
    from neural_predictor.spaces import GraphBatch


@keras.saving.register_keras_serializable("neural_predictor")
class BidirectionalGraphConvolution(keras.layers.Layer):
    """Mean of two graph convolutions, one along the edges and one against them.

    Args:
        width: D, size of the embedding of a node.
        weight_decay: L2 of both kernels, as the coefficient of w in the gradient.
        initial_gain: factor of their Glorot-uniform initial values.
        **kwargs: as for every Keras layer.
    """

    def __init__(self, width: int, weight_decay: float = 0.0, initial_gain: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.weight_decay = weight_decay
        self.initial_gain = initial_gain

    def build(self, nodes_shape: tuple[int, ...], propagation_shape: tuple[int, ...]) -> None:
        """Make the kernels (f, D) and biases (D) of both directions."""
        decay = keras.regularizers.L2(self.weight_decay / 2)
        kernel, bias = (nodes_shape[-1], self.width), (self.width,)
        # Glorot's, for a gain of 1; one initializer for each kernel, since an instance draws the same values again.
        start = [keras.initializers.VarianceScaling(self.initial_gain**2, "fan_avg", "uniform") for _ in range(2)]
        self.forward_kernel = self.add_weight(kernel, start[0], regularizer=decay, name="forward_kernel")
        self.forward_bias = self.add_weight(bias, "zeros", name="forward_bias")
        self.backward_kernel = self.add_weight(kernel, start[1], regularizer=decay, name="backward_kernel")
        self.backward_bias = self.add_weight(bias, "zeros", name="backward_bias")

    def call(self, nodes: Any, propagation: Any) -> Any:
        """(n, v, f) embeddings and (n, 2, v, v) A_hat of both directions to (n, v, D) embeddings."""
        along = keras.ops.matmul(propagation[:, 0], keras.ops.matmul(nodes, self.forward_kernel)) + self.forward_bias
        against = (
            keras.ops.matmul(propagation[:, 1], keras.ops.matmul(nodes, self.backward_kernel)) + self.backward_bias
        )
        return 0.5 * keras.ops.relu(along) + 0.5 * keras.ops.relu(against)

    def get_config(self) -> dict[str, Any]:
        """What `from_config` takes."""
        own = {"width": self.width, "weight_decay": self.weight_decay, "initial_gain": self.initial_gain}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("neural_predictor")
class MeanOverNodes(keras.layers.Layer):
    """(n, v, D) embeddings and (n, v) weights to their weighted sum (n, D)."""

    def call(self, nodes: Any, pooling: Any) -> Any:
        """Sum over v."""
        return keras.ops.einsum("nvd,nv->nd", nodes, pooling)


def build_gcn(recipe: GcnRecipe, width: int, features: int) -> keras.Model:
    """The predictor as a functional model; `model_inputs` makes its inputs, `model.save` and `load_gcn` store it.

    Args:
        recipe: layers, hidden widths, dropout and weight decay.
        width: D.
        features: f, kinds of operation.
    """
    nodes = keras.Input((None, features), name="nodes")
    propagation = keras.Input((2, None, None), name="propagation")
    pooling = keras.Input((None,), name="pooling")
    hidden = nodes
    for layer in range(recipe.layers):
        convolution = BidirectionalGraphConvolution(
            width, recipe.weight_decay, recipe.initial_gain, name=f"convolution_{layer + 1}"
        )
        hidden = convolution(hidden, propagation)
    hidden = MeanOverNodes(name="mean")(hidden, pooling)
    decay = keras.regularizers.L2(recipe.weight_decay / 2)
    for layer, size in enumerate(recipe.hidden):
        hidden = keras.layers.Dense(size, "relu", kernel_regularizer=decay, name=f"hidden_{layer + 1}")(hidden)
        hidden = keras.layers.Dropout(recipe.dropout, name=f"dropout_{layer + 1}")(hidden)
    score = keras.layers.Dense(1, kernel_regularizer=decay, name="score")(hidden)
    return keras.Model([nodes, propagation, pooling], score, name="neural_predictor")


_ARCHIVE_ENTRIES = {"metadata.json", "config.json", "model.weights.h5"}
_ALLOWED_CLASSES = frozenset(
    (
        *("Functional", "BidirectionalGraphConvolution", "MeanOverNodes", "InputLayer", "Dense", "Dropout", "L2"),
        *("VarianceScaling", "GlorotUniform", "Zeros", "DTypePolicy", "__keras_tensor__"),
    )
)
"""Of what `build_gcn` makes. Keras would make an object of any class that a file names, and call what it holds."""
_ALLOWED_MODULES = (
    *(None, "keras", "keras.layers", "keras.regularizers", "keras.initializers", "builtins"),
    *("keras.src.models.functional", "neural_predictor.predictors.keras_gcn"),
)
_MAX_NUMBER = 2**16
"""Of the widths and other numbers of a model."""
_MAX_CONFIG_BYTES = 2**20


def load_gcn(path: Path | str) -> keras.Model:
    """A model that `build_gcn` made and `model.save` wrote, as a `.keras` file; no other class is made.

    Its weights are read by the HDF5 library, which is written in C: read files of people whom you trust.

    Raises:
        PredictorError: for a file that is no such model.
    """
    path = Path(path)
    try:
        _check_archive(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly anything
        told = shortened(str(error))
        raise PredictorError(f"{path}: not a saved gcn ({type(error).__name__}: {told})") from error


def _check_archive(path: Path) -> None:
    """Raise ValueError unless this is an archive as Keras makes it, with nothing in it but the classes of a gcn."""
    if path.suffix != ".keras":
        raise ValueError("the name does not end in .keras")  # Keras reads other names in older ways, with code in them
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if {entry.filename for entry in entries} != _ARCHIVE_ENTRIES or len(entries) != len(_ARCHIVE_ENTRIES):
            raise ValueError(f"it holds {sorted(entry.filename for entry in entries)[:9]}")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("an entry is compressed")
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise ValueError("its entries are larger than the file")
        with archive.open("config.json") as file:
            config = parse_json(file.read(_MAX_CONFIG_BYTES))
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if part.get("class_name", "L2") not in _ALLOWED_CLASSES or part.get("module") not in _ALLOWED_MODULES:
                raise ValueError(f"it names {shown(part.get('class_name'))} of {shown(part.get('module'))}")
            pending += [value for key, value in part.items() if key != "shared_object_id"]
        elif isinstance(part, list):
            pending += part
        if isinstance(part, int | float) and abs(part) > _MAX_NUMBER:
            raise ValueError(f"it holds the number {shown(part)}")


def model_inputs(graphs: GraphBatch) -> list[NDArray[np.float32]]:
    """Inputs of `build_gcn`'s model: nodes (n, v, f), propagation (n, 2, v, v), pooling (n, v)."""
    return list(network_inputs(graphs))


def keras_model(replicates: Replicates, replicate: int) -> keras.Model:
    """One replicate of a GCN as a Keras model; it predicts the z-scored label.

    Raises:
        PredictorError: for a predictor that is not the paper's.
    """
    recipe, stacked = replicates.recipe, replicates.weights
    if not (isinstance(recipe, GcnRecipe) and recipe.scores_by_distinct_nodes):
        raise PredictorError(f"only the paper's gcn has a Keras model here, not this {recipe.kind}")
    model = build_gcn(recipe, replicates.width, replicates.features)
    values: list[NDArray[np.float32]] = []
    for kernel, bias in zip(stacked[: 2 * recipe.layers : 2], stacked[1 : 2 * recipe.layers : 2], strict=True):
        along_kernel, against_kernel = np.split(kernel[replicate], 2, axis=-1)
        along_bias, against_bias = np.split(bias[replicate], 2, axis=-1)
        values += [along_kernel, along_bias, against_kernel, against_bias]
    model.set_weights(values + [weight[replicate] for weight in stacked[2 * recipe.layers :]])
    return model


def compile_gcn(model: keras.Model, recipe: GcnRecipe, train_size: int) -> None:
    """Compile for `fit` as the paper trains: squared error, Adam, cosine to zero over the actual steps."""
    steps = recipe.epochs * -(-train_size // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss="mse")
