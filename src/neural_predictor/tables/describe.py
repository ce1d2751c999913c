"""A table in a screenful: what a person wants to know before using it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import kendalltau

from neural_predictor.tables.table import metric_of

if TYPE_CHECKING:
    from neural_predictor.tables.table import BenchmarkTable

QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)


def describe_table(table: BenchmarkTable) -> str:
    """Rows, metrics with runs and quantiles of their means, signal against target, the oracle, what was left out."""
    lines = [f"{table.name}: {len(table):,} architectures of the space {table.space}"]
    lines.append(f"{'metric':<34}{'unit':<10}{'runs':>4}" + "".join(f"{f'{q:.0%}':>12}" for q in QUANTILES))
    for name, values in table.metrics.items():
        quantiles = np.nanquantile(table.mean(name), QUANTILES)
        lines.append(
            f"{name:<34}{metric_of(name).unit:<10}{values.shape[1]:>4}" + "".join(f"{q:>12.5g}" for q in quantiles)
        )
    signal, target = table.mean(table.signal), table.mean(table.target)
    lines.append(
        f"Kendall tau of mean {table.signal} and mean {table.target}: {kendalltau(signal, target).statistic:.3f}"
    )
    best = int(np.argmax(signal) if table.maximise else np.argmin(signal))
    lines.append(
        f"oracle by mean {table.signal}: {table.architecture[best]}, {signal[best]:.5f}, "
        f"{table.target} {target[best]:.5f}; "
        f"best mean {table.target}: {target.max() if table.maximise else target.min():.5f}"
    )
    if "note" in table.provenance:
        lines.append(table.provenance["note"])
    return "\n".join(lines)
