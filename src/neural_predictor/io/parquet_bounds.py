"""Parquet files from outside: what one takes in memory is known before it is read."""

from __future__ import annotations

from typing import Any

MAX_UNPACK_RATIO = 200
"""Bytes in memory for a byte of the file, at most: columns of equal values are that small."""
ALWAYS_ALLOWED_BYTES = 2**26
"""Bytes in memory that no file is refused for."""

_VALUE_BYTES = 8


def check_parquet(metadata: Any, size: int) -> None:
    """Refuse a file whose columns unpack to far more than the file has.

    Args:
        metadata: the `pyarrow.parquet.FileMetaData` of a file.
        size: its bytes.

    Raises:
        ValueError: naming both sizes.
    """
    # Not `row_group(..).column(..)`: for some damaged footers that ends the process, where reading gives an error.
    unpacked = sum(max(metadata.row_group(group).total_byte_size, 0) for group in range(metadata.num_row_groups))
    values = metadata.num_rows * metadata.num_columns  # a run of one value takes no bytes in a file
    taken = max(unpacked, _VALUE_BYTES * values)
    if taken > max(MAX_UNPACK_RATIO * size, ALWAYS_ALLOWED_BYTES):
        raise ValueError(f"{size:,} bytes that unpack to {taken:,}, which no table of numbers does")
