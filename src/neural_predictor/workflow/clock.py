"""Files whose times lie in the future, as after a clock that was wrong, or from an archive of another machine.

Snakemake takes a job as failed if an input is younger than what was just made of it.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_DATA = ("resources/raw", "resources/tables", "results")


def bring_to_now(root: Path, folder: Path, probe: Path, say: Callable[[str], None]) -> None:
    """Give files with a time in the future the present one.

    A link in `resources/raw` to such a file of the user's is removed: the file is then copied when it is fetched.

    Args:
        root: folder of the project, whose modules are inputs of jobs.
        folder: where the workflow works.
        probe: a file that may be written; its time is the present one of the file system, which may have another clock.
        say: takes the message, if there is one.
    """
    probe.touch()
    now = probe.stat().st_mtime
    found = []
    for path in _inputs(root, folder):
        try:
            if path.is_symlink():
                if path.parent.name == "raw" and path.stat().st_mtime > now:
                    path.unlink()
            elif (time := path.stat().st_mtime) > now:
                os.utime(path, (now, now))
                found.append((path, time))
        except OSError:  # gone meanwhile, or another user's: then Snakemake's own message says which
            continue
    if found:
        path, time = max(found, key=lambda each: each[1])
        say(
            f"{len(found)} files had a time in the future, such as {path} ({datetime.fromtimestamp(time):%F %T}): they "
            "now have the present one. Was a clock wrong?"
        )


def _inputs(root: Path, folder: Path) -> Iterator[Path]:
    yield from (root / "src").rglob("*.py")
    for name in _DATA:
        yield from (path for path in (folder / name).rglob("*") if path.is_symlink() or path.is_file())
