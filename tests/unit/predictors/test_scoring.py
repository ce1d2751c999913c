"""Scoring by distinct nodes is the plain model's scoring, on every space and in any number of blocks."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy.stats import kendalltau

from neural_predictor.predictors import engine, network
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.keras_gcn import keras_model, model_inputs
from neural_predictor.predictors.replicates import Replicates
from neural_predictor.predictors.scoring import SpaceScorer, score
from neural_predictor.predictors.weisfeiler_lehman import refine_colours
from neural_predictor.spaces import SPACES, make_space

RNG = np.random.default_rng


def untrained(recipe, width, features, count=2):
    drawn = [network.initial_weights(recipe, width, 7, features, RNG(seed)) for seed in range(count)]
    weights = tuple(RNG(k).normal(size=np.shape(parts)) * 0.3 for k, parts in enumerate(zip(*drawn, strict=True)))
    weights = tuple(weight.astype(np.float32) for weight in weights)
    units = {"label_mean": np.array([1.0, 2.0]), "label_deviation": np.array([0.5, 3.0]), "loss": np.zeros((2, 1))}
    return Replicates(recipe, width, features, weights, **units)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("name", SPACES)
def test_scores_are_the_plain_models(name, layers):
    space = make_space(name)
    graphs = space.encode(space.sample(300, RNG(0)))
    recipe = GcnRecipe(layers=layers, width=8, hidden=(6, 5))
    replicates = untrained(recipe, 8, graphs.features)
    whole, in_blocks = score(replicates, graphs), score(replicates, graphs, memory_mb=0)
    for k in range(2):
        plain = keras_model(replicates, k)(model_inputs(graphs), training=False).numpy()[:, 0]
        expected = plain * replicates.label_deviation[k] + replicates.label_mean[k]
        np.testing.assert_allclose(whole[k], expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(in_blocks[k], expected, rtol=1e-4, atol=1e-4)


def test_the_whole_of_nasbench101_has_few_colours():
    space = make_space("nasbench101")
    found = refine_colours(space.encode(space.enumerate()), rounds=2)
    assert [len(part.members) for part in found.rounds] == [1_594, 902_935]
    assert found.colours.shape == (423_624, 7)


def test_a_cells_score_depends_on_neither_padding_nor_the_order_of_its_vertices():
    space = make_space("nasbench101")
    graphs = space.encode(space.sample(300, RNG(1)))
    recipe = GcnRecipe(width=8)
    replicates = untrained(recipe, 8, graphs.features)
    scores = score(replicates, graphs)
    np.testing.assert_allclose(score(replicates, graphs.padded(10)), scores, rtol=1e-4)
    np.testing.assert_allclose(score(replicates, graphs.permuted(RNG(0).permutation(7))), scores, rtol=1e-4)


def test_memory_bounds_the_graphs_of_a_block():
    space = make_space("nasbench101")
    graphs = space.encode(space.sample(5000, RNG(0)))
    few = SpaceScorer(graphs, layers=3, width=144, memory_mb=24)
    sizes = [sum(count for count, _ in heads) for _, heads in few._blocks]
    assert len(sizes) == 3
    assert sum(sizes) == 5000
    assert max(sizes) * 7 * 144 * 3 * 4 <= 24 * 2**20


@pytest.mark.shared_data
@pytest.mark.slow
def test_the_papers_recipe_ranks_real_cells(shared_data):
    """N = 172 of 15,058 random NAS-Bench-101 cells (label: best of three runs): tau on the unseen rest, 2 splits."""
    real = pd.read_csv(shared_data / "nasbench101_val_15k.csv.gz", dtype={"adjacency": str})
    space = make_space("nasbench101")
    graphs = space.encode(space.from_columns([real["adjacency"].tolist(), real["operations"].tolist()]))
    labels = real["val_acc_108_max3"].to_numpy()
    rows = np.stack([RNG(split).choice(len(real), 172, replace=False) for split in range(2)])
    replicates = engine.fit_replicates(graphs, labels[rows], GcnRecipe(), range(2), rows, workers=2)
    pairs = zip(score(replicates, graphs), rows, strict=True)
    taus = [kendalltau(np.delete(scores, seen), np.delete(labels, seen)).statistic for scores, seen in pairs]
    print(f"tau {np.mean(taus):.3f}, standard deviation of a split {np.std(taus, ddof=1):.3f}")
    assert np.mean(taus) >= 0.58


def test_blocks_of_a_space_share_their_heads_shape():
    """To compile one takes seconds."""
    space = make_space("nasbench101")
    graphs = space.encode(space.sample(3000, RNG(0)))
    scorer = SpaceScorer(graphs, layers=3, width=144, memory_mb=12)
    shapes = {tuple(part.shape for part in parts) for _, heads in scorer._blocks for _, parts in heads}
    assert len(scorer._blocks) == 3
    assert len(shapes) == 1


@pytest.mark.parametrize("before", [True, False])
def test_scores_are_computed_in_full_float32_and_what_was_set_comes_back(before):
    space = make_space("nasbench101")
    graphs = space.encode(space.sample(20, RNG(0)))
    replicates = untrained(GcnRecipe(width=8), 8, graphs.features)
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    enable = tf.config.experimental.enable_tensor_float_32_execution
    found, seen = enabled(), []
    enable(before)

    class Scorer:
        def score(self, *_):
            seen.append(enabled())
            if len(seen) == 2:
                raise ValueError("in the midst")
            return np.zeros(20, np.float32)

    try:
        with pytest.raises(ValueError, match="in the midst"):
            score(replicates, graphs, scorer=Scorer())
        assert seen == [False, False]
        assert enabled() == before
    finally:
        enable(found)
