"""The MnasNet search space: how its architectures are drawn, changed, named and encoded.

What an architecture is, stands in `stages`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.io.untrusted import shortened
from neural_predictor.spaces.base import ProductSpace
from neural_predictor.spaces.graphs import GraphBatch
from neural_predictor.spaces.mnasnet.stages import (
    CHOICES,
    EXCITATION,
    EXPANSIONS,
    FIELDS,
    KERNELS,
    NAME,
    STAGES,
    VALUES,
    check_codes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_PER_BATCH = 2**12
"""Rows drawn at once. The same for any count, so that a smaller sample begins a larger one of the same seed."""
_STAGE = re.compile(r"e(\d)k(\d)l(\d)(-se)?", re.ASCII)
_EXAMPLE = "e1k3l1 e6k3l2-se e6k5l2 e6k3l3 e6k5l3 e6k5l4-se e6k3l1"


class MnasNetSpace(ProductSpace):
    """Codes are four a stage: expansion, kernel, layers, squeeze-and-excitation, each an index in `stages.VALUES`."""

    name: ClassVar[str] = NAME
    code_length: ClassVar[int] = len(CHOICES)
    values = CHOICES
    operations = (
        *(
            f"mbconv{kernel}-e{expansion}{'-se' if excitation else ''}"
            for expansion in EXPANSIONS
            for kernel in KERNELS
            for excitation in EXCITATION
        ),
        "absent",
    )

    def check(self, codes: NDArray[np.uint8]) -> None:  # noqa: D102
        check_codes(codes)

    def identify(self, codes: NDArray[np.uint8]) -> NDArray[np.object_]:
        """The architecture as `format` writes it: (n,) of str. No two rows of codes are one architecture.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        names = np.empty(len(codes), np.object_)
        names[:] = [_text(code) for code in codes]
        return names

    def sample(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """`count` different architectures, uniformly: all codes are uniform and independent.

        Args:
            count: number of rows.
            rng: source of the draws; with the same state, a smaller sample begins a larger one.

        Raises:
            ArchitectureError: for a negative count.
        """
        if count < 0:
            raise ArchitectureError(f"cannot draw {count} architectures of {self.name}; ask for 0 or more")
        found: dict[bytes, NDArray[np.uint8]] = {}
        while len(found) < count:
            for row in rng.integers(CHOICES, size=(_ROWS_PER_BATCH, self.code_length), dtype=np.uint8):
                found.setdefault(row.tobytes(), row)
        return np.array(list(found.values())[:count], np.uint8).reshape(count, self.code_length)

    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """A chain of 22 nodes: as many a stage as it may have layers, those that it lacks `absent`.

        No input and no output; nodes (n, 22, 13), one edge from each to the next. A node's place says its stage, so
        that graphs are equal for equal architectures alone.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        kinds = np.concatenate([_kinds(codes, k, stage.layers) for k, stage in enumerate(STAGES)], axis=1)
        chain = np.eye(kinds.shape[1], k=1, dtype=np.uint8)
        nodes = np.eye(len(self.operations), dtype=np.float32)[kinds]
        return GraphBatch(nodes, np.repeat(chain[None], len(codes), axis=0), np.ones(kinds.shape, np.bool_))

    def format(self, code: NDArray[np.uint8]) -> str:
        """Seven words, a stage each, such as `e6k5l2-se`: expansion, kernel, layers, squeeze-and-excitation."""
        self.check(code[None])
        return _text(code)

    def parse(self, text: str) -> NDArray[np.uint8]:
        """The codes of an architecture that `format` wrote: (28,) uint8.

        Raises:
            ArchitectureError: naming the stage, the value and what is allowed.
        """
        words = text.split()
        fault = f"{shortened(text, 100)!r} is not an architecture of {self.name}"
        if len(words) != len(STAGES):
            raise ArchitectureError(f"{fault}: expected {len(STAGES)} stages, such as {_EXAMPLE!r}, found {len(words)}")
        code: list[int] = []
        for stage, word in enumerate(words):
            found = _STAGE.fullmatch(word)
            if found is None:
                raise ArchitectureError(
                    f"{fault}: stage {stage} is {shortened(word, 100)!r}; expected a word such as 'e6k5l2' or "
                    "'e6k5l2-se'"
                )
            values = (*(int(digit) for digit in found.groups()[:3]), found[4] is not None)
            try:
                code += stage_codes(stage, values)
            except ArchitectureError as error:
                raise ArchitectureError(f"{fault}: {error}") from error
        return np.array(code, np.uint8)


def stage_codes(stage: int, values: tuple[int, ...]) -> list[int]:
    """The four codes of a stage.

    Args:
        stage: 0 to 6.
        values: expansion, kernel, number of layers, and whether there is squeeze-and-excitation.

    Raises:
        ArchitectureError: naming the stage, the value and what is allowed.
    """
    for field, value, allowed in zip(FIELDS, values, VALUES[stage], strict=True):
        if value not in allowed:
            raise ArchitectureError(
                f"{field} of stage {stage} is {value}; expected one of {', '.join(map(str, allowed))}"
            )
    return [allowed.index(value) for value, allowed in zip(values, VALUES[stage], strict=True)]


def _text(code: NDArray[np.uint8]) -> str:
    parts = code.reshape(len(STAGES), len(FIELDS)).tolist()
    return " ".join(
        f"e{EXPANSIONS[e]}k{KERNELS[k]}l{layers + 1}{'-se' if excitation else ''}" for e, k, layers, excitation in parts
    )


def _kinds(codes: NDArray[np.uint8], stage: int, room: int) -> NDArray[np.intp]:
    """(n, room) the kinds of nodes of a stage that may have `room` layers."""
    expansion, kernel, layers, excitation = codes[:, 4 * stage : 4 * stage + 4].T.astype(np.intp)[..., None]
    kind = (expansion * len(KERNELS) + kernel) * len(EXCITATION) + excitation
    return np.where(np.arange(room) <= layers, kind, len(MnasNetSpace.operations) - 1)
