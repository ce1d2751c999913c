"""Fixtures that many tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural_predictor.io.garbage import collect_rarely
from support.checkout import Checkout


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills` of tests/faults/test_kills.py, which `make faults` sets."""
    parser.addoption("--kills", type=int, default=0, help="kill the workflow so many times, at random moments")


def pytest_configure() -> None:
    """As commands do: what TensorFlow traces is much, and lives as long as the process."""
    collect_rarely()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave them out where no number is named: five kills are in tests/workflow/test_run.py."""
    return True if collection_path.name == "test_kills.py" and not config.getoption("--kills") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs of the workflow come first, the longest of them before all, so that no process ends long after all."""
    items.sort(key=lambda item: (item.path.parent.name != "workflow", item.path.name != "test_run.py"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real benchmark extracts, which lies beside the project and is no part of it."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real benchmark extracts are not there: no folder {folder}")
    return folder


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
