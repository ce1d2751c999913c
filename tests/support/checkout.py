"""Runs of the real workflow in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import Popen

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "src", "config", "envs", "profiles")


class Checkout:
    """A copy of the project's sources to run Snakemake in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part)  # times are kept, so compiled modules count as theirs
            else:
                shutil.copy2(source, folder / part)

    def snakemake(self, *arguments: str, ok: bool = True, **environment: str) -> str:
        """Output of a Snakemake run; asserts that it succeeds (or, with ok=False, fails)."""
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == ok, done.stdout
        return done.stdout

    def start(self, *arguments: str, log: Path) -> Popen[bytes]:
        """A Snakemake run that goes on, in a process group of its own; its output goes to `log`."""
        with log.open("wb") as output:
            command = [sys.executable, "-m", "snakemake", *arguments]
            return Popen(command, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def path(self, name: str) -> Path:
        """A file of the checkout."""
        return self.folder / name

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in one of its files."""
        text = self.path(name).read_text()
        assert old in text
        self.path(name).write_text(text.replace(old, new))
