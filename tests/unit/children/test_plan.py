"""Which networks a job trains follows from the study alone."""

from pathlib import Path

import numpy as np
import pytest

from neural_predictor.children.plan import draw, read_chosen, recipe_digest, sample, scratch, shards_of
from neural_predictor.config.project import Project
from neural_predictor.errors import ArchitectureError, ConfigError, FormatError
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace
from support.pins import assert_pinned, digest

STUDY = Project(Path(__file__).parents[3]).study("smoke-v1")


def with_set(**changes):
    plan = STUDY.children["digits"].model_copy(update=changes)
    return STUDY.model_copy(update={"children": {"digits": plan}})


def test_shards_cover_all_networks_once():
    study = with_set(networks=23, networks_per_shard=5, chosen=7)
    assert list(shards_of(study, "digits")) == [0, 1, 2, 3, 4]
    assert list(shards_of(study, "digits-chosen")) == [0, 1]
    assert len(shards_of(with_set(chosen=0), "digits-chosen")) == 0


def test_the_sample_is_the_same_for_every_job_and_other_for_another_seed():
    one = sample(with_set(networks=20), "digits")
    assert np.array_equal(one, sample(with_set(networks=20), "digits-chosen"))
    assert not np.array_equal(one, sample(with_set(networks=20).model_copy(update={"seed": 9}), "digits"))
    depths = (sample(with_set(networks=200, sampling="stratified"), "digits") == 6).sum(axis=1)
    uniform = (sample(with_set(networks=200, sampling="uniform"), "digits") == 6).sum(axis=1)
    assert depths.std() > 2 * uniform.std()


@pytest.mark.parametrize(
    ("sampling", "first", "sampled", "drawn"),
    [
        ("stratified", "2561305221610366310314", "3e4bd314fe001daf", "a1e67a03a4e74690"),
        ("uniform", "2532406221510364410314", "d4e5946ca9d1ad05", "6e8256d947112b84"),
    ],
)
def test_the_sample_is_the_one_of_before(sampling, first, sampled, drawn):
    study = with_set(networks=30, sampling=sampling)
    codes = sample(study, "digits")
    assert_pinned("".join(map(str, codes[0])), first)
    assert_pinned(digest(codes), sampled)
    assert_pinned(digest(draw(study.children["digits"], 30, 7)), drawn)


def test_a_set_that_the_study_does_not_have_is_named():
    with pytest.raises(ConfigError, match="the study has no children 'cifar100'; under `children` it has digits"):
        shards_of(STUDY, "cifar100-chosen")


def test_the_digest_follows_recipes_and_images():
    plan = STUDY.children["digits"]
    digests = {
        recipe_digest(plan, {"set": "digits"}),
        recipe_digest(plan, {"set": "mnist5k"}),
        recipe_digest(plan.model_copy(update={"training": plan.training.model_copy(update={"epochs": 9})}), {}),
        recipe_digest(plan.model_copy(update={"network": plan.network.model_copy(update={"width": 1.0})}), {}),
    }
    assert len(digests) == 4
    assert recipe_digest(plan, {}) == recipe_digest(plan.model_copy(update={"networks": 99}), {})


def test_chosen_networks_come_back_and_bad_rows_are_named(tmp_path):
    codes, space = sample(STUDY, "digits")[:3], ProxylessNasSpace()
    path = tmp_path / "digits.choice.csv"
    rows = [f'"{space.format(code)}",{0.5 + k}' for k, code in enumerate(codes)]
    path.write_text("\n".join(["architecture,predicted", *rows]) + "\n")
    found, predicted = read_chosen(path)
    assert np.array_equal(found, codes)
    assert predicted == [0.5, 1.5, 2.5]
    path.write_text('architecture,predicted\n"(9, 9)",1\n')
    with pytest.raises(ArchitectureError, match=r"digits\.choice\.csv, row 0"):
        read_chosen(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="expected rows with architecture and predicted"):
        read_chosen(path)


def test_another_choice_is_trained_in_a_folder_of_its_own(tmp_path):
    codes = ProxylessNasSpace().sample(4, np.random.default_rng(0))
    folders = [scratch(tmp_path, "0123456789abcdef", 0, chosen) for chosen in (None, codes, codes[::-1], codes)]
    assert folders[0] == tmp_path / "0123456789ab/0"
    assert folders[1] == folders[3]
    assert len(set(folders)) == 3
