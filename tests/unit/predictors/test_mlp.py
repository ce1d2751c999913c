"""The MLP against plain Keras, and that it learns."""

import keras

from neural_predictor.predictors import engine
from neural_predictor.predictors.mlp import MlpRecipe
from support.predictors import GRAPHS, LABELS, assert_plain_keras


def keras_mlp(inputs, width):
    hidden = keras.layers.Flatten()(inputs)
    for _ in range(3):
        hidden = keras.layers.Dense(width, "relu")(hidden)
    return hidden


def test_it_is_the_plain_keras_network():
    assert_plain_keras(MlpRecipe(width=7, hidden=(5,), epochs=2), keras_mlp)


def test_it_learns():
    recipe = MlpRecipe(width=32, epochs=150, learning_rate=3e-3)
    fitted = engine.fit_replicates(GRAPHS, LABELS[None], recipe, [0])
    assert fitted.loss[0, -1] < 0.2 < fitted.loss[0, 0]
