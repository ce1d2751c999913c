"""Scoring of a whole space with trained replicates, each distinct node once (`weisfeiler_lehman`) where that holds."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import network
from neural_predictor.predictors.kernels import multiply, padded
from neural_predictor.predictors.lazy import tf
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.predictors.weisfeiler_lehman import refine_colours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from neural_predictor.predictors.recipe_base import NeuralRecipe
    from neural_predictor.predictors.replicates import Replicates
    from neural_predictor.predictors.weisfeiler_lehman import Colouring
    from neural_predictor.spaces import GraphBatch

Links = tuple["Sequence[int]", "Sequence[int]"]
MEMORY_MB = 2048
"""Embeddings that are held at once, unless said otherwise."""
MAX_PLAIN_GRAPHS = 2**13
"""So many graphs or fewer are scored faster whole than by their distinct nodes."""
PLAIN_BATCH = 512
"""Graphs of a batch, however few are asked for: to compile another size takes longer than to score thousands."""
MAX_SHARED_PLACES = 16
"""Places of a graph up to which distinct nodes are computed once: unrolled over pairs of places, the code for 30 takes
ten seconds to compile, and where graphs are large few of their nodes are alike."""
POOLED_GRAPHS = 2**16
"""Graphs that are pooled at once."""


def _round_up(count: int) -> int:
    """A size near `count`, of few, so that blocks of similar sizes share their compiled code."""
    step = max(256, 2 ** max(count.bit_length() - 4, 0))
    return -(-count // step) * step


def _even(count: int, most: int) -> int:
    """The size of parts of nearly the same size, each of at most `most`; at least 1."""
    return -(-count // max(1, -(-count // most))) or 1


def _propagate(gathered: list[Any], rows: Any, bias: Any, links: Links) -> Any:
    """One node's embedding in each of m graphs, (m, D): 1/2 ReLU along + 1/2 ReLU against the edges.

    Unrolled over the neighbours: XLA makes one loop of it that holds nothing but its result.

    Args:
        gathered: for each of v places (m, 2 D), the node's product with the kernels of both directions.
        rows: (m, 2, v) the node's rows of A_hat.
        bias: (2 D,).
        links: places that the node sees in any of the graphs, along and against the edges.
    """
    half = bias.shape[0] // 2
    along, against = bias[:half], bias[half:]
    for j in links[0]:
        along += rows[:, 0, j, None] * gathered[j][:, :half]
    for j in links[1]:
        against += rows[:, 1, j, None] * gathered[j][:, half:]
    return 0.5 * tf.nn.relu(along) + 0.5 * tf.nn.relu(against)


def _gather(product: Any, colours: Any) -> list[Any]:
    return [tf.gather(product, colours[:, j]) for j in range(colours.shape[1])]


@lru_cache(maxsize=32)
def _compiled(recipe: NeuralRecipe, links: tuple[Links, ...]) -> tuple[Any, Any]:
    """The step from one round's product to the next one's, and from the last round to scores.

    `links` says for each place of a graph which places it sees in any of the graphs at hand.
    """
    everywhere = range(len(links))

    @tf.function(jit_compile=True, autograph=False)
    def climb(product: Any, members: Any, rows: Any, bias: Any, kernel: Any) -> Any:
        nodes = _propagate(_gather(product, members), rows, bias, (everywhere, everywhere))
        return multiply(nodes, kernel, recipe)

    @tf.function(jit_compile=True, autograph=False)
    def finish(product: Any, graphs: Any, bias: Any, weights: Any) -> Any:
        colours, propagation, pooling = graphs
        gathered = _gather(product, colours)
        pooled = tf.add_n(
            [pooling[:, i, None] * _propagate(gathered, propagation[:, i], bias, seen) for i, seen in enumerate(links)]
        )
        return network.head(pooled[None], tuple(weight[None] for weight in weights), recipe, ())[0]

    return climb, finish


def _links(graphs: GraphBatch) -> tuple[Links, ...]:
    """For each place, the places that it is linked to in any graph, itself among them, along and against the edges."""
    linked = graphs.adjacency.any(axis=0) | np.eye(graphs.mask.shape[1], dtype=np.bool_)
    return tuple(
        (tuple(np.flatnonzero(linked[i]).tolist()), tuple(np.flatnonzero(linked[:, i]).tolist()))
        for i in range(len(linked))
    )


class SpaceScorer:
    """Graphs made ready to be scored by any number of GCNs.

    Args:
        graphs: n graphs.
        layers: graph convolutions of the predictors that will score them.
        width: their D.
        memory_mb: bound on the embeddings that are held at once; the graphs are dealt to blocks by it.
    """

    def __init__(self, graphs: GraphBatch, layers: int, width: int, memory_mb: int = MEMORY_MB) -> None:
        # Before the last convolution a block holds D embeddings and 2 D products of each distinct node.
        bytes_a_graph = graphs.mask.shape[1] * width * 3 * 4
        block = _even(len(graphs), max(memory_mb * 2**20 // bytes_a_graph, 256))
        self._links = _links(graphs)
        found = [
            refine_colours(graphs.take(slice(start, start + block)), layers - 1)
            for start in range(0, len(graphs), block)
        ]
        # To compile a shape takes seconds. Blocks are even, so that few differ; on a GPU, where padding costs nothing,
        # all have the largest one's.
        sizes = [[_round_up(len(part.members)) for part in one.rounds] for one in found]
        if tf.config.list_logical_devices("GPU"):
            sizes = [[max(each) for each in zip(*sizes, strict=True)]] * len(found)
        pooled = _even(block, POOLED_GRAPHS)
        self._blocks = [self._on_device(one, own, pooled) for one, own in zip(found, sizes, strict=True)]

    @staticmethod
    def _on_device(
        block: Colouring, sizes: Sequence[int], pooled: int
    ) -> tuple[list[tuple[Any, Any]], list[tuple[int, tuple[Any, ...]]]]:
        rounds = [
            (padded(part.members, size), padded(part.rows, size))
            for part, size in zip(block.rounds, sizes, strict=True)
        ]
        heads = []
        for start in range(0, len(block.colours), pooled):
            parts = [part[start : start + pooled] for part in (block.colours, block.propagation, block.pooling)]
            heads.append((len(parts[0]), tuple(padded(part, _round_up(pooled)) for part in parts)))
        return rounds, heads

    def score(self, weights: tuple[NDArray[np.float32], ...], recipe: NeuralRecipe) -> NDArray[np.float32]:
        """(n,) scores by one replicate's weights (without the leading axis), in units of its z-scored label."""
        climb, finish = _compiled(recipe, self._links)
        on_device = [tf.constant(weight) for weight in weights]
        kernels, biases = on_device[: 2 * recipe.layers : 2], on_device[1 : 2 * recipe.layers : 2]
        scores = []
        for rounds, heads in self._blocks:
            product = kernels[0]
            for (members, rows), bias, kernel in zip(rounds, biases, kernels[1:], strict=False):
                product = climb(product, members, rows, bias, kernel)
            for count, graphs in heads:
                found = finish(product, graphs, biases[-1], on_device[2 * recipe.layers :])
                scores.append(found.numpy()[:count])
        return np.concatenate(scores)


@lru_cache(maxsize=32)
def _compiled_forward(recipe: NeuralRecipe, function: Callable[[Any, Any, NeuralRecipe], Any]) -> Any:
    """What `network.forward` or `network.embed` makes of one replicate's weights and graphs (b, ..), compiled."""

    @tf.function(jit_compile=True, autograph=False)
    def run(weights: Any, graphs: Any) -> Any:
        one = tuple(weight[None] for weight in weights)
        return function(one, tuple(part[None] for part in graphs), recipe)[0]

    return run


class PlainScorer:
    """For predictors whose nodes are not shared between graphs, and for large graphs: every graph, in batches."""

    def __init__(self, graphs: GraphBatch, recipe: NeuralRecipe) -> None:
        self._batches = []
        for start in range(0, len(graphs), PLAIN_BATCH):
            part = graphs.take(slice(start, start + PLAIN_BATCH))
            inputs = tuple(padded(values, PLAIN_BATCH) for values in network_inputs(part, recipe))
            self._batches.append((len(part), inputs))

    def score(self, weights: tuple[NDArray[np.float32], ...], recipe: NeuralRecipe) -> NDArray[np.float32]:
        """As `SpaceScorer.score`."""
        return self._run(network.forward, weights, recipe)

    def embed(self, weights: tuple[NDArray[np.float32], ...], recipe: NeuralRecipe) -> NDArray[np.float32]:
        """(n, E) vectors that one replicate makes of the graphs, before its fully connected layers."""
        return self._run(network.embed, weights, recipe)

    def _run(
        self,
        function: Callable[[Any, Any, NeuralRecipe], Any],
        weights: tuple[NDArray[np.float32], ...],
        recipe: NeuralRecipe,
    ) -> NDArray[np.float32]:
        compiled, on_device = _compiled_forward(recipe.inference_key, function), tuple(map(tf.constant, weights))
        return np.concatenate([compiled(on_device, part).numpy()[:count] for count, part in self._batches])


def make_scorer(
    graphs: GraphBatch, recipe: NeuralRecipe, width: int, memory_mb: int = MEMORY_MB
) -> SpaceScorer | PlainScorer:
    """Graphs made ready to be scored by replicates of this kind, number of layers, and D."""
    if recipe.scores_by_distinct_nodes and graphs.mask.shape[1] <= MAX_SHARED_PLACES:
        return SpaceScorer(graphs, recipe.layers, width, memory_mb)
    return PlainScorer(graphs, recipe)


@contextmanager
def full_float32() -> Iterator[None]:
    """Products in float32: TF32, a GPU's default, has 10 bits, which moved scores by 2.4e-3 deviations."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def score(
    replicates: Replicates,
    graphs: GraphBatch,
    *,
    memory_mb: int = MEMORY_MB,
    scorer: SpaceScorer | PlainScorer | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Predicted labels of n graphs by all R replicates: (R, n), in the labels' unit (logits for a logistic loss).

    Args:
        replicates: trained predictors.
        graphs: n graphs with the operations that the predictors were trained on.
        memory_mb: bound on the embeddings that are held at once.
        scorer: what `make_scorer` made of the same graphs, if they are scored more than once.
        advance: called with the number of graphs scored since the last call.

    Raises:
        PredictorError: if the graphs have another number of operations.
    """
    if graphs.features != replicates.features:
        raise PredictorError(
            f"the predictor was trained on {replicates.features} kinds of operation, "
            f"these graphs have {graphs.features}"
        )
    if scorer is None:
        scorer = make_scorer(graphs, replicates.recipe, replicates.width, memory_mb)
    scores = np.empty((len(replicates), len(graphs)), np.float32)
    for k, row in enumerate(scores):
        with full_float32():
            row[:] = scorer.score(tuple(weight[k] for weight in replicates.weights), replicates.recipe)
        row *= replicates.label_deviation[k]
        row += replicates.label_mean[k]
        advance(len(graphs))
    return scores
