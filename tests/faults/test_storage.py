"""Every stage that writes, on a disk that is full and on one that takes no writing: one message, nothing lost.

Full is a small tmpfs where this process may mount one, and everywhere a limit on the size of files. Read-only is a
mount too, and everywhere a folder in which the system refuses files.
"""

import gc
import json
import os
import resource
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from neural_predictor.children.journal import Journal
from neural_predictor.children.plan import recipe_digest, sample, training_seed
from neural_predictor.cli.app import app
from neural_predictor.config.project import Project
from neural_predictor.errors import UserError
from neural_predictor.io.files import atomic_together
from neural_predictor.predictors import device
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

ROOT = Path(__file__).parents[2]
OLD = b"what stood there before"
PROTEINS = "nasbench-graph-proteins"
PAGE = 4096  # bytes: the least that a tmpfs gives or takes
LIMIT = 64  # bytes that a file may have
NETWORKS = 10


def command(*arguments):
    app([str(argument) for argument in arguments], standalone_mode=False)


class Disk:
    """A folder that can be made to refuse writing."""

    says = ""
    keeps = True  # whether files can stand in the folder before the fault

    def __init__(self, tmp_path):
        self.folder = tmp_path / "disk"
        self.folder.mkdir()

    def close(self):
        pass


class Mounted(Disk):
    def __init__(self, tmp_path):
        super().__init__(tmp_path)
        mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(self.folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            pytest.skip("this process may not mount; the other disks of these tests are everywhere")

    def close(self):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class FullMount(Mounted):
    says = "the disk is full: free some space, then run the same command again"

    @contextmanager
    def fault(self, room=0):
        filler = self.folder / "filler"
        state = os.statvfs(self.folder)
        filler.write_bytes(b"x" * (state.f_bavail * state.f_frsize - room))
        yield
        gc.collect()  # a library that met the fault may hold its file open
        filler.unlink()


class Limited(Disk):
    says = "the file would be larger than allowed: raise the limit"

    @contextmanager
    def fault(self, room=0):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


class ReadOnlyMount(Mounted):
    says = "the file system is read-only: choose another folder, or mount it writable"

    @contextmanager
    def fault(self, room=0):
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)
        yield
        subprocess.run(["mount", "-o", "remount,rw", str(self.folder)], check=True)


class Refused(Disk):
    """A folder without the right to write; where root has every right, one in which the kernel takes no files."""

    says = "(permission denied: make the folder writable|the file system is read-only)"

    def __init__(self, tmp_path):
        super().__init__(tmp_path)
        if os.geteuid() == 0:
            self.folder, self.keeps = Path("/sys/kernel"), False

    @contextmanager
    def fault(self, room=0):
        if self.keeps:
            self.folder.chmod(0o555)
        yield
        if self.keeps:
            self.folder.chmod(0o755)


DISKS = {"full": FullMount, "limit": Limited, "read-only": ReadOnlyMount, "refused": Refused}
FULL = ("full", "limit")


@pytest.fixture
def disk(request, tmp_path):
    made = DISKS[request.param](tmp_path)
    yield made
    made.close()


every_disk = pytest.mark.parametrize("disk", DISKS, indirect=True)
every_full_disk = pytest.mark.parametrize("disk", FULL, indirect=True)


def write_project(root):
    """A project whose study is small, and whose predictors take no time."""
    study = yaml.safe_load((ROOT / "config/studies/smoke-v1.yaml").read_text())
    study["predictors"]["forest"] = {"kind": "forest"}
    study["predictors"]["chain"]["epochs"] = 1
    study["table_tau"]["predictor"] = "forest"
    study["children"]["digits"] |= {"seeds": 1, "networks": NETWORKS, "networks_per_shard": 1}
    (root / "config/studies").mkdir(parents=True)
    (root / "config/studies/tiny-v1.yaml").write_text(yaml.safe_dump(study))
    config = (ROOT / "config/config.yaml").read_text().replace("study: embedded-v2", "study: tiny-v1")
    (root / "config/config.yaml").write_text(config)
    (root / "config/sources.yaml").write_text((ROOT / "config/sources.yaml").read_text())


def record_of(study, network):
    record = {"network": network, "training": 0, "status": "ok", "epochs": 1, "device": "CPU"}
    record["seed"] = training_seed(study.seed, "digits", network, 0)
    record |= {"validation_accuracy": 0.5 + network / 100, "test_accuracy": 0.5, "training_time_s": 1.0}
    return record | {"history": [[1.0, 0.5, 0.5]]}


def write_journal(root):
    """The scratch of a shard that is trained, and whose output is still to be written."""
    from neural_predictor.children.shard import Shard

    study, images = Project(root).study("tiny-v1"), json.loads((root / "images.json").read_text())
    plan = study.children["digits"]
    first = sample(study, "digits")[:1]
    shard = Shard("digits", first, 0, 1, study.seed, plan.network, plan.training, images)
    Journal(root / "work" / recipe_digest(plan, images)[:12] / "0/journal", shard.header()).append(record_of(study, 0))


def write_shards(root):
    """What the other shards of the set ended with."""
    study, space = Project(root).study("tiny-v1"), ProxylessNasSpace()
    codes = sample(study, "digits")
    for place in range(1, NETWORKS):
        record = record_of(study, place) | {"architecture": space.format(codes[place])}
        (root / f"shards/{place}.jsonl").write_text(json.dumps(record) + "\n")


def write_networks(path):
    """Chains of operations, with labels."""
    chains = [f'0100000100000100000100000,"in,{a},{b},{c},out"' for a in "abc" for b in "abc" for c in "abc"]
    labels = np.random.default_rng(0).random(len(chains))
    rows = [f"{chain},{label:.4f}" for chain, label in zip(chains, labels, strict=True)]
    path.write_text("\n".join(["adjacency,operations,label", *rows]) + "\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project folder with one good output of each stage that another one reads."""
    root = tmp_path_factory.mktemp("project")
    write_project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr(device, "configure", lambda *_, **__: 1)
        command("fetch-source", PROTEINS, "--output", "raw")
        command("fetch-source", "digits", "--output", "digits")
        command("build-table", PROTEINS, "--raw", "raw", "--output", "table.parquet")
        command("run", "fig3", *STUDY, "--table", "table.parquet", "--csv", "fig3.csv", "--protocol", "fig3.json")
        command("prepare-images", *CHILDREN, "--place", "digits", "--output", "images.json")
        write_journal(root)
        command("train-children", *TRAIN, "--work", "work", "--output", "shards/0.jsonl")
        write_shards(root)
        command("collect-children", *COLLECT, *TABLES, *SHARDS)
        write_networks(root / "train.csv")
    return root


STUDY = ("--study", "tiny-v1")
CHILDREN = ("--children", "digits", *STUDY)
TRAIN = (*CHILDREN, "--shard", 0, "--images", "images.json", "--place", "digits")
COLLECT = (*CHILDREN, "--images", "images.json")
TABLES = ("--parquet", "digits.parquet", "--csv", "digits.csv", "--sheet", "digits.datasheet.md")
SHARDS = [f"shards/{network}.jsonl" for network in range(NETWORKS)]
FIT = ("--table", "table.parquet", "--predictor", "forest")
RANK = ("rank", "--train", "train.csv", "--candidates", "train.csv", "--predictor", "forest", "--no-learning-curve")

STAGES = {
    "fetch-source": (("fetch-source", PROTEINS), {"--output": "raw"}),
    "build-table": (("build-table", PROTEINS, "--raw", "raw"), {"--output": "table.parquet"}),
    "fit-predictor": (
        ("fit-predictor", *STUDY, *FIT, "--sample", "n43", "--shard", 0),
        {"--output": "scores.npz", "--times": "seconds.json"},
    ),
    "prepare-images": (("prepare-images", *CHILDREN, "--place", "digits"), {"--output": "images.json"}),
    "train-children": (("train-children", *TRAIN, "--work", "work"), {"--output": "0.jsonl"}),
    "train-children, scratch": (("train-children", *TRAIN, "--output", "unused.jsonl"), {"--work": "work"}),
    "collect-children": (
        ("collect-children", *COLLECT, *SHARDS),
        {"--parquet": "digits.parquet", "--csv": "digits.csv", "--sheet": "digits.datasheet.md"},
    ),
    "choose-children": (
        ("choose-children", *STUDY, "--parquet", "digits.parquet"),
        {"--output": "choice.csv"},
    ),
    "run": (("run", "fig3", *STUDY, "--table", "table.parquet"), {"--csv": "fig3.csv", "--protocol": "fig3.json"}),
    "render": (
        ("render", "fig3", "--csv", "fig3.csv", "--protocol", "fig3.json"),
        {"--pdf": "fig3.pdf", "--png": "fig3.png"},
    ),
    "rank": (RANK, {"--output": "ranked.csv"}),
}


LARGE = ("fetch-source", "build-table", "fit-predictor", "render")
"""Their outputs are larger than a page: the write begins, and fails half-way."""
SLOW = {"fit-predictor": FULL, "choose-children": ("limit",), "rank": ("full", "refused")}
"""They compute for seconds before they write, so that some disks have to do."""


@pytest.mark.parametrize(
    ("stage", "disk"),
    [(stage, disk) for stage in STAGES for disk in SLOW.get(stage, DISKS)],
    indirect=["disk"],
)
def test_a_stage_says_what_to_do_and_keeps_what_stood_there(project, disk, stage, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(device, "configure", lambda *_, **__: 1)
    arguments, options = STAGES[stage]
    outputs = [disk.folder / f"np-test-{name}" for name in options.values()]
    before = outputs if disk.keeps and "--work" not in options else []
    for output in before:
        output.write_bytes(OLD)
    room = PAGE if stage in LARGE else 0
    with (
        disk.fault(room),
        pytest.raises(UserError, match=rf"^cannot write {disk.folder}/np-test-.*: {disk.says}") as caught,
    ):
        command(*arguments, *(part for pair in zip(options, outputs, strict=True) for part in pair))
    assert "\n" not in str(caught.value)
    if before:
        assert sorted(disk.folder.iterdir()) == sorted(before)
    assert all(output.read_bytes() == OLD for output in before)
    assert not (project / "unused.jsonl").exists()


@pytest.mark.parametrize("disk", [*FULL, "read-only"], indirect=True)
def test_a_manifest_that_cannot_be_written_keeps_the_last_one(project, disk, monkeypatch):
    monkeypatch.chdir(project)
    for number in range(40):
        (disk.folder / f"{number}.csv").write_text("")
    (disk.folder / "manifest.json").write_bytes(OLD)
    with disk.fault(), pytest.raises(UserError, match=rf"^cannot write {disk.folder}/manifest\.json: {disk.says}"):
        command("write-manifest", disk.folder, *STUDY)
    assert (disk.folder / "manifest.json").read_bytes() == OLD
    assert len(list(disk.folder.iterdir())) == 41


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that goes away half-way is what is wanted."""


@pytest.fixture
def site(tmp_path):
    """Address of a server of one large file."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/data").write_bytes(bytes(2**20))
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "site"))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/data"
    server.shutdown()
    thread.join()
    server.server_close()


@every_disk
def test_a_download_without_room_says_so_and_goes_on_later(tmp_path, site, disk, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = {"url": site, "licence": "MIT", "citation": "none"}
    (tmp_path / "config").mkdir()
    (tmp_path / "config/sources.yaml").write_text(yaml.safe_dump({"sources": {"data": row}}))
    output = disk.folder / "np-test-raw"
    with disk.fault(), pytest.raises(UserError, match=rf"^cannot write {output}: {disk.says}"):
        command("fetch-source", "data", "--output", output)
    assert not output.exists()
    if disk.keeps:
        left = list(disk.folder.iterdir())
        assert all(path.name.startswith(".http") and path.suffix == ".part" for path in left)  # to go on from


@every_full_disk
def test_a_journal_without_room_keeps_its_whole_lines(disk):
    header = {"children": "digits"}
    path = disk.folder / "journal"
    record = {"network": 0, "history": [[0.1, 0.2, 0.3]] * 500}  # two pages
    Journal(path, header)
    whole = path.read_bytes()
    with disk.fault():
        journal = Journal(path, header)
        with pytest.raises(UserError, match=rf"^cannot write {path}: {disk.says}"):
            journal.append(record)
        assert path.read_bytes() == whole
    assert Journal(path, header).records == []
    journal.append(record)
    assert Journal(path, header).records == [record]


@every_full_disk
def test_candidates_without_room_for_their_scratch(project, disk, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(device, "configure", lambda *_, **__: 1)
    monkeypatch.setattr("tempfile.tempdir", str(disk.folder))
    with disk.fault(), pytest.raises(UserError, match=rf"^cannot write {disk.folder}/.*candidates\.arrow: {disk.says}"):
        command(*RANK, "--output", "unused.csv")
    assert list(disk.folder.iterdir()) == []
    assert not (project / "unused.csv").exists()


def test_no_place_for_a_temporary_folder_names_the_variable(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(device, "configure", lambda *_, **__: 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"no temporary folder can be made .*TMPDIR"):
        command(*RANK, "--output", "unused.csv")


@every_full_disk
def test_files_that_belong_together_stay_together(disk):
    paths = [disk.folder / name for name in ("numbers", "protocol", "text")]
    for path in paths:
        path.write_bytes(OLD)

    def write():
        with atomic_together(*paths) as parts:
            for part in parts[:2]:
                part.write_bytes(b"new")
            parts[2].write_bytes(b"x" * 8 * PAGE)

    with disk.fault(4 * PAGE), pytest.raises(UserError, match=disk.says):
        write()
    assert [path.read_bytes() for path in paths] == [OLD] * 3
    assert sorted(disk.folder.iterdir()) == paths


def test_a_log_on_a_full_disk_stops_no_work(project, tmp_path):
    arguments = ["build-table", PROTEINS, "--raw", project / "raw", "--output", tmp_path / "table.parquet"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "neural_predictor", *arguments], stdout=full, stderr=full)
    assert done.returncode == 0
    assert (tmp_path / "table.parquet").read_bytes() == (project / "table.parquet").read_bytes()
