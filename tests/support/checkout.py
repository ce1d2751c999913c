"""Runs of the real workflow in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
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

    def path(self, name: str) -> Path:
        """A file of the checkout."""
        return self.folder / name

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in one of its files."""
        text = self.path(name).read_text()
        assert old in text
        self.path(name).write_text(text.replace(old, new))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh checkout."""
    return Checkout(tmp_path / "project")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which smoke-v1 has been built whole; tests of the module share it and run in order."""
    project = Checkout(tmp_path_factory.mktemp("built") / "project")
    project.snakemake("--cores", "2", "results/smoke-v1/all")
    return project
