from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.nasbench101.space import NasBench101Space

SPACE = NasBench101Space()
CELL = "0110001000010000"
CELL_OPERATIONS = "input,conv1x1-bn-relu,maxpool3x3,output"


@given(place=st.integers(0, 423_623))
def test_text_round_trip(place: int) -> None:
    code = SPACE.enumerate()[place]
    np.testing.assert_array_equal(SPACE.parse(SPACE.format(code)), code)


def test_text_form() -> None:
    assert SPACE.format(SPACE.enumerate()[0]) == "0100 input,output"
    assert SPACE.format(SPACE.parse(f"{CELL} {CELL_OPERATIONS}")) == f"{CELL} {CELL_OPERATIONS}"


@pytest.mark.parametrize("names", ["input,1x1,pool,output", "input, conv1x1 , mp3x3,output"])
def test_short_names(names: str) -> None:
    np.testing.assert_array_equal(SPACE.parse(f" {CELL} {names}\n"), SPACE.parse(f"{CELL} {CELL_OPERATIONS}"))
    assert "conv3x3-bn-relu" in SPACE.format(SPACE.parse("010001000 input,3x3,output"))


@pytest.mark.parametrize("text", ["", "0100", CELL, CELL_OPERATIONS])
def test_parse_asks_for_both_parts(text: str) -> None:
    with pytest.raises(ArchitectureError, match="expected a matrix row by row, a space, and the operations"):
        SPACE.parse(text)


@given(text=st.text(alphabet="01 ,inputo13xconvmpé\n", max_size=60))
def test_parse_of_anything_gives_a_cell_or_the_error(text: str) -> None:
    try:
        code = SPACE.parse(text)
    except ArchitectureError:
        return
    SPACE.check(code[None])


def test_dangling_vertices_are_removed() -> None:
    codes = SPACE.from_matrices(["0110000100000000"], ["input,3x3,1x1,output"])
    assert SPACE.format(codes[0]) == "010001000 input,conv3x3-bn-relu,output"


# Bad input


def upper(v: int, edges: int) -> str:
    """A matrix of v vertices in a chain, with more edges up to this number, all on paths."""
    matrix = np.zeros((v, v), int)
    matrix[np.arange(v - 1), np.arange(1, v)] = 1
    for i, j in zip(*np.triu_indices(v, 2), strict=True):
        if matrix.sum() < edges:
            matrix[i, j] = 1
    return "".join(map(str, matrix.ravel()))


def chain(v: int) -> str:
    return ",".join(["input", *["3x3"] * (v - 2), "output"])


BAD_CELLS: dict[str, tuple[Any, Any, str]] = {
    "not square": (
        "01000",
        "input,output",
        r"'01000' has 5 digits, not a square matrix: expected 4, 9, 16, 25, 36, 49$",
    ),
    "lost zero": (CELL[1:], CELL_OPERATIONS, "has 15 digits, not a square matrix.*were leading zeros lost.*as text"),
    "number": (100, "input,output", "is 100, not text: a number loses leading zeros"),
    "empty": ("", "input,output", "of 0 vertices; expected 2 to 7"),
    "one vertex": ("0", "input", "of 1 vertices; expected 2 to 7"),
    "eight vertices": (upper(8, 7), chain(8), "of 8 vertices; expected 2 to 7"),
    "ten edges": (upper(7, 10), chain(7), "10 edges lie on paths from the input to the output; expected at most 9"),
    "other digit": ("0120", "input,output", "has '2' at place 3; expected only 0 and 1"),
    "other alphabet": ("01é0", "input,output", "has 'é' at place 3; expected only 0 and 1"),
    "below the diagonal": ("010001100", chain(3), "not upper triangular: row 3, column 1 is 1"),
    "on the diagonal": ("010011000", chain(3), "not upper triangular: row 2, column 2 is 1"),
    "no path": ("000001000", chain(3), "no path leads from the input to the output"),
    "unknown operation": (CELL, "input,conv5x5,pool,output", "unknown operation 'conv5x5'; known are input, conv1x1"),
    "too few operations": (CELL, "input,3x3,output", "3 operations for 4 vertices"),
    "too many operations": (CELL, "input,3x3,3x3,3x3,output", "5 operations for 4 vertices"),
    "no input": (CELL, "3x3,3x3,3x3,output", "the first operation is '3x3'; expected 'input'"),
    "no output": (CELL, "input,3x3,3x3,pool", "the last operation is 'pool'; expected 'output'"),
    "output inside": (CELL, "input,3x3,output,output", "operation 3 is 'output', which stands only at an end"),
    "far too long": ("01" * 5000, "input,output", "the adjacency is of 100 vertices; expected 2 to 7"),
    "no list": (CELL, float("nan"), "the operations are nan; expected a list such as"),
}


@pytest.mark.parametrize(("adjacency", "operations", "problem"), BAD_CELLS.values(), ids=BAD_CELLS)
def test_bad_cells_are_named_with_what_is_wrong(adjacency: Any, operations: Any, problem: str) -> None:
    with pytest.raises(ArchitectureError, match=rf"^row 2: .*{problem}"):
        SPACE.from_matrices(
            [CELL, "0100", adjacency, CELL], [CELL_OPERATIONS, "input,output", operations, CELL_OPERATIONS]
        )


def test_bad_cells_are_named_as_the_caller_names_rows() -> None:
    with pytest.raises(ArchitectureError, match=r"^cells.csv, line 3: .*unknown operation"):
        SPACE.from_matrices([CELL, CELL], [CELL_OPERATIONS, "x"], lambda row: f"cells.csv, line {row + 2}")


def test_errors_stay_short() -> None:
    for adjacency, operations in (("0" * 10_001, "input,output"), ("0100", "x" * 10_000), ("2" * 10_000, "")):
        with pytest.raises(ArchitectureError) as caught:
            SPACE.from_matrices([adjacency], [operations])
        assert len(str(caught.value)) < 300


def test_columns_of_different_length() -> None:
    with pytest.raises(ArchitectureError, match="2 adjacency matrices but 1 lists of operations"):
        SPACE.from_matrices([CELL, CELL], [CELL_OPERATIONS])


def test_no_rows() -> None:
    assert SPACE.from_matrices([], []).shape == (0, SPACE.code_length)


def test_nine_edges_are_enough_even_if_dangling_ones_come_on_top() -> None:
    matrix = np.zeros((7, 7), int)
    matrix[0, 6] = 1
    matrix[0, 1:6] = 1
    matrix[1, 2:6] = 1
    codes = SPACE.from_matrices(["".join(map(str, matrix.ravel()))], [chain(7)])
    assert SPACE.format(codes[0]) == "0100 input,output"
