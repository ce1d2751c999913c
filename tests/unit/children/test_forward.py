"""The fast form of the network against the plain Keras model: values, gradients, statistics, whole steps.

Weights, images and sizes are such that no ReLU6 sits within rounding of a kink, where one bit decides a gradient: so
the tolerances are those of rounding, and a wrong constant anywhere is far outside.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.children.architecture import Convolution, blocks
from neural_predictor.children.depthwise import by_library, shifted, tiled
from neural_predictor.children.feeds import Order, Resident
from neural_predictor.children.forward import forward
from neural_predictor.children.layout import Layout
from neural_predictor.children.network import build_network
from neural_predictor.children.trainer import Trainer
from neural_predictor.config.child_recipes import Adam, RmsProp, Sgd
from neural_predictor.spaces.proxylessnas.layers import ZERO

CLASSES, EPSILON = 4, 1e-3
OPTIMIZERS = {
    "rmsprop": (RmsProp(), lambda rate: keras.optimizers.RMSprop(rate, rho=0.9, momentum=0.9, epsilon=0.1)),
    # With Keras's 1e-7, gradients that are zero but for rounding (offsets before another normalisation) become steps.
    "adam": (Adam(epsilon=1e-3), lambda rate: keras.optimizers.Adam(rate, epsilon=1e-3)),
    "sgd": (Sgd(nesterov=False), lambda rate: keras.optimizers.SGD(rate, momentum=0.9)),
    "nesterov": (Sgd(), lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)),
}


def distance(found, wanted):
    """Norm of the difference over the norm."""
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


def weights_of(layout):
    """Initial weights, moved off the scales of 1 and offsets of 0; statistics, off 0 and 1."""
    rng = np.random.default_rng(0)
    weights, statistics = layout.initial(rng)
    moved = weights + rng.normal(0, 0.05, weights.shape).astype(np.float32)
    return moved, statistics + rng.uniform(0, 0.2, statistics.shape).astype(np.float32)


def batch_of(recipe, size=16):
    rng = np.random.default_rng(1)
    side = recipe.resolution
    return rng.uniform(-1, 1, (size, side, side, 3)).astype(np.float32), rng.integers(0, CLASSES, size)


def cross_entropy(labels, logits):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


@pytest.mark.parametrize("variant", ["paper", "as-replicated"])
def test_training_mode_is_kerass_in_logits_statistics_and_gradients(small_code, small_network, variant):
    """`as-replicated` strides on maps of one pixel, too."""
    recipe = small_network.model_copy(update={"variant": variant})
    layout = Layout(blocks(small_code, recipe, 3), CLASSES)
    weights, statistics = weights_of(layout)
    images, labels = batch_of(recipe)
    flat = tf.constant(weights)
    with tf.GradientTape() as tape:
        tape.watch(flat)
        found = forward(layout, flat, tf.constant(images), None, EPSILON, tf.float32)
        loss = cross_entropy(labels, found.logits)
    gradient = tape.gradient(loss, flat).numpy()

    model = build_network(small_code, recipe, CLASSES, 3)
    layout.to_keras(model, weights, statistics)
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        loss = cross_entropy(labels, logits)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert distance(found.logits.numpy(), logits.numpy()) < 1e-4
    updated = 0.9 * statistics + 0.1 * found.moments.numpy()
    assert distance(updated, layout.from_keras(model)[1]) < 1e-5

    # The gradients laid out as the vector is: by way of the model's own weights.
    for variable, value in zip(model.trainable_variables, gradients, strict=True):
        variable.assign(value)
    assert distance(gradient, layout.from_keras(model)[0]) < 1e-4


def test_inference_mode_is_kerass(small_code, small_network):
    layout = Layout(blocks(small_code, small_network, 3), CLASSES)
    weights, statistics = weights_of(layout)
    images, _ = batch_of(small_network)
    found = forward(layout, tf.constant(weights), tf.constant(images), tf.constant(statistics), EPSILON, tf.float32)
    model = build_network(small_code, small_network, CLASSES, 3)
    layout.to_keras(model, weights, statistics)
    assert found.moments is None
    assert distance(found.logits.numpy(), model(images, training=False).numpy()) < 1e-4


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_epoch_takes_the_steps_of_keras(small_code, small_network, small_training, small_images, name):
    """Three steps, the last on half a batch: resized images, L2, cosine, optimizer, moving statistics, mean loss."""
    ours, theirs = OPTIMIZERS[name]
    training = small_training.model_copy(update={"optimizer": ours})
    trainer = Trainer(small_code, small_network, training, Resident(small_images))
    start = trainer.start(1)
    epoch = trainer.run_epoch(start)

    train = small_images.splits["train"]
    images = tf.image.resize(train.images, (12, 12)).numpy() / np.float32(127.5) - 1
    model = build_network(small_code, small_network, 3, 3, l2=training.l2)
    trainer.layout.to_keras(model, start.weights, start.statistics)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, training.epochs * 3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    metrics = [keras.metrics.SparseCategoricalCrossentropy(from_logits=True), "accuracy"]  # neither has the L2 term
    model.compile(theirs(rate), loss, metrics=metrics, run_eagerly=True)
    loss_sum = right = 0.0
    for batch in np.split(Order(1, 0).generator().permutation(40), [16, 32]):
        _, loss_mean, accuracy = model.train_on_batch(images[batch], train.labels[batch])
        loss_sum += len(batch) * loss_mean
        right += len(batch) * accuracy
    weights, statistics = trainer.layout.from_keras(model)
    assert distance(epoch.state.weights - start.weights, weights - start.weights) < 1e-3
    assert distance(epoch.state.statistics, statistics) < 1e-4
    assert epoch.loss == pytest.approx(loss_sum / 40, rel=1e-4)
    assert epoch.accuracy == pytest.approx(right / 40)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_depthwise_convolutions_lose_nothing_with_the_taps_that_they_give_up(kernel, stride):
    """On maps from one pixel to more than the kernel, by both ways of padding."""
    rng = np.random.default_rng(0)
    for side in range(1, 10):
        for channels in (5, 24):
            convolution = Convolution("any", kernel, stride, channels, channels, depthwise=True)
            images = tf.constant(rng.normal(size=(3, side, side, channels)), tf.float32)
            weights = tf.constant(rng.normal(size=convolution.shape), tf.float32)
            expected = tf.nn.depthwise_conv2d(images, weights, (1, stride, stride, 1), "SAME")
            np.testing.assert_allclose(by_library(images, weights, stride), expected, atol=1e-5)


def test_a_last_batch_of_one_image_stays_finite(small_code, small_network):
    """On maps of one pixel a single image has no variance."""
    layout = Layout(blocks(small_code, small_network, 3), CLASSES)
    weights, _ = weights_of(layout)
    images, _ = batch_of(small_network, size=1)
    found = forward(layout, tf.constant(weights), tf.constant(images), None, EPSILON, tf.float32)
    model = build_network(small_code, small_network, CLASSES, 3)
    layout.to_keras(model, *weights_of(layout))
    np.testing.assert_allclose(found.logits, model(images, training=True), atol=1e-4)
    assert np.isfinite(found.moments).all()


@pytest.mark.slow
def test_xla_computes_the_same(small_network, small_training, small_images):
    """On whatever device is here."""
    code = np.full(22, ZERO, np.uint8)
    code[[0, 1, 2, 5, 9, 13, 17, 21]] = [2, 0, 1, 1, 2, 0, 1, 0]
    feed = Resident(small_images)
    changes = {"precision": "float32", "batch_size": 20}
    training = small_training.model_copy(update=changes)
    plain, compiled = (
        Trainer(code, small_network, training.model_copy(update={"xla": xla}), feed) for xla in (False, True)
    )
    expected, found = (trainer.run_epoch(trainer.start(0)) for trainer in (plain, compiled))
    start = plain.start(0).weights
    assert found.loss == pytest.approx(expected.loss, rel=1e-5)
    assert distance(found.state.statistics, expected.state.statistics) < 1e-5
    assert distance(found.state.weights - start, expected.state.weights - start) < 1e-3


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("compute", [shifted, tiled])
def test_other_forms_are_the_depthwise_convolution_and_its_gradients(compute, kernel, stride):
    rng = np.random.default_rng(0)
    for side in (1, 2, 3, 4, 7, 8, 9, 15, 28):
        images = tf.constant(rng.normal(size=(3, side, side, 5)), tf.float32)
        weights = tf.constant(rng.normal(size=(kernel, kernel, 5, 1)), tf.float32)
        found = []
        for form in (compute, by_library):
            with tf.GradientTape() as tape:
                tape.watch([images, weights])
                result = form(images, weights, stride)
                loss = tf.reduce_sum(tf.sin(result))
            found.append([result, *tape.gradient(loss, [images, weights])])
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5 * max(1, np.abs(theirs).max()))


def test_evaluation_is_in_float32_by_any_setting(small_code, small_network, small_training, small_images):
    """In half precision each shape of a convolution costs a GPU seconds, and inference has shapes of its own."""
    feed = Resident(small_images)
    fast = small_training.model_copy(update={"precision": "mixed_bfloat16", "xla": True, "depthwise": "tiled"})
    trainers = [Trainer(small_code, small_network, training, feed) for training in (small_training, fast)]
    state = trainers[0].start(0)
    plain, other = (trainer.evaluate(state, "validation") for trainer in trainers)
    assert plain == other


@pytest.mark.parametrize("depthwise", ["float32", "shifted", "tiled"])
def test_every_depthwise_form_gives_the_same_epoch(small_code, small_network, small_training, small_images, depthwise):
    """Of one step: over three, a value beside the kink of an activation makes rounding visible on some CPUs."""
    feed = Resident(small_images)
    changes = [{"batch_size": len(small_images.splits["train"].ids), "depthwise": form} for form in ("auto", depthwise)]
    plain, other = (
        Trainer(small_code, small_network, small_training.model_copy(update=change), feed) for change in changes
    )
    start = plain.start(0)
    expected, found = plain.run_epoch(start).state, other.run_epoch(start).state
    assert distance(found.weights - start.weights, expected.weights - start.weights) < 1e-4
