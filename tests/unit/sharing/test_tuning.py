"""Hyper-parameters of methods that share weights, as studies of tuning draw them."""

import pytest
from pydantic import TypeAdapter

from neural_predictor.config.sharing_recipes import Recipe, Sharing
from neural_predictor.search.ranges import Range
from neural_predictor.sharing.tuning import CANDIDATES, method_of, name_of, named, recipes_of, searches_of

OWN = {
    "one-shot": {"kind": "one-shot", "sampling": "stratified"},
    "dropped": {"kind": "one-shot", "sampling": "drop-path"},
    "darts": {"kind": "darts"},
    "proxylessnas": {"kind": "proxylessnas"},
    "enas": {"kind": "enas", "candidates": 3},
    "smash": {"kind": "smash"},
}
EPOCHS, MOST = 40, 0.5


def sharing(**changes):
    methods = {name: recipe | {"training": {"epochs": EPOCHS}} for name, recipe in OWN.items()}
    return Sharing.model_validate({"children": "digits", "methods": methods} | changes)


@pytest.fixture(scope="module")
def drawn():
    """Method -> its own recipe and 29 drawn ones."""
    found = recipes_of(sharing(tuning={"settings": 30, "epochs_at_most": MOST}), 1)
    return {name: [found[name_of(name, setting)] for setting in range(30)] for name in OWN}


@pytest.mark.parametrize("name", OWN)
def test_drawn_settings_are_valid_and_within_their_ranges(name, drawn):
    own, *others = drawn[name]
    assert own == sharing().methods[name]
    for recipe in others:
        assert TypeAdapter(Recipe).validate_python(recipe.model_dump()) == recipe
        assert EPOCHS * MOST / 4 <= recipe.training.epochs <= EPOCHS * MOST
        assert getattr(recipe, "warm_up", 0) <= recipe.training.epochs / 2
        assert getattr(recipe, "candidates", 0) <= min(CANDIDATES, getattr(own, "candidates", 0))
        assert recipe.training.model_copy(update={"epochs": 1, "learning_rate": 1}) == own.training.model_copy(
            update={"epochs": 1, "learning_rate": 1}
        )
    ranges = {key: source for key, source in own.ranges.items() if key not in ("training.epochs", "warm_up")}
    for key, source in ranges.items():
        *part, last = key.split(".")
        values = {getattr(recipe.training if part else recipe, last) for recipe in others}
        assert len(values) > 1
        within = isinstance(source, Range) and source.low <= min(values) < max(values) <= source.high
        assert within or values == set(source.values)


def test_each_kind_draws_what_it_has(drawn):
    assert {recipe.sampling for recipe in drawn["dropped"]} == {"drop-path"}
    assert "latency_weight" in drawn["proxylessnas"][0].ranges
    assert {"warm_up", "alpha_rate"} <= set(drawn["darts"][0].ranges)


def test_a_setting_follows_from_study_method_and_number_alone():
    few, many = (recipes_of(sharing(tuning={"settings": count}), 1) for count in (2, 4))
    assert list(few) == [*OWN, *(f"{name}~1" for name in OWN)]
    assert few.items() <= many.items()
    assert many["darts~1"] != many["darts~2"]
    assert few["darts~1"] != recipes_of(sharing(tuning={"settings": 2}), 2)["darts~1"]
    assert few["one-shot~1"].training.learning_rate != few["smash~1"].training.learning_rate


def test_seeds_have_names_and_the_studys_own_recipe():
    found = sharing(seeds=3, tuning={"settings": 2})
    searches = searches_of(found)
    assert searches["darts"] == ["darts", "darts~seed1", "darts~seed2"]
    recipes = recipes_of(found, 1)
    assert recipes["darts~seed2"] == recipes["darts"] == found.methods["darts"]
    assert len(recipes) == (3 + 1) * len(OWN)
    assert {method_of(name) for name in recipes} == set(OWN)
    assert named(found).endswith("smash, each with other seeds, ~seed1 to ~seed2, each with drawn settings, ~1 to ~1")
    assert "seeds" not in sharing().model_dump(mode="json")
    with pytest.raises(ValueError, match="seeds"):
        sharing(seeds=0)


def test_what_a_study_does_not_ask_for_is_no_part_of_its_values():
    own = sharing()
    assert list(recipes_of(own, 1)) == list(OWN)
    assert not {"tuning", "bridge"} & set(own.model_dump(mode="json"))
    assert named(own).endswith("enas, smash")
    assert named(sharing(tuning={"settings": 3})).endswith("smash, each with drawn settings, ~1 to ~2")
    with pytest.raises(ValueError, match="settings"):
        sharing(tuning={"settings": 1})
    with pytest.raises(ValueError, match="epochs_at_most"):
        sharing(tuning={"epochs_at_most": 1.5})
