"""Fig. 2: what the predictor sees of the choice of fig1."""

import numpy as np
import pytest

from neural_predictor.config.study import Study
from neural_predictor.figures.fig2.numbers import COLUMNS
from neural_predictor.figures.results import caption
from neural_predictor.spaces.nasbench101.space import NasBench101Space
from neural_predictor.spaces.nasbench_graph import NasBenchGraphSpace
from neural_predictor.tables.benchmarks import BENCHMARKS
from support.figures import numbers_of
from support.searches import NAME, N, noisy, of, synthetic


@pytest.fixture(scope="module")
def table():
    """Synthetic metrics on a real space, two runs an architecture."""
    space = NasBenchGraphSpace(**BENCHMARKS[NAME].options)
    return synthetic(NAME, space, space.enumerate())


def cells(start, count):
    """Different cells of NAS-Bench-101, the first of them `start`."""
    space, rng = NasBench101Space(), np.random.default_rng(0)
    codes = start[None]
    while len(codes) < count:
        codes = np.concatenate([codes, space.mutate(codes, rng)])
        codes = codes[np.sort(np.unique(space.identify(codes), return_index=True)[1])]
    return codes


def test_fig2_encodes_the_choice_of_fig1(tmp_path, study, table, write_scores):
    paths = write_scores(tmp_path, table, noisy(table))
    (choice,) = of(numbers_of("fig1", study, table, scores=paths)[0], "choice").to_dict("records")
    frame, protocol = numbers_of("fig2", study, table, scores=paths)
    assert tuple(frame.columns) == COLUMNS
    assert of(frame, "architecture")["label"].tolist() == [choice["architecture"]]
    inputs, operations = (part.split(",") for part in choice["architecture"].split(" "))
    assert of(frame, "node")["label"].tolist() == ["input", *operations, "output"]
    edges = {(int(parent), node + 1) for node, parent in enumerate(inputs)}
    edges |= {(node, 5) for node in range(1, 5) if str(node) not in inputs}
    assert set(of(frame, "edge")[["i", "j"]].itertuples(index=False, name=None)) == edges
    columns = of(frame, "operation")["label"].tolist()
    ones = of(frame, "feature").query("value == 1")
    assert [columns[j] for j in ones["j"]] == ["input", *operations, "output"]
    assert len(of(frame, "feature")) == 6 * len(columns)
    known = of(frame, "prediction").set_index("label")["value"]
    assert known.to_dict() == {"predicted": choice["predicted"], "observed": choice["signal"]}
    recipe = list(of(frame, "recipe")[["label", "value"]].itertuples(index=False, name=None))
    assert recipe == [("train size", N), ("layers", 3), ("width", 48), ("hidden", 128)]
    role = "training architectures" if choice["place"] <= N else "candidates"
    assert f"choice, one of its {role}." in caption(protocol)


@pytest.mark.parametrize(("kind", "along"), [("forward", True), ("backward", False)])
def test_fig2s_rows_share_alike_between_a_node_and_its_neighbours(tmp_path, study, table, write_scores, kind, along):
    frame, _ = numbers_of("fig2", study, table, scores=write_scores(tmp_path, table, noisy(table)))
    edges = of(frame, "edge")[["i", "j"]].to_numpy(int)
    if not along:
        edges = edges[:, ::-1]
    for i in range(6):
        members = {i, *edges[edges[:, 0] == i, 1]}
        row = of(frame, kind).query("i == @i").set_index("j")["value"]
        expected = [1 / len(members) if j in members else 0 for j in range(6)]
        np.testing.assert_allclose(row[list(range(6))], expected, rtol=1e-6)


@pytest.mark.parametrize("vertices", [2, 4, 7])
def test_fig2_leaves_padding_out(tmp_path, study, write_scores, vertices):
    """Arrays of NAS-Bench-101's cells have seven places, however few vertices they have; metrics are synthetic."""
    space = NasBench101Space()
    matrix = "".join(map(str, np.eye(vertices, k=1, dtype=int).ravel()))
    start = space.parse(f"{matrix} {','.join(['input', *['conv3x3-bn-relu'] * (vertices - 2), 'output'])}")
    table = synthetic("nasbench101", space, cells(start, 80))
    for name in ("validation_accuracy", "test_accuracy"):
        table.metrics[name][0] = 0.99  # so that the first cell is the choice
    changed = Study.model_validate(study.model_dump() | {"benchmark": "nasbench101"})
    frame, _ = numbers_of("fig2", changed, table, scores=write_scores(tmp_path, table, table.mean("test_accuracy")))
    assert of(frame, "architecture")["label"].item() == space.format(start)
    assert len(of(frame, "node")) == vertices
    assert len(of(frame, "forward")) == len(of(frame, "backward")) == vertices**2
    assert of(frame, "feature")["value"].sum() == vertices
    assert of(frame, "forward").groupby("i")["value"].sum().tolist() == pytest.approx([1] * vertices)
