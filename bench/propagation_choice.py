"""How A^T is normalised in the backward convolution: transposed A_hat, or rows of A^T + I divided by their sums.

The paper leaves it open. Compared on tables that no figure or reported number uses, on the same splits and seeds.
The last line is a JSON object: table -> mean difference of Kendall tau (rows of both minus transposed) and its
standard error.
"""

import argparse
import json
import os
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from neural_predictor.predictors.device import configure
from neural_predictor.predictors.propagation import network_inputs
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.statistics.metrics import predictor_metrics
from neural_predictor.tables.nasbench_graph import read

TABLES = ("photo", "citeseer", "physics", "computers")


def transposed(graphs, recipe=None):
    """The predictor's inputs with A_hat and its transpose, (n, 2, v, v), in place of rows of both."""
    nodes, propagation, pooling = network_inputs(graphs, recipe)
    along = propagation[:, 0]
    return nodes, np.stack([along, along.swapaxes(1, 2)], axis=1), pooling


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--train", type=int, default=172)
    arguments = parser.parse_args()
    workers = configure(os.cpu_count(), "cpu")
    from neural_predictor.predictors import engine
    from neural_predictor.predictors.gcn import GcnRecipe
    from neural_predictor.predictors.keras_gcn import keras_model

    space = NasBenchGraphSpace()
    package = Path(find_spec("nas_bench_graph").submodule_search_locations[0])
    ways = {"rows of both": network_inputs, "transposed": transposed}
    result = {}
    for name in TABLES:
        table = read(f"nasbench-graph-{name}", package / f"light/{name}.bench")
        graphs, signal = space.encode(table.encoding), table.mean("validation_accuracy")
        rng = np.random.default_rng(0)
        rows = np.stack([rng.choice(len(table), arguments.train, replace=False) for _ in range(arguments.splits)])
        taus = {}
        for way, inputs_of in ways.items():
            engine.network_inputs = inputs_of
            trained = engine.fit_replicates(
                graphs, signal[rows], GcnRecipe(), range(arguments.splits), rows, workers=workers
            )
            # By the plain model: the scorer's shared nodes hold for rows of both alone.
            inputs = list(inputs_of(graphs))
            models = [keras_model(trained, split) for split in range(arguments.splits)]
            scores = [model.predict(inputs, batch_size=4096, verbose=0)[:, 0] for model in models]
            pairs = zip(scores, rows, strict=True)
            rest = [(np.delete(scores, seen), np.delete(signal, seen)) for scores, seen in pairs]
            taus[way] = np.array([predictor_metrics(*pair)["kendall_tau"] for pair in rest])
        gain = taus["rows of both"] - taus["transposed"]
        result[name] = [float(gain.mean()), float(gain.std(ddof=1) / len(gain) ** 0.5)]
        means = ", ".join(f"{way} {tau.mean():.3f}" for way, tau in taus.items())
        print(f"{name}: tau {means}; difference {result[name][0]:+.3f} +- {result[name][1]:.3f}", flush=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
