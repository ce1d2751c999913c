"""Trainings in one stack: each takes the steps of its own training alone, whatever becomes of the others."""

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.children import stack_trainer
from neural_predictor.children.architecture import blocks
from neural_predictor.children.feeds import Resident, Streamed
from neural_predictor.children.forward import forward
from neural_predictor.children.layout import Layout
from neural_predictor.children.preprocessing import scale
from neural_predictor.children.stack_layout import StackLayout, patches, pattern
from neural_predictor.children.stack_trainer import StackTrainer, make_trainer
from neural_predictor.children.trainer import State, Trainer, settings
from neural_predictor.config.child_recipes import TrainingRecipe
from neural_predictor.errors import ChildError
from neural_predictor.spaces.proxylessnas.layers import ZERO

SEEDS = (3, 1, 2)


@pytest.fixture(scope="module")
def feed(small_images):
    return Resident(small_images)


@pytest.fixture(scope="module")
def moving(small_training):
    """With augmentation and L2: all that a step may hold."""
    return small_training.model_copy(update={"flip": True, "crop": 2})


@pytest.fixture(scope="module")
def trainer(small_code, small_network, moving, feed):
    return StackTrainer(small_code, small_network, moving, feed)


@pytest.fixture(scope="module")
def epochs(trainer):
    """One epoch of three steps of each seed."""
    return trainer.run_epochs([trainer.start(seed) for seed in SEEDS])


def distance(found, wanted):
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


def same(one, other):
    """Whether two states have the same bits."""
    first, second = one.arrays(), other.arrays()
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def test_each_training_takes_the_steps_of_its_own_graph(trainer, epochs, small_code, small_network, moving, feed):
    """Order, augmentation, L2, optimizer, statistics, a smaller last batch; all kernels, on maps from 12 pixels to one.

    `Trainer` itself takes the steps of Keras (`test_forward`).
    """
    alone = Trainer(small_code, small_network, moving, feed)
    for seed, found in zip(SEEDS, epochs, strict=True):
        start = alone.start(seed)
        wanted = alone.run_epoch(start)
        assert (found.state.seed, found.state.epoch) == (seed, 1)
        assert found.loss == pytest.approx(wanted.loss, rel=1e-4)
        assert found.accuracy == wanted.accuracy
        assert distance(found.state.weights - start.weights, wanted.state.weights - start.weights) < 1e-3
        assert distance(found.state.statistics, wanted.state.statistics) < 1e-4
        for one, other in zip(found.state.slots, wanted.state.slots, strict=True):
            assert distance(one, other) < 1e-2
    for split in ("validation", "test"):
        states = [epoch.state for epoch in epochs]
        wanted = [alone.evaluate(state, split) for state in states]
        np.testing.assert_allclose(trainer.evaluations(states, split), wanted, rtol=1e-5)


def test_a_stack_of_one_takes_the_same_steps(trainer, epochs):
    start = trainer.start(SEEDS[1])
    found = trainer.run_epoch(start)
    assert distance(found.state.weights, epochs[1].state.weights) < 1e-4
    assert trainer.evaluate(found.state, "test").loss == pytest.approx(
        trainer.evaluations([epochs[1].state], "test")[0].loss, rel=1e-4
    )


def test_one_that_diverges_leaves_the_others_as_they_are(trainer, epochs):
    """To the bit, wherever it stands in the stack."""
    for bad in range(3):
        states = [trainer.start(seed) for seed in SEEDS]
        weights = states[bad].weights.copy()
        weights[trainer.layout.sizes[0]] = np.nan
        states[bad] = State(SEEDS[bad], 0, weights, states[bad].statistics, states[bad].slots)
        found = trainer.run_epochs(states)
        assert [epoch.diverged for epoch in found] == [k == bad for k in range(3)]
        assert all(same(found[k].state, epochs[k].state) for k in range(3) if k != bad)
        fine = trainer.evaluations([found[k].state for k in range(3) if k != bad], "validation")
        assert np.isfinite(fine).all()


def test_stacks_of_any_size_and_architecture_share_one_trace(
    trainer, epochs, small_network, small_images, moving, feed
):
    code = np.full(22, ZERO, np.uint8)
    code[[0, 1, 5, 6, 9, 13, 17, 21]] = [0, 5, 4, 2, 1, 0, 5, 3]
    other = StackTrainer(code, small_network, moving, feed)
    states = [epoch.state for epoch in other.run_epochs([other.start(seed) for seed in (5, 6)])]
    found = other.evaluations(states, "validation")
    for graph, shared in ((other.train_steps, trainer.train_steps), (other.test_steps, trainer.test_steps)):
        assert graph is shared
        assert graph.experimental_get_tracing_count() == 1
    images = scale(tf.constant(small_images.splits["validation"].images), 12)
    for state, evaluation in zip(states, found, strict=True):
        logits = forward(other.layout, state.weights, images, state.statistics, 1e-3, tf.float32).logits
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(small_images.splits["validation"].labels, logits)
        assert evaluation.loss == pytest.approx(float(tf.reduce_mean(losses)), rel=1e-5)


def test_a_stored_stack_goes_on_to_the_same_bits(trainer, epochs, tmp_path):
    straight = trainer.run_epochs([epoch.state for epoch in epochs])
    for epoch in epochs:
        np.savez(tmp_path / f"{epoch.state.seed}.npz", **epoch.state.arrays())
    restored = []
    for seed in SEEDS:
        with np.load(tmp_path / f"{seed}.npz") as file:
            restored.append(trainer.restore(dict(file)))
    resumed = trainer.run_epochs(restored)
    assert all(same(one.state, other.state) for one, other in zip(straight, resumed, strict=True))
    assert [epoch.loss for epoch in straight] == [epoch.loss for epoch in resumed]
    done = [State(1, trainer.training.epochs, state.weights, state.statistics, state.slots) for state in restored[:1]]
    with pytest.raises(ChildError, match="all 3 epochs are done"):
        trainer.run_epochs(done)


def test_streams_give_each_training_its_own_images(small_code, small_network, moving, small_images, epochs):
    """A stream's order is another than a resident set's, and the same for a training alone as in a stack."""

    def dataset(split):
        found = small_images.splits[split]
        return tf.data.Dataset.from_tensor_slices((found.images, found.labels, found.ids.astype(str)))

    sizes = {name: len(split) for name, split in small_images.splits.items()}
    streamed = Streamed(3, small_images.shape, sizes, dataset)
    trainer = StackTrainer(small_code, small_network, moving, streamed)
    found = trainer.run_epochs([trainer.start(seed) for seed in SEEDS])
    alone = trainer.run_epoch(trainer.start(SEEDS[2]))
    assert found[2].loss == pytest.approx(alone.loss, rel=1e-4)
    assert found[2].loss != pytest.approx(epochs[2].loss, rel=1e-4)


def test_small_maps_in_float32_are_stacked_as_far_as_memory_goes(small_code, small_network, feed, monkeypatch):
    small = small_network.model_copy(update={"resolution": 8})
    stacked = make_trainer(small_code, small, TrainingRecipe(), feed)
    assert isinstance(stacked, StackTrainer)
    assert stacked.stack > 3
    monkeypatch.setattr(stack_trainer, "STACK_BYTES", 2.5 * StackLayout(stacked.layout, 8, 1).bytes_needed(128))
    assert stacked.stack == 2
    monkeypatch.setattr(stack_trainer, "STACK_BYTES", 1)
    assert stacked.stack == 1
    for network, training in (
        (small_network, TrainingRecipe()),
        (small, TrainingRecipe(precision="mixed_bfloat16")),
        (small, TrainingRecipe(xla=True)),
    ):
        plain = make_trainer(small_code, network, training, feed)
        assert type(plain) is Trainer
        assert plain.stack == 1


def test_auto_is_float32_without_xla_on_every_device():
    """The choice asks for no device: of a GPU's settings only this one was seen to end."""
    assert settings(TrainingRecipe(precision="auto", xla="auto"))[:2] == (tf.float32, False)
    assert settings(TrainingRecipe(precision="mixed_bfloat16", xla=True))[:2] == (tf.bfloat16, True)
    assert settings(TrainingRecipe(precision="float32", xla=False))[:2] == (tf.float32, False)


@pytest.mark.parametrize("variant", ["paper", "as-replicated"])
def test_the_layout_of_a_stack_loses_nothing(small_code, small_network, variant):
    recipe = small_network.model_copy(update={"variant": variant})
    layout = Layout(blocks(small_code, recipe, 3), 3)
    stack = StackLayout(layout, 12, 2)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2, layout.parameters)).astype(np.float32)
    statistics = rng.normal(size=(2, 2 * sum(layout.channels))).astype(np.float32)
    assert np.array_equal(stack.part(stack.join(vectors)), vectors)
    assert np.array_equal(stack.part_statistics(stack.join_statistics(statistics)), statistics)
    assert stack.tables().many == (7 if variant == "paper" else 5)  # from the stem to layer 17, or 9


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_patterns_and_patches_are_convolutions_padded_to_same(kernel, stride):
    rng = np.random.default_rng(0)
    for side in (1, 2, 3, 7, 8):
        image = rng.normal(size=(1, side, side, 2)).astype(np.float32)
        taps = rng.normal(size=(kernel, kernel, 2, 1)).astype(np.float32)
        wanted = tf.nn.depthwise_conv2d(image, taps, (1, stride, stride, 1), "SAME").numpy()
        matrices = np.einsum("kc,km->cm", taps.reshape(-1, 2), pattern(side, kernel, stride))
        found = matrices.reshape(2, -1, side**2) @ image.reshape(-1, 2).T[:, :, None]
        np.testing.assert_allclose(found[..., 0].T.reshape(wanted.shape), wanted, atol=1e-5)
        met = np.append(image.ravel(), np.float32(0))[patches(side, kernel, stride, 2)].reshape(2 * kernel**2, -1)
        summed = tf.nn.conv2d(image, taps, stride, "SAME").numpy()
        np.testing.assert_allclose(taps.ravel() @ met, summed.ravel(), atol=1e-5)
