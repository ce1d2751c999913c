"""Archives in the format of Accel-NASBench."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

DEVICES = (
    *("latency_zcu102", "latency_vck190"),
    *(f"throughput_{device}" for device in ("a100", "3090", "tpuv2", "tpuv3", "zcu102", "vck190")),
)


def record(number: int) -> dict[str, Any]:
    """What result_<number>.json holds, made up; up to 36 numbers are of different architectures."""
    choices = {"e": (1, 4, 6)[number % 3], "k": (3, 5)[number // 3 % 2], "l": 1 + number // 6 % 3}
    stages = [choices | {"se": number // 18 % 2 == 1}] + [{"e": 6, "k": 3, "l": 2, "se": False}] * 6
    return {
        "architecture": {f"block{k}_{key}": value for k, stage in enumerate(stages) for key, value in stage.items()},
        "metrics": {"val_top1": 50 + number / 10, "val_top5": 80.0, "train_time": 1000.0 + number},
        "model_info": {"macs": 300.5, "params": 3.25},
        "platform_perf": {
            name: {f"{name.partition('_')[0]}_mean": 2.5 + number, f"{name.partition('_')[0]}_std": None}
            for name in DEVICES
        },
    }


def archive(records: Sequence[Any], others: Sequence[tuple[tarfile.TarInfo, io.BytesIO]] = ()) -> bytes:
    """The bytes of an archive of these records, of texts as they stand, and of other members."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for number, each in enumerate(records):
            text = each if isinstance(each, str) else json.dumps(each)
            data = text.encode("utf-8", "surrogatepass")
            member = tarfile.TarInfo(f"x/result_{number}.json")
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
        for member, content in others:
            packed.addfile(member, content)
    return gzip.compress(file.getvalue(), 1)
