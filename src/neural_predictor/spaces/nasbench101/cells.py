"""NAS-Bench-101 cells as rows of codes and as arrays: the layout, and the removal of dangling vertices.

Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019, section 2.

A row holds the number of vertices, the 21 entries above the diagonal of a 7 x 7 adjacency matrix in row-major
order, and five interior operations. A cell of v < 7 vertices lies in the top left corner: its output is
vertex v - 1, and what is left over is zero. Operations are indices in `OPERATIONS`, so that 0 marks an unused
place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPERATIONS = ("input", "conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3", "output")
OUTPUT = OPERATIONS.index("output")
MIN_VERTICES = 2
MAX_VERTICES = 7
MAX_EDGES = 9
INTERIOR = MAX_VERTICES - 2
INTERIOR_OPERATIONS = len(OPERATIONS) - 2
SOURCES, TARGETS = np.triu_indices(MAX_VERTICES, 1)
EDGE_PLACES = len(SOURCES)
CODE_LENGTH = 1 + EDGE_PLACES + INTERIOR


def unpack(codes: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.uint8], NDArray[np.uint8]]:
    """Rows as arrays, without any check.

    Args:
        codes: (n, CODE_LENGTH).

    Returns:
        Number of vertices (n,), adjacency (n, 7, 7), and operation of each vertex (n, 7); zeros past the
        output.
    """
    n = len(codes)
    vertices = codes[:, 0].astype(np.intp)
    adjacency = np.zeros((n, MAX_VERTICES, MAX_VERTICES), np.uint8)
    adjacency[:, SOURCES, TARGETS] = codes[:, 1 : 1 + EDGE_PLACES]
    kinds = np.zeros((n, MAX_VERTICES), np.uint8)
    kinds[:, 1:-1] = codes[:, 1 + EDGE_PLACES :]
    kinds[np.arange(n), vertices - 1] = OUTPUT
    return vertices, adjacency, kinds


def pack(vertices: NDArray[np.integer], adjacency: NDArray[np.uint8], kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rows that `unpack` took apart: (n, CODE_LENGTH) uint8."""
    codes = np.empty((len(vertices), CODE_LENGTH), np.uint8)
    codes[:, 0] = vertices
    codes[:, 1 : 1 + EDGE_PLACES] = adjacency[:, SOURCES, TARGETS]
    interior = kinds[:, 1:-1]
    codes[:, 1 + EDGE_PLACES :] = np.where(interior == OUTPUT, 0, interior)
    return codes


def on_path(adjacency: NDArray[np.uint8], vertices: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which vertices lie on a path from the input to the output.

    Args:
        adjacency: (n, w, w), upper triangular.
        vertices: (n,) number of vertices of each cell; the output is the last of them.

    Returns:
        (n, w) bool; a row is false everywhere if no path exists.
    """
    n, width = adjacency.shape[:2]
    edges = adjacency.astype(np.bool_)
    ahead = np.zeros((n, width), np.bool_)
    ahead[:, 0] = True
    for v in range(1, width):
        ahead[:, v] = (edges[:, :v, v] & ahead[:, :v]).any(axis=1)
    behind = np.zeros((n, width), np.bool_)
    behind[np.arange(n), vertices - 1] = True
    for v in range(width - 2, -1, -1):
        behind[:, v] |= (edges[:, v, v + 1 :] & behind[:, v + 1 :]).any(axis=1)
    return ahead & behind


def edges_between(adjacency: NDArray[np.uint8], keep: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of edges among the kept vertices of each cell: (n,)."""
    kept = keep.astype(np.uint8)
    return np.asarray((adjacency * kept[:, :, None] * kept[:, None, :]).sum(axis=(1, 2), dtype=np.intp))


def compress(
    adjacency: NDArray[np.uint8], kinds: NDArray[np.uint8], keep: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.uint8], NDArray[np.uint8]]:
    """The kept vertices of each cell, moved together in their order; arrays as `unpack` gives them."""
    if keep.all():
        return keep.sum(axis=1), adjacency, kinds
    rows = np.arange(len(keep))[:, None]
    order = np.argsort(~keep, axis=1, kind="stable")
    kept = keep.astype(np.uint8)
    adjacency = adjacency * kept[:, :, None] * kept[:, None, :]
    moved = adjacency[rows[:, :, None], order[:, :, None], order[:, None, :]]
    return keep.sum(axis=1), moved, (kinds * kept)[rows, order]
