"""Single-path one-shot: shared weights are trained along random paths, which then are evaluated.

Sources: Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling", ECCV 2020 (`uniform`);
Chu et al., "FairNAS", ICCV 2021 (`fair`); Bender et al., "Understanding and Simplifying One-Shot Architecture Search",
ICML 2018 (`drop-path`).

What differs. All: the choice is the best of some random paths, as in Bender et al.; Guo et al. search by evolution.
Weights may start alike (`Supernet.alike`). `stratified`, of all depths alike, is ours, for sets of children that are
drawn so. `fair`: FairNAS adds up the gradients of seven paths before it takes a step, here each path takes its own; a
layer with fewer choices takes some of them again, drawn anew in each turn. `drop-path`: one choice of a layer is kept
at least, and the outputs of those that are kept are averaged rather than added up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from neural_predictor.config.sharing_recipes import OneShot as Recipe
from neural_predictor.sharing.base import Method, Trained
from neural_predictor.sharing.trainer import ALL
from neural_predictor.spaces.proxylessnas.layers import CHOICES, LAYERS, OPTIONAL, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from neural_predictor.config.sharing_recipes import Smash

TAKEN = np.arange(CHOICES.max()) < CHOICES[:, None]
"""(22, 7) bool, which op codes a layer takes."""
NO_PATH = np.zeros((1, len(LAYERS)), np.uint8)
"""In place of a path, where all choices are taken."""


class OneShot(Method[Recipe]):
    """See the module."""

    def _sizes(self) -> dict[str, Any]:
        return {"branches": ALL} if self.recipe.sampling == "drop-path" else {}

    def run_epoch(self, epoch: int) -> Trained:  # noqa: D102
        rng = self.generator(epoch)
        if self.recipe.sampling == "drop-path":
            share = epoch / max(1, self.recipe.training.epochs - 1)
            keep = 1 - share * (1 - self.recipe.keep)
            return self._epoch(epoch, lambda _: (NO_PATH, kept_gates(rng, keep)))
        paths = PATHS[self.recipe.sampling](rng)
        return self._epoch(epoch, lambda _: (next(paths)[None], None))

    def candidates(self) -> NDArray[np.uint8]:  # noqa: D102
        return drawn_paths(self)


def drawn_paths(method: Method[Recipe] | Method[Smash]) -> NDArray[np.uint8]:
    """(candidates, 22) paths to choose among: of all depths alike where those of the training are, else uniform."""
    draw = method.space.sample_stratified if method.recipe.sampling == "stratified" else method.space.sample
    return draw(method.recipe.candidates, method.generator(method.recipe.training.epochs))


def uniform_paths(rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Paths (22,) without end, the choice of each layer uniform."""
    while True:
        yield rng.integers(CHOICES).astype(np.uint8)


def stratified_paths(rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Paths (22,) without end of all depths alike: each draws its share of zero layers, as stratified samples do."""
    while True:
        path, share = rng.integers(CHOICES - OPTIONAL), rng.random()
        path[(rng.random(len(path)) < share) & OPTIONAL] = ZERO
        yield path.astype(np.uint8)


def fair_paths(rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Paths (22,) without end; each seven take every choice of a layer with seven of them once."""
    most = int(CHOICES.max())
    while True:
        columns = []
        for count in CHOICES.tolist():
            again = rng.permutation(count)[: most % count]
            columns.append(rng.permutation(np.concatenate([*[np.arange(count)] * (most // count), again])))
        yield from np.stack(columns, axis=1).astype(np.uint8)


PATHS = {"uniform": uniform_paths, "stratified": stratified_paths, "fair": fair_paths}


def kept_gates(rng: np.random.Generator, keep: float) -> Any:
    """(22, 6) weights of the choices but zero: alike for all that are kept, one at least."""
    kept = (rng.random(TAKEN.shape) < keep) & TAKEN
    none = ~kept.any(axis=1)
    kept[none, rng.integers(CHOICES)[none]] = True
    return tf.constant(kept[:, :-1] / kept.sum(axis=1, keepdims=True), tf.float32)
