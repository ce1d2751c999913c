"""The files of a profile that people read: a device table, the networks, and a report."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from neural_predictor.io.csv_files import CsvWriter
from neural_predictor.io.files import write_text
from neural_predictor.latency import device_table, fits
from neural_predictor.latency.parts import block_name
from neural_predictor.latency.timing import VISITS
from neural_predictor.spaces.proxylessnas.layers import LAYERS, scaled
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from neural_predictor.latency.profile import Profile

NOISY = 0.1
"""Share by which a part's two fastest visits differ, above which its latency is in doubt."""
NETWORK_COLUMNS = ("text", "latency_ms", "q1_ms", "median_ms", "q3_ms", "runs")
"""Of `networks.csv`: fastest run and quartiles, in milliseconds."""
NOISY_SHARE = 0.1
"""Share of such parts above which the machine is called too noisy."""


def write_report(profile: Profile, folder: Path, noise: float = NOISY) -> str:
    """Write `blocks.csv`, `networks.csv` and `report.md`; the report's text.

    Args:
        profile: what was measured.
        folder: where the files shall be.
        noise: bound on the share by which a part's two fastest visits differ.

    Raises:
        LatencyError: if there are too few networks to judge models by.
        UserError: when the disk is full or read-only.
    """
    text = report(profile, noise)
    write_text(folder / "blocks.csv", _csv(device_table.COLUMNS, _blocks(profile)))
    write_text(folder / "networks.csv", _csv(NETWORK_COLUMNS, _networks(profile)))
    write_text(folder / "report.md", text)
    return text


def _blocks(profile: Profile) -> Iterable[tuple[object, ...]]:
    fixed = fits.look_up(profile).fixed_ms
    yield device_table.FIXED, 0, 0, 0, fixed
    for k, layer in enumerate(LAYERS):
        for op, (kernel, expansion) in enumerate(layer.blocks):
            alone = profile.timings[block_name(k, op)].ms
            yield k, kernel, expansion, scaled(layer.outputs, profile.plan.width), alone


def _networks(profile: Profile) -> Iterable[tuple[object, ...]]:
    space, codes = ProxylessNasSpace(), profile.plan.codes
    for code, name in zip(codes, space.identify(codes), strict=True):
        timing = profile.timings[str(name)]
        yield space.format(code), timing.ms, *timing.quartiles, timing.runs


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
    doubts = {name: timing.doubt for name, timing in profile.timings.items()}
    noisy = [name for name, doubt in doubts.items() if doubt > noise]
    wide = sum(timing.spread > noise for timing in profile.timings.values())
    lines = [
        "# Latency of this machine",
        "",
        *(f"- {key.replace('_', ' ')}: {value}" for key, value in about.items()),
        f"- {plan.device}, {plan.threads} thread{'s' * (plan.threads != 1)}, one image of {plan.resolution} pixels, "
        f"width {plan.width:g}",
        f"- {len(profile.timings)} parts, {plan.networks} of them whole networks; {plan.runs} runs or more of each",
        f"- networks: {latency.min():.4g} to {latency.max():.4g} ms, median {np.median(latency):.4g} ms",
        f"- latency: the fastest of all runs, which were made in {VISITS} visits minutes apart",
        f"- {len(noisy)} of {len(doubts)} parts are in doubt: their two fastest visits differ by more than {noise:.0%}",
        f"- of {wide} parts the interquartile range of all runs exceeds {noise:.0%} of their median",
        f"- reference: the slowest of {len(profile.references)} visits took {profile.drift:.1%} more than the fastest",
        "",
    ]
    if len(noisy) > NOISY_SHARE * len(doubts):
        worst = max(doubts, key=lambda name: doubts[name])
        lines += [
            f"**This machine was too noisy to measure.** The two fastest visits of {worst} differ by "
            f"{doubts[worst]:.0%}. End other programs, fix the frequency of the processor, and measure into another "
            "folder; the numbers below say more of the noise than of the models.",
            "",
        ]
    lines += ["| model, on networks that it has not seen | networks | Kendall tau | MAPE |", "|---|---|---|---|"]
    for name, found in fits.scores(profile).items():
        lines.append(f"| {name} | {found.networks} | {found.tau:.3f} | {found.mape:.1%} |")
    return "\n".join(lines) + "\n"
