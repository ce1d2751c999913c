"""Alterations of files: of bytes, of JSON-like trees, of tables of text, of arrays."""

from __future__ import annotations

import base64
import copy
import csv
import io
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

DEEP = 1000
JSON_VALUES = (
    *("1e308", "-1e308", "1e400", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "-1", "0"),
    *("NaN", "Infinity", "-Infinity", "null", "true", "false", '""', '"x"', "[]", "{}", "[[]]", "0.5", "-0.0"),
    *('"1"', '"nan"', '"\\ud800"', '"\\u0000"', '"\\u001b[31m"', '"' + "x" * 200_000 + '"', "1" * 4000, "1" * 9000),
    *("[" * DEEP + "]" * DEEP, "[" * 100_000, '{"a":' * DEEP + "1" + "}" * DEEP, "[" * 400 + "]" * 400),
    *("[1,[2,[3]]]", '{"a": {"b": null}}', "[null]", "[1e308]", "[true]", '[""]', '["x",1]', "[-1,-1]", "[0,0]"),
    *('"../../etc/passwd"', '"/dev/zero"', "65536", "2147483648", "1e-320", '"' + "0" * 5000 + '"', "4503599627370497"),
)
"""Values in JSON that a place of a document did not have."""


def altered_bytes(valid: bytes) -> SearchStrategy[bytes]:
    """Bits flipped, chunks inserted, removed, doubled or set to extremes, the end cut off."""

    @st.composite  # of no arguments: hypothesis writes them out
    def altered(draw: DrawFn) -> bytes:
        data = bytearray(valid)
        for _ in range(draw(st.integers(1, 3))):
            place = draw(st.integers(0, max(len(data) - 1, 0)))
            size = draw(st.sampled_from((1, 2, 4, 8, 16, 100, 1000)))
            kind = draw(st.integers(0, 7))
            if kind <= 1 and data:
                data[place] ^= 1 << draw(st.integers(0, 7))
            elif kind == 2:
                del data[place:]
            elif kind == 3:
                data[place:place] = draw(st.binary(min_size=1, max_size=20)) * (size // 4 + 1)
            elif kind == 4:
                del data[place : place + size]
            elif kind == 5:
                data[place:place] = data[place : place + size]
            elif kind == 6:
                data[place : place + size] = draw(st.sampled_from((b"\xff", b"\x00", b"\x7f", b"\x80"))) * size
            else:
                number = draw(st.sampled_from((2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 2**40)))
                width = 4 if number < 2**32 else 8
                data[place : place + width] = number.to_bytes(width, draw(st.sampled_from(("little", "big"))))
        return bytes(data)

    return altered()


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found += _places(value, (*path, key))
    return found


def altered_text(tree: Any, values: Sequence[str] = JSON_VALUES) -> SearchStrategy[str]:
    """A JSON-like tree as text, with a place or two altered: another value, left out, there twice, renamed."""

    @st.composite  # of no arguments: hypothesis writes them out
    def altered(draw: DrawFn) -> str:
        changed = copy.deepcopy(tree)
        literals: dict[str, str] = {}
        places = _places(changed)
        for _ in range(draw(st.integers(1, 2))):
            path = draw(st.sampled_from(places))
            if not path:
                continue
            above: Any = changed
            try:
                for key in path[:-1]:
                    above = above[key]
                above[path[-1]]
            except (KeyError, IndexError, TypeError):
                continue  # the first alteration took it away
            if isinstance(above, str):
                continue
            _alter(draw, above, path[-1], literals, values)
        text = json.dumps(changed)
        for token, literal in literals.items():
            text = text.replace(f'"{token}"', literal)
        return text

    return altered()


def _alter(draw: DrawFn, above: Any, key: Any, literals: dict[str, str], values: Sequence[str]) -> None:
    token = f"@literal {len(literals)}@"
    kind = draw(st.integers(0, 9))
    if kind == 0:
        del above[key]
    elif kind == 1 and isinstance(above, list):
        above[key:key] = [above[key]] * draw(st.sampled_from((1, 3, 1000)))
    elif kind == 1:
        literals[token] = json.dumps(key)  # the key twice
        above[token] = above[key]
        literals[f"{token} value"] = values[draw(st.integers(0, len(values) - 1))]
        above[token] = f"{token} value"
    elif kind == 2 and isinstance(above, dict):
        above[draw(st.sampled_from(("", "x" * 5000, "\ud800", "a.b", "__class__", str(key) + " ", "\x1b[2J")))] = (
            above.pop(key)
        )
    else:
        literals[token] = values[draw(st.integers(0, len(values) - 1))]
        above[key] = token


def altered_json(
    tree: Any, wrap: Callable[[str], bytes] = str.encode, values: Sequence[str] = JSON_VALUES
) -> SearchStrategy[bytes]:
    """Altered documents: of their tree, or of their bytes."""
    valid = wrap(json.dumps(tree))
    return st.one_of(altered_text(tree, values).map(wrap), altered_text(tree, values).map(wrap), altered_bytes(valid))


CELLS = (
    *("", " ", "0", "1", "-1", "nan", "inf", "1e308", "1e400", "9223372036854775808", "x", "true", "[]", "{}", "[[]]"),
    *(
        "[" * DEEP,
        "[" * DEEP + "]" * DEEP,
        "x" * 200_000,
        "0" * 5000,
        '"',
        '""',
        "\x00",
        "\r",
        "\n",
        "a\nb",
        "\u2028",
        ",",
    ),
    *("=1+1", "\x1b[2J", "1,2", "[0,1]", "[[0,1]]", "[[0,99]]", "[[-1,0]]", "[[0.5,1]]", '["a"]', "1e5", "0x10", "é"),
    *("1_0", "\u0661", " 1 ", "1.0", "+1", "[" * 400 + "]" * 400, "[NaN]", "[[true,false]]", '["\\ud800"]'),
)
"""Texts that a cell of a table did not have."""


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """CSV."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


def altered_rows(rows: Sequence[Sequence[str]]) -> SearchStrategy[str]:
    """A table of text whose first row is the header, with cells, rows and columns altered."""

    @st.composite  # of no arguments: hypothesis writes them out
    def altered(draw: DrawFn) -> str:
        table = [list(row) for row in rows]
        for _ in range(draw(st.integers(1, 3))):
            row = draw(st.integers(0, len(table) - 1))
            column = draw(st.integers(0, max(len(table[row]) - 1, 0)))
            kind = draw(st.integers(0, 7))
            if kind == 0:
                table.insert(row, table[row])
            elif kind == 1 and len(table) > 1:
                del table[row]
            elif kind == 2:
                for line in table:
                    del line[column : column + 1]
            elif kind == 3:
                for line in table:
                    line.insert(column, *line[column : column + 1] or [""])
            elif table[row]:
                table[row][column] = CELLS[draw(st.integers(0, len(CELLS) - 1))]
        return table_text(table)

    return altered()


def altered_csv(rows: Sequence[Sequence[str]], wrap: Callable[[str], bytes] = str.encode) -> SearchStrategy[bytes]:
    """Altered tables: of their cells, or of their bytes."""
    return st.one_of(altered_rows(rows).map(wrap), altered_rows(rows).map(wrap), altered_bytes(wrap(table_text(rows))))


def varint(number: int) -> bytes:
    """A number as protocol buffers have it."""
    digits = []
    while True:
        number, low = number >> 7, number & 0x7F
        digits.append(low | (0x80 if number else 0))
        if not number:
            return bytes(digits)


def altered_protobuf(message: bytes) -> SearchStrategy[bytes]:
    """A message with further fields, lengths that are not there, numbers without end, or altered bytes."""

    @st.composite  # of no arguments: hypothesis writes them out
    def altered(draw: DrawFn) -> bytes:
        kind = draw(st.integers(0, 5))
        place = draw(st.integers(0, len(message)))
        field = draw(st.integers(0, 40))
        if kind == 0:
            size = draw(st.sampled_from((2**31, 2**63, 2**64 - 1, 1000)))
            added = varint(field << 3 | 2) + varint(size)
        elif kind == 1:
            added = varint(field << 3) + b"\xff" * draw(st.integers(1, 30))
        elif kind == 2:
            added = varint(field << 3 | draw(st.integers(0, 7))) + draw(st.binary(max_size=12))
        elif kind == 3:
            added = varint(field << 3 | 1) + draw(
                st.sampled_from((b"\xff" * 8, b"\x00" * 6 + b"\xf0\x7f", b"\x01" * 8))
            )
        else:
            return draw(altered_bytes(message))
        return message[:place] + added + (message[place:] if draw(st.booleans()) else b"")

    return altered()


def base64_text(message: bytes) -> str:
    """A message as NAS-Bench-101 writes it."""
    return base64.encodebytes(message).decode()
