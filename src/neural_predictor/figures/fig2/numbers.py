"""Fig. 2 of the paper: how one architecture, the choice of fig1, is encoded and predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from neural_predictor.figures.first_search import describe_search, first_search
from neural_predictor.predictors.propagation import propagation_matrices
from neural_predictor.tables.benchmarks import space_of

if TYPE_CHECKING:
    from neural_predictor.config.sections import Comparison
    from neural_predictor.figures.first_search import Rows
    from neural_predictor.figures.request import Request
    from neural_predictor.figures.results import ProtocolRecord

COLUMNS = ("kind", "i", "j", "label", "value")


def run(request: Request[Comparison]) -> tuple[pd.DataFrame, ProtocolRecord]:
    """What the graph convolutional predictor sees of one architecture, the choice of fig1, and what it says of it.

    Returns:
        Rows of kind `architecture` (label), `node` (i, label: its operation), `edge` (i to j), `operation` (j, label:
        column j of the one-hot matrix), `feature` (that matrix: node i, column j, value), `forward` and `backward`
        (A_hat along and against the edges: i, j, value), `prediction` (label `predicted` or `observed`, value: the
        signal) and `recipe` (label `train size`, `layers`, `width`, or `hidden` once a layer; value). Padding is
        left out: i and j count real nodes.
    """
    study, table = request.study, request.table
    predictor, recipe = study.stages.one, study.one_stage
    search = first_search(request, predictor)
    space, code = space_of(table), table.encoding[search.choice]
    graphs = space.encode(code[None])
    real = np.flatnonzero(graphs.mask[0])
    features, edges = graphs.nodes[0][real], graphs.adjacency[0][np.ix_(real, real)]
    forward, backward = propagation_matrices(graphs)[0][:, real][:, :, real]

    rows: Rows = [{"kind": "architecture", "label": space.format(code)}]
    rows += [{"kind": "node", "i": i, "label": space.operations[k]} for i, k in enumerate(features.argmax(axis=1))]
    rows += [{"kind": "edge", "i": i, "j": j} for i, j in np.argwhere(edges).tolist()]
    rows += [{"kind": "operation", "j": j, "label": name} for j, name in enumerate(space.operations)]
    for kind, matrix in (("feature", features), ("forward", forward), ("backward", backward)):
        rows += [{"kind": kind, "i": i, "j": j, "value": value} for (i, j), value in np.ndenumerate(matrix)]
    size = request.section.train_size
    values = [("train size", size), ("layers", recipe.layers), ("width", recipe.width_for(size))]
    values += [("hidden", width) for width in recipe.hidden]
    rows += [{"kind": "recipe", "label": label, "value": value} for label, value in values]
    for label, known in (("predicted", search.fit.scores), ("observed", search.seen.signal)):
        rows.append({"kind": "prediction", "label": label, "value": float(known[search.choice])})
    frame = pd.DataFrame(rows).reindex(columns=list(COLUMNS)).astype({"i": "Int64", "j": "Int64"})
    notes = [f"The architecture is this search's choice, one of its {search.role}."]
    return frame.astype({"value": np.float64}), describe_search(request, predictor, notes)
