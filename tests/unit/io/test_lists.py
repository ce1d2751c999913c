import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from neural_predictor.io.lists import is_missing, looks_like_list, number, parse_list

NAMES = ["in", "it's", 'a "b"', "out\\n"]


@pytest.mark.parametrize("write", [repr, lambda n: repr(np.array(n)), lambda n: str(np.array(n, object))])
def test_names_with_quotes_come_back(write):
    assert looks_like_list(write(NAMES))
    assert parse_list(write(NAMES)) == NAMES


@pytest.mark.parametrize(
    "text",
    ["['a' 'b', 'c']", "['a'", "{'a'}", "('a')", "[a b]", "[a, None]", "[a, 1]", "array('a')", "[f'x']", "[print()]",
     "['a' 'b' ... 'c']", "[" * 10_000, "[" + "-" * 100_000 + "1,x[", "array(" + ",dtype=" * 100_000, "['a'] + ['c']",
     "[" + "1, " * 2**20 + "]", "['a', 'b']\nCategories (2, object): ['a', 'b']"],
)  # fmt: skip
def test_what_is_no_list_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_list(text)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "NA",
        "n/a",
        "NaN",
        "null",
        "None",
        "<NA>",
        math.nan,
        np.float32("nan"),
        Decimal("NaN"),
        pd.NA,
        pd.NaT,
    ],
)
def test_missing_values(value):
    assert is_missing(value)
    assert math.isnan(number(value))


@pytest.mark.parametrize(
    ("value", "found"), [("1e3", 1000), (" .5", 0.5), (Decimal("2.5"), 2.5), (np.int8(3), 3), ("inf", math.inf)]
)
def test_numbers(value, found):
    assert not is_missing(value)
    assert number(value) == found


@pytest.mark.parametrize("value", ["90%", "1_0", "0,9", True, np.True_, b"1", 1j, [1], {}, 10**400, "x"])
def test_what_is_no_number(value):
    with pytest.raises(ValueError):  # noqa: PT011
        number(value)
