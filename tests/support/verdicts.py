"""Verdicts on claims, for tests of their page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from neural_predictor.claims.judge import COLUMNS, VERDICTS

if TYPE_CHECKING:
    from pathlib import Path


def verdicts(folder: Path, study: str) -> Path:
    """A file of one claim of each verdict."""
    folder.mkdir()
    rows = [
        {
            "study": study,
            "claim": f"claim-{k}",
            "says": f"Claim <{k}>",
            "source": "paper",
            "place": "Fig. 4",
            "refuted_by": "less",
            "measured": "it",
            "paper": "over 20",
            "verdict": verdict,
            "reason": "no such row",
            **({"shown": "0.95 [0.93, 0.96]", "rule": "at least 0.9", "protocol": "Benchmark."} if k < 3 else {}),
            **({"artefact": "fig4", "page": "fig4.png"} if k < 3 else {}),
        }
        for k, verdict in enumerate(VERDICTS)
    ]
    path = folder / "claims.csv"
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(path, index=False)
    return path
