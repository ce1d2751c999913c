"""Alterations of archives, arrays and Parquet tables."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hostile_mutations import altered_bytes, altered_text
from hypothesis import strategies as st
from numpy.lib import format as npy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

HEADERS = (
    *(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    ),
    *(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (9,)}",
    ),
    *(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 100 + ")}",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (2,)}",
    ),
    *(
        "[" * 300,
        "__import__('os').system('touch ran')",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}",
    ),
    *(
        "{'descr': '<f8', 'fortran_order': 1, 'shape': 3}",
        "",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,)}",
    ),
    *(
        "{'descr': 'M8[s]', 'fortran_order': False, 'shape': (1,)}",
        "{'shape': (0,), 'fortran_order': True, 'descr': '>f2'}",
        "\x00" * 50,
    ),
)
"""Headers of arrays."""


def npz(arrays: Mapping[str, Any], packing: int = zipfile.ZIP_STORED) -> bytes:
    """Arrays, or bytes of entries, as an .npz file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, array in arrays.items():
            part = io.BytesIO()
            if isinstance(array, bytes):
                part.write(array)
            else:
                npy.write_array(part, np.asarray(array), allow_pickle=True)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part.getvalue(), packing)
    return file.getvalue()


class _Touch:
    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, ("touch ran",)


def _npy_header(text: str) -> bytes:
    padded = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + b"\x00" * 64


@st.composite
def _changed_array(draw: DrawFn, array: np.ndarray[Any, Any]) -> Any:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        dtype = draw(st.sampled_from((np.float64, np.int8, np.uint64, np.bool_, "U5", ">f4", "S3", np.complex64)))
        return np.zeros(array.shape, dtype)
    if kind == 1:
        return array.reshape(-1)[: draw(st.integers(0, 3))]
    if kind == 2:
        return np.broadcast_to(array, (2, *array.shape))
    if kind == 3:
        return np.array([_Touch()], object)
    if kind == 4:
        header = HEADERS[draw(st.integers(0, len(HEADERS) - 1))]
        return _npy_header(header)
    if kind == 5:
        return np.zeros(draw(st.sampled_from((0, 1, 1_000_000))), array.dtype)
    if kind == 6:
        return np.moveaxis(array, 0, -1) if array.ndim else array.reshape(1)
    if array.dtype.kind in "fiu" and array.size:
        changed = array.copy()
        extremes = (
            (np.nan, np.inf, -1e30)
            if array.dtype.kind == "f"
            else (np.iinfo(array.dtype).max, np.iinfo(array.dtype).min, 1)
        )
        changed.reshape(-1)[draw(st.integers(0, array.size - 1))] = draw(st.sampled_from(extremes))
        return changed
    if array.dtype.kind == "U":
        return np.array(
            draw(st.sampled_from(("", "{}", "[]", "null", "[" * 1000, "x" * 10_000, "\ud800", '{"name": NaN}')))
        )
    return array[::-1] if array.ndim else array


def altered_npz(
    arrays: Mapping[str, np.ndarray[Any, Any]], documents: Mapping[str, Any] | None = None
) -> SearchStrategy[bytes]:
    """Altered .npz files: of an array, its header, the archive's entries, or bytes.

    Args:
        arrays: by name.
        documents: JSON-like trees of those arrays that are texts with JSON.
    """

    @st.composite
    def altered(draw: DrawFn) -> bytes:
        changed: dict[str, Any] = dict(arrays)
        name = draw(st.sampled_from(sorted(changed)))
        kind = draw(st.integers(0, 9))
        if documents and kind >= 6:
            name = draw(st.sampled_from(sorted(documents)))
            changed[name] = np.array(draw(altered_text(documents[name])))
        elif kind == 0:
            del changed[name]
        elif kind == 1:
            changed[draw(st.sampled_from(("x", "../x", "/x", "about/", "weight_999", "\\x")))] = changed.pop(name)
        elif kind == 2:
            return npz(
                changed, draw(st.sampled_from((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
            ) + draw(st.binary(max_size=3))
        else:
            changed[name] = draw(_changed_array(changed[name]))
        return npz(changed)

    return st.one_of(altered(), altered(), altered_bytes(npz(arrays)))


ZIP_NAMES = (
    "../{}",
    "/{}",
    "C:\\{}",
    "a/../../{}",
    "\\\\host\\{}",
    "b/{}",
    ".{}",
    "{}\x00.json",
    "é{}",
    "{}/",
    "{}" + "x" * 5000,
)


def altered_zip(entries: Mapping[str, bytes]) -> SearchStrategy[bytes]:
    """Altered archives: names that lead out, links, bombs, entries twice, or bytes."""

    def pack(parts: list[tuple[zipfile.ZipInfo, bytes]], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for info, data in parts:
                archive.writestr(info, data, packing)
        return file.getvalue()

    valid = [(zipfile.ZipInfo(name), data) for name, data in entries.items()]
    packings = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    bombs = [pack([*valid, (zipfile.ZipInfo("bomb.json"), b" " * 2**25)], packing) for packing in packings]

    @st.composite
    def altered(draw: DrawFn) -> bytes:
        parts = [(zipfile.ZipInfo(name), data) for name, data in entries.items()]
        place = draw(st.integers(0, len(parts) - 1))
        info, data = parts[place]
        kind = draw(st.integers(0, 6))
        if kind == 0:
            info.filename = draw(st.sampled_from(ZIP_NAMES)).format(info.filename)
        elif kind == 1:
            info.external_attr = draw(st.sampled_from((0o120777, 0o040777, 0o010666, 0o060666))) << 16
            data = draw(st.sampled_from((b"/etc/passwd", b"../x", data)))
        elif kind == 2:
            return bombs[draw(st.integers(0, len(bombs) - 1))]
        elif kind == 3:
            parts.append(parts[place])
        elif kind == 4:
            data = draw(altered_bytes(data))
        elif kind == 5:
            info.flag_bits |= 1  # as if encrypted
            packed = bytearray(pack(parts))
            at = packed.find(b"PK\x01\x02")
            packed[at + 8] |= draw(st.sampled_from((1, 8, 32, 64)))
            packed[at + 10 : at + 12] = draw(st.sampled_from((b"\x08\x00", b"\x63\x00", b"\x0e\x00", b"\x09\x00")))
            return bytes(packed) + draw(st.binary(max_size=3))
        else:
            del parts[place]
            return pack(parts) + draw(st.binary(max_size=30))
        parts[place] = (info, data)
        return pack(
            parts,
            draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))),
        )

    return st.one_of(altered(), altered(), altered_bytes(pack(valid)))


def gzipped(data: bytes) -> bytes:
    """Equal data, equal bytes."""
    return gzip.compress(data, mtime=0)


def parquet(table: pa.Table, **options: Any) -> bytes:
    """A table as Parquet."""
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


_TYPES = (
    *(
        pa.string(),
        pa.binary(),
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.null(),
        pa.float16(),
        pa.uint64(),
        pa.date32(),
    ),
    *(
        pa.list_(pa.int64()),
        pa.list_(pa.list_(pa.int64())),
        pa.list_(pa.float64()),
        pa.timestamp("ns"),
        pa.large_string(),
    ),
    *(
        pa.dictionary(pa.int32(), pa.string()),
        pa.struct([("a", pa.int64())]),
        pa.decimal128(38, 3),
        pa.binary(3),
        pa.int8(),
    ),
)


def _values(kind: pa.DataType, n: int, draw: DrawFn) -> pa.Array:
    if pa.types.is_null(kind) or draw(st.integers(0, 3)) == 0:
        return pa.nulls(n, kind)
    samples: dict[str, Any] = {
        "string": ["\x00", "[[0,1]]", "x" * 100_000, ""], "binary": [b"\xff\xff", b""], "int64": [-1, 2**63 - 1, 0],
        "double": [float("nan"), 1e308, -1.0], "bool": [True, None], "halffloat": [np.float16(np.inf)],
        "uint64": [2**64 - 1],
    }  # fmt: skip
    values = samples.get(str(kind))
    if values is None:
        return pa.nulls(n, kind)
    return pa.array((values * n)[:n], kind)


def altered_parquet(table: pa.Table, documents: Mapping[bytes, Any] | None = None) -> SearchStrategy[bytes]:
    """Altered Parquet files: other types, values and columns, other metadata, or bytes.

    Args:
        table: the table.
        documents: JSON-like trees of those metadata of its schema that are texts with JSON.
    """

    @st.composite
    def altered(draw: DrawFn) -> bytes:
        place = draw(st.integers(0, table.num_columns - 1))
        name, kind = table.column_names[place], draw(st.integers(0, 9))
        changed = table
        if documents and kind >= 6:
            key = draw(st.sampled_from(sorted(documents)))
            return parquet(changed.replace_schema_metadata({key: draw(altered_text(documents[key]))}))
        if kind == 0:
            changed = changed.drop_columns([name])
        elif kind == 1:
            changed = changed.append_column(
                draw(st.sampled_from((name, "", "score", "x_1", "\x1b[2J"))), changed[place]
            )
        elif kind == 2:
            changed = changed.slice(0, draw(st.integers(0, 2)))
        elif kind == 3:
            changed = pa.concat_tables([changed] * draw(st.sampled_from((2, 50))))
        elif kind == 4:
            changed = changed.rename_columns(
                [draw(st.sampled_from(("x", "", other))) if other == name else other for other in changed.column_names]
            )
        else:
            column = _values(_TYPES[draw(st.integers(0, len(_TYPES) - 1))], table.num_rows, draw)
            changed = changed.set_column(place, name, column)
        packing = draw(st.sampled_from(("none", "snappy", "gzip", "zstd", "brotli", "lz4")))
        return parquet(changed, compression=packing, use_dictionary=draw(st.booleans()))

    return st.one_of(
        altered(),
        altered(),
        altered_bytes(parquet(table, compression="zstd")),
        altered_bytes(parquet(table, compression="none")),
    )
