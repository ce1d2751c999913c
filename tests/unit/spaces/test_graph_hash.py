from __future__ import annotations

import numpy as np
import pytest

from neural_predictor.spaces.nasbench101 import cells
from neural_predictor.spaces.nasbench101.enumeration import enumeration
from neural_predictor.spaces.nasbench101.graph_hash import module_hashes

LABELS = np.array([-1, 1, 0, 2, -2], np.int8)


def test_a_hash_of_the_official_code() -> None:
    # The first row of the public benchmark's records of cells with up to four vertices.
    adjacency = np.array([[[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]], np.uint8)
    assert module_hashes(adjacency, np.array([[-1, 2, 2, -2]], np.int8)) == ["001a6fcc8b38cbc515be788a86bdc804"]


@pytest.mark.parametrize("v", range(2, 8))
def test_many_cells_at_once_have_the_hashes_of_each_alone(v: int) -> None:
    codes = enumeration().codes[enumeration().codes[:, 0] == v]
    chosen = np.random.default_rng(v).choice(len(codes), size=500)
    _, adjacency, kinds = cells.unpack(codes[chosen])
    adjacency, labels = adjacency[:, :v, :v], LABELS[kinds[:, :v]]
    alone = [module_hashes(adjacency[k : k + 1], labels[k : k + 1])[0] for k in range(len(chosen))]
    assert module_hashes(adjacency, labels) == alone


def test_no_cell() -> None:
    assert module_hashes(np.empty((0, 4, 4), np.uint8), np.empty((0, 4), np.int8)) == []
