"""The protocol that figures are drawn with in these tests."""

import pytest

from neural_predictor.figures.results import ProtocolRecord


@pytest.fixture
def protocol():
    return ProtocolRecord(
        experiment="fig",
        study="t-v1",
        benchmark="b",
        benchmark_title="Benchmark",
        architectures=100,
        signal="validation accuracy",
        target="test accuracy",
        unit="%",
        scale=100,
        maximise=True,
        label="validation accuracy of the only run",
        sampling="uniform",
        scored="all",
        reported="test accuracy",
        repeats={"each": 3},
        interval="95%",
        notes=["A note that a reader must see."],
        seed=0,
        study_digest="0",
        versions={},
    )
