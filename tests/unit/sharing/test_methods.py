"""What every method must do, and the arithmetic of those that learn more than shared weights."""

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.config.child_recipes import Adam, NetworkRecipe, TrainingRecipe
from neural_predictor.config.sharing_recipes import Darts, Enas, OneShot, Proxyless, Smash
from neural_predictor.latency.pixel1 import load
from neural_predictor.sharing.alphas import through_softmax
from neural_predictor.sharing.one_shot import TAKEN
from neural_predictor.sharing.paths import Generated, GeneratedWeights
from neural_predictor.sharing.proxyless import drawn, pair_softmax, with_mass_of
from neural_predictor.sharing.registry import METHODS, make_method
from neural_predictor.sharing.supernet import Supernet
from neural_predictor.spaces.proxylessnas.layers import BLOCKS, CHOICES, ZERO, check_codes
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

ONE_STEP = TrainingRecipe(epochs=2, batch_size=120, optimizer=Adam(), learning_rate=1e-2)
RECIPES = {
    "one-shot": (OneShot, {}),
    "darts": (Darts, {"training": ONE_STEP}),
    "proxylessnas": (Proxyless, {"training": ONE_STEP, "latency_weight": 0.1}),
    "enas": (Enas, {"policy_units": 4, "policy_steps": 1, "policy_paths": 2, "policy_rate": 0.1}),
    "smash": (Smash, {"training": ONE_STEP, "units": 4, "rank": 2}),
}
SLOW = {"darts": pytest.mark.slow}


@pytest.fixture
def eager(request):
    """Tracing a graph takes longer than one step without it; the graph of one path is shared by other tests."""
    tf.config.run_functions_eagerly(request.param)
    yield
    tf.config.run_functions_eagerly(False)


def test_every_method_is_tried():
    assert set(RECIPES) == set(METHODS)


@pytest.mark.parametrize(
    ("kind", "eager"),
    [pytest.param(kind, "training" in own, marks=SLOW.get(kind, ())) for kind, (_, own) in RECIPES.items()],
    ids=RECIPES,
    indirect=["eager"],
)
@pytest.mark.usefixtures("eager")
def test_a_method_that_is_restored_goes_on_with_the_same_bytes(kind, feed, make_job):
    recipe, own = RECIPES[kind]
    job = make_job(recipe, kind=kind, **own)
    method = make_method(job.recipe, job.network, feed, job.seed)
    start = {name: array.copy() for name, array in method.arrays().items()}
    method.run_epoch(0)
    between = {name: array.copy() for name, array in method.arrays().items()}
    method.run_epoch(1)
    other = make_method(job.recipe, job.network, feed, job.seed)
    assert all((start[name] == array).all() for name, array in other.arrays().items())
    other.restore(between)
    assert np.isfinite(other.run_epoch(1)).all()
    ended = method.arrays()
    assert all((ended[name] == array).all() for name, array in other.arrays().items())
    assert {name for name in ended if (ended[name] != between[name]).any()} >= set(ended) - {"slot_0", "slot_1"}
    accuracies = np.array([0.25, 0.5])
    scores = [each.scores(job.codes[:2], accuracies) for each in (method, other)]
    np.testing.assert_array_equal(*scores)
    assert np.isfinite(scores[0]).all()
    candidates = method.candidates()
    check_codes(candidates)
    assert len(candidates) == job.recipe.evaluated
    np.testing.assert_array_equal(candidates, other.candidates())


@pytest.mark.parametrize("eager", [True], indirect=True)
@pytest.mark.usefixtures("eager")
def test_darts_moves_every_alpha_against_its_gradient(feed, make_job):
    job = make_job(Darts, ONE_STEP, kind="darts", alpha_rate=0.5, start="alone")  # else residual blocks add nothing
    method = make_method(job.recipe, job.network, feed, 0)
    method._learn(np.random.default_rng(0), next(method.trainer.batches("validation", None, 6)))
    np.testing.assert_allclose(np.abs(method.alphas[TAKEN]), 0.5, rtol=0.05)  # Adam's first step
    assert (method.alphas[~TAKEN] == 0).all()
    assert len(np.unique(np.sign(method.alphas[5, TAKEN[5]]))) == 2


def test_a_gradient_goes_through_the_softmax():
    rng = np.random.default_rng(0)
    alphas, gradient = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))

    def softmax(values):
        powers = np.exp(values)
        return powers / powers.sum(axis=1, keepdims=True)

    found = through_softmax(softmax(alphas), gradient)
    for place in np.ndindex(2, 3):
        moved = alphas.copy()
        moved[place] += 1e-6
        numeric = ((softmax(moved) - softmax(alphas)) * gradient).sum() / 1e-6
        assert found[place] == pytest.approx(numeric, abs=1e-5)


def test_pairs_are_of_two_choices_by_their_probabilities():
    rng, probabilities = np.random.default_rng(0), TAKEN / CHOICES[:, None]
    pairs = np.stack([drawn(rng, probabilities, 2) for _ in range(700)])
    assert (pairs[..., 0] != pairs[..., 1]).all()
    assert (pairs < CHOICES[:, None]).all()
    assert np.abs(np.bincount(pairs[:, 2, 0], minlength=7) / 700 - 1 / 7).max() < 0.05


def test_a_pair_moves_and_leaves_the_other_probabilities():
    rng = np.random.default_rng(0)
    before = np.where(TAKEN, rng.normal(size=TAKEN.shape), 0.0)
    pairs = drawn(rng, TAKEN / CHOICES[:, None], 2)
    moved = before.copy()
    moved[np.arange(22), pairs[:, 0]] += 0.7
    after = with_mass_of(before, moved, pairs)

    def probabilities(alphas):
        powers = np.where(TAKEN, np.exp(alphas), 0)
        return powers / powers.sum(axis=1, keepdims=True)

    others = np.ones(TAKEN.shape, bool)
    np.put_along_axis(others, pairs, values=False, axis=1)
    np.testing.assert_allclose(probabilities(after)[others], probabilities(before)[others])
    assert (pair_softmax(after, pairs)[:, 0] > pair_softmax(before, pairs)[:, 0]).all()


def test_the_latency_pulls_towards_faster_choices(feed, make_job):
    job = make_job(Proxyless, ONE_STEP, kind="proxylessnas", latency_weight=1.0)
    gradient = make_method(job.recipe, job.network, feed, 0)._of_latency()
    table = load().table
    for layer in range(22):
        own = table[layer, TAKEN[layer]]
        assert gradient[layer].argmax() == own.argmax()
        assert gradient[layer, TAKEN[layer]].argmin() == own.argmin()
    assert (gradient[~TAKEN] == 0).all()


def test_generated_weights_depend_on_the_whole_code_and_fit_each_choice():
    supernet = Supernet(NetworkRecipe(width=0.05, resolution=8, stem_stride=1), 1, 10)
    source = GeneratedWeights(supernet, Generated(4, 2))
    vector = tf.constant(source.initial(1, alike=False))
    one = ProxylessNasSpace().sample(1, np.random.default_rng(0))[0]
    one[2], other = 0, one.copy()
    other[-1] = (one[-1] + 1) % len(BLOCKS)
    paths = [source.path(vector, tf.constant(code[:, None], tf.int32)).numpy() for code in (one, other)]
    widest = supernet.layout_of(supernet.widest(1))
    begins = np.cumsum([0, *widest.sizes])
    names = [convolution.name for convolution in widest.convolutions]
    place = names.index("layer_02_depthwise_branch0")
    kernels = [path[begins[place] : begins[place + 1]].reshape(widest.shapes[place]) for path in paths]
    assert (kernels[0] != 0).sum() == 3 * 3 * (kernels[0] != 0)[3, 3].sum()
    assert (kernels[0][2:5, 2:5] != kernels[1][2:5, 2:5]).any()
    zero = one.copy()
    zero[2] = ZERO
    nothing = source.path(vector, tf.constant(zero[:, None], tf.int32)).numpy()
    assert (nothing[begins[place] : begins[place + 1]] == 0).all()


def test_the_gradient_of_generated_weights_is_that_of_the_path():
    supernet = Supernet(NetworkRecipe(width=0.05, resolution=8, stem_stride=1), 1, 10)
    source, rng = GeneratedWeights(supernet, Generated(4, 2)), np.random.default_rng(0)
    vector = source.initial(1, alike=True)
    codes = tf.constant(ProxylessNasSpace().sample(1, rng).T, tf.int32)
    gradient = rng.normal(size=supernet.layout_of(supernet.widest(1)).parameters).astype(np.float32)
    found, met = source.back(tf.constant(vector), codes, tf.constant(gradient))
    step = rng.normal(size=len(vector)).astype(np.float32)
    low, high = (source.path(tf.constant(vector + sign * 1e-2 * step), codes).numpy() for sign in (-1, 1))
    assert met is None
    assert np.dot(found.numpy(), step) == pytest.approx(np.dot((high - low) / 2e-2, gradient), rel=2e-2)
