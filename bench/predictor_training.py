"""The paper's predictor trained by plain Keras `fit` and by the engine, alternating in one run.

Same network, data, batch and number of epochs (N = 172, D = 144, 300 epochs, batch 10) on real labels
(NAS-Bench-Graph, Coauthor CS); `fit` trains one replicate, the engine 16. The scores of both over the whole space are
compared as two seeds of one of them are. The last line is a JSON object: `ratio` is the median over rounds of
(seconds of `fit` a replicate) / (seconds of the engine a replicate).
"""

import argparse
import json
import os
import time
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from scipy.stats import kendalltau

from neural_predictor.predictors.device import configure
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.nasbench_graph import read

REPLICATES = 16


def train_keras(graphs, labels, recipe, seed):
    """Seconds and the z-scored predictions' function of one `fit`, tracing included."""
    from neural_predictor.predictors.keras_gcn import build_gcn, compile_gcn, model_inputs

    keras.utils.set_random_seed(seed)
    start = time.perf_counter()
    model = build_gcn(recipe, recipe.width_for(len(labels)), graphs.features)
    compile_gcn(model, recipe, len(labels))
    targets = (labels - labels.mean()) / labels.std()
    model.fit(model_inputs(graphs), targets, batch_size=recipe.batch_size, epochs=recipe.epochs, verbose=0)
    return time.perf_counter() - start, model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--accelerator", choices=("cpu", "gpu"), default="cpu")
    arguments = parser.parse_args()
    workers = configure(arguments.threads, arguments.accelerator)
    from neural_predictor.predictors import engine
    from neural_predictor.predictors.gcn import GcnRecipe
    from neural_predictor.predictors.keras_gcn import model_inputs
    from neural_predictor.predictors.scoring import score

    package = find_spec("nas_bench_graph").submodule_search_locations[0]
    table = read("nasbench-graph-cs", Path(package) / "light/cs.bench")
    graphs = NasBenchGraphSpace().encode(table.encoding)
    signal = table.metrics["validation_accuracy"][:, 0]
    rows = np.random.default_rng(0).choice(len(table), 172, replace=False)
    recipe, labels = GcnRecipe(), signal[rows]
    train, rest = graphs.take(rows), np.setdiff1d(np.arange(len(table)), rows)
    raw = {"fit_s": [], "engine_s_a_replicate": []}
    scores = {"fit": [], "engine": []}
    for number in range(arguments.rounds):
        seconds, model = train_keras(train, labels, recipe, seed=number)
        raw["fit_s"].append(seconds)
        scores["fit"].append(model.predict(model_inputs(graphs), batch_size=4096, verbose=0)[:, 0])
        start = time.perf_counter()
        seeds = [100 * number + k for k in range(REPLICATES)]
        trained = engine.fit_replicates(train, np.tile(labels, (REPLICATES, 1)), recipe, seeds, workers=workers)
        raw["engine_s_a_replicate"].append((time.perf_counter() - start) / REPLICATES)
        scores["engine"].append(score(trained, graphs)[0])
        print(f"round {number + 1}: fit {seconds:.1f} s, engine {raw['engine_s_a_replicate'][-1]:.2f} s a replicate")

    def agreement(first, second):
        pairs = [(a, b) for a in scores[first] for b in scores[second] if a is not b]
        return float(np.mean([kendalltau(a[rest], b[rest]).statistic for a, b in pairs]))

    taus = {
        name: float(np.mean([kendalltau(s[rest], signal[rest]).statistic for s in scores[name]])) for name in scores
    }
    print(f"tau on the unseen rest: fit {taus['fit']:.3f}, engine {taus['engine']:.3f}")
    between = {f"{a}-{b}": agreement(a, b) for a, b in (("fit", "fit"), ("engine", "engine"), ("fit", "engine"))}
    print("tau between scores of two seeds: " + ", ".join(f"{name} {tau:.3f}" for name, tau in between.items()))
    ratios = np.divide(raw["fit_s"], raw["engine_s_a_replicate"])
    print(
        json.dumps(
            {"ratio": float(np.median(ratios)), "ratios": ratios.tolist(), **raw, "tau": taus, "agreement": between}
        )
    )


if __name__ == "__main__":
    main()
