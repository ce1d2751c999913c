"""The records of shards: what a line must say, and that it is of the architecture that the study draws."""

import json
from pathlib import Path

import pandas as pd
import pytest

from neural_predictor.children.collect import collect
from neural_predictor.children.plan import sample, training_seed
from neural_predictor.children.records import COLUMNS, as_csv, read_shard
from neural_predictor.config.project import Project
from neural_predictor.errors import FormatError
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

STUDY = Project(Path(__file__).parents[3]).study("smoke-v1")
TEXTS = [ProxylessNasSpace().format(code) for code in sample(STUDY, "digits")]
IMAGES = {"set": "digits"}


def record(network=0, training=0, **changes):
    seed = training_seed(STUDY.seed, "digits", network, training)
    about = {"network": network, "training": training, "architecture": TEXTS[network], "seed": seed}
    about |= {"status": "ok", "validation_accuracy": 0.5, "test_accuracy": 0.25, "epochs": 1, "training_time_s": 1.5}
    return about | {"history": [[1.0, 0.5, 0.5]], "device": "CPU"} | changes


def write(path, records):
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def everything(**changes):
    """All trainings of the study's ten architectures; changes are of the last."""
    records = [record(network, training) for network in range(10) for training in range(2)]
    return [*records[:-1], records[-1] | changes]


def test_trainings_are_rows_in_their_order_with_costs_and_origin(tmp_path):
    shards = [write(tmp_path / "0.jsonl", everything()[::-1])]
    frame = collect(STUDY, "digits", shards, IMAGES)
    assert tuple(frame.columns) == tuple(COLUMNS)
    assert frame["network"].tolist() == [k // 2 for k in range(20)]
    assert frame["architecture"].tolist() == [TEXTS[k // 2] for k in range(20)]
    seeds = [training_seed(STUDY.seed, "digits", k // 2, k % 2) for k in range(20)]
    assert frame["seed"].tolist() == seeds  # no float on the way
    assert max(seeds) > 2**62
    assert (frame["trainable_parameters"] > 0).all()
    assert (frame["images"] == "digits").all()
    (tmp_path / "t.csv").write_text(as_csv(frame))
    text = pd.read_csv(tmp_path / "t.csv")
    assert text["validation_accuracy"].tolist() == [0.5] * 20
    assert text["seed"].tolist() == frame["seed"].tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"validation_accuracy": 1.5},
            r"line 20 is no child's record: validation_accuracy is 1\.5: Input should be less",
        ),
        ({"test_accuracy": -0.1}, r"test_accuracy is -0\.1"),
        ({"validation_accuracy": None}, "the status is ok, but there is no validation_accuracy"),
        ({"status": "diverged"}, "the training diverged, but has an accuracy"),
        ({"status": "lost"}, "status is 'lost': Input should be 'ok' or 'diverged'"),
        ({"epochs": 2.5}, r"epochs is 2\.5: Input should be a valid integer"),
        ({"network": -1}, "network is -1"),
        ({"seed": "7"}, "seed is '7'"),
        ({"network": 10}, "network 10; digits has 10, from 0"),
        ({"network": 0, "training": 0, "architecture": TEXTS[0]}, "network 0, training 0 is there twice"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path, changes, message):
    path = write(tmp_path / "0.jsonl", everything(**changes))
    with pytest.raises(FormatError, match=rf"0\.jsonl.*{message}.*run train-children again"):
        collect(STUDY, "digits", [path], IMAGES)


def test_records_of_an_earlier_version_do_not_say_their_architecture(tmp_path):
    earlier = record()
    del earlier["architecture"]
    with pytest.raises(FormatError, match="line 1 does not say which architecture was trained"):
        read_shard(write(tmp_path / "0.jsonl", [earlier]))


def test_an_architecture_that_the_study_does_not_draw_stops_the_job_and_says_which_version_to_raise(tmp_path):
    path = write(tmp_path / "0.jsonl", everything(architecture=TEXTS[0]))
    with pytest.raises(
        FormatError, match=r"network 9 is .*the study draws .*raise CHILD_STAGE_VERSION in .*versions\.py"
    ):
        collect(STUDY, "digits", [path], IMAGES)


def test_a_seed_that_the_study_does_not_draw_stops_the_job_and_says_which_version_to_raise(tmp_path):
    seed = training_seed(STUDY.seed, "digits", 9, 1)
    path = write(tmp_path / "0.jsonl", everything(seed=seed + 1))
    said = rf"network 9, training 1 has the seed {seed + 1}, but the study draws {seed}, .*raise CHILD_STAGE_VERSION"
    with pytest.raises(FormatError, match=said):
        collect(STUDY, "digits", [path], IMAGES)


def test_missing_trainings_and_damaged_files_are_said(tmp_path):
    with pytest.raises(FormatError, match="digits: 19 trainings; the study has 20"):
        collect(STUDY, "digits", [write(tmp_path / "0.jsonl", everything()[1:])], IMAGES)
    (tmp_path / "0.jsonl").write_text("{")
    with pytest.raises(FormatError, match="not the records of a shard"):
        read_shard(tmp_path / "0.jsonl")
