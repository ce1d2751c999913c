"""bench/gpu.sh, which is meant for a GPU, on whatever is here: the real processes, with small maps and few cells."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_small_run_measures_children_and_scores():
    environment = os.environ | {"PYTHON": sys.executable}
    command = [ROOT / "bench/gpu.sh", "--small"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    found = json.loads(lines[-1])
    assert found["failed"] == []
    plain, compiled = found["children"]["rows"]
    assert (plain["setting"], plain["fault"], plain["difference"]) == ("float32", None, 0)
    assert (compiled["setting"], compiled["fault"]) == ("mixed-tiled-xla", None)
    assert 0 < compiled["difference"] < 0.02
    assert min(plain["images_per_s"], compiled["images_per_s"]) > 0
    assert found["scores"]["difference"] < 1e-4
    assert lines[0] == "| device | setting | first step s | images/s | memory MiB | difference |"
    assert lines[2].startswith("| CPU | float32 | ")


def test_a_bench_that_fails_is_a_line_and_not_the_end(tmp_path):
    (tmp_path / "engine.failed").write_text("engine failed (status 124): no line")
    (tmp_path / "children.json").write_text(
        json.dumps({"device": "H100", "rows": [{"device": "H100", "setting": "mixed", "fault": "it hung"}]})
    )
    command = [sys.executable, ROOT / "bench/gpu_table.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| H100 | mixed: it hung |  |  |  |  |" in done.stdout
    assert "engine failed (status 124): no line" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["failed"] == ["engine failed (status 124): no line"]
