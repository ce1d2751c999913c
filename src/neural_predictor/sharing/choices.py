"""The choices of methods that share weights as a set of children, to be trained alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.errors import ChildError
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neural_predictor.sharing.files import Shared


def choices(found: Iterable[Shared]) -> pd.DataFrame:
    """The different architectures that methods chose, as `children.plan.read_chosen` reads them.

    Args:
        found: what methods gave, in the order of the study.

    Returns:
        A row an architecture: `architecture` as text, `predicted`, its accuracy with the shared weights of the first
        method that chose it, and `methods`, the names of all that did, with blanks between.

    Raises:
        ChildError: if all methods diverged.
    """
    space, rows = ProxylessNasSpace(), dict[str, dict[str, object]]()
    for shared in found:
        if shared.status != "ok":
            continue
        (identity,) = space.identify(space.parse(shared.choice)[None])
        if identity in rows:
            rows[identity]["methods"] = f"{rows[identity]['methods']} {shared.method}"
        else:
            rows[identity] = {
                "architecture": shared.choice,
                "predicted": shared.choice_accuracy,
                "methods": shared.method,
            }
    if not rows:
        raise ChildError(
            "no method has a choice, for all diverged: lower sharing.methods.<method>.training.learning_rate"
        )
    return pd.DataFrame(list(rows.values()))
