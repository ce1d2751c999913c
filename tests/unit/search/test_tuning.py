"""Hyper-parameters that studies of tuning draw."""

import pytest

from neural_predictor.search.ranges import Range
from neural_predictor.search.registry import SEARCHES
from neural_predictor.search.tuning import settings_of


def value_of(settings, name):
    for key in name.split("."):
        settings = settings[key] if isinstance(settings, dict) else getattr(settings, key)
    return settings


@pytest.mark.parametrize("name", SEARCHES)
def test_drawn_settings_are_valid_and_within_their_ranges(name):
    kind = SEARCHES[name].load("search").settings_class
    assert SEARCHES[name].tuned == bool(kind.ranges)
    assert settings_of(name, 0, 1) == kind()
    drawn = [settings_of(name, setting, 1) for setting in range(1, 30)]
    for part, source in kind.ranges.items():
        values = {value_of(settings, part) for settings in drawn}
        if isinstance(source, Range):
            assert source.low <= min(values) < max(values) <= source.high
            assert not source.whole or all(isinstance(value, int) for value in values)
        else:
            assert values <= set(source.values)


def test_a_setting_follows_from_study_search_and_number_alone():
    assert settings_of("tpe", 3, 1) == settings_of("tpe", 3, 1)
    assert len({settings_of("tpe", *of).model_dump_json() for of in ((3, 1), (3, 2), (4, 1))}) == 3


def test_what_is_drawn_of_the_predictor_is_in_its_recipe():
    settings = settings_of("predictor", 1, 1)
    assert settings.recipe.epochs == settings.changes["epochs"]
    assert settings.recipe.kind == "gcn"
