"""The graph hash that names the cells of NAS-Bench-101, for many cells at once.

Source: `hash_module` in `nasbench/lib/graph_util.py` of google-research/nasbench (Apache-2.0). A vertex
starts as the MD5 of the text `(out degree, in degree, label)`. In each of as many rounds as there are
vertices, it becomes the MD5 of the hashes of its predecessors, sorted, `|`, those of its successors, sorted,
`|`, and its own. The cell's hash is the MD5 of the text of the sorted list of its vertices' hashes. All
hashes enter as 32 hexadecimal digits. Renumbering the vertices changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.spaces.nasbench101.md5 import md5

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELLS_PER_CHUNK = 16384
"""Cells hashed together; bounds the memory to under 100 MB."""
_MAX_CELLS_ONE_BY_ONE = 200
"""Up to this many cells, one after the other is faster than arrays."""
_LOWEST_LABEL = -2
_LABEL_COUNT = 5
_HEX_DIGITS = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)


def module_hashes(adjacency: NDArray[np.uint8], labels: NDArray[np.int8]) -> list[str]:
    """The hash of each of n cells of v vertices.

    Args:
        adjacency: (n, v, v), 1 for an edge i -> j.
        labels: (n, v), -1 input, -2 output, 0 convolution 3x3, 1 convolution 1x1, 2 max pooling 3x3.
    """
    if len(labels) <= _MAX_CELLS_ONE_BY_ONE:
        return [_module_hash(*cell) for cell in zip(adjacency.tolist(), labels.tolist(), strict=True)]
    hashes: list[str] = []
    for start in range(0, len(labels), _CELLS_PER_CHUNK):
        part = slice(start, start + _CELLS_PER_CHUNK)
        hashes.extend(_hash_chunk(adjacency[part], labels[part]))
    return hashes


def _module_hash(matrix: list[list[int]], labels: list[int]) -> str:
    """The hash of one cell."""
    size = range(len(labels))
    readers = [[w for w in size if matrix[v][w]] for v in size]
    sources = [[w for w in size if matrix[w][v]] for v in size]
    hashes = [_md5_text(str((len(readers[v]), len(sources[v]), labels[v]))) for v in size]
    for _ in size:
        hashes = [
            _md5_text(
                "".join(sorted(hashes[w] for w in sources[v]))
                + "|"
                + "".join(sorted(hashes[w] for w in readers[v]))
                + f"|{hashes[v]}"
            )
            for v in size
        ]
    return _md5_text(str(sorted(hashes)))


def _md5_text(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@cache
def _first_digests(v: int) -> NDArray[np.uint8]:
    """(v, v, 5, 16) digest of a vertex by out degree, in degree and label - `_LOWEST_LABEL`."""
    digests = [
        hashlib.md5(str((readers, sources, label + _LOWEST_LABEL)).encode(), usedforsecurity=False).digest()
        for readers in range(v)
        for sources in range(v)
        for label in range(_LABEL_COUNT)
    ]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(v, v, _LABEL_COUNT, 16)


@dataclass(frozen=True, eq=False)
class _Group:
    """The m vertices of a chunk that have the same numbers of predecessors (i) and successors (o).

    Attributes:
        vertices: (m,) their places among all vertices of the chunk.
        sources: (m, i) the places of their predecessors.
        readers: (m, o) the places of their successors.
    """

    vertices: NDArray[np.intp]
    sources: NDArray[np.intp]
    readers: NDArray[np.intp]


def _group_by_degrees(adjacency: NDArray[np.uint8]) -> list[list[_Group]]:
    """All vertices of n cells, in groups; each list holds those whose texts have the same length."""
    n, v, _ = adjacency.shape
    outgoing = adjacency.reshape(n * v, v)
    incoming = adjacency.transpose(0, 2, 1).reshape(n * v, v)
    groups: dict[int, list[_Group]] = {}
    degrees = incoming.sum(axis=1, dtype=np.intp) * v + outgoing.sum(axis=1, dtype=np.intp)
    for degree in np.flatnonzero(np.bincount(degrees)).tolist():
        i, o = divmod(degree, v)
        vertices = np.flatnonzero(degrees == degree)
        first = (vertices - vertices % v)[:, None]
        group = _Group(
            vertices,
            first + np.nonzero(incoming[vertices])[1].reshape(len(vertices), i),
            first + np.nonzero(outgoing[vertices])[1].reshape(len(vertices), o),
        )
        groups.setdefault(i + o, []).append(group)
    return list(groups.values())


def _hash_chunk(adjacency: NDArray[np.uint8], labels: NDArray[np.int8]) -> list[str]:
    """The hashes of n cells of v vertices, as arrays over all their vertices."""
    n, v = labels.shape
    degrees = adjacency.sum(axis=2), adjacency.sum(axis=1)
    digests = _first_digests(v)[*degrees, labels - _LOWEST_LABEL].reshape(n * v, 16)
    groups = _group_by_degrees(adjacency)
    for _ in range(v):
        digests = _next_round(digests, groups)
    everyone = np.arange(n * v).reshape(n, v)
    text = md5(_list_texts(_hexadecimal(digests), _sorted(everyone, _keys(digests)))).tobytes().hex()
    return [text[start : start + 32] for start in range(0, 32 * n, 32)]


def _next_round(digests: NDArray[np.uint8], groups: list[list[_Group]]) -> NDArray[np.uint8]:
    """(m, 16) digests of all vertices after one more round."""
    keys, digits = _keys(digests), _hexadecimal(digests)
    following = np.empty_like(digests)
    for alike in groups:
        vertices = np.concatenate([group.vertices for group in alike])
        neighbours = alike[0].sources.shape[1] + alike[0].readers.shape[1]
        texts = np.empty((len(vertices), 32 * (neighbours + 1) + 2), np.uint8)
        end = 0
        for group in alike:
            start, end = end, end + len(group.vertices)
            part = texts[start:end]
            middle = 32 * group.sources.shape[1]
            part[:, :middle] = digits[_sorted(group.sources, keys)].reshape(len(part), -1)
            part[:, middle] = ord("|")
            part[:, middle + 1 : -33] = digits[_sorted(group.readers, keys)].reshape(len(part), -1)
            part[:, -33] = ord("|")
            part[:, -32:] = digits[group.vertices]
        following[vertices] = md5(texts)
    return following


def _keys(digests: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(m,) numbers that sort as the digests do: their first eight bytes.

    No cell has two vertices whose digests differ but start alike: all 423,624 were compared with
    `_module_hash`.
    """
    return np.ascontiguousarray(digests[:, :8]).view(">u8")[:, 0].astype(np.uint64)


def _sorted(vertices: NDArray[np.intp], keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Each row of vertices in ascending order of their keys."""
    if vertices.shape[1] < 2:
        return vertices
    return np.take_along_axis(vertices, np.argsort(keys[vertices], axis=1), axis=1)


def _hexadecimal(digests: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(m, 32) the digests as ASCII digits."""
    return _HEX_DIGITS[digests].view(np.uint8)


def _list_texts(digits: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """(n, 36 v) the text of a Python list of v hashes a row, such as `['0a..', '1b..']`."""
    n, v = rows.shape
    texts = np.empty((n, v, 36), np.uint8)
    texts[:, :, 0] = ord(" ")
    texts[:, :, 1] = ord("'")
    texts[:, :, 2:34] = digits[rows]
    texts[:, :, 34] = ord("'")
    texts[:, :, 35] = ord(",")
    # A space before the first becomes the opening bracket, the comma after the last the closing one.
    texts[:, 0, 0] = ord("[")
    texts[:, -1, 35] = ord("]")
    return texts.reshape(n, 36 * v)
