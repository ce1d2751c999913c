import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces import make_space
from neural_predictor.spaces.nasbench_graph import MACROS, OPERATIONS, PROTEINS_OPERATIONS, SKIP, NasBenchGraphSpace

space = NasBenchGraphSpace()
EVERYTHING = space.enumerate()
codes = st.tuples(st.integers(0, len(MACROS) - 1), *[st.integers(0, len(OPERATIONS) - 1)] * 4)


def rows(*codes):
    return np.array(codes, np.uint8)


@pytest.mark.parametrize(("allowed", "size"), [(OPERATIONS, 26_206), (PROTEINS_OPERATIONS, 2_021)])
def test_enumeration_has_the_published_size_and_no_duplicates(allowed, size):
    chosen = NasBenchGraphSpace(allowed)
    everything = chosen.enumerate()
    assert everything.shape == (size, 5)
    assert len(set(chosen.identify(everything))) == size
    assert (chosen.canonical(everything) == everything).all()


@given(codes)
def test_canonical_form_is_a_fixed_point(code):
    once = space.canonical(rows(code))
    assert (space.canonical(once) == once).all()


def test_isomorphic_trees_have_one_identity():
    # Three readers of the input, one of which (gat) feeds fc; the other two in both orders.
    assert len(set(space.identify(rows([1, 0, 1, 2, 7], [1, 0, 2, 1, 7])))) == 1
    assert len(set(space.identify(rows([1, 0, 1, 2, 7], [1, 1, 0, 2, 7])))) == 2


def test_a_skip_that_only_passes_on_is_moved_to_the_front():
    # The chain gcn -> skip -> gat -> fc is the chain skip -> gcn -> gat -> fc.
    assert space.canonical(rows([8, 1, SKIP, 0, 7])).tolist() == [[8, SKIP, 1, 0, 7]]
    # A skip beside another reader of gcn is a residual connection and stays.
    assert space.canonical(rows([5, 1, SKIP, 0, 7])).tolist() == [[5, 1, 0, 7, SKIP]]


def test_identity_is_the_benchmarks_decimal_key():
    assert space.identify(rows([0, 0, 0, 0, 1], [3, 0, 1, 2, 7])).tolist() == ["1", "30127"]


@pytest.mark.parametrize("allowed", [OPERATIONS, PROTEINS_OPERATIONS])
def test_rank_is_the_place_in_the_enumeration(allowed):
    chosen = NasBenchGraphSpace(allowed)
    everything = chosen.enumerate()
    assert chosen.index_of(everything).tolist() == list(range(len(everything)))
    assert chosen.index_of(everything[:0]).shape == (0,)


@settings(deadline=None)  # the first call builds the lookup array
@given(codes)
def test_equal_architectures_have_one_index(code):
    if set(code[1:]) != {SKIP}:
        (index,) = space.index_of(rows(code))
        assert EVERYTHING[index].tolist() == space.canonical(rows(code))[0].tolist()


def test_the_architecture_of_four_skips_has_no_index():
    with pytest.raises(ArchitectureError, match=r"row 1: codes \[0, 8, 8, 8, 8\] are the architecture of four skips"):
        space.index_of(rows([0, 0, 1, 2, 7], [0, SKIP, SKIP, SKIP, SKIP]))
    with pytest.raises(ArchitectureError, match="outside the space"):
        NasBenchGraphSpace(PROTEINS_OPERATIONS).index_of(rows([0, 0, 1, 2, 7]))


def test_rows_hold_all_that_mutation_acts_upon():
    drawn = space.sample(10, np.random.default_rng(0))
    assert (space.filled(drawn, np.random.default_rng(1)) == drawn).all()


def test_sampling_is_without_replacement_and_seeded():
    drawn = space.sample(500, np.random.default_rng(3))
    assert len(np.unique(drawn, axis=0)) == 500
    assert (drawn == space.sample(500, np.random.default_rng(3))).all()
    with pytest.raises(ArchitectureError, match="cannot draw 30000 different architectures"):
        space.sample(30_000, np.random.default_rng(0))


def test_mutation_gives_another_member_of_the_space_each_time():
    parents = space.sample(400, np.random.default_rng(0))
    children = space.mutate(parents, np.random.default_rng(1))
    assert (space.identify(children) != space.identify(parents)).all()
    assert set(space.identify(children)) <= set(space.identify(space.enumerate()))
    # One choice of five was set: before canonical reordering at most one operation differs as a multiset.
    changed = [
        len(set(np.bincount(a[1:], minlength=9) - np.bincount(b[1:], minlength=9)) - {0})
        for a, b in zip(parents, children, strict=True)
    ]
    assert max(changed) <= 2


def test_mutation_stays_within_the_operations_of_proteins():
    proteins = NasBenchGraphSpace(PROTEINS_OPERATIONS)
    children = proteins.mutate(proteins.sample(200, np.random.default_rng(0)), np.random.default_rng(1))
    assert set(children[:, 1:].ravel()) <= {OPERATIONS.index(name) for name in PROTEINS_OPERATIONS}


def test_encoding_follows_the_links():
    # gat and fc read the input, gcn reads gat, skip reads fc... macro (0, 0, 1, 2).
    graphs = space.encode(rows([3, 0, 7, 1, SKIP]))
    assert [space.operations[k] for k in graphs.nodes[0].argmax(axis=1)] == [
        "input",
        "gat",
        "fc",
        "gcn",
        "skip",
        "output",
    ]
    edges = {(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5)}
    assert {tuple(edge) for edge in np.argwhere(graphs.adjacency[0]).tolist()} == edges
    assert graphs.mask.all()


@given(codes)
def test_text_round_trip(code):
    row = rows(code)[0]
    assert space.parse(space.format(row)).tolist() == row.tolist()


@pytest.mark.parametrize(
    "text", ["", "0,0,1,3", "0,0,1,3 gcn,gat,fc", "0,0,1,3 gcn,gat,fc,pool", "0,2,1,3 gcn,gat,fc,skip", "a b c"]
)
def test_text_that_is_no_architecture_is_refused(text):
    with pytest.raises(ArchitectureError, match="expected inputs and operations such as"):
        space.parse(text)


@pytest.mark.parametrize("code", [[9, 0, 0, 0, 0], [0, 0, 0, 0, 9]])
def test_codes_outside_the_space_are_named(code):
    with pytest.raises(ArchitectureError, match="row 1: codes"):
        space.encode(rows([0, 0, 0, 0, 0], code))
    with pytest.raises(ArchitectureError, match=r"takes codes \(n, 5\) uint8"):
        space.encode(rows(code)[:, :4])


def test_the_registry_knows_the_space():
    assert type(make_space("nasbench-graph")) is NasBenchGraphSpace
