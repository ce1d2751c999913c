"""A cheap predictor, and architectures that are made up once."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def made():
    """The module `made_up.py` beside this file."""
    spec = spec_from_file_location("made_up_architectures", Path(__file__).with_name("made_up.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def architectures(made):
    rng = np.random.default_rng(0)
    return [made.random_architecture(rng) for _ in range(300)]


@pytest.fixture(scope="session")
def labels(made, architectures):
    rng = np.random.default_rng(1)
    return [float(made.label_of(architecture, rng)) for architecture in architectures]
