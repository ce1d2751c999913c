"""The training loop that can have defects: without any it is the engine, with each it is what the defect is."""

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.figures.audit.defects.training import COSINE_STEPS, Faults, fit_and_score, pooled_with_padding
from neural_predictor.predictors.engine import fit_replicates
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.scoring import score
from neural_predictor.search.draws import draw_repeat
from neural_predictor.spaces import GraphBatch
from neural_predictor.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraphSpace
from neural_predictor.tables.benchmarks import space_of
from neural_predictor.tables.table import BenchmarkTable

RECIPE = GcnRecipe(layers=1, width=8, hidden=(8,), epochs=4, learning_rate=1e-2)


@pytest.fixture(scope="module", autouse=True)
def uncompiled():
    """Twelve steps are done long before their code is compiled."""
    tf.config.run_functions_eagerly(run_eagerly=True)
    yield
    tf.config.run_functions_eagerly(run_eagerly=False)


@pytest.fixture(scope="module")
def table():
    space = NasBenchGraphSpace(PROTEINS_OPERATIONS)
    codes = space.enumerate()[::9]
    accuracy = 0.6 + 0.3 * (codes[:, 1:] == 1).mean(axis=1)[:, None]
    metrics = {"validation_accuracy": accuracy, "test_accuracy": accuracy}
    return BenchmarkTable("nasbench-graph-proteins", space.name, space.identify(codes), codes, metrics)


@pytest.fixture(scope="module")
def draws(table):
    return [draw_repeat(table, 1, 25, repeat) for repeat in range(2)]


@pytest.fixture(scope="module")
def honest(uncompiled, table, draws):
    return fit_and_score(table, RECIPE, draws, Faults())


def test_without_a_defect_it_trains_as_the_engine(table, draws, honest):
    graphs = space_of(table).encode(table.encoding)
    rows, labels = np.stack([draw.train_rows for draw in draws]), np.stack([draw.labels for draw in draws])
    fitted = fit_replicates(graphs, labels, RECIPE, [draw.seed for draw in draws], rows)
    np.testing.assert_allclose(honest, score(fitted, graphs), atol=1e-5)


def test_compiled_it_gives_the_same(table, draws):
    faults = Faults(long_cosine=True, clipped_head=True, padding_pooled=True, gradients_kept=True)
    plain = fit_and_score(table, RECIPE, draws, faults)
    tf.config.run_functions_eagerly(run_eagerly=False)
    try:
        np.testing.assert_allclose(fit_and_score(table, RECIPE, draws, faults), plain, atol=1e-5)
    finally:
        tf.config.run_functions_eagerly(run_eagerly=True)


def test_a_long_cosine_leaves_the_rate_where_it_was(table, draws, honest):
    """In 12 of 10,000 steps the rate hardly falls: the weights go further than on a cosine of 12."""
    assert RECIPE.epochs * 3 < COSINE_STEPS / 100
    found = fit_and_score(table, RECIPE, draws, Faults(long_cosine=True))
    start = fit_and_score(table, RECIPE.model_copy(update={"learning_rate": 1e-9}), draws, Faults())
    assert np.abs(found - start).mean() > 1.2 * np.abs(honest - start).mean()


def test_a_clipped_head_predicts_from_10_to_100_percent(table, draws):
    steep = RECIPE.model_copy(update={"learning_rate": 0.5})
    found = fit_and_score(table, steep, draws, Faults(clipped_head=True))
    assert found.min() >= 0.1
    assert found.max() <= 1.0
    assert found.max() == pytest.approx(1.0)


def test_kept_gradients_lead_elsewhere(table, draws, honest):
    found = fit_and_score(table, RECIPE, draws, Faults(gradients_kept=True))
    assert np.abs(found - honest).max() > 1e-3
    first = RECIPE.model_copy(update={"epochs": 1, "batch_size": 25})  # of one step there is no gradient to keep
    one, kept = (fit_and_score(table, first, draws, Faults(gradients_kept=keep)) for keep in (False, True))
    np.testing.assert_allclose(one, kept, atol=1e-6)


def test_pooled_padding_changes_what_a_graph_is():
    """One edge, then the same with a padding node: the mean is over three, and it has a self-loop."""
    nodes = np.zeros((1, 3, 2), np.float32)
    nodes[0, [0, 1], [0, 1]] = 1
    adjacency = np.zeros((1, 3, 3), np.uint8)
    adjacency[0, 0, 1] = 1
    graphs = GraphBatch(nodes, adjacency, np.array([[True, True, False]]))
    _, propagation, pooling = pooled_with_padding(graphs)
    np.testing.assert_allclose(pooling, np.full((1, 3), 1 / 3))
    root = np.sqrt(0.5)
    np.testing.assert_allclose(propagation[0, 0], [[0.5, root, 0], [0, 1, 0], [0, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(propagation[0, 1], [[1, 0, 0], [root, 0.5, 0], [0, 0, 1]], rtol=1e-6)
