"""Altered files of children: journals, shards, chosen architectures, protocols, results."""

import json
import shutil
from pathlib import Path

import numpy as np
from hostile_guard import Format, check, formats
from hostile_mutations import altered_bytes, altered_csv, altered_json, table_text

from neural_predictor.children.collect import collect
from neural_predictor.children.journal import Journal, _line
from neural_predictor.children.plan import read_chosen, sample, training_seed
from neural_predictor.children.records import read_shard
from neural_predictor.children.table import children_table
from neural_predictor.cli.children import read_protocol
from neural_predictor.config.study import Study
from neural_predictor.config.yaml_files import load
from neural_predictor.figures.results import read_result
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

STUDY = load(Study, Path(__file__).parents[3] / "config/studies/smoke-v1.yaml")
SAMPLE = [ProxylessNasSpace().format(code) for code in sample(STUDY, "digits")]
HEADER = {"children": "digits", "networks": ["(0, 1)"], "first": 5, "trainings": 2, "images": {"set": "digits"}}
RECORD = {
    "network": 5,
    "training": 0,
    "seed": 123,
    "status": "ok",
    "validation_accuracy": 0.5,
    "test_accuracy": 0.5,
    "epochs": 3,
    "training_time_s": 1.5,
    "history": [[1.0, 0.5, 0.5]],
    "device": "CPU",
}
CHOSEN = [["architecture", "predicted"], [ProxylessNasSpace().format(np.zeros(22, np.uint8)), "0.5"]]
RESULT = [["x", "y", "architecture"], ["1", "0.5", "a"], ["2", "0.25", "b"]]
PROTOCOL = {
    "experiment": "fig7",
    "study": "s",
    "benchmark": "b",
    "benchmark_title": "B",
    "architectures": 3,
    "signal": "a",
    "target": "t",
    "unit": "%",
    "scale": 100.0,
    "maximise": True,
    "label": "l",
    "sampling": "s",
    "scored": "s",
    "reported": "r",
    "repeats": {"x": 2},
    "interval": "i",
    "notes": ["n"],
    "seed": 1,
    "study_digest": "d",
    "versions": {"numpy": "2"},
}
IMAGES = {
    "set": "digits",
    "title": "t",
    "classes": 10,
    "rule": "r",
    "split_version": 1,
    "splits": {split: {"images": 5, "ids_sha256": "0" * 64} for split in ("train", "validation", "test")},
}


def utf8(text):
    return text.encode("utf-8", "surrogatepass")


def read_journal(path):
    """A copy: a torn last line is cut off."""
    copy = path.with_name("copy")
    shutil.copyfile(path, copy)
    try:
        Journal(copy, HEADER).keys()
    except Exception as error:
        error.args = (str(error).replace(str(copy), str(path)),)
        raise


def read_collected(path):
    """Read as the table of the study's children."""
    read_shard(path)  # the sample of architectures that follows costs more
    try:
        children_table(collect(STUDY, "digits", [path], IMAGES), "digits")
    except Exception as error:
        error.args = (f"{path.name}: {error}",)  # what a whole set lacks is found behind the reader
        raise


def shard_line(text):
    """The last of twenty records."""
    others = [recorded(k // 2, k % 2) for k in range(19)]
    return "".join(json.dumps(record) + "\n" for record in others).encode() + utf8(text) + b"\n"


def recorded(network, training):
    """The record of a training of the study's children."""
    seed = training_seed(STUDY.seed, "digits", network, training)
    return RECORD | {"network": network, "training": training, "architecture": SAMPLE[network], "seed": seed}


LAST = recorded(9, 1)


JOURNAL = _line(HEADER) + _line(RECORD) + _line(RECORD | {"training": 1})


def journal_line(text):
    """With a checksum that is right."""
    import google_crc32c

    data = utf8(text)
    return _line(HEADER) + b"%08x %s\n" % (google_crc32c.value(data), data) + _line(RECORD)


def read_figures(path):
    table = path.with_name("numbers.csv")
    table.write_text(table_text(RESULT))
    read_result(table, path, ["x", "y"])


def read_numbers(path):
    protocol = path.with_name("protocol.json")
    protocol.write_text(json.dumps(PROTOCOL))
    read_result(path, protocol, ["x", "y"])


@formats(
    Format("journal of children, bytes", "journal", JOURNAL, read_journal, altered_bytes(JOURNAL)),
    Format("journal of children, JSON", "journal", JOURNAL, read_journal, altered_json(RECORD, journal_line)),
    Format("JSON lines, shard", "a.jsonl", shard_line(json.dumps(LAST)), read_collected,
           altered_json(LAST, shard_line)),
    Format("CSV, chosen networks", "a.csv", table_text(CHOSEN).encode(), read_chosen, altered_csv(CHOSEN)),
    Format("JSON, protocol of a figure", "a.json", json.dumps(PROTOCOL).encode(), read_figures,
           altered_json(PROTOCOL, utf8)),
    Format("CSV, numbers of a figure", "a.csv", table_text(RESULT).encode(), read_numbers, altered_csv(RESULT)),
    Format("JSON, protocol of images", "a.json", json.dumps(IMAGES).encode(), read_protocol,
           altered_json(IMAGES, utf8)),
)  # fmt: skip
def test_altered(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(form, tmp_path)
