"""fig1, fig2 and fig5 say the numbers of their frames, on every space, and nothing runs over anything else."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from neural_predictor.config.project import Project
from neural_predictor.config.study import Study
from neural_predictor.figures.results import read_result, write_result
from neural_predictor.figures.style import save_figure
from neural_predictor.fits.files import draw_fits, write_scores
from neural_predictor.fits.key import FitKey
from neural_predictor.spaces import make_space
from neural_predictor.tables.benchmarks import BENCHMARKS
from neural_predictor.tables.table import BenchmarkTable
from support.figures import numbers_of, page_of

STUDY = Project(Path(__file__).parents[3]).study("smoke-v1")
N, TOTAL = STUDY.fig4.train_size, STUDY.fig4.total
DRAW = ("fig1", "fig2", "fig5")
CHAIN = "0100000001000000010000000100000001000000010000000"
WIDE = "0111100000001000000100000010000001000000010000000"
LONG = "input,maxpool3x3,maxpool3x3,maxpool3x3,maxpool3x3,maxpool3x3,output"
BENCHMARK = {"nasbench-graph": "nasbench-graph-proteins", "nasbench101": "nasbench101"}


def make_table(kind):
    """Synthetic metrics on real architectures, the first of which are NAS-Bench-101's longest and widest."""
    name, rng = BENCHMARK[kind], np.random.default_rng(0)
    space = make_space(kind, **BENCHMARKS[name].options)
    if kind == "nasbench101":
        codes = np.stack([space.parse(f"{matrix} {LONG}") for matrix in (CHAIN, WIDE)])
        while len(codes) < 400:
            codes = np.concatenate([codes, space.mutate(codes, rng)])
            codes = codes[np.sort(np.unique(space.identify(codes), return_index=True)[1])]
    else:
        codes = space.enumerate()
    quality = rng.uniform(0.5, 0.93, (len(codes), 1))
    quality[0] = 0.97
    metrics = {"validation_accuracy": quality, "test_accuracy": quality - 0.01}
    return BenchmarkTable(name, kind, space.identify(codes), codes, metrics)


def make(figure, folder, kind="nasbench-graph", accept=0.6, *, one_stage=False):
    """Numbers of a figure as its files give them back; scores are synthetic, and a cascade accepts a share."""
    table = make_table(kind)
    rng = np.random.default_rng(1)
    scores = table.mean("test_accuracy") + rng.normal(0, 0.02, len(table))
    predictor, found = STUDY.stages.one, {"scores": scores[None].astype(np.float32)}
    if figure == "fig5":
        logits = np.where(rng.random(len(table)) < accept, 1, -1).astype(np.float32)
        predictor, found = STUDY.stages.two, found | {"logits": logits[None], "one_stage": np.array([one_stage])}
    key = FitKey(predictor, table.name, N)
    draws = draw_fits(table, STUDY.seed, key, [0])
    write_scores(folder / "0.npz", folder / "0.json", key, draws, found, {"seconds": 1.0})
    study = Study.model_validate(STUDY.model_dump() | {"benchmark": table.name})
    frame, protocol = numbers_of(figure, study, table, scores=[folder / "0.npz"])
    write_result(frame, protocol, folder / "a.csv", folder / "a.json")
    return frame, protocol, *read_result(folder / "a.csv", folder / "a.json", frame.columns)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def said(figure):
    return " ".join(texts(figure)).replace("\n", " ")


def of(frame, kind):
    return frame[frame["kind"] == kind]


@pytest.mark.parametrize("figure", DRAW)
def test_numbers_from_files_give_the_same_bytes(tmp_path, figure):
    files = []
    for _ in range(2):
        frame, protocol, back, read = make(figure, tmp_path)
        paths = [tmp_path / name for name in ("a.csv", "a.json", "a.pdf", "a.png")]
        drawn = page_of(figure, back, read)
        save_figure(drawn, *paths[2:])
        files.append([path.read_bytes() for path in paths])
        assert texts(drawn) == texts(page_of(figure, frame, protocol))
    assert files[0] == files[1]
    assert b"/FontFile2" in files[0][2]


@pytest.mark.parametrize("kind", BENCHMARK)
def test_fig1_names_networks_with_their_accuracies(tmp_path, kind):
    frame, _, back, read = make("fig1", tmp_path, kind)
    figure = page_of("fig1", back, read)
    text = said(figure)
    for part in (
        f"N = {N} of {len(make_table(kind)):,}",
        f"K = {TOTAL - N} best",
        f"all other {read.architectures - N:,}",
    ):
        assert part in text
    for rows, column in ((of(frame, "training"), "signal"), (of(frame, "candidate"), "predicted")):
        assert f"... and {len(rows) - 4} more" in text
        for value in rows[column].head(4):
            assert f"{100 * value:.2f} %" in text
    choice = of(frame, "choice").iloc[0]
    assert f"validation {100 * choice['signal']:.2f} % test {100 * choice['target']:.2f} %" in text
    assert "synthetic" not in text


def test_fig1_shades_the_k_best(tmp_path):
    _, _, back, read = make("fig1", tmp_path)
    figure = page_of("fig1", back, read)
    axes = figure.axes[-1]
    every, best = axes.containers
    assert [bar.get_height() for bar in every] == of(back, "space")["count"].tolist()
    assert sum(bar.get_height() for bar in best) == TOTAL - N
    assert best.get_label() == f"the K = {TOTAL - N} best"
    strip = figure.axes[1]
    assert sum(bar.get_height() for bar in strip.patches) == N


def test_fig1_writes_cells_short(tmp_path):
    """The longest cell's matrix above its diagonal, and its operations, stand in the box of the choice."""
    _, _, back, read = make("fig1", tmp_path, "nasbench101")
    assert of(back, "choice")["architecture"].item() == f"{CHAIN} {LONG}"
    lines = "".join(text.replace("\n", "") for text in texts(page_of("fig1", back, read)))
    assert "100000/10000/1000/100/10/1" + ",".join(["maxpool3x3"] * 5) in lines
    assert "bn-relu" not in lines


@pytest.mark.parametrize("kind", BENCHMARK)
def test_fig2_draws_every_node_edge_and_entry(tmp_path, kind):
    _, _, back, read = make("fig2", tmp_path, kind)
    figure = page_of("fig2", back, read)
    shown = texts(figure)
    nodes, edges = of(back, "node"), of(back, "edge")
    for i, name in zip(nodes["i"].astype(int), nodes["label"], strict=True):
        assert shown.count(f"{i} {name.partition('-')[0]}") == 2  # in the graph, and beside the matrix
    arrows = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == len(edges) + 3
    entries = [text for text in shown if text == "1" or text.startswith(".")]
    matrices = back[back["kind"].isin(["feature", "forward", "backward"])]
    expected = [f"{value:.2g}".removeprefix("0") for value in matrices["value"] if value]
    assert sorted(entries) == sorted([*expected, *(["1"] * 2)])  # columns of the adjacency matrices have numbers
    text = said(figure)
    known = of(back, "prediction").set_index("label")["value"]
    for label in ("predicted", "observed"):
        assert f"{label} {100 * known[label]:.2f} %" in text
    for part in (
        f"N = {N} architectures",
        "3 graph convolutions, D = 48",
        f"mean over {len(nodes)} nodes",
        "connected 128",
    ):
        assert part in text


def test_fig5_says_what_passes(tmp_path):
    frame, _, back, read = make("fig5", tmp_path)
    text = said(page_of("fig5", back, read))
    counts = of(frame, "count").set_index("name")["count"]
    bound = of(frame, "bound")["value"].item()
    metrics = of(frame, "metric").set_index("name")["value"]
    for part in (
        f"N = {N} architectures",
        f"{counts['accurate']} of them accurate: above {100 * bound:.2f} % (quantile 0.4 of the N)",
        f"all other {counts['scored']:,} architectures",
        f"{counts['accepted']:,} accepted",
        f"{counts['rejected']:,} rejected",
        f"the K = {TOTAL - N} best",
        f"{100 * metrics['precision']:.1f} % of the {counts['accepted']:,} accepted (precision)",
        f"{100 * metrics['base rate']:.1f} % of all {counts['scored']:,} (base rate)",
    ):
        assert part in text
    assert "one stage" not in text


def test_fig5_of_one_stage_says_so(tmp_path):
    _, _, back, read = make("fig5", tmp_path, accept=1, one_stage=True)
    text = said(page_of("fig5", back, read))
    assert "one stage, as two need 10 accurate" in text
    assert "classifier" not in text
    assert "precision" not in text
    back.loc[back["name"] == "accurate", "count"] = N
    assert "one stage, as none of the N is inaccurate" in said(page_of("fig5", back, read))


@pytest.mark.parametrize("accept", [0, 0.02])
def test_fig5_where_k_is_more_than_what_is_accepted(tmp_path, accept):
    frame, _, back, read = make("fig5", tmp_path, accept=accept)
    figure = page_of("fig5", back, read)
    passed = of(frame, "count").set_index("name")["count"]["passed"]
    assert passed < TOTAL - N
    assert f"K = {TOTAL - N}: {passed} accepted, {TOTAL - N - passed} rejected" in said(figure)
    assert len(figure.axes) == (2 if passed else 1)  # no histogram of nothing


def drawn_texts(figure):
    """Extents in pixels of all texts on a figure's canvas, its caption and the labels of its axes."""
    figure.set_dpi(200)  # as it is saved: hinting makes text wider at less
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = [*figure.texts, *figure.axes[0].texts]
    for axes in figure.axes[1:]:
        low, high = axes.get_xlim()  # matplotlib has labels for ticks outside too, and does not draw them
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        found += [axes.xaxis.label, *(label for tick, label in ticks if low <= tick <= high)]
        found += axes.get_legend().get_texts() if axes.get_legend() else []
    return [(text.get_text(), text.get_window_extent(renderer)) for text in found if text.get_text()]


@pytest.mark.parametrize("kind", BENCHMARK)
@pytest.mark.parametrize("figure", DRAW)
def test_no_text_meets_another_or_leaves_the_figure(tmp_path, figure, kind):
    """Texts of a graph's nodes and of matrices may fill their cells, but must not meet; turned ones are left out."""
    _, _, back, read = make(figure, tmp_path, kind)
    drawn = page_of(figure, back, read)
    turned = {text.get_text() for text in drawn.axes[0].texts if text.get_rotation()}
    extents = [(text, box) for text, box in drawn_texts(drawn) if text not in turned]
    page = drawn.bbox
    for text, box in extents:
        assert page.x0 <= box.x0, text
        assert box.x1 <= page.x1, text
        assert page.y0 <= box.y0, text
        assert box.y1 <= page.y1, text
    for (one, first), (other, second) in combinations(extents, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide <= 1 or high <= 1, (one, other)


@pytest.mark.parametrize(
    ("figure", "more"),
    [(figure, {"kind": kind}) for figure in DRAW for kind in BENCHMARK]
    + [("fig5", {"one_stage": True, "accept": 1}), ("fig5", {"accept": 0}), ("fig5", {"accept": 0.02})],
)
def test_text_stays_in_its_box(tmp_path, figure, more):
    _, _, back, read = make(figure, tmp_path, **more)
    drawn = page_of(figure, back, read)
    extents = drawn_texts(drawn)
    boxes = [patch.get_window_extent() for patch in drawn.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    held = 0
    for text, extent in extents:
        x, y = (extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2
        for box in [box for box in boxes if box.x0 < x < box.x1 and box.y0 < y < box.y1]:
            assert box.x0 < extent.x0, text
            assert extent.x1 < box.x1, text
            assert box.y0 < extent.y0, text
            assert extent.y1 < box.y1, text
            held += 1
    assert held >= len(boxes)


@pytest.mark.parametrize("matrix", [CHAIN, WIDE, "0110100001000000010010000010000001000000010000000"])
def test_no_edge_runs_through_a_node(tmp_path, matrix):
    frame, _, back, read = make("fig2", tmp_path, "nasbench101")
    space = make_space("nasbench101")
    graph = space.encode(space.parse(f"{matrix} {LONG}")[None])
    edges = np.argwhere(graph.adjacency[0])
    back = back[back["kind"] != "edge"]
    rows = frame[frame["kind"] == "edge"].iloc[[0] * len(edges)].assign(i=edges[:, 0], j=edges[:, 1])
    canvas = page_of("fig2", back.merge(rows, how="outer"), read).axes[0]
    boxes = [patch.get_window_extent() for patch in canvas.patches if isinstance(patch, FancyBboxPatch)][:7]
    for patch in [patch for patch in canvas.patches if isinstance(patch, FancyArrowPatch)][: len(edges)]:
        points = patch.get_path().interpolated(20).vertices
        pixels = patch.get_transform().transform(points)
        inside = [sum(box.x0 + 1 < x < box.x1 - 1 and box.y0 + 1 < y < box.y1 - 1 for x, y in pixels) for box in boxes]
        assert sum(inside) == 0
