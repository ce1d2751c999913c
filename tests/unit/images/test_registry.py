"""The registry of image sets: its rows, and what is wrong with a row that is not one."""

import sys
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import pytest

from neural_predictor.config.project import Sources, load
from neural_predictor.errors import ConfigError
from neural_predictor.images import load_images, registry
from neural_predictor.images.registry import IMAGE_SETS, image_source
from neural_predictor.records import by_name

TOYS = replace(IMAGE_SETS["digits"], name="toys", reader="toys:load")


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_every_row_names_a_reader_that_exists(name):
    module, function = IMAGE_SETS[name].reader.split(":")
    assert callable(getattr(import_module(f"neural_predictor.images.{module}"), function))


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_a_set_is_prepared_by_a_builder_or_is_one_raw_file(name, request):
    source = IMAGE_SETS[name]
    assert (source.builder is None) == (source.version is None) == (not source.archives)
    sources = load(Sources, request.config.rootpath / "config/sources.yaml").sources
    assert (source.builder is None) == (name in sources)


def test_an_unknown_set_is_answered_by_those_that_exist():
    with pytest.raises(ConfigError, match="no image set 'oxford_iiit_pet'; there are cifar100, caltech101, oxford_pet"):
        image_source("oxford_iiit_pet")


def test_a_set_is_added_by_one_file_and_one_row(tmp_path, monkeypatch):
    toys = SimpleNamespace(load=lambda name, place, *, pixels: [name, place, pixels])
    monkeypatch.setitem(sys.modules, "neural_predictor.images.toys", toys)
    monkeypatch.setitem(registry.IMAGE_SETS, "toys", TOYS)
    assert load_images("toys", tmp_path, pixels=3) == ["toys", tmp_path, 3]


def test_a_name_used_twice_is_named():
    with pytest.raises(
        ConfigError, match=r"images/registry\.py: two rows have the name 'toys'; expected one row a name"
    ):
        by_name(registry.REGISTRY, [TOYS, *IMAGE_SETS.values(), TOYS])


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("toys:load", "there is no module neural_predictor.images.toys"),
        ("small:toys", "the module neural_predictor.images.small has no toys"),
    ],
)
def test_a_reader_that_does_not_exist_is_one_message(reader, said, monkeypatch, tmp_path):
    monkeypatch.setitem(registry.IMAGE_SETS, "toys", replace(TOYS, reader=reader))
    with pytest.raises(ConfigError) as caught:
        load_images("toys", tmp_path)
    assert str(caught.value) == (
        f"images/registry.py, row 'toys': the entry point '{reader}' does not exist: {said}; add it, or correct the row"
    )
