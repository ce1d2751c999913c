"""Images a second of training children: the project's settings, plain Keras `fit`, and timm's MobileNetV2 by PyTorch.

Each way runs in a process of its own with a time limit, on noise images: only speed is measured. The settings train
two architectures of a sample, of the first and third quartile of multiply-adds, as `probe-device` does; Keras trains
the second of them. PyTorch trains `mobilenetv2_100`, where torch and timm are installed, in channels_last under
bfloat16, with and without torch.compile; `scaled` is its images/s times its multiply-adds over the architectures'.
`--small` is for a machine without a GPU: small maps, and two of the settings. The last line is a JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from neural_predictor.children.probe import Job, Limits, measure
from neural_predictor.children.settings import SETTINGS
from neural_predictor.config.child_recipes import NetworkRecipe, TrainingRecipe
from neural_predictor.predictors import gpus
from neural_predictor.predictors.gpu_locks import claim_gpu
from neural_predictor.spaces.proxylessnas.cost import multiply_adds
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

MOBILENET_V2 = 300.8e6
"""Multiply-adds of an image of 224 pixels (Sandler et al., CVPR 2018, table 4)."""
CLASSES = 100


def keras_fit(job, precision):
    """First epoch and speed of plain Keras."""
    import keras

    from neural_predictor.children.network import build_network
    from neural_predictor.predictors.device import configure

    configure(job["threads"], job["accelerator"], claimed=True)
    keras.mixed_precision.set_global_policy(precision)
    network, batch, steps = NetworkRecipe.model_validate(job["network"]), job["training"]["batch_size"], job["steps"]
    images = np.random.default_rng(0).uniform(-1, 1, (batch * steps, *job["shape"])).astype(np.float32)
    labels = np.arange(len(images)) % CLASSES
    model = build_network(np.array(job["codes"][-1], np.uint8), network, CLASSES, 3, l2=4e-5)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.RMSprop(1e-3, 0.9, 0.9, 0.1), loss, jit_compile=False)
    start = time.perf_counter()
    model.fit(images[:batch], labels[:batch], batch, verbose=0)
    first = time.perf_counter() - start
    model.fit(images, labels, batch, verbose=0)
    start = time.perf_counter()
    model.fit(images, labels, batch, verbose=0)
    return {"first_step_s": first, "images_per_s": len(images) / (time.perf_counter() - start)}


def pytorch(job, compiled):
    """Likewise timm's mobilenetv2_100."""
    import timm
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    batch, pixels = job["training"]["batch_size"], job["shape"][0]
    model = timm.create_model("mobilenetv2_100", num_classes=CLASSES).to(device, memory_format=torch.channels_last)
    model = torch.compile(model) if compiled else model
    optimizer = torch.optim.RMSprop(model.parameters(), 1e-3, momentum=0.9)
    images = torch.rand(batch, 3, pixels, pixels, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device) % CLASSES

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16):
            loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss.detach())  # waits for the device

    start = time.perf_counter()
    step()
    first = time.perf_counter() - start
    step()
    start = time.perf_counter()
    for _ in range(job["steps"]):
        step()
    return {"first_step_s": first, "images_per_s": batch * job["steps"] / (time.perf_counter() - start)}


WAYS = {
    "keras fit, float32": lambda job: keras_fit(job, "float32"),
    "keras fit, mixed_bfloat16": lambda job: keras_fit(job, "mixed_bfloat16"),
    "timm mobilenetv2_100, bfloat16": lambda job: pytorch(job, compiled=False),
    "timm mobilenetv2_100, bfloat16, torch.compile": lambda job: pytorch(job, compiled=True),
}


def apart(way, job, limit_s):
    """What a way gives in a process of its own."""
    if way.startswith("timm") and not (find_spec("torch") and find_spec("timm")):
        return {"fault": "torch and timm are not installed"}
    command = [sys.executable, __file__, "--way", way]
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        try:
            done = subprocess.run(
                command, input=json.dumps(job), stdout=subprocess.PIPE, stderr=log, text=True, timeout=limit_s
            )
        except subprocess.TimeoutExpired:
            return {"fault": f"not measured after {limit_s:.0f} s"}
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        log.seek(0)
        lines = [line for line in log.read().splitlines() if line.strip()]
    return {"fault": f"exit status {done.returncode}: {lines[-1][:200] if lines else ''}"}


def the_job(small, pixels, batch, threads, accelerator):
    """Two architectures of 20, and a recipe for both."""
    space = ProxylessNasSpace()
    codes = (space.sample_stratified if small else space.sample)(20, np.random.default_rng(0))
    network = NetworkRecipe(resolution=16, width=0.1) if small else NetworkRecipe(resolution=pixels)
    costs = multiply_adds(codes, network.resolution, CLASSES, network.width, network.stem_stride, network.variant, 3)
    order = np.argsort(costs)
    places = [0, 1] if small else [4, 14]
    two = codes[order[places]]
    training = TrainingRecipe(batch_size=8 if small else batch)
    side = network.resolution
    job = Job(
        two.tolist(),
        network.model_dump(mode="json"),
        training.model_dump(mode="json"),
        (side, side, 3),
        CLASSES,
        0,
        threads,
        accelerator,
    )
    return job, float(np.mean(costs[order[places]]))


def mean(rows, key):
    values = [row[key] for row in rows if row.get(key) is not None]
    return float(np.mean(values)) if values else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a trial on any machine")
    parser.add_argument("--pixels", type=int, default=224)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--limit", type=float, default=60, help="seconds of an architecture by a setting")
    parser.add_argument("--total", type=float, default=1e9, help="seconds after which no further setting is begun")
    parser.add_argument("--others-limit", type=float, default=60, help="seconds of each of the others")
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--accelerator", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(WAYS[arguments.way](json.load(sys.stdin))))
        return
    if arguments.accelerator == "gpu":
        claim_gpu()
    gpu = gpus.here() if arguments.accelerator == "gpu" else None
    device = gpu.name if gpu else arguments.accelerator.upper()
    job, costs = the_job(arguments.small, arguments.pixels, arguments.batch, arguments.threads, arguments.accelerator)
    names = ["float32", "mixed-tiled-xla"] if arguments.small else arguments.settings
    rows = []
    found = measure(job, [SETTINGS[name] for name in names], Limits(arguments.limit, arguments.total))
    reference = next((one.rows for one in found if one.setting.name == "float32" and one.fault is None), None)
    for one in found:
        row = {"device": device, "setting": one.setting.name, "fault": one.fault}
        if not one.rows and one.fault is None:
            row["fault"] = "not tried, for want of time"
        elif one.fault is None:
            row |= {key: mean(one.rows, key) for key in ("first_step_s", "images_per_s", "memory_mib")}
            if reference:
                losses, expected = (np.array([each["losses"] for each in some]) for some in (one.rows, reference))
                row["difference"] = float(np.abs(losses / expected - 1).max())
        rows.append(row)
    loose = job._asdict() | {"steps": 2 if arguments.small else 12}
    for way in () if arguments.small else WAYS:
        row = {"device": device, "setting": way, "fault": None} | apart(way, loose, arguments.others_limit)
        if way.startswith("timm") and row["fault"] is None:
            row["scaled"] = row["images_per_s"] * MOBILENET_V2 * (arguments.pixels / 224) ** 2 / costs
        rows.append(row)
    for row in rows:
        print(
            row["setting"], {key: value for key, value in row.items() if key not in ("setting", "device")}, flush=True
        )
    print(json.dumps({"device": device, "multiply_adds": costs, "rows": rows}))


if __name__ == "__main__":
    main()
