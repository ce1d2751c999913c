"""Values as texts: lists in the ways that programs write them, numbers, and what stands for no value."""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from decimal import Decimal
from itertools import pairwise
from numbers import Real
from typing import Any

from neural_predictor.io.untrusted import parse_json

_MAX_CHARACTERS = 2**20
"""Of the text of a list: several times what the largest architecture takes."""
_MISSING = frozenset(("", "na", "n/a", "<na>", "nan", "null", "none", "nat"))
_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_NUMPY = re.compile(rf"np\.(?:str_|bool_?|u?int\d*|float\d*)\(({_STRING}|[\w.+-]+)\)")
"""A number or a text as NumPy shows it within a list."""
_WRAPPER = re.compile(r"(?:(?:np\.|numpy\.)?array|Index|list)\(|<\w+>\s*(?=\[)")
_WRAPPER_END = re.compile(r"(?:,\s*(?:dtype|name|shape|length)=[^\[\]]{1,80})?\)|\s*Length: \d+, dtype: [^\[\]]{1,80}")
_STRINGS = re.compile(rf"\[\s*{_STRING}(?:\s+{_STRING})*\s*\]", re.DOTALL)
_DIGITS = re.compile(r"\[(?:[\s\[\]]|\d+\.?(?=[\s\]])|True|False)*\]")
_BARE = re.compile(r"\[\s*[^\s,'\"\[\](){}]+(?:\s*,\s*[^\s,'\"\[\](){}]+)*\s*\]")
_NO_NAMES = frozenset(("none", "null", "nan", "true", "false", "...", "<na>"))


def is_missing(value: Any) -> bool:
    """Whether a value stands for no value: None, NaN, an empty text, or a word such as NA and null."""
    if value is None:
        return True
    if isinstance(value, str):
        return len(value) < 16 and value.strip().lower() in _MISSING
    if isinstance(value, list | dict):
        return False
    if isinstance(value, Real | Decimal):
        return bool(value != value)  # NaN, of any type
    return type(value).__name__ in ("NAType", "NaTType")


def number(value: Any) -> float:
    """A number, or a text of one, as a float; NaN for a missing value.

    Raises:
        ValueError: for anything else, truth values and bytes among it.
    """
    if is_missing(value):
        return math.nan
    if type(value).__name__ in ("bool", "bool_") or not isinstance(value, str | Real | Decimal):
        raise ValueError("no number")
    if isinstance(value, str) and "_" in value:
        raise ValueError("no number")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("too large") from error


def looks_like_list(text: str) -> bool:
    """Whether a text begins as a list, or as what holds one, does: with a bracket, a quote, or the word array."""
    text = text.lstrip()
    return text.startswith(("[", "(", "{", "'", '"')) or _WRAPPER.match(text) is not None


def parse_list(text: str) -> Any:
    """The list in a text: JSON, the text of a Python list or tuple, of a NumPy array, or of a pandas array.

    Texts in quotes without a comma between them are a NumPy array's: two elements, not one, as Python has it.

    Raises:
        ValueError: if it is none of these.
    """
    text = text.strip()
    if len(text) > _MAX_CHARACTERS:
        raise ValueError("too long")
    if text.startswith("["):
        try:
            return parse_json(text)
        except ValueError:
            pass
    text = _unwrapped(text)
    if not text.startswith(("[", "(")):
        raise ValueError("no list")
    text = _NUMPY.sub(r"\1", text)
    if _STRINGS.fullmatch(text):
        return [ast.literal_eval(each) for each in re.findall(_STRING, text, re.DOTALL)]
    if _DIGITS.fullmatch(text):
        return _digits(text)
    if _BARE.fullmatch(text):
        names = [name.strip() for name in text[1:-1].split(",")]
        if not any(name.lower() in _NO_NAMES or _is_number(name) for name in names):
            return names
    return _literal(text)


def _unwrapped(text: str) -> str:
    """The list within `array(..)` and the like; another text as it is.

    Raises:
        ValueError: if what is around it ends in an unknown way.
    """
    if not (found := _WRAPPER.match(text)):
        return text
    end = text.rfind("]") + 1
    if not end or not _WRAPPER_END.fullmatch(text, end):
        raise ValueError("no list")
    return text[found.end() : end].strip()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _digits(text: str) -> Any:
    """A matrix of whole numbers, or of truth values, as NumPy prints it."""
    text = re.sub(r"(\d)\.", r"\1", text.replace("True", "1").replace("False", "0"))
    return parse_json(re.sub(r"(?<=[\d\]])\s+(?=[\d\[])", ",", text))


def _literal(text: str) -> Any:
    """A Python list or tuple of texts, numbers and further lists."""
    try:
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.List | ast.Tuple) or _joins(text):
            raise ValueError("no list")
        return ast.literal_eval(tree)
    except (SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError) as error:
        raise ValueError("no list") from error


def _joins(text: str) -> bool:
    """Whether two texts in quotes stand side by side: Python would make one of them."""
    layout = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT)
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in layout]
    return any(pair == (tokenize.STRING, tokenize.STRING) for pair in pairwise(kinds))
