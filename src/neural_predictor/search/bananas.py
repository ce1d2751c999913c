"""BANANAS: an ensemble of neural networks, independent Thompson sampling, mutations of the best.

Source: White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with Neural Architectures for Neural Architecture
Search", AAAI 2021 (algorithm 1): five feed-forward networks of ten layers of twenty units; candidates are mutations of
the best architectures; each candidate's value is drawn from a normal with the ensemble's mean and deviation.
The project's graph features stand for the paper's path encoding, so that it works on every space, and the networks
learn normal scores of the labels by squared error (there a relative absolute error).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from pydantic import Field

from neural_predictor.predictors.features import varying
from neural_predictor.search.base import Search, Settings
from neural_predictor.search.perceptrons import Training, fit_perceptrons
from neural_predictor.search.ranges import INITIAL, PARENTS, Range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neural_predictor.search.ranges import Ranges

    Rows = NDArray[np.intp]


class BananasSettings(Settings):
    """Settings of BANANAS; the defaults are the paper's.

    Attributes:
        initial: random architectures before the first fit.
        networks: of the ensemble.
        layers: of a network.
        units: of a layer.
        epochs: of a fit.
        learning_rate: of Adam.
        candidates: mutations that the ensemble scores, for each architecture that is asked for.
        parents: best architectures that are mutated.
    """

    initial: Annotated[int, Field(ge=2)] = 10
    networks: Annotated[int, Field(ge=2)] = 5
    layers: Annotated[int, Field(ge=1)] = 10
    units: Annotated[int, Field(ge=1)] = 20
    epochs: Annotated[int, Field(ge=1)] = 200
    learning_rate: Annotated[float, Field(gt=0)] = 0.01
    candidates: Annotated[int, Field(ge=1)] = 100
    parents: Annotated[int, Field(ge=1)] = 10

    ranges: ClassVar[Ranges] = {
        "initial": INITIAL,
        "networks": Range(3, 8, whole=True),
        "layers": Range(2, 10, whole=True),
        "units": Range(10, 64, log=True, whole=True),
        "epochs": Range(50, 400, log=True, whole=True),
        "learning_rate": Range(0.001, 0.03, log=True),
        "candidates": Range(50, 500, log=True, whole=True),
        "parents": PARENTS,
    }


class Bananas(Search):
    """See the module."""

    settings_class = BananasSettings

    def _propose(self, count: int) -> Rows:
        if len(self.rows) < self.settings.initial:
            return self.random(count)
        offered = self.mutated(self.settings.parents, max(self.settings.candidates, 2 * count))
        if len(offered) < count:
            offered = np.concatenate([offered, self.random(count - len(offered), besides=offered)])
        predicted = self._predictions(offered)
        drawn = self.rng.normal(predicted.mean(axis=0), predicted.std(axis=0, ddof=1))
        return offered[np.argsort(-drawn)[:count]]

    def _predictions(self, offered: Rows) -> NDArray[np.float64]:
        """(networks, k) targets of candidates by networks that differ in their first weights and order."""
        from threadpoolctl import threadpool_limits

        settings, described = self.settings, self.pool.features(self.rows)
        vary = varying(described)
        mean, deviation = described[:, vary].mean(axis=0), described[:, vary].std(axis=0)
        inputs = (described[:, vary] - mean) / deviation
        asked = np.clip((self.pool.features(offered)[:, vary] - mean) / deviation, -5, 5)
        training = Training(
            networks=settings.networks,
            hidden=(settings.units,) * settings.layers,
            epochs=settings.epochs,
            batch_size=min(32, len(inputs)),
            learning_rate=settings.learning_rate,
        )
        with threadpool_limits(1):  # matrices this small are slower on several threads
            networks = fit_perceptrons(inputs, self.targets.astype(np.float32), training, self.rng)
            return networks.predict(asked).astype(np.float64)
