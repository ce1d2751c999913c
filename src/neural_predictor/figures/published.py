"""Numbers that the paper and its 2021 replication report, to stand beside measured ones; never a target.

The replication's test architectures were drawn with a bias towards few vertices and repeats (docs/protocol.md), its
final outputs (commit a660b8a) and its slides are different runs, and the sets of its slides are small.
"""

from __future__ import annotations

NASBENCH101 = "nasbench101"
PAPER, SLIDES, OUTPUTS = "paper", "replication, slides", "replication, outputs"


def _mse(source: str, stages: str, mse: float, repeats: int | None) -> dict[str, object]:
    tested_on = {"one": "the rest of the space", "two": "what the classifier accepts of it"}[stages]
    about = {"source": source, "benchmark": NASBENCH101, "stages": stages, "tested_on": tested_on}
    return about | {"mse": mse, "repeats": repeats}


MSE = [
    _mse(PAPER, "one", 1.95, None),
    _mse(PAPER, "two", 0.66, None),
    _mse(OUTPUTS, "one", 7.1957, 10),
    _mse(OUTPUTS, "two", 1.0869, 10),
]
"""Mean squared errors at N = 172, squared percentage points; the replication's are of an earlier commit (02335c5)."""

TRAINING, VALIDATION, TEST, TEN = "training", "validation", "test", "ten of test"


def _sets(
    benchmark: str, predictor: str, source: str, rows: dict[str, tuple[int, float, float, float]]
) -> list[dict[str, object]]:
    return [
        {"source": source, "benchmark": benchmark, "predictor": predictor, "set": name, "networks": networks}
        | {"metric": metric, "value": value}
        for name, (networks, *values) in rows.items()
        for metric, value in zip(("mse", "kendall_tau", "r2"), values, strict=True)
    ]


METRICS = [
    *_sets(
        NASBENCH101,
        "one-stage",
        SLIDES,
        {
            TRAINING: (79, 0.826, 0.799, 0.94842),
            VALIDATION: (40, 2.824, 0.678, 0.79585),
            TEN: (10, 3.982, 0.837, 0.81668),
        },
    ),
    *_sets(
        NASBENCH101,
        "one-stage",
        OUTPUTS,
        {
            TRAINING: (79, 0.5765, 0.7551, 0.96316),
            VALIDATION: (40, 2.6772, 0.6835, 0.84239),
            TEST: (100_000, 7.5551, 0.6904, 0.64331),
            TEN: (10, 5.6915, 0.8222, 0.37858),
        },
    ),
    *_sets(
        NASBENCH101,
        "two-stage",
        SLIDES,
        {
            TRAINING: (38, 0.234, 0.681, 0.80341),
            VALIDATION: (19, 0.310, 0.629, 0.50933),
            TEN: (10, 4.005, 0.182, -9.34282),
        },
    ),
    *_sets(
        NASBENCH101,
        "two-stage",
        OUTPUTS,
        {
            TRAINING: (42, 0.3797, 0.7048, 0.52390),
            VALIDATION: (28, 1.0625, 0.6507, 0.40651),
            TEST: (51_290, 2.9932, 0.5966, 0.13601),
            TEN: (10, 0.8591, 0.7957, 0.70347),
        },
    ),
    *_sets(
        "proxylessnas, cifar100",
        "one-stage",
        SLIDES,
        {
            TRAINING: (19, 1.335, -0.053, -0.05951),
            VALIDATION: (5, 1.675, 0.0, -0.13005),
            TEST: (5, 1.643, 0.738, 0.21622),
        },
    ),
    *_sets(
        "proxylessnas, cifar100",
        "one-stage",
        OUTPUTS,
        {
            TRAINING: (76, 0.8398, 0.4353, 0.33953),
            VALIDATION: (5, 1.4580, 0.0, -0.46229),
            TEST: (5, 0.2742, 0.4, 0.28248),
        },
    ),
    *_sets(
        "proxylessnas, caltech101",
        "one-stage",
        SLIDES,
        {
            TRAINING: (40, 5.295, 0.235, 0.02769),
            VALIDATION: (5, 6.319, 0.200, -0.05723),
            TEST: (5, 7.023, -0.358, -0.07183),
        },
    ),
    *_sets(
        "proxylessnas, caltech101",
        "one-stage",
        OUTPUTS,
        {
            TRAINING: (208, 6.9593, 0.4042, 0.37440),
            VALIDATION: (40, 9.0219, 0.2271, 0.03017),
            TEST: (40, 9.5146, 0.1863, -0.03666),
        },
    ),
    *_sets(
        "proxylessnas, oxford_pet",
        "one-stage",
        SLIDES,
        {
            TRAINING: (50, 1.153, 0.217, 0.12045),
            VALIDATION: (7, 2.276, -0.292, -0.46749),
            TEST: (7, 1.461, 0.714, 0.11630),
        },
    ),
    *_sets(
        "proxylessnas, oxford_pet",
        "one-stage",
        OUTPUTS,
        {
            TRAINING: (212, 0.8657, 0.2826, 0.17840),
            VALIDATION: (10, 0.8103, 0.2247, 0.17870),
            TEST: (10, 0.7685, -0.0227, -0.35631),
        },
    ),
    *_sets(
        "nasbench-nlp",
        "one-stage",
        OUTPUTS,
        {
            TRAINING: (79, 0.3223, 0.2548, 0.25240),
            VALIDATION: (40, 0.2678, 0.2385, 0.07886),
            TEST: (10_000, 0.3541, 0.1475, -0.02749),
            TEN: (10, 0.4832, 0.0667, -0.07947),
        },
    ),
]
"""MSE (squared percentage points; nasbench-nlp: squared nats), Kendall tau and R2 of each set."""
