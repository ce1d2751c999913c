"""Altered files of latencies: device tables, columns, the look-up table of the Pixel 1, journals of a profile."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import yaml
from hostile_guard import Format, check, formats
from hostile_mutations import altered_bytes, altered_csv, altered_json, table_text

from neural_predictor.children.journal import _line
from neural_predictor.latency import column, device_table, here, pixel1_lut
from neural_predictor.latency.parts import distinct_blocks
from neural_predictor.latency.profile import JOURNAL, REFERENCE, Plan
from neural_predictor.latency.timing import VISITS
from neural_predictor.spaces.mnasnet.space import MnasNetSpace
from neural_predictor.spaces.proxylessnas.layers import LAYERS

BLOCKS = [
    ["layer", "kernel", "expansion", "filters", "ms"],
    ["-1", "0", "0", "0", "5"],
    *([str(k), str(kernel), str(e), str(at.outputs), "1.5"] for k, at in enumerate(LAYERS) for kernel, e in at.blocks),
]
CHAINS = [["text", "phone"], ["e1k3l1 " * 7, "5.5"], ["e6k5l2-se " * 7, "7"]]


class Asked(dict):
    """Holds what is asked of it."""

    def get(self, key, default=None):
        return self.setdefault(key, {"mean": 2.5})


def look_up_table():
    entries, read = Asked(), pixel1_lut._entries
    pixel1_lut._entries = lambda path: entries
    try:
        pixel1_lut.load(Path("x"))
    finally:
        pixel1_lut._entries = read
    return yaml.safe_dump(dict(entries)).encode()


LUT = look_up_table()
PLAN = Plan(networks=0, width=0.1, resolution=16)
HEADER = {"plan": asdict(PLAN), "visits": VISITS, "machine": {"processor": "x", "runs_on": "y"}}
NAMES = [*(part.name for part in distinct_blocks(PLAN.recipe)), REFERENCE]
TIMINGS = [{"part": name, "runs_ms": [1.0, 1.5]} for _ in range(VISITS) for name in NAMES]
LINES = b"".join(map(_line, TIMINGS[1:]))


def journal_of(text):
    """A whole journal whose last record is another; a value that is no record breaks its line."""
    try:
        record = json.loads(text)
        last = _line(record)
    except (ValueError, RecursionError):
        last = text.encode("utf-8", "surrogatepass") + b"\n"
    return _line(HEADER) + LINES + last


def read_journal(path):
    """In a folder of its own: a torn last line is cut off."""
    folder = path.with_name("profile")
    folder.mkdir(exist_ok=True)
    shutil.copyfile(path, folder / JOURNAL)
    try:
        here.load(folder)
    except Exception as error:
        error.args = (f"{path.name}: {error}",)
        raise


@formats(
    Format("CSV, device table", "a.csv", table_text(BLOCKS).encode(), device_table.load, altered_csv(BLOCKS)),
    Format(
        *("CSV, latencies", "a.csv", table_text(CHAINS).encode()),
        lambda path: column.load(path, "phone", MnasNetSpace.name),
        altered_csv(CHAINS),
    ),
    Format("YAML, look-up table", "a.yaml", LUT, pixel1_lut.load, altered_bytes(LUT)),
    Format(
        *("JSON, profile", "a.jsonl", journal_of(json.dumps(TIMINGS[0])), read_journal),
        altered_json(TIMINGS[0], journal_of),
    ),
)
def test_altered(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(form, tmp_path)
