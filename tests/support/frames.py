"""Made-up numbers of figures, as their files hold them."""

import numpy as np
import pandas as pd

from neural_predictor.config.defects import DEFECTS
from neural_predictor.figures.audit.finding import Finding, Measure
from neural_predictor.statistics.bootstrap import Estimate


def curves(*panels):
    rows = []
    for panel in panels:
        for method, sizes in (("predictor", (43, 172)), ("random", (None,))):
            for size in sizes:
                x = np.arange((size or 0) + 1, 400)
                mean = 0.9 - 0.1 / x
                frame = pd.DataFrame({"x": x, "mean": mean, "low": mean - 0.001, "high": mean + 0.001})
                rows.append(frame.assign(panel=panel, method=method, train_size=size or pd.NA, repeats=3))
        level = {"x": [100], "mean": 0.91, "low": 0.91, "high": 0.91}
        rows.append(pd.DataFrame(level).assign(panel=panel, method="oracle", train_size=pd.NA, repeats=3))
    return pd.concat(rows, ignore_index=True).astype({"train_size": "Int64"})


def points():
    signal = np.random.default_rng(0).normal(0.9, 0.01, 300)
    frame = pd.DataFrame({"kind": "architecture", "architecture": "a", "signal": signal, "target": signal - 0.01})
    best = {"kind": ["oracle"], "signal": 0.93, "signal_low": 0.93, "signal_high": 0.931, "target": 0.91}
    return pd.concat([frame, pd.DataFrame(best | {"target_low": 0.909, "target_high": 0.911})], ignore_index=True)


def frontier():
    rows = [
        {"panel": panel, "train_size": size, "level": 0.9, "samples": samples, "random_samples": 2000, "repeats": 3}
        for panel in ("signal_by_samples", "target_by_samples")
        for size, samples in ((43, pd.NA), (172, 230))
    ]
    return pd.DataFrame(rows)


def accepted():
    """A cascade's architectures: two bins of each kind, the bound, two metrics."""
    rows = [
        {"kind": "bin", "name": name, "low": low, "high": low + 0.1, "value": value}
        for name, values in (("training", (5, 15)), ("accepted", (10, 90)), ("rejected", (70, 30)))
        for low, value in zip((0.8, 0.9), values, strict=True)
    ]
    rows.append({"kind": "bound", "name": "accurate", "value": 0.91})
    for name in ("precision", "recall"):
        rows.append({"kind": "metric", "name": name, "value": 0.9, "low": 0.89, "high": 0.91, "repeats": 3})
    return pd.DataFrame(rows)


def observed():
    """Two architectures a set, a density of three squares, metrics of every set but validation."""
    rows = [
        {"kind": "network", "set": name, "predicted": 0.9, "observed": value}
        for name in ("training", "validation", "ten of test")
        for value in (0.88, 0.91)
    ]
    for x, value in ((0.88, 1), (0.9, 100), (0.92, 5)):
        about = {"kind": "density", "set": "test", "predicted": x, "observed": x}
        rows.append(about | {"width": 0.01, "height": 0.01, "value": value})
    rows.append({"kind": "outside", "set": "test", "value": 4})
    for name, repeats in (("training", 3), ("validation", 0), ("test", 3)):
        numbers = {"value": 0.5, "low": 0.4, "high": 0.6} if repeats else {}
        rows += [{"kind": kind, "set": name, "repeats": repeats} | numbers for kind in ("mse", "kendall_tau", "r2")]
    return pd.DataFrame(rows)


def defects():
    """Five defects of a number in percent: the first four change it."""
    measure = Measure("the predictor", "its accuracy", "accuracy", "%", 2)
    honest = Estimate(95, 94.9, 95.1)
    return pd.DataFrame(
        Finding(measure, honest, Estimate(91 + k, 90.9 + k, 91.1 + k), 3, 3).row(defect)
        for k, defect in enumerate(list(DEFECTS.values())[:5])
    )
