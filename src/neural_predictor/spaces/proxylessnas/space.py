"""The ProxylessNAS search space: 22 layers of inverted bottlenecks, each with its own kernel and expansion.

Source: Cai et al., "ProxylessNAS: Direct Neural Architecture Search on Target Task and Hardware", ICLR 2019, in the
form of Wen et al., ECCV 2020, Fig. 8 (whose first stage of four layers has 32 channels, where the former has 24).
Codes are those of the 2021 replication: 0 to 5 are (kernel, expansion) (3, 3), (5, 3), (7, 3), (3, 6), (5, 6),
(7, 6); 6 is the zero layer. Layer 0 always has expansion 1, and its codes 0 to 2 are kernels alone.

A zero layer passes its input on. It may stand wherever a layer keeps stride and channels: everywhere but in layer 0
and the first layer of each later stage. So rows that differ only by where the zero layers of one stage stand are
the same network.

`STAGES`, `STEM`, `HEAD`, `KERNELS` and `EXPANSIONS` say all there is to know; whatever builds, counts or draws these
networks reads `LAYERS`, which follows from them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, NoReturn, get_args

import numpy as np

from neural_predictor.errors import ArchitectureError
from neural_predictor.spaces.base import SearchSpace
from neural_predictor.spaces.graphs import GraphBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from neural_predictor.spaces.proxylessnas.cost import Bounds

Variant = Literal["paper", "as-replicated"]


class Stage(NamedTuple):
    """Layers of equal output channels; `stride` is the first one's, all others have stride 1."""

    channels: int
    layers: int
    stride: int


class Block(NamedTuple):
    """An inverted bottleneck: depthwise kernel x kernel among `expansion` times as many channels as come in."""

    kernel: int
    expansion: int


class Layer(NamedTuple):
    """One of the 22 places of a network.

    Attributes:
        stage: index in `STAGES`.
        inputs: channels that come in, and `outputs`, that go out, at width 1.
        stride: in the paper's network; see `layer_strides`.
        blocks: what op codes 0, 1, .. stand for in this layer.
        optional: whether the zero layer, op code `ZERO`, may stand here.
    """

    stage: int
    inputs: int
    outputs: int
    stride: int
    blocks: tuple[Block, ...]
    optional: bool


STAGES = (
    Stage(16, 1, 1),
    Stage(32, 4, 2),
    Stage(40, 4, 2),
    Stage(80, 4, 2),
    Stage(96, 4, 1),
    Stage(192, 4, 2),
    Stage(320, 1, 1),
)
STEM, STEM_KERNEL, STEM_STRIDE = 32, 3, 2
"""Channels, kernel and stride of the convolution before layer 0."""
HEAD = 1280
"""Channels of the 1 x 1 convolution after the last layer."""
KERNELS, EXPANSIONS = (3, 5, 7), (3, 6)
MIN_CHANNELS = 4
"""Fewest channels that a width multiplier leaves."""
_BLOCKS = tuple(Block(kernel, expansion) for expansion in EXPANSIONS for kernel in KERNELS)
ZERO = len(_BLOCKS)


def _layers() -> tuple[Layer, ...]:
    layers: list[Layer] = []
    inputs = STEM
    for stage, (channels, count, stride) in enumerate(STAGES):
        for place in range(count):
            blocks = _BLOCKS if layers else tuple(Block(kernel, 1) for kernel in KERNELS)
            layers.append(Layer(stage, inputs, channels, stride if place == 0 else 1, blocks, place > 0))
            inputs = channels
    return tuple(layers)


LAYERS = _layers()
CHOICES = np.array([len(layer.blocks) + layer.optional for layer in LAYERS])
"""(22,) how many op codes each layer takes: 0 to `CHOICES - 1`."""
OPTIONAL = np.array([layer.optional for layer in LAYERS])
"""(22,) bool, layers that may be zero."""
_OPTIONAL_LAYERS = [
    [k for k, layer in enumerate(LAYERS) if layer.stage == stage and layer.optional] for stage in range(len(STAGES))
]
_DRAW = 2**14
"""Rows drawn at once. The same for any count, so that a smaller sample begins a larger one of the same seed."""
TRIES, FEWEST = 1_000_000, 1e-4
"""Sampling gives up once `TRIES` rows were drawn and a smaller share than `FEWEST` of them was of use."""


def cardinality() -> int:
    """Number of code rows, 3 x 6^6 x 7^15: exact, as the paper counts the space (6.64 x 10^17)."""
    rows: int = math.prod(CHOICES.tolist())
    return rows


def distinct_networks() -> int:
    """Number of identities: rows that differ only by where a stage's zero layers stand count once."""
    fixed = math.prod(len(layer.blocks) for layer in LAYERS if not layer.optional)
    chains: list[int] = [
        sum(len(_BLOCKS) ** length for length in range(len(layers) + 1)) for layers in _OPTIONAL_LAYERS
    ]
    return fixed * math.prod(chains)


def layer_strides(variant: Variant = "paper") -> tuple[int, ...]:
    """Stride of each of the 22 layers, if it is not zero.

    Args:
        variant: `paper`: a stage's stride is its first layer's alone. `as-replicated`: the 2021 replication gave
            it to all layers of the stage, so that images end as one pixel; a zero layer still is the identity.

    Raises:
        ArchitectureError: for another variant.
    """
    if variant not in get_args(Variant):
        raise ArchitectureError(
            f"no variant {variant!r} of the ProxylessNAS space; use {' or '.join(get_args(Variant))}"
        )
    return tuple(layer.stride if variant == "paper" else STAGES[layer.stage].stride for layer in LAYERS)


def scaled(channels: int, width: float) -> int:
    """Channels at a width multiplier, of stem, stages and head alike: nearest integer, at least `MIN_CHANNELS`.

    Halves go to the even neighbour. Unlike MobileNetV2, no multiple of 8 is asked for: small images want small widths.

    Raises:
        ArchitectureError: for a width that is not a positive number.
    """
    if not 0 < width < math.inf:
        raise ArchitectureError(f"the width multiplier is {width}; use a positive number, 1 for the paper's channels")
    return max(MIN_CHANNELS, round(channels * width))


def _uniform(rng: np.random.Generator) -> NDArray[np.uint8]:
    return rng.integers(CHOICES, size=(_DRAW, len(LAYERS)), dtype=np.uint8)


def _stratified(rng: np.random.Generator) -> NDArray[np.uint8]:
    codes = rng.integers(CHOICES - OPTIONAL, size=(_DRAW, len(LAYERS)), dtype=np.uint8)
    share = rng.random((_DRAW, 1))
    codes[(rng.random(codes.shape) < share) & OPTIONAL] = ZERO
    return codes


class ProxylessNasSpace(SearchSpace):
    """Codes are the op codes of the 22 layers, each below the layer's entry of `CHOICES`.

    In layer 0 the one-hot of `mbconv3-e3`, `mbconv5-e3` and `mbconv7-e3` stands for these kernels at expansion 1.
    """

    name: ClassVar[str] = "proxylessnas"
    code_length: ClassVar[int] = len(LAYERS)
    operations = (*(f"mbconv{kernel}-e{expansion}" for kernel, expansion in _BLOCKS), "zero")

    def check(self, codes: NDArray[np.uint8]) -> None:  # noqa: D102
        super().check(codes)
        wrong = codes >= CHOICES
        if wrong.any():
            row, layer = (int(k) for k in np.argwhere(wrong)[0])
            raise ArchitectureError(f"row {row}: {self._rule(layer, str(codes[row, layer]))}")

    def _rule(self, layer: int, found: str) -> str:
        return f"layer {layer} of {self.name} takes op codes 0 to {CHOICES[layer] - 1}, found {found}"

    def enumerate(self) -> NoReturn:
        """Not possible.

        Raises:
            ArchitectureError: always; the space has 6.6 x 10^17 rows.
        """
        raise ArchitectureError(
            f"the space {self.name} has {cardinality():,} architectures, too many to enumerate or to rank; "
            "sample from it instead"
        )

    def rank(self, codes: NDArray[np.uint8]) -> NoReturn:
        """Not possible, as `enumerate` is not; `identify` names architectures.

        Raises:
            ArchitectureError: always.
        """
        self.enumerate()

    def canonical(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The representative of each row's network: in every stage the zero layers come last, all else as it was.

        A zero layer is the identity, so the network of (3, 6, 0) in layers 2 to 4 is that of (3, 0, 6).

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        moved = codes.copy()
        for layers in _OPTIONAL_LAYERS:
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

    def sample(self, count: int, rng: np.random.Generator, *, bounds: Bounds | None = None) -> NDArray[np.uint8]:
        """`count` networks, every layer's op code uniform and independent, as the paper draws them.

        That is uniform over code rows, not over networks: one with zero layers has several rows. A network that
        was drawn before, by its identity, is drawn again.

        Args:
            count: number of rows.
            rng: source of the draws; with the same state, a smaller sample begins a larger one.
            bounds: limits on parameters and multiply-adds; a network outside is drawn again.

        Raises:
            ArchitectureError: if nearly nothing lies within the bounds: after `TRIES` rows or more, a smaller share
                than `FEWEST` of all that were drawn is new and within.
        """
        return self._distinct(count, lambda: _uniform(rng), bounds)

    def sample_stratified(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """`count` different networks of all depths: each draws its share of zero layers from U(0, 1).

        The number of zero layers is then uniform over 0 to 15, all other choices are uniform. For small sets of
        networks: by `sample` nearly all have 0 to 5 zero layers (mean 2.1), and depth, which matters most for
        accuracy, hardly varies. A network drawn before is drawn again; very large samples thereby have fewer of
        the few networks with nearly all layers zero.

        Raises:
            ArchitectureError: for a negative count.
        """
        return self._distinct(count, lambda: _stratified(rng), None)

    def _distinct(self, count: int, draw: Callable[[], NDArray[np.uint8]], bounds: Bounds | None) -> NDArray[np.uint8]:
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
            if bounds is not None and drawn >= TRIES and len(found) < min(count, FEWEST * drawn):
                raise ArchitectureError(
                    f"cannot draw {count} networks of {self.name} within the bounds: of {drawn:,} drawn, "
                    f"{len(found)} (a share of {len(found) / drawn:.2g}) were new and within. {bounds.compare(batch)} "
                    "Widen the bounds, or ask for fewer"
                )
        return np.array(list(found.values())[:count], np.uint8).reshape(count, self.code_length)

    def mutate(self, codes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Set one layer, drawn uniformly, to another of its op codes, drawn uniformly: (n, code_length) uint8.

        The network is always another one: in its stage, the number of layers that are not zero changes, or it
        stays and one of them does.

        Raises:
            ArchitectureError: for a row outside the space.
        """
        self.check(codes)
        mutated, rows = codes.copy(), np.arange(len(codes))
        layer = rng.integers(self.code_length, size=len(codes))
        step = rng.integers(1, CHOICES[layer])
        mutated[rows, layer] = (codes[rows, layer] + step) % CHOICES[layer]
        return mutated

    def encode(self, codes: NDArray[np.uint8]) -> GraphBatch:
        """A chain of 22 nodes, the layers in their order, zero layers among them; no input and no output.

        As in the replication: nodes (n, 22, 7), one edge from each layer to the next. Rows are encoded as they
        stand: for equal networks to be equal graphs, encode `canonical` rows.

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
                raise ArchitectureError(f"{fault}: {self._rule(layer, repr(word))}")
        return np.array([int(word) for word in words], np.uint8)
