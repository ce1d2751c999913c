"""How many measurements a new device needs: latency of FBNet chains on 27 devices, from N of them.

    python bench/latency.py --file fbnet_latency.csv.gz [--splits 3] [--best-devices pixel2 gold_6240] [--best-splits 1]

FILE is the table of HELP (Lee et al., NeurIPS 2021; HayeonLee/HELP, data/fbnet, MIT) as CSV: operations `l0` to `l21`
of 22 layers (0 to 8), and a column of milliseconds a device. In each split N chains are drawn uniformly; each predictor
is fitted to their latency and judged on the same 500 others. `additive` is ridge regression on one-hot operations,
whose penalty leaving one out chooses. `best`, the ensemble, is fitted for the devices and splits named. The output is
Markdown: a row a device and N, means over splits of Kendall tau and of MAPE; rows of all devices are means over them.
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
EXACT = ("eyeriss", "fpga", "pixel3", "raspi4")
"""Devices whose latencies are sums over layers: look-up tables, no measurements of whole networks."""


def graphs_of(codes):
    """Chains of 22 nodes."""
    from neural_predictor.spaces import GraphBatch

    chain = np.repeat(np.eye(LAYERS, k=1, dtype=np.uint8)[None], len(codes), axis=0)
    return GraphBatch(np.eye(OPERATIONS, dtype=np.float32)[codes], chain, np.ones(codes.shape, np.bool_))


def additive(codes, latency, test, split):
    """Predictions (t,) of ridge regression on one-hot operations."""
    from sklearn.linear_model import RidgeCV

    features = [np.eye(OPERATIONS)[rows].reshape(len(rows), -1) for rows in (codes, test)]
    return RidgeCV(np.logspace(-4, 3, 15)).fit(features[0], latency).predict(features[1])


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
    parser.add_argument("--best-devices", nargs="*", default=["pixel2", "gold_6240"])
    parser.add_argument("--best-splits", type=int, default=1)
    parser.add_argument("--best-sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    configure(args.threads, "cpu")
    frame = pd.read_csv(args.file)
    codes = frame[[f"l{k}" for k in range(LAYERS)]].to_numpy(np.intp)
    devices = [name for name in frame if not (name[0] == "l" and name[1:].isdigit())]
    predictors = {"additive": additive, "xgboost": learnt("xgboost"), "best": learnt("best")}
    rows = []
    for predictor, predict in predictors.items():
        few = predictor == "best"
        for device in args.best_devices if few else devices:
            latency = frame[device].to_numpy(float)
            for size in args.best_sizes if few else SIZES:
                splits = range(args.best_splits if few else args.splits)
                found = np.mean([judged(predict, codes, latency, size, split) for split in splits], axis=0)
                rows.append((device, predictor, size, *found))
                print(*rows[-1], file=sys.stderr, flush=True)
    write(pd.DataFrame(rows, columns=["device", "predictor", "N", "tau", "MAPE"]))


def write(frame):
    """Print the table."""
    kind = np.where(frame["device"].isin(EXACT), "4 additive devices", "23 measured devices")
    means = frame[frame["predictor"] != "best"].assign(device=kind[frame["predictor"] != "best"])
    means = means.groupby(["device", "predictor", "N"], as_index=False).mean()
    for part in (means, frame):
        cells = part.assign(
            cell=[f"{tau:.3f}, {mape:.1%}" for tau, mape in zip(part["tau"], part["MAPE"], strict=True)]
        )
        print(cells.pivot_table("cell", ["device", "predictor"], "N", aggfunc="first").to_markdown(), end="\n\n")


if __name__ == "__main__":
    main()
