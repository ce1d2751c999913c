from __future__ import annotations

import numpy as np
import pytest

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.nasbench101.space import prune


def test_prune_removes_what_lies_on_no_path() -> None:
    matrix = [
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0],  # read by nobody
        [0, 0, 0, 0, 1],  # reads nothing
        [0, 0, 0, 0, 0],
    ]
    pruned, operations = prune(matrix, ["input", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu", "output"])
    assert pruned.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert operations == ["input", "maxpool3x3", "output"]


def test_prune_takes_any_number_of_vertices() -> None:
    matrix = np.zeros((9, 9), int)
    matrix[0, 8] = 1
    assert prune(matrix, list("abcdefghi"))[1] == ["a", "i"]


@pytest.mark.parametrize(
    ("matrix", "operations", "problem"),
    [
        ([[0, 0, 0], [0, 0, 1], [0, 0, 0]], 3, "no path leads from the input to the output"),
        ([[0, 1, 0], [0, 0, 1]], 3, r"square adjacency matrix of two vertices or more; found \(2, 3\)"),
        ([[0]], 1, r"two vertices or more; found \(1, 1\)"),
        ([[0, 1], [1, 0]], 2, "upper triangular"),
        ([[0, 2], [0, 0]], 2, "0 and 1"),
        ([[0, 1], [0, 0]], 3, "3 operations for 2 vertices"),
    ],
)
def test_prune_refuses(matrix: list[list[int]], operations: int, problem: str) -> None:
    with pytest.raises(ArchitectureError, match=problem):
        prune(matrix, ["x"] * operations)
