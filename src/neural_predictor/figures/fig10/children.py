"""fig10 of a set of children: predictions of candidates against latency, and what was trained of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from neural_predictor.children.plan import ENSEMBLE, ROLE
from neural_predictor.errors import FormatError
from neural_predictor.figures.fig10.rows import COLUMNS, density, points
from neural_predictor.figures.protocol import describe_children
from neural_predictor.search.fronts.pareto import front, hypervolume, nadir
from neural_predictor.spaces import make_space

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from neural_predictor.config.beyond import ChildFrontier
    from neural_predictor.config.sections import ChildSet
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord
    from neural_predictor.tables.table import BenchmarkTable

KINDS = ("random", "trained", "further")
"""The sample, what the predictor chose, further random architectures of the window, in the order of tables."""
CANDIDATE = "candidate"


def run(request: Request[ChildFrontier]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """One search: the sample, one fit, and the K that it chose.

    Returns:
        Rows of kind `density` (as `rows.density`, of predictions of all candidates), `predicted_front` (latency,
        prediction), `known` (likewise, of a network by name), `random`, `trained` and `further` (`KINDS`: latency,
        observed validation accuracy), `trained_front` (likewise, the front of the sample and the choice), `bound` (an
        end of the window), and as `value` `candidates`, and `share_random`, `share`, `share_further`: of the
        hypervolume of all that was trained, what the sample has, with the choice, and with the further ones in its
        place. Its protocol.

    Raises:
        FormatError: if the file of the choice is damaged, or a table has no latencies or is of another choice.
    """
    plan = request.study.children[request.section.children]
    assert plan.latency is not None  # the study was validated
    choice, tables = read_choice(request.choices[0]), dict(zip(KINDS, request.tables.values(), strict=False))
    offered = choice[_offered(choice)]
    cost, predicted = (offered[name].to_numpy(np.float64) for name in ("latency_ms", "predicted"))
    best = front(np.stack([predicted, -cost], axis=1))
    rows = density(cost, predicted) + points("predicted_front", cost[best], predicted[best])
    for _, known in choice.drop(offered.index).iterrows():
        rows.append({"kind": "known", "cost": known["latency_ms"], "goodness": known["predicted"]})
        rows[-1]["name"] = known["role"]
    observed = {kind: _observed(table) for kind, table in tables.items()}
    for kind, found in observed.items():
        rows += points(kind, -found[:, 1], found[:, 0])
    both = np.concatenate([observed["random"], observed["trained"]])
    rows += points("trained_front", *(both[front(both)] * (1, -1)).T[::-1])
    rows += [{"kind": "bound", "cost": end} for end in (plan.latency.at_least, plan.latency.at_most) if end is not None]
    values = {"candidates": len(offered), **_shares(observed)}
    rows += [{"kind": kind, "value": float(value)} for kind, value in values.items()]
    frame = pd.DataFrame(rows).assign(metric="latency_ms").reindex(columns=list(COLUMNS))
    return frame, _described(request, plan, choice, tables)


def read_choice(path: Path) -> pd.DataFrame:
    """What `choose-children` wrote of a set with latencies.

    Raises:
        FormatError: if the file is missing or damaged.
    """
    names = ["architecture", "predicted", "latency_ms", "role"]
    try:
        found = pd.read_csv(path, usecols=names, dtype={"architecture": str, "role": str})
        if not np.isfinite(found[["predicted", "latency_ms"]].to_numpy(np.float64)).all() or found["role"].isna().any():
            raise ValueError("a value is missing")
    except (OSError, ValueError, TypeError) as error:
        raise FormatError(
            f"{path}: expected rows with {', '.join(names)} ({error}); run choose-children again"
        ) from error
    return found


def _offered(choice: pd.DataFrame) -> pd.Series:
    """(n,) which rows of a choice are candidates, chosen or not; others are known networks."""
    return choice["role"].isin([CANDIDATE, ROLE])


def _observed(table: BenchmarkTable) -> NDArray[np.float64]:
    """(n, 2) validation accuracy and cheapness of each architecture."""
    if "latency_ms" not in table.metrics:
        raise FormatError(
            f"the table {table.name} has no latency_ms, as the study asks now; run collect-children again"
        )
    return np.stack([table.mean(table.signal), -table.mean("latency_ms")], axis=1)


def _shares(observed: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    everything = np.concatenate(list(observed.values()))
    reference = nadir(everything)

    def share(*kinds: str) -> float:
        part = np.concatenate([observed[kind] for kind in kinds])
        return hypervolume(part, reference) / (hypervolume(everything, reference) or 1.0)

    found = {"share_random": share("random"), "share": share("random", "trained")}
    return found | ({"share_further": share("random", "further")} if "further" in observed else {})


def _described(
    request: Request[ChildFrontier], plan: ChildSet, choice: pd.DataFrame, tables: dict[str, BenchmarkTable]
) -> ProtocolRecord:
    assert plan.latency is not None  # the study was validated
    how = "the best by prediction" if plan.latency.choose == "best" else "spread along the predicted front"
    notes = [
        f"{plan.predictors[0]}, fitted to the sample, chose {plan.chosen} of {_offered(choice).sum():,} "
        f"candidates by the mean of {ENSEMBLE} fits, {how}.",
        _of_latencies(plan, choice, tables["trained"]),
        _of_best("the sample and the choice", tables["random"], tables["trained"]),
    ]
    random = [tables[kind] for kind in ("random", "further") if kind in tables]
    notes.append(_of_best("random architectures", *random))
    return describe_children(
        request,
        scored=f"{plan.candidates:,} architectures that were sampled likewise, less those of the sample",
        reported="validation accuracy, mean over the trainings of an architecture, against latency",
        repeats={"the search": 1},
        interval="none, this is one search",
        notes=notes,
    )


def _of_latencies(plan: ChildSet, choice: pd.DataFrame, chosen: BenchmarkTable) -> str:
    """What latencies are; of those that were measured, how well the model knew them of what it had not seen."""
    assert plan.latency is not None  # the study was validated
    if plan.latency.model != "here":
        network = plan.network
        as_trained = (network.width, network.resolution) == (1.0, 224)
        other = "" if as_trained else f", not at the width {network.width:g} and {network.resolution} of the trainings"
        return f"Latency: by the model {plan.latency.model}, at width 1 and 224 pixels{other}."
    space = make_space("proxylessnas")
    names = choice.loc[choice["role"] == ROLE, ["architecture", "latency_ms"]]
    codes = np.stack([space.parse(text) for text in names["architecture"]])
    by_name = dict(zip(space.identify(codes), names["latency_ms"], strict=True))
    if missing := [name for name in chosen.architecture if name not in by_name]:
        raise FormatError(f"the table {chosen.name} has {missing[0]}, which was not chosen; run train-children again")
    said, measured = np.array([by_name[name] for name in chosen.architecture]), chosen.mean("latency_ms")
    tau, error = kendalltau(said, measured).statistic, np.mean(np.abs(said - measured) / measured)
    return (
        "Latency: of what was trained measured on the machine that built this, of candidates by a linear fit to the "
        f"sample's; on the {len(chosen)} chosen its Kendall tau is {tau:.2f} and its mean error {error:.1%}."
    )


def _of_best(whose: str, *tables: BenchmarkTable) -> str:
    signal, target = (
        np.concatenate([table.mean(getattr(table, name)) for table in tables]) for name in ("signal", "target")
    )
    latency = np.concatenate([table.mean("latency_ms") for table in tables])
    best = int(signal.argmax())
    return (
        f"Of {len(signal)}, {whose}, the best by validation has {signal[best]:.2%}, in test {target[best]:.2%}, and "
        f"takes {latency[best]:.3g} ms."
    )
