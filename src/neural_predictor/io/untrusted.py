"""Reading what others wrote: a damaged or hostile file gives a ValueError, and costs no more than its size allows.

The libraries below raise nearly anything for such files, and some take gigabytes for a file of a kilobyte.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_CHUNK = 2**20
_WIDTH = 200
_LARGEST_CHARACTER = 0x10FFFF


def shortened(text: str, width: int = 500) -> str:
    """A text, cut in the middle if it is long."""
    return text if len(text) <= width else f"{text[: 2 * width // 3]} .. {text[-width // 4 :]}"


def shown(value: object, width: int = _WIDTH) -> str:
    """A value for a message, cut if it is long; also one that is nested too deep, or a number too large for repr."""
    try:
        return shortened(repr(value), width)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too large to be shown"


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: for a text that is no JSON, or nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def unzip(data: bytes, limit: int) -> bytes:
    """The content of gzip data of one or more members.

    Raises:
        ValueError: if the data are not whole, or hold more than `limit` bytes.
    """
    parts, left = [], limit
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            part = member.decompress(data, left + 1)
        except zlib.error as error:
            raise ValueError(f"not a whole gzip file ({error})") from error
        if len(part) > left:
            raise ValueError(f"more than {limit:,} bytes when unpacked")
        if not member.eof:
            raise ValueError("not a whole gzip file: it ends too early")
        parts.append(part)
        left -= len(part)
        data = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


def read_npz(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file as `numpy.savez` writes it: numbers, truth values and texts, not compressed.

    Nothing is unpickled, and arrays are no larger than the file.

    Args:
        path: the file.
        names: those to read, where they are there; None for all.

    Raises:
        OSError: if the file cannot be opened.
        ValueError: if it is damaged or something else.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                _check_entries(archive, path.stat().st_size)
                entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
                wanted = [name for name in entries if names is None or name in names]
                return {name: _array(archive, entries[name]) for name in wanted}
        except Exception as error:  # a damaged archive or header may raise nearly anything
            raise ValueError(f"not a whole .npz file ({type(error).__name__}: {shown(str(error))})") from error


def _check_entries(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or not entry.filename.endswith(".npy"):
            raise ValueError(f"the entry {entry.filename!r} is compressed or no array")
    if len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("an entry is there twice")
    if sum(entry.file_size for entry in entries) > size:
        raise ValueError("its entries are larger than the file")


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """One entry, whose header is held against its size before memory is taken."""
    import numpy as np

    with archive.open(entry) as file:
        shape, fortran, dtype = _header(file)
        count = math.prod(shape)
        if dtype.kind not in "biufU" or dtype.itemsize == 0:
            raise ValueError(f"the entry {entry.filename!r} holds {dtype}, not numbers or texts")
        if min(shape, default=0) < 0 or count * dtype.itemsize != entry.file_size - file.tell():
            raise ValueError(f"the entry {entry.filename!r} has {entry.file_size} bytes, not those of {dtype} {shape}")
        array = np.empty(count, dtype)
        _fill(array.view(np.uint8), file)
    _check_values(array, entry.filename)
    return array.reshape(shape, order="F" if fortran else "C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    if version == (1, 0):
        return npy.read_array_header_1_0(file)
    if version == (2, 0):
        return npy.read_array_header_2_0(file)
    raise ValueError(f"an array in version {version} of its format; 1.0 and 2.0 are read")


def _fill(place: NDArray[np.uint8], file: IO[bytes]) -> None:
    import numpy as np

    for start in range(0, len(place), _CHUNK):
        part = file.read(len(place[start : start + _CHUNK]))
        place[start : start + len(part)] = np.frombuffer(part, np.uint8)
        if len(part) < len(place[start : start + _CHUNK]):
            raise ValueError("it ends too early")
    file.read(1)  # at the end the checksum is compared


def _check_values(array: NDArray[Any], name: str) -> None:
    import numpy as np

    if array.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise ValueError(f"the entry {name!r} holds other truth values than 0 and 1")
    if array.dtype.kind == "U" and array.size:
        characters = array.view(f"{array.dtype.byteorder}u4".replace("|", "="))
        if characters.max() > _LARGEST_CHARACTER:
            raise ValueError(f"the entry {name!r} holds texts that are no Unicode")
