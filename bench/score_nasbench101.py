"""All 423,624 NAS-Bench-101 cells scored by one trained predictor, D = 144: plain Keras `predict` and the scorer.

Both hold the same weights and alternate in one run; the preparation of the space (encoding, distinct nodes)
is timed apart, as it serves any number of predictors. The last line is a JSON object: `ratio` is the median over
rounds of (seconds of `predict`) / (seconds of the scorer).
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from neural_predictor.predictors.device import configure
from neural_predictor.spaces import make_space


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=144)
    parser.add_argument("--cells", type=int, help="of the space, in place of all")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--accelerator", choices=("cpu", "gpu"), default="cpu")
    arguments = parser.parse_args()
    configure(arguments.threads, arguments.accelerator)
    from neural_predictor.predictors import engine
    from neural_predictor.predictors.gcn import GcnRecipe
    from neural_predictor.predictors.keras_gcn import keras_model, model_inputs
    from neural_predictor.predictors.scoring import SpaceScorer, full_float32

    clock = time.perf_counter
    space = make_space("nasbench101")
    start = clock()
    every = space.enumerate() if arguments.cells is None else space.sample(arguments.cells, np.random.default_rng(0))
    graphs = space.encode(every)
    encoding_s = clock() - start
    rows = np.random.default_rng(0).choice(len(graphs), 172, replace=False)
    recipe = GcnRecipe(width=arguments.width, epochs=5)
    labels = graphs.nodes[rows].sum(axis=1) @ np.arange(graphs.features)  # any labels: only the speed is measured
    replicates = engine.fit_replicates(graphs.take(rows), labels[None], recipe, seeds=[0])
    start = clock()
    scorer = SpaceScorer(graphs, recipe.layers, arguments.width)
    preparation_s = clock() - start
    weights = tuple(weight[0] for weight in replicates.weights)
    model, inputs = keras_model(replicates, 0), model_inputs(graphs)
    start = clock()
    with full_float32():
        scorer.score(weights, recipe)
    compiling_s = clock() - start
    model.predict([part[:4096] for part in inputs], batch_size=4096, verbose=0)
    print(f"encoding {encoding_s:.2f} s, preparation {preparation_s:.2f} s, first call {compiling_s:.2f} s")
    raw = {"predict_s": [], "scorer_s": []}
    for number in range(arguments.rounds):
        start = clock()
        plain = model.predict(inputs, batch_size=4096, verbose=0)[:, 0]
        raw["predict_s"].append(clock() - start)
        start = clock()
        with full_float32():
            ours = scorer.score(weights, recipe)
        raw["scorer_s"].append(clock() - start)
        print(f"round {number + 1}: predict {raw['predict_s'][-1]:.2f} s, scorer {raw['scorer_s'][-1]:.2f} s")
    difference = float(np.abs(plain - ours).max() / plain.std())
    print(f"largest difference: {difference:.1e} standard deviations of the scores")
    ratio = float(np.median(np.divide(raw["predict_s"], raw["scorer_s"])))
    print(
        json.dumps(
            {
                "ratio": ratio,
                **raw,
                "encoding_s": encoding_s,
                "preparation_s": preparation_s,
                "first_call_s": compiling_s,
                "difference": difference,
            }
        )
    )


if __name__ == "__main__":
    main()
