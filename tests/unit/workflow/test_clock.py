"""Files with a time in the future get the present one; everything else is as it was."""

import os
import time

import pytest

from neural_predictor.workflow.clock import bring_to_now


def test_times_in_the_future_become_the_present_one_and_it_is_said(tmp_path):
    now, told = time.time(), []
    times = {"src/a/new.py": now + 3600, "results/s-v1/late.csv": now + 60, "results/s-v1/old.csv": now - 60}
    times |= {"resources/raw/late": now + 7200, "mine": now + 60}
    for name, at in times.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (at, at))
    (tmp_path / "resources/raw/linked").symlink_to(tmp_path / "mine")
    (tmp_path / "results/published").symlink_to(tmp_path / "mine")
    bring_to_now(tmp_path, tmp_path, tmp_path / "clock", told.append)
    found = {name: (tmp_path / name).stat().st_mtime for name in times}
    late = ("src/a/new.py", "results/s-v1/late.csv", "resources/raw/late")
    assert {name for name in times if found[name] != pytest.approx(times[name], abs=0.01)} == set(late)
    assert len({found[name] for name in late}) == 1
    assert now - 1 < found["src/a/new.py"] <= time.time()
    assert not (tmp_path / "resources/raw/linked").is_symlink()  # to be copied when it is fetched
    assert (tmp_path / "results/published").is_symlink()
    assert len(told) == 1
    assert told[0].startswith(f"3 files had a time in the future, such as {tmp_path}/resources/raw/late (")
    bring_to_now(tmp_path, tmp_path, tmp_path / "clock", told.append)
    assert len(told) == 1
