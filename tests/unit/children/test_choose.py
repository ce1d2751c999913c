"""What a predictor that was fitted to a sample chooses among unseen candidates."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neural_predictor.children import choose as module
from neural_predictor.children.choose import choose
from neural_predictor.children.plan import sample
from neural_predictor.children.table import children_table
from neural_predictor.config.project import Project
from neural_predictor.errors import ConfigError
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.children import by_depth, trainings

SPACE = ProxylessNasSpace()
SMOKE = Project(Path(__file__).parents[3]).study("smoke-v1")


def study(**changes):
    """smoke-v1 with a small predictor of its children."""
    wanted = {"networks": 40, "candidates": 300, "chosen": 5} | changes
    tiny = SMOKE.predictors["chain"].model_copy(
        update={"layers": 1, "width": 16, "hidden": (16,), "epochs": 40, "learning_rate": 1e-2}
    )
    plan = SMOKE.children["digits"].model_copy(update=wanted)
    return SMOKE.model_copy(update={"children": {"digits": plan}, "predictors": SMOKE.predictors | {"chain": tiny}})


def test_the_choice_is_the_best_of_unseen_candidates():
    codes = sample(study(), "digits")
    table = children_table(trainings(codes, by_depth(codes)), "digits")
    found = choose(study(), table, workers=1)
    chosen = np.stack([SPACE.parse(text) for text in found["architecture"]])
    assert len(chosen) == 5
    assert found["predicted"].is_monotonic_decreasing
    assert (chosen == 6).sum(axis=1).max() <= 3  # the fewest of 0 to 15
    assert not np.isin(SPACE.identify(chosen), SPACE.identify(codes)).any()
    pd.testing.assert_frame_equal(found, choose(study(), table, workers=1))


def test_candidates_are_never_architectures_of_the_sample_not_even_diverged_ones(monkeypatch):
    codes = sample(study(), "digits")
    moved = codes[:5].copy()
    moved[:, [2, 3, 4]] = [6, 1, 6]
    same = moved.copy()
    same[:, [2, 3, 4]] = [1, 6, 6]  # the same architectures, written otherwise
    monkeypatch.setattr(module, "draw", lambda *_: np.concatenate([same, codes[30:33]]))
    monkeypatch.setattr(module, "fit_replicates", lambda *_, **__: None)
    monkeypatch.setattr(module, "score", lambda _, graphs, **__: np.arange(len(graphs), dtype=float)[None])
    validation = by_depth(codes[:30])
    validation[2] = np.nan
    table = children_table(trainings(np.concatenate([moved, codes[5:30]]), validation), "digits")
    found = choose(study(chosen=3), table, workers=1)
    assert found["architecture"].tolist() == [SPACE.format(code) for code in codes[32:29:-1]]
    with pytest.raises(ConfigError, match=r"children\.digits\.chosen is 4; it must be 1 to 3"):
        choose(study(chosen=4), table, workers=1)
