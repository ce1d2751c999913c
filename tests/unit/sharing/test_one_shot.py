"""Which paths one-shot trains, and which weights a step moves."""

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from neural_predictor.config.child_recipes import Adam, TrainingRecipe
from neural_predictor.config.sharing_recipes import OneShot, Smash
from neural_predictor.sharing.one_shot import drawn_paths, fair_paths, kept_gates, stratified_paths, uniform_paths
from neural_predictor.sharing.registry import make_method
from neural_predictor.spaces.proxylessnas.layers import CHOICES, ZERO
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace


def test_uniform_paths_take_every_choice_alike_often():
    paths = np.stack(list(islice(uniform_paths(np.random.default_rng(0)), 2100)))
    for layer, count in enumerate(CHOICES):
        shares = np.bincount(paths[:, layer], minlength=count) / len(paths)
        assert len(shares) == count
        assert np.abs(shares * count - 1).max() < 0.25


def test_stratified_paths_are_of_all_depths():
    paths = np.stack(list(islice(stratified_paths(np.random.default_rng(0)), 1600)))
    depths = np.bincount((paths == ZERO).sum(axis=1), minlength=16)
    assert len(depths) == 16
    assert 60 < depths.min() < depths.max() < 140


@pytest.mark.parametrize(("recipe", "kind"), [(OneShot, "one-shot"), (Smash, "smash")])
@pytest.mark.parametrize("sampling", ["uniform", "stratified"])
def test_it_chooses_among_paths_of_the_depths_that_it_was_trained_with(recipe, kind, sampling):
    training = TrainingRecipe(epochs=2, batch_size=40, optimizer=Adam(), learning_rate=1e-2)
    asked = recipe(kind=kind, sampling=sampling, training=training, candidates=200)
    method = SimpleNamespace(recipe=asked, space=ProxylessNasSpace(), generator=np.random.default_rng)
    paths = drawn_paths(method)
    zeros = (paths == ZERO).sum(axis=1)
    assert len(paths) == 200
    assert (zeros >= 10).sum() > 50 if sampling == "stratified" else (zeros < 8).all()


def test_seven_fair_paths_take_every_choice():
    paths = np.stack(list(islice(fair_paths(np.random.default_rng(0)), 14))).reshape(2, 7, 22)
    for turn in paths:
        for layer, count in enumerate(CHOICES):
            taken = np.bincount(turn[:, layer], minlength=count)
            assert len(taken) == count
            assert taken.min() >= 1
            assert np.ptp(taken) <= 1
    assert (paths[0] != paths[1]).any()


def test_kept_choices_weigh_alike_and_one_is_kept_at_least():
    gates = np.stack([kept_gates(np.random.default_rng(k), 0.1).numpy() for k in range(200)])
    assert np.allclose(gates[:, 0].sum(axis=1), 1)  # no zero layer there
    assert (gates[:, 0, 3:] == 0).all()
    sums = gates[:, 2].sum(axis=1)
    assert sums.max() <= 1 + 1e-6
    assert (sums < 1e-6).any()  # sometimes zero alone
    assert np.allclose(kept_gates(np.random.default_rng(0), 1.0).numpy()[2], 1 / 7)


def test_a_step_moves_the_weights_of_its_path_alone(feed, make_job):
    job = make_job()
    method = make_method(job.recipe, job.network, feed, 0)
    trainer, before = method.trainer, method.values
    path = np.zeros((1, 22), np.uint8)
    after, _ = trainer.step(before, next(trainer.batches("train", None)), path, None, (0, 0))
    met = np.zeros(trainer.parameters + 1, bool)
    met[trainer.supernet.places(tf.constant(path.T, tf.int32)).numpy()] = True
    moved = after.weights.numpy() != before.weights.numpy()
    assert not (moved & ~met[:-1]).any()
    assert moved[met[:-1]].mean() > 0.5


@pytest.mark.slow
def test_drop_path_trains_all_choices_at_once(feed, make_job):
    training = TrainingRecipe(epochs=1, batch_size=60, optimizer={"name": "sgd"}, learning_rate=0.01)
    job = make_job(sampling="drop-path", training=training, keep=1.0)
    method = make_method(job.recipe, job.network, feed, 0)
    before = method.values.weights.numpy()
    assert np.isfinite(method.run_epoch(0).loss)
    assert (method.values.weights.numpy() != before).mean() > 0.5
