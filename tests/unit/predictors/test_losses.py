"""One step of training: the loss of initial weights, and how far the recipe's numbers move them."""

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.predictors import engine, network
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.losses import LOSSES, Batch
from neural_predictor.predictors.scoring import score
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace

SPACE = NasBenchGraphSpace()
ONE_STEP = GcnRecipe(width=12, hidden=(8,), epochs=1, batch_size=23, dropout=0.0, loss="hinge", optimizer="adamw")


@pytest.fixture(scope="module")
def graphs():
    return SPACE.encode(SPACE.sample(23, np.random.default_rng(0)))


@pytest.fixture(scope="module")
def initial(graphs):
    rng = np.random.default_rng(1)
    return [weight[None] for weight in network.initial_weights(ONE_STEP, 12, 6, graphs.features, rng)]


@pytest.fixture(scope="module")
def fit(graphs, initial):
    """Train one step by `ONE_STEP` with these fields changed."""
    labels = np.random.default_rng(2).permutation(23)[None]

    def fit(**changes):
        recipe = ONE_STEP.model_copy(update=changes)
        return labels[0], engine.fit_replicates(graphs, labels, recipe, [3], initial=initial)

    return fit


def pairs_of(scores, labels):
    """s_i - s_j of all pairs where i is better than j."""
    return np.array([scores[i] - scores[j] for i in range(23) for j in range(23) if labels[i] > labels[j]])


def list_mle(scores, labels):
    """-log of the Plackett-Luce probability of the true order, over its length."""
    best_first = scores[np.argsort(-labels)]
    return np.mean([np.log(np.exp(best_first[k:]).sum()) - best_first[k] for k in range(23)])


DEFINITIONS = {
    "hinge, margin .1": ({"margin": 0.1}, lambda s, y: np.maximum(0.1 - pairs_of(s, y), 0).mean()),
    "hinge, margin 2": ({"margin": 2.0}, lambda s, y: np.maximum(2 - pairs_of(s, y), 0).mean()),
    "pairwise logistic": ({"loss": "pairwise-logistic"}, lambda s, y: np.log1p(np.exp(-pairs_of(s, y))).mean()),
    "listwise": ({"loss": "listwise"}, list_mle),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_losses_of_the_order_are_their_definitions(graphs, initial, fit, name):
    changes, definition = DEFINITIONS[name]
    labels, fitted = fit(**changes)
    before = engine.Replicates(**{**vars(fitted), "weights": tuple(initial)})
    scores = (score(before, graphs)[0] - fitted.label_mean[0]) / fitted.label_deviation[0]
    assert fitted.loss[0, 0] == pytest.approx(definition(scores.astype(float), labels), rel=1e-3)


@pytest.mark.parametrize("rate", [1e-3, 4e-3])
@pytest.mark.parametrize("loss", ["hinge", "pairwise-logistic"])
def test_a_first_step_of_adam_is_the_learning_rate_and_decay_shrinks_kernels_alone(initial, fit, rate, loss):
    _, plain = fit(loss=loss, learning_rate=rate, weight_decay=0.0)
    _, decayed = fit(loss=loss, learning_rate=rate, weight_decay=0.5)
    weights = list(zip(initial, plain.weights, decayed.weights, strict=True))
    for start, moved, shrunk in weights[:-1]:  # the last bias shifts all scores alike: the order knows nothing of it
        assert np.abs(moved - start).max() == pytest.approx(rate, rel=2e-2)
        expected = moved - rate * 0.5 * start if start.ndim == 3 else moved
        np.testing.assert_allclose(shrunk, expected, atol=1e-6)


def test_recipes_that_differ_in_numbers_alone_share_compiled_training():
    engine._compiled_steps.cache_clear()
    numbers = {"loss": "pairwise-logistic", "learning_rate": 1.0, "weight_decay": 0.0, "margin": 9.0, "epochs": 2}
    assert engine._compiled_steps(ONE_STEP.compile_key) is engine._compiled_steps(
        ONE_STEP.model_copy(update=numbers).compile_key
    )
    for other in ({"loss": "listwise"}, {"optimizer": "adam"}, {"width": 13}, {"precision": "mixed_bfloat16"}):
        assert ONE_STEP.model_copy(update=other).compile_key != ONE_STEP.compile_key


def test_losses_of_a_label_are_means_over_real_places():
    scores, targets, shares = tf.constant([[2.0, -1.0, 7.0]]), tf.constant([[1.0, 0.0, 0.0]]), [0.5, 0.5, 0.0]
    batch = Batch(scores, targets, tf.constant(shares), tf.constant(1.0), tf.constant(0.1))
    assert LOSSES["squared"].function(batch).numpy() == pytest.approx([1.0])
    entropy = (np.log1p(np.exp(-2)) + np.log1p(np.exp(-1))) / 2
    assert LOSSES["logistic"].function(batch).numpy() == pytest.approx([entropy])


@pytest.mark.parametrize("name", LOSSES)
def test_padding_counts_in_no_loss(name):
    rng = np.random.default_rng(0)
    scores, targets = (rng.random((2, 6)).astype(np.float32) for _ in range(2))
    found = []
    for behind in (0.0, 9.0):
        padded = [np.concatenate([part, np.full((2, 2), behind, np.float32)], axis=1) for part in (scores, targets)]
        shares = np.array([1 / 6] * 6 + [0, 0], np.float32)
        batch = Batch(*map(tf.constant, padded), tf.constant(shares), tf.constant(1.0), tf.constant(0.1))
        found.append(LOSSES[name].function(batch).numpy())
    assert found[0].shape == (2,)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
