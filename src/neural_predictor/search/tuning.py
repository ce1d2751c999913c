"""Hyper-parameters of searches as studies of tuning draw them: setting 0 is the default, others have a seed each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.search.ranges import drawn
from neural_predictor.search.registry import SEARCHES
from neural_predictor.seeds import seed_of

if TYPE_CHECKING:
    from neural_predictor.search.base import Settings


def settings_of(search: str, setting: int, study_seed: int) -> Settings:
    """Hyper-parameters of a search: its defaults for setting 0, else drawn from its ranges."""
    kind: type[Settings] = SEARCHES[search].load("search").settings_class
    if not setting:
        return kind()
    rng = np.random.default_rng(seed_of(study_seed, "settings", search, setting))
    return kind.model_validate(drawn(kind().model_dump(), kind.ranges, rng))
