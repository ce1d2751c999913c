"""What a training follows from, what it leaves behind, and what is said when it fails; `test_forward` has its steps."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.children.feeds import Resident, Streamed, pack, unpack
from neural_predictor.children.trainer import State, Trainer
from neural_predictor.config.child_recipes import Adam, NetworkRecipe, Sgd, TrainingRecipe
from neural_predictor.errors import ChildError
from neural_predictor.images import load_images
from neural_predictor.images.base import ImageSet, Split
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

SPACE = ProxylessNasSpace()
CODE = SPACE.parse("1,4,6,2,6,0,5,6,6,3,1,6,0,2,6,4,6,1,6,6,0,3")
NETWORK = NetworkRecipe(width=0.1, resolution=32, stem_stride=1, batch_norm_momentum=0.9)
BATCH = 16


def make_set(train=40, side=32, channels=3):
    """Synthetic noise, brighter in the quarter that is an image's class; means are near zero."""
    rng = np.random.default_rng(0)
    splits, half = {}, side // 2
    for split, size in (("train", train), ("validation", 20), ("test", 20)):
        labels = (np.arange(size) % 4).astype(np.int32)
        images = rng.integers(0, 200, (size, side, side, channels)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[half * (label // 2) :, half * (label % 2) :][:half, :half] += 55
        ids = np.array([f"{split}-{k}" for k in range(size)], object)
        splits[split] = Split(images, labels, ids)
    return ImageSet("synthetic", ("a", "b", "c", "d"), splits)


@pytest.fixture(scope="module")
def feed():
    return Resident(make_set())


def recipe(**changes):
    values = {"epochs": 2, "batch_size": BATCH, "optimizer": Adam(), "learning_rate": 3e-3, "l2": 1e-3}
    return TrainingRecipe(**values | changes)


def test_a_stored_state_goes_on_to_the_same_bits(feed, tmp_path):
    trainer = Trainer(CODE, NETWORK, recipe(flip=True, crop=2), feed)
    first = trainer.run_epoch(trainer.start(5)).state
    np.savez(tmp_path / "state.npz", **first.arrays())
    straight = trainer.run_epoch(first).state
    with np.load(tmp_path / "state.npz") as file:
        other = Trainer(CODE, NETWORK, recipe(flip=True, crop=2), Resident(make_set()))
        resumed = other.run_epoch(other.restore(dict(file))).state
    assert np.array_equal(straight.weights, resumed.weights)
    assert np.array_equal(straight.statistics, resumed.statistics)
    assert all(np.array_equal(*pair) for pair in zip(straight.slots, resumed.slots, strict=True))
    with pytest.raises(ChildError, match="it is of another training"):
        Trainer(CODE, NETWORK, recipe(optimizer=Sgd()), feed).restore(first.arrays())


def test_seeds_share_one_trace_and_differ(feed):
    trainer = Trainer(CODE, NETWORK, recipe(), feed)
    states = [trainer.run_epoch(trainer.start(seed)).state for seed in (1, 2, 3)]
    assert trainer.train_steps.experimental_get_tracing_count() == 1
    assert not np.array_equal(states[0].weights, states[1].weights)
    again = trainer.run_epoch(trainer.start(1)).state
    assert np.array_equal(states[0].weights, again.weights)


def test_augmentation_draws_anew_for_each_step_and_seed(feed):
    plain, moved = (Trainer(CODE, NETWORK, recipe(**how), feed) for how in ({}, {"flip": True, "crop": 3}))
    assert plain.run_epoch(plain.start(1)).loss != moved.run_epoch(moved.start(1)).loss
    assert moved.evaluate(moved.start(1), "test") == plain.evaluate(plain.start(1), "test")  # never in evaluation


def test_a_stream_trains_as_the_resident_set_does():
    """Without an order of its own the stream is one image a class after another: fed whole, it gives equal totals."""
    images = make_set()

    def dataset(split):
        found = images.splits[split]
        return tf.data.Dataset.from_tensor_slices((found.images, found.labels, found.ids.astype(str)))

    sizes = {name: len(split) for name, split in images.splits.items()}
    streamed = Streamed(4, images.shape, sizes, dataset)
    resident = Trainer(CODE, NETWORK, recipe(), Resident(images))
    trainer = Trainer(CODE, NETWORK, recipe(), streamed)
    state = trainer.run_epoch(trainer.start(2)).state
    assert trainer.train_steps.experimental_get_tracing_count() == 1
    for split in ("validation", "test"):
        assert trainer.evaluate(state, split) == pytest.approx(resident.evaluate(state, split), rel=1e-5)
    short = Streamed(4, images.shape, sizes | {"train": 41}, dataset)
    with pytest.raises(ChildError, match="gave 40 images; it should have 41"):
        Trainer(CODE, NETWORK, recipe(), short).run_epoch(state)


def test_packed_images_come_back():
    images = np.random.default_rng(0).integers(0, 256, (5, 7, 7, 3), np.uint8)
    assert np.array_equal(unpack(tf.constant(pack(images)), (7, 7, 3)).numpy(), images)


def test_networks_learn_real_digits():
    raw = Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz"
    network = NetworkRecipe(width=0.1, resolution=8, stem_stride=1, batch_norm_momentum=0.9)
    shallow = SPACE.parse("0,0,6,6,6,0,6,6,6,0,6,6,6,0,6,6,6,0,6,6,6,0")
    training = recipe(epochs=6, batch_size=64, l2=0, learning_rate=1e-2)
    trainer = Trainer(shallow, network, training, Resident(load_images("digits", raw)))
    state = trainer.start(0)
    assert trainer.evaluate(state, "test").accuracy < 0.3
    for _ in range(6):
        state = trainer.run_epoch(state).state
    assert trainer.evaluate(state, "test").accuracy > 0.6
    with pytest.raises(ChildError, match="all 6 epochs are done"):
        trainer.run_epoch(state)


def test_other_sizes_are_resized_in_the_graph():
    trainer = Trainer(CODE, NETWORK, recipe(), Resident(make_set(side=24)))
    assert np.isfinite(trainer.run_epoch(trainer.start(0)).loss)


def test_divergence_is_seen(feed):
    trainer = Trainer(CODE, NETWORK, recipe(learning_rate=1e30), feed)
    assert trainer.run_epoch(trainer.start(0)).diverged
    fine = State(0, 0, np.zeros(1, np.float32), np.zeros(1, np.float32), ())
    assert not type(trainer.run_epoch(trainer.start(0)))(fine, 1.0, 0.5).diverged


@pytest.mark.parametrize(("most", "advice"), [(5, "but one of 4: set batch_size to 4"), (0, "set resolution or width")])
def test_exhausted_memory_says_which_batch_fits(feed, monkeypatch, most, advice):
    trainer = Trainer(CODE, NETWORK, recipe(), feed)
    state, tried = trainer.start(0), []

    def exhausted(values, section, _):
        tried.append(section.rows.shape[-1])
        if tried[-1] > most:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM")
        return values, tf.zeros(2)

    monkeypatch.setattr(trainer, "train_steps", exhausted)
    with pytest.raises(ChildError, match=rf"a step of 16 images at 32 pixels.*{advice}"):
        trainer.run_epoch(state)
    assert tried == ([16, 8, 4] if most else [16, 8, 4, 2, 1])


def test_mixed_precision_is_near_full_precision(feed):
    losses = []
    for precision in ("float32", "mixed_bfloat16"):
        trainer = Trainer(CODE, NETWORK, recipe(precision=precision), feed)
        losses.append(trainer.run_epoch(trainer.start(0)).loss)
    assert losses[1] == pytest.approx(losses[0], rel=0.1)
    assert losses[1] != losses[0]
