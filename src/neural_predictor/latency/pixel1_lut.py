"""ProxylessNAS's look-up table of the Pixel 1, which its authors searched by.

Source: Cai et al., "ProxylessNAS: Direct Neural Architecture Search on Target Task and Hardware", ICLR 2019;
`pixel_trim.yaml` of mit-han-lab/proxylessnas (MIT). A key names a block by its input, output, expansion, kernel, stride
and whether its input is added; its entry holds the mean in milliseconds. In the table the first stage of four layers
has 24 channels, in the space 32: `note` says so. Layers of other stages are those of the space, but for the one that
reads this stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.config.yaml_files import read_yaml
from neural_predictor.errors import ConfigError, FormatError, LatencyError
from neural_predictor.io.untrusted import shown
from neural_predictor.latency.additive import AdditiveModel
from neural_predictor.spaces.proxylessnas.layers import CHOICES, HEAD, LAYERS, STAGES, STEM, STEM_STRIDE, ZERO

if TYPE_CHECKING:
    from pathlib import Path

RESOLUTION, CLASSES = 224, 1000
NARROW_STAGE, NARROW = 1, 24
"""The stage that is narrower in the table, and its channels there."""
SHARED_LAYERS = tuple(k for k, layer in enumerate(LAYERS) if k == 0 or LAYERS[k - 1].stage > NARROW_STAGE)
"""Layers that are the same in table and space."""


def load(path: Path) -> AdditiveModel:
    """The table.

    Args:
        path: the YAML file.

    Raises:
        FormatError: if it is no such table, lacks a block, or has a latency that is none.
    """
    entries = _entries(path)
    fixed = sum(
        _mean(path, entries, key)
        for key in (
            f"Conv-input:{RESOLUTION}x{RESOLUTION}x3-output:{_map(RESOLUTION // STEM_STRIDE, STEM)}",
            f"Conv_1-input:{_map(7, STAGES[-1].channels)}-output:{_map(7, HEAD)}",
            f"Logits-input:{_map(7, HEAD)}-output:{CLASSES}",
        )
    )
    table = np.full((len(LAYERS), CHOICES.max()), np.nan)
    side = RESOLUTION // STEM_STRIDE
    for k, layer in enumerate(LAYERS):
        inputs = NARROW if k and LAYERS[k - 1].stage == NARROW_STAGE else layer.inputs
        outputs = NARROW if layer.stage == NARROW_STAGE else layer.outputs
        after = side // layer.stride
        for code, (kernel, expansion) in enumerate(layer.blocks):
            key = (
                f"expanded_conv-input:{_map(side, inputs)}-output:{_map(after, outputs)}-expand:{expansion}-"
                f"kernel:{kernel}-stride:{layer.stride}-idskip:{int(layer.optional)}"
            )
            table[k, code] = _mean(path, entries, key)
        if layer.optional:
            table[k, ZERO] = 0.0
        side = after
    note = f"ProxylessNAS's table of the Pixel 1; the first stage of four layers has {NARROW} channels in it, not 32."
    try:
        return AdditiveModel("pixel1-lut", fixed, table, note)
    except LatencyError as error:
        raise FormatError(f"{path}: {error}") from error


def _map(side: int, channels: int) -> str:
    return f"{side}x{side}x{channels}"


def _entries(path: Path) -> dict[Any, Any]:
    try:
        entries = read_yaml(path)
    except ConfigError as error:
        raise FormatError(str(error)) from error
    if not isinstance(entries, dict):
        raise FormatError(f"{path}: holds {shown(entries)}; expected a mapping from blocks to milliseconds")
    return entries


def _mean(path: Path, entries: dict[Any, Any], key: str) -> float:
    entry = entries.get(key)
    if entry is None:
        raise FormatError(f"{path}: no entry {key!r}: the table lacks this block, or is of another width")
    value: Any = entry.get("mean") if isinstance(entry, dict) else None
    if type(value) not in (int, float) or not 0 < value < 1e6:
        raise FormatError(f"{path}: {key}: mean is {shown(value)}; expected milliseconds above 0")
    return float(value)
