"""The artefacts that claims are tested with; a plan asks it, so it imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neural_predictor.errors import ConfigError
from neural_predictor.figures.wanted import Wanted, find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neural_predictor.config.claims import Claim

FILE = "config/claims.yaml"


def artefacts_of(claims: Iterable[Claim], wanted: Wanted) -> list[str]:
    """The artefacts whose numbers claims are tested with, of those that a study makes.

    Raises:
        ConfigError: for a claim on an artefact that does not exist.
    """
    named = dict.fromkeys(claim.test.artefact for claim in claims if claim.test is not None)
    for name in named:
        try:
            find(name)
        except ConfigError as error:
            raise ConfigError(f"{FILE}: {error}") from error
    return [name for name in named if name in wanted.artefacts]
