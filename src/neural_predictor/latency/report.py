"""The files of a profile that people read: a device table, the networks, and a report."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.io.csv_files import CsvWriter
from neural_predictor.io.files import write_text
from neural_predictor.latency import device_table, fits
from neural_predictor.latency.parts import block_name
from neural_predictor.spaces.proxylessnas.layers import LAYERS, scaled
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from neural_predictor.latency.profile import Profile

NOISY = 0.1
"""Interquartile range, as a share of the median, above which a part was measured too coarsely."""
NOISY_SHARE = 0.1
"""Share of such parts above which the machine is called too noisy."""


def write_report(profile: Profile, folder: Path, noise: float = NOISY) -> str:
    """Write `blocks.csv`, `networks.csv` and `report.md`; the report's text.

    Args:
        profile: what was measured.
        folder: where the files shall be.
        noise: bound on the interquartile range, as a share of the median.

    Raises:
        LatencyError: if there are too few networks to judge models by.
        UserError: when the disk is full or read-only.
    """
    text = report(profile, noise)
    write_text(folder / "blocks.csv", _csv(device_table.COLUMNS, _blocks(profile)))
    write_text(folder / "networks.csv", _csv(("text", "latency_ms", "q1_ms", "q3_ms", "runs"), _networks(profile)))
    write_text(folder / "report.md", text)
    return text


def _blocks(profile: Profile) -> Iterable[tuple[object, ...]]:
    fixed = fits.look_up(profile).fixed_ms
    yield device_table.FIXED, 0, 0, 0, fixed
    for k, layer in enumerate(LAYERS):
        for op, (kernel, expansion) in enumerate(layer.blocks):
            median = profile.timings[block_name(k, op)].median_ms
            yield k, kernel, expansion, scaled(layer.outputs, profile.plan.width), median


def _networks(profile: Profile) -> Iterable[tuple[object, ...]]:
    space, codes = ProxylessNasSpace(), profile.plan.codes
    for code, name in zip(codes, space.identify(codes), strict=True):
        timing = profile.timings[str(name)]
        yield space.format(code), timing.median_ms, timing.q1_ms, timing.q3_ms, timing.runs


def _csv(header: Iterable[str], rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    CsvWriter(text).rows([list(header), *rows])
    return text.getvalue()


def report(profile: Profile, noise: float = NOISY) -> str:
    """What was measured, how well models say it, and whether the machine was quiet enough, as Markdown.

    Raises:
        LatencyError: if there are too few networks to judge models by.
    """
    plan, about = profile.plan, profile.machine
    latency = fits.measured(profile)
    spreads = {name: timing.spread for name, timing in profile.timings.items()}
    noisy = [name for name, spread in spreads.items() if spread > noise]
    lines = [
        "# Latency of this machine",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in about.items()),
        f"- {plan.device}, {plan.threads} thread{'s' * (plan.threads != 1)}, one image of {plan.resolution} pixels, "
        f"width {plan.width:g}",
        f"- {len(profile.timings)} parts, {plan.networks} of them whole networks; {plan.runs} runs or more of each",
        f"- networks: {latency.min():.4g} to {latency.max():.4g} ms, median {np.median(latency):.4g} ms",
        f"- reference: the slowest of {len(profile.references)} groups took {profile.drift:.1%} more than the fastest",
        f"- spread: of {len(noisy)} of {len(spreads)} parts the interquartile range exceeds {noise:.0%} of the median",
        "",
    ]
    if len(noisy) > NOISY_SHARE * len(spreads) or profile.drift > noise:
        worst = max(spreads, key=lambda name: spreads[name])
        lines += [
            "**This machine was too noisy to measure.** "
            f"The widest spread is {spreads[worst]:.0%}, of {worst}. End other programs, fix the frequency of the "
            "processor, and measure into another folder; the numbers below say more of the noise than of the models.",
            "",
        ]
    lines += ["| model, on networks that it has not seen | networks | Kendall tau | MAPE |", "|---|---|---|---|"]
    for name, found in fits.scores(profile).items():
        lines.append(f"| {name} | {found.networks} | {found.tau:.3f} | {found.mape:.1%} |")
    return "\n".join(lines) + "\n"
