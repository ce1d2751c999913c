"""The assessor: layers one after another through an LSTM; its last output goes to fully connected layers.

Source: Deng, Yan and Lin, "Peephole: Predicting Network Performance Before Training", 2017. What differs, beside what
`lstm` says: a layer there is an embedded code of type, kernel size and ratio of channels, and has no inputs to tell, as
the architectures are chains; here a layer is its operation, and its incoming edges beside it. There the number of
epochs trained is embedded and joins the LSTM's output, so that whole learning curves can be assessed; here every label
is of the same moment and that part is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.lstm import SEQUENCE_SETTINGS, encode, tokens
from neural_predictor.predictors.recipe_base import NeuralRecipe

if TYPE_CHECKING:
    from neural_predictor.predictors.network import Graphs, Weights


class AssessorRecipe(NeuralRecipe):
    """An LSTM over the nodes."""

    kind: Literal["assessor"] = "assessor"


NAMED = {"assessor": AssessorRecipe(**SEQUENCE_SETTINGS)}


def embed(weights: Weights, graphs: Graphs, recipe: AssessorRecipe) -> Any:
    """The LSTM's last output, (R, b, D)."""
    operations, incoming, real = tokens(graphs)
    return encode(tf.concat([operations, incoming], axis=-1), real, weights, recipe)[-1]
