"""NAO: from the embeddings of the best architectures along the predictor's gradient, then to the nearest architecture.

Source: Luo, Tian, Qin, Chen and Liu, "Neural Architecture Optimization", NeurIPS 2018: an encoder embeds an
architecture, a predictor scores the embedding, a gradient step moves the embeddings of the best architectures, a
decoder makes architectures of them; longer steps are taken until enough of these are new. Encoder and predictor are the
project's `nao`, whose file says what differs. There is no decoder: a moved embedding is decoded to the architecture
whose embedding is nearest, among all of a listed pool, or among samples and mutations of the best of one without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors import network
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.nao import NAMED, NaoRecipe
from neural_predictor.predictors.scoring import PlainScorer
from neural_predictor.search.ranges import INITIAL, PARENTS, TRAINING, Range
from neural_predictor.search.surrogate import Surrogate, SurrogateSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.predictors.replicates import Replicates
    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]
    Floats = NDArray[np.float32]

STEPS = 20
"""Lengths of the gradient step that are tried, multiples of the first."""


class NaoSettings(SurrogateSettings):
    """Settings of NAO.

    Attributes:
        step: length of the shortest step; embeddings have the length 1.
        recipe: encoder, predictor and their training.
    """

    step: Annotated[float, Field(gt=0)] = 0.1
    recipe: NaoRecipe = NAMED["nao"]

    ranges: ClassVar[Ranges] = {"initial": INITIAL, "parents": PARENTS, "step": Range(0.03, 0.3, log=True), **TRAINING}


class Nao(Surrogate):
    """See the module."""

    settings_class = NaoSettings

    def _choose(self, offered: Rows, count: int) -> Rows:
        fitted = self._fitted(self.settings.recipe)
        weights, recipe = tuple(weight[0] for weight in fitted.weights), fitted.recipe
        known = PlainScorer(self.pool.graphs(offered), recipe).embed(weights, recipe)
        parents = PlainScorer(self.pool.graphs(self.best(self.settings.parents)), recipe).embed(weights, recipe)
        ascent = _unit(_gradient(fitted, parents))
        half, found = np.square(known).sum(axis=1) / 2, dict[int, None]()
        for k in range(1, STEPS + 1):
            moved = parents + self.settings.step * k * ascent
            closeness = moved @ known.T - half  # larger is nearer
            closeness[:, list(found)] = -np.inf
            found |= dict.fromkeys(closeness.argmax(axis=1).tolist())
            if len(found) >= min(count, len(offered)):
                break
        chosen = offered[list(found)][:count]
        return np.append(chosen, self.random(count - len(chosen), besides=chosen))


def _gradient(fitted: Replicates, embedded: Floats) -> Floats:
    """(k, E) gradient of the first replicate's scores by embeddings (k, E)."""
    head = tuple(tf.constant(weight[:1]) for weight in fitted.weights[2 * fitted.recipe.layers :])
    points = tf.constant(embedded[None])
    with tf.GradientTape() as tape:
        tape.watch(points)
        total = tf.reduce_sum(network.head(points, head, fitted.recipe, ()))
    return np.asarray(tape.gradient(total, points)[0], np.float32)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
