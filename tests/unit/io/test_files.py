import errno
import hashlib

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
