"""Recurrent cells: one identity for equal cells, graphs that lose nothing, texts and codes that are refused."""

import gzip
import itertools
import json
import zipfile
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces import GraphBatch, make_space
from neural_predictor.spaces.nasbench_nlp.cells import Cells, departures
from neural_predictor.spaces.nasbench_nlp.space import NasBenchNlpSpace
from neural_predictor.spaces.nasbench_nlp.text import EXAMPLE, STATE_NAMES, recipe_codes, recipe_of

RNG = np.random.default_rng
space = NasBenchNlpSpace()


def recipe(**nodes):
    """A recipe from node="operation input input .."."""
    words = {name: text.split() for name, text in nodes.items()}
    return {name: {"op": op, "input": inputs} for name, (op, *inputs) in words.items()}


RNN = recipe(f="linear x h_prev_0", h_new_0="activation_tanh f")
GRU = recipe(
    r="linear x h_prev_0",
    r_act="activation_sigm r",
    z="linear x h_prev_0",
    z_act="activation_sigm z",
    rh="elementwise_prod r_act h_prev_0",
    n="linear x rh",
    n_act="activation_tanh n",
    h_new_0="blend z_act h_prev_0 n_act",
)
TWINS = recipe(
    a="linear x h_prev_0",
    b="linear x h_prev_0",
    c="linear x h_prev_0",
    d="linear x h_prev_0",
    a1="activation_tanh a",
    b1="activation_tanh b",
    c1="activation_tanh c",
    d1="activation_tanh d",
    ab="elementwise_sum a1 b1",
    bc="elementwise_sum b1 c1",
    cd="elementwise_sum c1 d1",
    abc="elementwise_prod ab bc",
    h_new_0="elementwise_prod abc cd",
)
"""Four equal branches of which the sums make a path: ties that only a search resolves."""


def rows(*recipes):
    return np.array([recipe_codes(each) for each in recipes])


def identities(*recipes):
    return space.identify(rows(*recipes)).tolist()


def disguised(cell, rng, keep=("blend",)):
    """The same cell under other names, in another order, with inputs that have no order in another."""
    inner = [name for name in cell if name not in STATE_NAMES]
    new = dict(zip(inner, (f"n{k}" for k in rng.permutation(len(inner))), strict=True))
    nodes = [
        (
            new.get(name, name),
            {
                "op": node["op"],
                "input": [
                    new.get(source, source)
                    for source in (node["input"] if node["op"] in keep else rng.permutation(node["input"]).tolist())
                ],
            },
        )
        for name, node in cell.items()
    ]
    return dict(nodes[k] for k in rng.permutation(len(nodes)))


def is_isomorphic(one, other):
    """Whether two recipes are one cell, by trying all ways to match nodes, states 1 and 2 in both ways."""

    def fits(match, name, image):
        a, b = one[name], other[image]
        if a["op"] != b["op"]:
            return False
        sources = [match.get(source) for source in a["input"]]
        return sources == b["input"] if a["op"] == "blend" else sorted(sources) == sorted(b["input"])

    def matched(match, order):
        if not order:
            return True
        name, *rest = order
        images = [match[name]] if name in match else [image for image in other if image not in match.values()]
        return any(fits(match, name, image) and matched(match | {name: image}, rest) for image in images)

    if Counter(node["op"] for node in one.values()) != Counter(node["op"] for node in other.values()):
        return False
    order = list(recipe_of(recipe_codes(one)))
    one, other = recipe_of(recipe_codes(one)), recipe_of(recipe_codes(other))
    if sum(name in one for name in STATE_NAMES) != sum(name in other for name in STATE_NAMES):
        return False
    swaps = [(1, 2), (2, 1)] if "h_new_2" in one else [(1, 2)]
    return any(
        matched(
            {"x": "x", "h_prev_0": "h_prev_0", "h_new_0": "h_new_0"}
            | {f"h_{age}_{k}": f"h_{age}_{s[k - 1]}" for age in ("prev", "new") for k in (1, 2)},
            order,
        )
        for s in swaps
    )


@pytest.fixture(scope="module")
def real(shared_data):
    """All 7,130 + 345 recipes."""
    with gzip.open(shared_data / "nasbench_nlp_ptb_half.jsonl.gz") as lines:
        ptb = [json.loads(line)["recepie"] for line in lines]
    with zipfile.ZipFile(shared_data / "nasbench_nlp_wikitext2_logs.zip") as archive:
        wikitext = [json.loads(json.loads(archive.read(name))["recepie"]) for name in archive.namelist()]
    assert (len(ptb), len(wikitext)) == (7_130, 345)
    return ptb + wikitext


@pytest.mark.shared_data
def test_every_real_recipe_comes_back_from_its_graph_and_from_its_text(real):
    codes = rows(*real)
    space.check(codes)
    graphs = space.encode(codes)
    np.testing.assert_array_equal(space.decode(graphs), codes)
    # No edge runs back, and padding comes last.
    assert not np.tril(graphs.adjacency).any()
    assert (np.diff(graphs.mask.astype(int), axis=1) <= 0).all()
    # Every node, edge and order of a blend's inputs is there, under other names.
    for cell, code in zip(real[::5], codes[::5], strict=True):
        again = recipe_of(space.parse(space.format(code)))
        assert Counter(node["op"] for node in again.values()) == Counter(node["op"] for node in cell.values())
        assert is_isomorphic(cell, again)


@pytest.mark.shared_data
def test_nodes_of_a_graph_in_any_order_are_the_same_cell(real):
    codes = rows(*real[::20])
    graphs = space.encode(codes)
    mixed = graphs.permuted(RNG(0).permutation(graphs.mask.shape[1]))
    assert space.identify(space.decode(mixed)).tolist() == space.identify(codes).tolist()


@pytest.mark.shared_data
def test_real_recipes_that_are_one_cell_have_one_identity_and_no_others(real):
    names = identities(*real)
    assert (len(set(names[:7_130])), len(set(names[7_130:])), len(set(names))) == (6_293, 265, 6_398)
    assert names == identities(*(disguised(cell, RNG(k)) for k, cell in enumerate(real)))
    cells = defaultdict(list)
    for cell, name in zip(real, names, strict=True):
        cells[name].append(cell)
    for same in cells.values():
        assert all(is_isomorphic(same[0], other) for other in same[1:4])
    alike = defaultdict(list)
    for cell, *_ in cells.values():
        alike[str(sorted(node["op"] for node in cell.values()))].append(cell)
    pairs = [pair for group in alike.values() for pair in itertools.combinations(group, 2)]
    assert not any(is_isomorphic(*pairs[k]) for k in RNG(0).choice(len(pairs), 4_000))


@pytest.mark.shared_data
def test_real_recipes_keep_the_generators_rules_but_for_those_made_by_hand(real):
    broken = np.flatnonzero(departures(Cells.from_codes(rows(*real))))
    assert all("act" in "".join(real[k]) for k in broken)  # the LSTM and the GRU, with names of their own
    assert len(broken) == 3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["sample", "twins", "gru"]))
def test_renamed_and_reordered_recipes_have_one_identity(seed, kind):
    cell = {"twins": TWINS, "gru": GRU}.get(kind) or recipe_of(SAMPLE[seed % len(SAMPLE)])
    assert len(set(identities(cell, disguised(cell, RNG(seed)), disguised(cell, RNG(seed + 1))))) == 1


SAMPLE = space.sample(400, RNG(11))


def test_the_order_of_inputs_counts_for_blend_alone():
    base = recipe(f="linear x h_prev_0", g="activation_tanh f", k="activation_sigm f", h_new_0="activation_tanh f")
    del base["h_new_0"]
    for op, inputs, ids in (
        ("blend", ["f", "g", "k"], 6),
        ("linear", ["x", "g", "k"], 1),
        ("elementwise_sum", ["f", "g"], 1),
        ("elementwise_prod", ["f", "g"], 1),
    ):
        last = {} if "k" in inputs else recipe(m="elementwise_sum k out", h_new_0="activation_tanh m")
        cells = []
        for order in itertools.permutations(inputs):
            out = "out" if last else "h_new_0"
            cells.append(base | {out: {"op": op, "input": list(order)}} | last)
        assert len(set(identities(*cells))) == ids
        assert len(np.unique(rows(*cells), axis=0)) == ids


def test_two_equal_branches_are_not_one_branch_read_twice():
    one = recipe(f="linear x h_prev_0", g="activation_tanh f", k="activation_tanh f", h_new_0="elementwise_sum g k")
    two = one | recipe(e="linear h_prev_0 x", k="activation_tanh e")
    assert len(set(identities(one, two))) == 2


def test_states_1_and_2_are_names_and_state_0_is_not():
    cell = recipe(
        f="linear x h_prev_0 h_prev_1",
        h_new_0="activation_tanh f",
        g="elementwise_prod f h_prev_2",
        h_new_1="elementwise_sum f g",
        h_new_2="elementwise_prod g h_new_1",
    )

    def renamed(*states):
        number = {f"h_{age}_{k}": f"h_{age}_{new}" for age in ("prev", "new") for k, new in enumerate(states)}
        return {
            number.get(name, name): node | {"input": [number.get(k, k) for k in node["input"]]}
            for name, node in cell.items()
        }

    same, other, third = renamed(0, 2, 1), renamed(1, 0, 2), renamed(2, 1, 0)
    assert len(set(identities(cell, same))) == 1
    assert len(set(identities(cell, other, third))) == 3
    # The graphs of canonical rows are equal, those of rows as they stand are not.
    graphs = space.encode(space.canonical(rows(cell, same)))
    assert (graphs.nodes[0] == graphs.nodes[1]).all()
    assert (graphs.adjacency[0] == graphs.adjacency[1]).all()


def test_canonical_form_is_a_fixed_point():
    once = space.canonical(np.concatenate([SAMPLE, rows(RNN, GRU, TWINS)]))
    np.testing.assert_array_equal(space.canonical(once), once)
    assert space.canonical(once[:0]).shape == (0, space.code_length)


def test_an_identity_does_not_depend_on_what_else_is_asked():
    codes = np.concatenate([rows(RNN, GRU, TWINS), SAMPLE[:30]])
    assert space.identify(codes).tolist() == [space.identify(code[None])[0] for code in codes]
    assert space.identify(rows(RNN)).tolist() == ["df1e9f885e3c6831feda4199287acd1b"]  # tables on disk hold it


def test_a_graph_shows_data_flow_and_the_product_of_a_blend():
    graphs = space.encode(rows(GRU, RNN))
    kinds = [space.operations[k] for k in graphs.nodes[0].argmax(axis=1)]
    edges = Counter((kinds[i], kinds[j]) for i, j in np.argwhere(graphs.adjacency[0]))
    assert Counter(kinds) == {
        **dict.fromkeys(
            ("x", "h_prev_0", "elementwise_prod", "blend_product", "blend", "h_new_0", "activation_tanh"), 1
        ),
        "linear": 3,
        "activation_sigm": 2,
    }
    assert edges == {
        ("x", "linear"): 3,
        ("h_prev_0", "linear"): 2,
        ("linear", "activation_sigm"): 2,
        ("linear", "activation_tanh"): 1,
        ("activation_sigm", "elementwise_prod"): 1,
        ("h_prev_0", "elementwise_prod"): 1,
        ("elementwise_prod", "linear"): 1,
        ("activation_sigm", "blend_product"): 1,  # z a
        ("h_prev_0", "blend_product"): 1,
        ("blend_product", "blend"): 1,  # + (1 - z) b
        ("activation_sigm", "blend"): 1,
        ("activation_tanh", "blend"): 1,
        ("blend", "h_new_0"): 1,
    }
    assert graphs.mask.sum(axis=1).tolist() == [12, 5]


def test_graphs_that_are_no_cells_are_named():
    graphs = space.encode(rows(GRU, RNN))
    for change in ("no edge", "edge", "node"):
        nodes, adjacency = graphs.nodes.copy(), graphs.adjacency.copy()
        if change == "no edge":
            adjacency[1, :, 4] = 0  # to the new state of the RNN
        elif change == "edge":
            adjacency[1, 2, 0] = 1  # to x
        else:
            nodes[1, 3] = np.eye(len(space.operations))[space.operations.index("blend")]
        with pytest.raises(ArchitectureError, match="graph 1 of the batch is no recurrent cell"):
            space.decode(GraphBatch(nodes, adjacency, graphs.mask))


def test_the_space_is_too_large_to_enumerate():
    for call in (space.enumerate, lambda: space.index_of(SAMPLE)):
        with pytest.raises(ArchitectureError, match="too many architectures to enumerate or to index; sample from it"):
            call()


def test_text_and_columns_round_trip():
    assert space.columns == ("recepie",)
    codes = np.concatenate([SAMPLE[:50], rows(RNN, GRU, TWINS)])
    np.testing.assert_array_equal(space.from_columns(space.to_columns(codes)), codes)
    assert space.parse(EXAMPLE).tolist() == rows(RNN)[0].tolist()
    assert json.loads(space.format(rows(RNN)[0])) == json.loads(EXAMPLE)


def with_node(name, op, *inputs):
    return json.dumps(RNN | {name: {"op": op, "input": list(inputs)}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no recipe: not JSON"),
        ('{"a": ', "is no recipe: not JSON"),
        ("[" * 100_000, "is no recipe: not JSON"),
        ("[]", r"the recipe is \[\]; expected nodes"),
        ("{}", "expected nodes"),
        ('{"f": {"op": "linear", "input": []}, "f": 1}', "the recipe names 'f' twice"),
        ('{"f": 1}', "node 'f' is 1; expected"),
        ('{"f": {"op": "linear", "input": ["x"], "more": 1}}', "node 'f' is"),
        (with_node("f", "conv", "x"), "node 'f' has the operation \"conv\"; known are activation_leaky_relu, "),
        (with_node("f", "linear", "x", "g"), "node 'f' reads \"g\", which is missing; expected a node of the recipe"),
        (with_node("f", "linear", "x", 3), "node 'f' reads 3, which is missing"),
        (with_node("f", "linear", "x"), r"node 'f' \(linear\) reads \[\"x\"\]; expected 2 to 3 different inputs"),
        (with_node("f", "linear", "x", "x"), "expected 2 to 3 different inputs"),
        (with_node("f", "blend", "x", "h_prev_0"), "expected 3 different inputs"),
        (with_node("f", "linear", "x", "h_new_0"), "the recipe has a cycle: f reads h_new_0 reads f"),
        (with_node("f", "linear", "x", "f"), "the recipe has a cycle: f reads f"),
        (with_node("g", "linear", "x", "h_prev_0"), "no new hidden state follows from node 'g'"),
        (with_node("h_new_2", "activation_tanh", "f"), "makes h_new_0, h_new_2; expected h_new_0, or also h_new_1"),
        (with_node("h_new_3", "activation_tanh", "f"), "the recipe has a node 'h_new_3'"),
        (with_node("x", "activation_tanh", "f"), "the recipe has a node 'x'"),
        (with_node("f", "linear", "h_prev_0", "h_prev_1"), "does not read x"),
        (with_node("f", "linear", "x", "h_prev_0", "h_prev_1"), "the recipe reads h_prev_1"),
        (with_node("h_new_1", "activation_tanh", "f"), "does not read h_prev_1"),
        (json.dumps({f"n{k}": {"op": "linear", "input": []} for k in range(25)}), "has 25 nodes; expected 24 at most"),
    ],
)
def test_text_that_is_no_recipe_is_refused(text, said):
    with pytest.raises(ArchitectureError, match=said):
        space.parse(text)


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        (0, 8, "operations 1 to 7 at the first places"),
        (0, 0, "operations 1 to 7 at the first places"),
        (8, 1, "1 input for an activation"),
        (3, 9, "inputs that are x, a hidden state or an earlier node"),
        (1, 2, "inputs of a node that differ"),
        (1, 3, "inputs in ascending order, but for blend"),
        (5, 255, "an earlier node"),
        (96, 0, "one to three new hidden states"),
        (96, 7, "one to three new hidden states"),
        (97, 6, "each made by a node of its own"),
        (97, 5, "x to be read, and of the hidden states those that are made anew"),
        (96, 5, "a way from every node"),
    ],
)
def test_codes_outside_the_space_are_named_with_the_rule(place, value, rule):
    codes = rows(RNN, RNN)
    codes[1, place] = value
    for method in (space.identify, space.encode, lambda broken: space.mutate(broken, RNG(0))):
        with pytest.raises(
            ArchitectureError, match=rf"row 1: codes .* outside the space nasbench-nlp: expected .*{rule}"
        ):
            method(codes)
    with pytest.raises(ArchitectureError, match=r"takes codes \(n, 99\) uint8"):
        space.check(codes[:, :4])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 98), st.integers(0, 255)), min_size=1, max_size=4))
def test_altered_codes_are_refused_or_cells(changes):
    codes = rows(GRU)
    for place, value in changes:
        codes[0, place] = value
    try:
        space.check(codes)
    except ArchitectureError:
        return
    np.testing.assert_array_equal(space.parse(space.format(codes[0])), codes[0])
    np.testing.assert_array_equal(space.decode(space.encode(codes)), codes)


def test_the_registry_knows_the_space():
    assert type(make_space("nasbench-nlp")) is NasBenchNlpSpace
