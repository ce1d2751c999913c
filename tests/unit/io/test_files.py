import errno
import hashlib
import os
import subprocess
import sys

import pytest

from neural_predictor.errors import UserError
from neural_predictor.io.files import atomic, sha256, write_text


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.txt"

    def fail_half_way():
        with atomic(path) as part:
            part.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert list(path.parent.iterdir()) == []
    write_text(path, "whole")
    assert path.read_text() == "whole"
    assert sha256(path) == hashlib.sha256(b"whole").hexdigest()


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")]
)
def test_faults_of_the_disk_are_advice_and_keep_the_old_file(tmp_path, number, advice):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UserError, match=advice), atomic(path):
        raise OSError(number, "fault")
    assert path.read_text() == "old"


def test_a_blocked_path_is_advice(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="a file stands where a folder is needed"), atomic(tmp_path / "file" / "a.txt"):
        pass


def test_what_a_killed_writer_left_of_a_file_is_removed_by_the_next_and_a_living_ones_is_not(tmp_path):
    path = tmp_path / "fig[7].csv"
    code = "import os; from pathlib import Path; from neural_predictor.io.files import atomic\n"
    code += f"with atomic(Path({str(path)!r})) as part: part.write_text('half'); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    (left,) = tmp_path.iterdir()
    dead = left.suffixes[-2]
    living = left.with_name(left.name.replace(dead, f".{os.getppid()}"))
    other = left.with_name(left.name.replace("csv", "pdf"))
    elsewhere = left.with_name(f".fig[7].csv.another-host{dead}.part")
    for kept in (living, other, elsewhere):
        kept.touch()
    write_text(path, "whole")
    assert set(tmp_path.iterdir()) == {path, living, other, elsewhere}
