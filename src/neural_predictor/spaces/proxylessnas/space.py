"""The ProxylessNAS search space: how its architectures are drawn, changed, named and encoded.

What an architecture is, stands in `layers`; what it costs, in `cost`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import ProductSpace
from neural_predictor.spaces.graphs import GraphBatch
from neural_predictor.spaces.proxylessnas.layers import (
    BLOCKS,
    CHOICES,
    LAYERS,
    NAME,
    OPTIONAL,
    OPTIONAL_LAYERS,
    ZERO,
    check_codes,
    rule_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from numpy.typing import NDArray

    class Limits(Protocol):
        """What an architecture may cost, such as `cost.Bounds`: which rows are within, and what messages say."""

        def admits(self, codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
            """Whether each row is within: (n,) bool."""

        def compare(self, codes: NDArray[np.uint8]) -> str:
            """For errors: the limits, and what these rows cost."""


_ROWS_PER_BATCH = 2**14
"""Rows drawn at once. The same for any count, so that a smaller sample begins a larger one of the same seed."""
GIVE_UP_AFTER_ROWS, GIVE_UP_BELOW_SHARE = 1_000_000, 1e-4
"""Sampling within bounds gives up once so many rows were drawn and a smaller share of them was of use."""


def _uniform(rng: np.random.Generator) -> NDArray[np.uint8]:
    return rng.integers(CHOICES, size=(_ROWS_PER_BATCH, len(LAYERS)), dtype=np.uint8)


def _stratified(rng: np.random.Generator) -> NDArray[np.uint8]:
    codes = rng.integers(CHOICES - OPTIONAL, size=(_ROWS_PER_BATCH, len(LAYERS)), dtype=np.uint8)
    share = rng.random((_ROWS_PER_BATCH, 1))
    codes[(rng.random(codes.shape) < share) & OPTIONAL] = ZERO
    return codes


class ProxylessNasSpace(ProductSpace):
    """Codes are the op codes of the 22 layers, each below the layer's entry of `CHOICES`.

    In layer 0 the one-hot of `mbconv3-e3`, `mbconv5-e3` and `mbconv7-e3` stands for these kernels at expansion 1.
    """

    name: ClassVar[str] = NAME
    code_length: ClassVar[int] = len(LAYERS)
    values = CHOICES
    operations = (*(f"mbconv{kernel}-e{expansion}" for kernel, expansion in BLOCKS), "zero")

    def check(self, codes: NDArray[np.uint8]) -> None:  # noqa: D102
        check_codes(codes)

    def canonical(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The representative of each row's architecture: in every stage the zero layers come last, all else as it was.

        A zero layer is the identity, so the architecture of (3, 6, 0) in layers 2 to 4 is that of (3, 0, 6).

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        moved = codes.copy()
        for layers in OPTIONAL_LAYERS:
            part = codes[:, layers]
            moved[:, layers] = np.take_along_axis(part, np.argsort(part == ZERO, axis=1, kind="stable"), axis=1)
        return moved

    def identify(self, codes: NDArray[np.uint8]) -> NDArray[np.object_]:
        """The tuple of the canonical row as text, such as `(0, 3, 1, 6, 6, ..)`: (n,) of str.

        Rows that differ only by where the zero layers of a stage stand have one identity.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        names = np.empty(len(codes), np.object_)
        names[:] = [str(tuple(row)) for row in self.canonical(codes).tolist()]
        return names

    def sample(self, count: int, rng: np.random.Generator, *, bounds: Limits | None = None) -> NDArray[np.uint8]:
        """`count` different architectures, every layer's op code uniform and independent, as the paper draws them.

        That is uniform over code rows, not over architectures: one with zero layers has several rows. An architecture
        that was drawn before, by its identity, is drawn again.

        Args:
            count: number of rows.
            rng: source of the draws; with the same state, a smaller sample begins a larger one.
            bounds: limits, such as on parameters and multiply-adds; an architecture outside is drawn again.

        Raises:
            ArchitectureError: if nearly nothing lies within the bounds: after `GIVE_UP_AFTER_ROWS` rows or more, a
                smaller share than `GIVE_UP_BELOW_SHARE` of all that were drawn is new and within.
        """
        return self._distinct(count, lambda: _uniform(rng), bounds)

    def sample_stratified(
        self, count: int, rng: np.random.Generator, *, bounds: Limits | None = None
    ) -> NDArray[np.uint8]:
        """`count` different architectures of all depths: each draws its share of zero layers from U(0, 1).

        The number of zero layers is then uniform over 0 to 15, all other choices are uniform. For small sets of
        architectures: by `sample` nearly all have 0 to 5 zero layers (mean 2.1), and depth, which matters most for
        accuracy, hardly varies. An architecture drawn before is drawn again; very large samples thereby have fewer of
        the few architectures with nearly all layers zero.

        Args:
            count: number of rows.
            rng: source of the draws; with the same state, a smaller sample begins a larger one.
            bounds: as `sample` takes them.

        Raises:
            ArchitectureError: for a negative count, and as `sample`.
        """
        return self._distinct(count, lambda: _stratified(rng), bounds)

    def _distinct(self, count: int, draw: Callable[[], NDArray[np.uint8]], bounds: Limits | None) -> NDArray[np.uint8]:
        """The first `count` rows of different identity, within the bounds, that `draw` gives."""
        if count < 0:
            raise ArchitectureError(f"cannot draw {count} architectures of {self.name}; ask for 0 or more")
        found: dict[int, NDArray[np.uint8]] = {}
        drawn = 0
        place_values = (ZERO + 1) ** np.arange(len(LAYERS))  # 7^22 < 2^63: an identity in one integer
        while len(found) < count:
            batch = draw()
            kept = batch if bounds is None else batch[bounds.admits(batch)]
            numbers: NDArray[np.int64] = self.canonical(kept) @ place_values
            for number, row in zip(numbers.tolist(), kept, strict=True):
                found.setdefault(number, row)
            drawn += len(batch)
            if (
                bounds is not None
                and drawn >= GIVE_UP_AFTER_ROWS
                and len(found) < min(count, GIVE_UP_BELOW_SHARE * drawn)
            ):
                raise ArchitectureError(
                    f"cannot draw {count} architectures of {self.name} within the bounds: of {drawn:,} drawn, "
                    f"{len(found)} (a share of {len(found) / drawn:.2g}) were new and within. {bounds.compare(batch)} "
                    "Widen the bounds, or ask for fewer"
                )
        return np.array(list(found.values())[:count], np.uint8).reshape(count, self.code_length)

    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """A chain of 22 nodes, the layers in their order, zero layers among them; no input and no output.

        As in the replication: nodes (n, 22, 7), one edge from each layer to the next. Rows are encoded as they
        stand: for equal architectures to be equal graphs, encode `canonical` rows.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        chain = np.eye(self.code_length, k=1, dtype=np.uint8)
        nodes = np.eye(len(self.operations), dtype=np.float32)[codes]
        return GraphBatch(nodes, np.repeat(chain[None], len(codes), axis=0), np.ones(codes.shape, np.bool_))

    def format(self, code: NDArray[np.uint8]) -> str:
        """The row as the replication's tuple, for example `(0, 3, 6, 6, 1, ..)`."""
        self.check(code[None])
        return str(tuple(code.tolist()))

    def parse(self, text: str) -> NDArray[np.uint8]:
        """The codes of a tuple or list, with or without its brackets, or of 22 digits without commas.

        Raises:
            ArchitectureError: naming the layer, the value and what is allowed.
        """
        body = text.strip()
        if body[:1] + body[-1:] in ("()", "[]"):
            body = body[1:-1].strip()
        words = [word.strip() for word in body.removesuffix(",").split(",")] if "," in body else list(body)
        shown = text if len(text) <= 100 else f"{text[:100]}.."
        fault = f"{shown!r} is not an architecture of {self.name}"
        if len(words) != self.code_length:
            raise ArchitectureError(
                f"{fault}: expected {self.code_length} op codes, such as '(0, 3, 6, ..)', found {len(words)}"
            )
        for layer, word in enumerate(words):
            if not (word.isascii() and word.isdecimal() and int(word) < CHOICES[layer]):
                raise ArchitectureError(f"{fault}: {rule_of(layer, repr(word))}")
        return np.array([int(word) for word in words], np.uint8)
