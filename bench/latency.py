"""How many measurements a new device needs: latency of FBNet chains on 27 devices, from N of them.

    python bench/latency.py --file fbnet_latency.csv.gz [--splits 3] [--xgboost DEVICE..] [--best DEVICE..]

FILE is the table of HELP (Lee et al., NeurIPS 2021; HayeonLee/HELP, data/fbnet, MIT) as CSV: operations `l0` to `l21`
of 22 layers (0 to 8), and a column of milliseconds a device. In each split N chains are drawn uniformly; each predictor
is fitted to their latency and judged on the same 500 others. `one-hot` is ridge regression on the operations of
each layer, `shared` on how often each stands in the layers of one shape (a stage's layers after its first are alike);
leaving one out chooses the penalty. XGBoost and the ensemble `best` are fitted for the devices that are named, on one
split. The output is Markdown: means over splits of Kendall tau and MAPE, of each device, and means over devices.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from neural_predictor.predictors.device import configure

SIZES = (30, 100, 900)
TESTED = 500
LAYERS, OPERATIONS = 22, 9
SHAPES = [0, *(first + min(place, 1) for first in range(1, 21, 4) for place in range(4)), 21]
"""Of each layer a number of its shape: five stages of four layers, whose first differs from the rest."""
SOME = ("pixel3", "pixel2", "samsung_a50", "gold_6240", "1080ti_1", "titan_rtx_64")
EXACT = ("eyeriss", "fpga", "pixel3", "raspi4")
"""Devices whose latencies are sums over layers: look-up tables, no measurements of whole networks."""


def graphs_of(codes):
    """Chains of 22 nodes."""
    from neural_predictor.spaces import GraphBatch

    chain = np.repeat(np.eye(LAYERS, k=1, dtype=np.uint8)[None], len(codes), axis=0)
    return GraphBatch(np.eye(OPERATIONS, dtype=np.float32)[codes], chain, np.ones(codes.shape, np.bool_))


def ridge(shapes):
    """A function to predictions (t,), of which layers with equal `shapes` share their coefficients."""
    from sklearn.linear_model import RidgeCV

    to_shape = (np.array(shapes)[:, None] == np.unique(shapes)).astype(float)

    def predict(codes, latency, test, split):
        features = [np.einsum("nlo,ls->nso", np.eye(OPERATIONS)[rows], to_shape) for rows in (codes, test)]
        train, unseen = (part.reshape(len(part), -1) for part in features)
        return RidgeCV(np.logspace(-4, 3, 15)).fit(train, latency).predict(unseen)

    return predict


def learnt(name):
    """The same of a named predictor of this project."""
    from neural_predictor.predictors.ensemble import make_predictor
    from neural_predictor.predictors.recipes import PREDICTORS

    def predict(codes, latency, test, split):
        return make_predictor(PREDICTORS[name], split).fit(graphs_of(codes), latency).predict(graphs_of(test))

    return predict


def judged(predict, codes, latency, size, split):
    """Tau and MAPE of a split."""
    from neural_predictor.latency.fits import score

    order = np.random.default_rng([2020, split]).permutation(len(codes))
    train, test = order[TESTED : TESTED + size], order[:TESTED]
    found = score(np.asarray(predict(codes[train], latency[train], codes[test], split), float), latency[test])
    return found.tau, found.mape


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--xgboost", nargs="*", default=list(SOME), help="devices")
    parser.add_argument("--best", nargs="*", default=["pixel2"], help="devices")
    parser.add_argument("--best-sizes", type=int, nargs="*", default=[30, 100])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    configure(args.threads, "cpu")
    frame = pd.read_csv(args.file)
    codes = frame[[f"l{k}" for k in range(LAYERS)]].to_numpy(np.intp)
    devices = [name for name in frame if not (name[0] == "l" and name[1:].isdigit())]
    every = {"one-hot": ridge(range(LAYERS)), "shared": ridge(SHAPES)}
    plan = [(name, predict, devices, SIZES, args.splits) for name, predict in every.items()]
    plan += [
        ("xgboost", learnt("xgboost"), args.xgboost, SIZES, 1),
        ("best", learnt("best"), args.best, args.best_sizes, 1),
    ]
    rows = []
    for predictor, predict, named, sizes, splits in plan:
        for device in named:
            latency = frame[device].to_numpy(float)
            for size in sizes:
                found = np.mean([judged(predict, codes, latency, size, split) for split in range(splits)], axis=0)
                rows.append((device, predictor, size, *found))
                print(*rows[-1], file=sys.stderr, flush=True)
    write(pd.DataFrame(rows, columns=["device", "predictor", "N", "tau", "MAPE"]))


def write(frame):
    """Print the table."""
    kind = np.where(frame["device"].isin(EXACT), "4 additive devices", "23 measured devices")
    every = frame["predictor"].isin(["one-hot", "shared"])
    means = frame.assign(device=kind)[every].groupby(["device", "predictor", "N"], as_index=False).mean()
    for part in (means, frame):
        cells = part.assign(
            cell=[f"{tau:.3f}, {mape:.1%}" for tau, mape in zip(part["tau"], part["MAPE"], strict=True)]
        )
        print(
            cells.pivot_table("cell", ["device", "predictor"], "N", aggfunc="first")
            .reset_index()
            .to_markdown(index=False),
            end="\n\n",
        )


if __name__ == "__main__":
    main()
