"""The engine against the plain Keras model, and its promises: own seeds, padding, permutation, errors."""

import numpy as np
import pytest

from neural_predictor.errors import PredictorError
from neural_predictor.predictors import engine, network
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.keras_gcn import compile_gcn, keras_model, model_inputs
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces import GraphBatch
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace

SPACE = NasBenchGraphSpace()
RECIPE = GcnRecipe(width=12, epochs=6, batch_size=5, learning_rate=3e-3, hidden=(8,))
QUIET = RECIPE.model_copy(update={"dropout": 0.0})


@pytest.fixture(scope="module")
def graphs():
    return SPACE.encode(SPACE.sample(23, np.random.default_rng(0)))


@pytest.fixture(scope="module")
def labels():
    return np.random.default_rng(1).normal(90, 2, (3, 23))


@pytest.fixture(scope="module")
def replicates(graphs, labels):
    return engine.fit_replicates(graphs, labels, RECIPE, seeds=[1, 2, 3])


def in_keras(replicates, replicate):
    model = keras_model(replicates, replicate)
    compile_gcn(model, replicates.recipe, 23)
    model.jit_compile, model.run_eagerly = False, True  # a trace for each size of a batch takes longer than the steps
    return model


def test_the_engine_computes_what_the_keras_model_computes(graphs, replicates):
    scores = score(replicates, graphs)
    for k in range(3):
        plain = keras_model(replicates, k)(model_inputs(graphs), training=False).numpy()[:, 0]
        expected = plain * replicates.label_deviation[k] + replicates.label_mean[k]
        np.testing.assert_allclose(scores[k], expected, rtol=2e-5)


def test_the_engine_trains_as_keras_trains(graphs, labels):
    """Same weights, order and no dropout: the loss of each epoch agrees to 1e-4, final scores to 1e-3 deviations.

    23 graphs in batches of 5: the last step of an epoch has 3. Graphs are padded by two nodes.
    """
    graphs, labels, recipe = graphs.padded(8), labels[:2], QUIET.model_copy(update={"epochs": 3})
    seeds = [11, 12]
    start = [network.initial_weights(recipe, 12, 6, graphs.features, np.random.default_rng(seed)) for seed in seeds]
    initial = [np.stack(parts) for parts in zip(*start, strict=True)]
    replicates = engine.fit_replicates(graphs, labels, recipe, seeds, initial=initial)
    untrained = engine.Replicates(**{**vars(replicates), "weights": tuple(initial)})
    inputs = model_inputs(graphs)
    for k, seed in enumerate(seeds):
        model = in_keras(untrained, k)
        targets = (labels[k] - labels[k].mean()) / labels[k].std()
        order_rng = np.random.default_rng(seed).spawn(2)[1]
        for epoch in range(recipe.epochs):
            order = order_rng.permutation(23)
            losses = []
            for batch in np.split(order, range(5, 23, 5)):
                chosen = [part[batch] for part in inputs]
                scores = model(chosen, training=False).numpy()[:, 0]
                losses.append(np.mean((scores - targets[batch]) ** 2))
                model.train_on_batch(chosen, targets[batch])
            assert replicates.loss[k, epoch] == pytest.approx(np.mean(losses), rel=1e-4)
        ours = keras_model(replicates, k)(inputs, training=False).numpy()
        np.testing.assert_allclose(ours, model(inputs, training=False).numpy(), atol=1e-3)


def test_a_replicate_does_not_depend_on_what_is_trained_beside_it(graphs, labels, replicates, monkeypatch):
    alone = engine.fit_replicates(graphs, labels[1:2], RECIPE, seeds=[2])
    threads = engine.fit_replicates(graphs, labels, RECIPE, seeds=[1, 2, 3], workers=2)
    monkeypatch.setattr(engine, "STACKED_BYTES", 0)
    epochs = []
    in_turn = engine.fit_replicates(graphs, labels, RECIPE, seeds=[1, 2, 3], advance=epochs.append)
    assert sum(epochs) == 3 * RECIPE.epochs
    for whole, single, threaded, turned in zip(
        replicates.weights, alone.weights, threads.weights, in_turn.weights, strict=True
    ):
        np.testing.assert_allclose(whole[1], single[0], atol=1e-4)
        np.testing.assert_allclose(whole, threaded, atol=1e-4)
        np.testing.assert_allclose(whole, turned, atol=1e-4)


@pytest.mark.parametrize("steps", [5, 64, 70])
def test_calls_take_the_steps_of_all_epochs_in_turn(steps):
    """Three epochs of batches that are numbered through."""
    numbers = np.arange(1, 3 * steps + 1).reshape(3, steps, 1)
    epochs = ((part, part, part[:, 0], (part,)) for part in numbers)
    counts, found = [], []
    for count, (rows, targets, shares, (mask,)) in engine._blocks(epochs):
        assert len(rows) == len(targets) == len(shares) == len(mask) == engine.STEPS_A_CALL
        assert not rows.numpy()[count:].any()
        counts.append(count)
        found += rows.numpy()[:count, 0].tolist()
    assert found == numbers.ravel().tolist()
    assert counts[:-1] == [engine.STEPS_A_CALL] * (len(counts) - 1)


def test_rows_choose_each_replicates_training_set(graphs, labels):
    rows = np.stack([np.random.default_rng(k).permutation(23)[:15] for k in range(3)])
    chosen = np.take_along_axis(labels, rows, axis=1)
    by_rows = engine.fit_replicates(graphs, chosen, RECIPE, [1, 2, 3], rows)
    alone = engine.fit_replicates(graphs.take(rows[2]), chosen[2:], RECIPE, [3])
    np.testing.assert_allclose(score(by_rows, graphs)[2], score(alone, graphs)[0], rtol=1e-4)


@pytest.mark.parametrize("loss", ["squared", "hinge"])
def test_smaller_training_sets_are_fitted_beside_larger_ones(graphs, labels, loss):
    """What stands behind a replicate's own rows counts nowhere, and the others are fitted as without it."""
    recipe, rows = RECIPE.model_copy(update={"loss": loss}), np.tile(np.arange(23), (2, 1))
    both = engine.fit_replicates(graphs, labels[:2], recipe, [1, 2], rows, sizes=[23, 14])
    behind, other = rows.copy(), labels[:2].copy()
    behind[1, 14:], other[1, 14:] = 0, 1e6
    changed = engine.fit_replicates(graphs, other, recipe, [1, 2], behind, sizes=[23, 14])
    alone = engine.fit_replicates(graphs, labels[:1], recipe, [1])
    np.testing.assert_allclose(score(changed, graphs), score(both, graphs), rtol=1e-5)
    np.testing.assert_allclose(score(both, graphs)[0], score(alone, graphs)[0], rtol=1e-4)
    fewer = engine.fit_replicates(graphs, labels[:2], recipe, [1, 2], rows, sizes=[23, 15])
    assert not np.allclose(score(fewer, graphs)[1], score(both, graphs)[1], rtol=1e-5)
    if loss == "squared":
        assert both.label_mean[1] == pytest.approx(labels[1, :14].mean())


def test_training_learns_what_the_labels_say(graphs):
    signal = graphs.nodes.sum(axis=1) @ np.arange(11) + 50
    recipe = GcnRecipe(width=16, epochs=200, learning_rate=5e-3, dropout=0.0, weight_decay=0.0)
    replicates = engine.fit_replicates(graphs, signal[None], recipe, seeds=[0])
    assert replicates.loss[0, -1] < 0.05 < replicates.loss[0, 0]
    assert np.corrcoef(score(replicates, graphs)[0], signal)[0, 1] > 0.97


def test_scores_depend_on_neither_padding_nor_node_order_nor_batch(graphs, replicates):
    scores = score(replicates, graphs)
    np.testing.assert_allclose(score(replicates, graphs.padded(9)), scores, rtol=1e-5)
    np.testing.assert_allclose(score(replicates, graphs.permuted(np.array([3, 1, 5, 0, 2, 4]))), scores, rtol=1e-5)
    np.testing.assert_allclose(score(replicates, graphs, memory_mb=0), scores, rtol=1e-5)


def test_mixed_precision_is_near_full_precision(graphs, labels):
    full = engine.fit_replicates(graphs, labels, QUIET, seeds=[1, 2, 3])
    mixed_recipe = QUIET.model_copy(update={"precision": "mixed_bfloat16"})
    mixed = engine.fit_replicates(graphs, labels, mixed_recipe, seeds=[1, 2, 3])
    a, b = score(full, graphs), score(mixed, graphs)
    assert not np.array_equal(a, b)
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.98


def test_dropout_is_on_in_training_and_off_in_scoring(graphs, labels, replicates):
    without = engine.fit_replicates(graphs, labels, QUIET, seeds=[1, 2, 3])
    assert not np.allclose(replicates.loss, without.loss)
    np.testing.assert_array_equal(score(replicates, graphs), score(replicates, graphs))


def test_labels_that_cannot_be_learnt_are_refused(graphs, labels):
    with pytest.raises(PredictorError, match="finite and not all equal"):
        engine.fit_replicates(graphs, np.full((1, 23), 3.0), RECIPE, seeds=[0])
    with pytest.raises(PredictorError, match="finite and not all equal"):
        engine.fit_replicates(graphs, np.full((1, 23), np.nan), RECIPE, seeds=[0])
    with pytest.raises(PredictorError, match="do not fit together"):
        engine.fit_replicates(graphs, labels, RECIPE, seeds=[0])


@pytest.mark.parametrize("sizes", [[23], [23, 23, 24], [23, 0, 23]])
def test_sizes_that_do_not_fit_are_refused(graphs, labels, sizes):
    with pytest.raises(PredictorError, match=r"sizes \[.*\]: 3 numbers from 1 to 23, one a seed"):
        engine.fit_replicates(graphs, labels, RECIPE, seeds=[1, 2, 3], sizes=sizes)


def test_divergence_is_an_error_that_names_the_epoch(graphs, labels):
    recipe = QUIET.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(PredictorError, match=r"diverged in epoch \d+.*lower learning_rate"):
        engine.fit_replicates(graphs, labels, recipe, seeds=[1, 2, 3])


def test_graphs_of_another_space_are_refused(graphs, replicates):
    fewer = GraphBatch(graphs.nodes[:, 1:-1, 1:-1], graphs.adjacency[:, 1:-1, 1:-1], graphs.mask[:, 1:-1])
    with pytest.raises(PredictorError, match="trained on 11 kinds of operation, these graphs have 9"):
        score(replicates, fewer)
