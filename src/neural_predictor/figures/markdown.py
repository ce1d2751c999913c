"""Tables for readers: cells as text, and Markdown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def interval(value: float, low: float, high: float, decimals: int = 3) -> str:
    """A number with its interval, without one where that is missing."""
    number = f"{value:.{decimals}f}"
    return number if pd.isna(low) else f"{number} [{low:.{decimals}f}, {high:.{decimals}f}]"


def count(number: float, missing: str = "") -> str:
    """A whole number as text; `missing` where there is none."""
    return missing if pd.isna(number) else f"{int(number):,}"


def table(rows: Sequence[Mapping[str, str]], note: str) -> str:
    """Rows of text as a Markdown table, with a note below it."""
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True) + f"\n\n{note}\n"
