"""A shard ends with the same numbers however often it is stopped."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from neural_predictor.children import shard as module
from neural_predictor.children import stack_trainer
from neural_predictor.children.architecture import blocks
from neural_predictor.children.feeds import Resident
from neural_predictor.children.journal import Journal
from neural_predictor.children.layout import Layout
from neural_predictor.children.shard import Shard, train_shard, write_shard
from neural_predictor.children.stack_layout import StackLayout
from neural_predictor.children.stack_trainer import StackTrainer
from neural_predictor.children.trainer import State
from neural_predictor.config.child_recipes import Adam, NetworkRecipe, TrainingRecipe
from neural_predictor.errors import ChildError, FormatError
from neural_predictor.images import load_images
from neural_predictor.spaces.proxylessnas.space import ProxylessNasSpace

RAW = Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz"
NETWORK = NetworkRecipe(width=0.05, resolution=8, stem_stride=1, batch_norm_momentum=0.9)
TRAINING = TrainingRecipe(epochs=3, batch_size=128, optimizer=Adam(), learning_rate=1e-2)


@pytest.fixture(scope="module")
def feed():
    return Resident(load_images("digits", RAW))


def make_shard(networks=2, trainings=2, **changes):
    codes = ProxylessNasSpace().sample_stratified(networks, np.random.default_rng(3))
    return Shard("digits", codes, 5, trainings, 1, NETWORK, TRAINING.model_copy(update=changes), {"set": "digits"})


def numbers(records):
    return [{key: value for key, value in record.items() if key != "training_time_s"} for record in records]


@pytest.fixture(scope="module")
def undisturbed(feed, tmp_path_factory):
    return train_shard(make_shard(), feed, tmp_path_factory.mktemp("whole"), device="cpu")


def test_every_training_has_a_record_with_its_history(undisturbed):
    assert [(record["network"], record["training"]) for record in undisturbed] == [(5, 0), (5, 1), (6, 0), (6, 1)]
    for record in undisturbed:
        assert record["status"] == "ok"
        assert record["epochs"] == 3 == len(record["history"])
        assert record["validation_accuracy"] == pytest.approx(record["history"][-1][2], abs=1e-6)
        assert 0.05 < record["test_accuracy"] <= 1
    assert len({record["seed"] for record in undisturbed}) == 4
    assert len({record["validation_accuracy"] for record in undisturbed}) > 1


def test_finished_children_are_not_trained_again(feed, tmp_path, undisturbed, monkeypatch):
    work = tmp_path / "work"
    first = train_shard(make_shard(), feed, work, device="cpu")
    assert numbers(first) == numbers(undisturbed)
    monkeypatch.setattr(module, "make_trainer", None)  # nothing may be built
    done = []
    assert train_shard(make_shard(), feed, work, device="cpu", advance=done.append) == first
    assert sum(done) == 12


class StoppedError(Exception):
    """In place of a kill."""


@pytest.mark.parametrize("epochs", [1, 5, 8])
def test_a_stop_after_any_epoch_changes_nothing(feed, tmp_path, undisturbed, monkeypatch, epochs):
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", -1.0)
    left = [epochs]

    def stop(more):
        left[0] -= more
        if more and left[0] < 0:
            raise StoppedError

    with pytest.raises(StoppedError):
        train_shard(make_shard(), feed, tmp_path, device="cpu", advance=stop)
    trained = []
    records = train_shard(make_shard(), feed, tmp_path, device="cpu", advance=trained.append)
    assert numbers(records) == numbers(undisturbed)
    assert sum(trained) == 12
    assert not list(tmp_path.glob("*.checkpoint.npz"))


def test_a_stop_between_the_records_of_a_stack_trains_it_whole(feed, tmp_path, undisturbed, monkeypatch):
    """What was recorded trains along, so that the others meet the same stack; it is recorded once."""
    append, left = Journal.append, [3]

    def stop(journal, record):
        left[0] -= 1
        if left[0] == 0:
            raise StoppedError
        append(journal, record)

    monkeypatch.setattr(Journal, "append", stop)
    with pytest.raises(StoppedError):
        train_shard(make_shard(2, 2), feed, tmp_path, device="cpu")
    monkeypatch.undo()
    trained = []
    records = train_shard(make_shard(2, 2), feed, tmp_path, device="cpu", advance=trained.append)
    assert numbers(records) == numbers(undisturbed)
    assert sum(trained) == 12


@pytest.mark.parametrize("stack", [1, 2])
def test_stacks_are_as_large_as_memory_allows(feed, tmp_path, undisturbed, monkeypatch, stack):
    """Three trainings of one architecture; a smaller stack differs by rounding alone."""
    needed = StackLayout(Layout(blocks(make_shard().codes[0], NETWORK, 1), 10), 8, 1).bytes_needed(128)
    monkeypatch.setattr(stack_trainer, "STACK_BYTES", stack * needed)
    sizes, run_epochs = [], StackTrainer.run_epochs

    def spied(trainer, states):
        sizes.append(len(states))
        return run_epochs(trainer, states)

    monkeypatch.setattr(StackTrainer, "run_epochs", spied)
    records = train_shard(make_shard(1, 3), feed, tmp_path, device="cpu")
    assert sizes == [1] * 9 if stack == 1 else [2] * 3 + [1] * 3
    for record, other in zip(records[:2], undisturbed[:2], strict=True):
        assert record["seed"] == other["seed"]
        assert record["history"][0][0] == pytest.approx(other["history"][0][0], abs=0.05)


def test_a_checkpoint_of_another_training_or_damaged_is_named(feed, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", -1.0)
    path, other = tmp_path / "5-0.checkpoint.npz", tmp_path / "6-0.checkpoint.npz"

    def stop(more):
        if path.exists():
            raise StoppedError

    with pytest.raises(StoppedError):
        train_shard(make_shard(), feed, tmp_path, device="cpu", advance=stop)
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    with pytest.raises(ChildError, match=r"5-0\.checkpoint\.npz: not a checkpoint of this training"):
        train_shard(make_shard(), feed, tmp_path, device="cpu")
    with np.load(io.BytesIO(whole)) as file:
        first = {name: file[name] for name in file.files if name.startswith("0.")}
    np.savez(path, **first)
    with pytest.raises(ChildError, match=r"5-0\.checkpoint\.npz: .*lacks training 1"):
        train_shard(make_shard(), feed, tmp_path, device="cpu")
    path.unlink()
    other.write_bytes(whole)
    with pytest.raises(ChildError, match=r"6-0\.checkpoint\.npz: .*of another training"):
        train_shard(make_shard(), feed, tmp_path, device="cpu")


def test_scratch_of_another_recipe_is_refused_and_a_damaged_line_named(feed, tmp_path):
    train_shard(make_shard(1, 1), feed, tmp_path, device="cpu")
    with pytest.raises(ChildError, match=r"another shard \(different: training\)"):
        train_shard(make_shard(1, 1, epochs=4), feed, tmp_path, device="cpu")
    journal = tmp_path / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0][:-3] + b"\n" + lines[1])
    with pytest.raises(FormatError, match="line 1 is damaged"):
        train_shard(make_shard(1, 1), feed, tmp_path, device="cpu")


def test_a_child_that_diverges_is_a_record_and_the_next_is_trained(feed, tmp_path):
    records = train_shard(make_shard(2, 1, learning_rate=1e30), feed, tmp_path, device="cpu")
    assert [record["status"] for record in records] == ["diverged", "diverged"]
    assert records[0]["validation_accuracy"] is None is records[0]["test_accuracy"]
    write_shard(tmp_path / "0.jsonl", records)
    assert [json.loads(line) for line in (tmp_path / "0.jsonl").read_text().splitlines()] == records


class Spoilt(StackTrainer):
    """Training 1 of each stack of three is no longer finite after its first epoch."""

    def run_epochs(self, states):
        epochs = super().run_epochs(states)
        if len(states) == 3 and states[0].epoch == 1:
            state = epochs[1].state
            weights = np.full_like(state.weights, np.inf)
            epochs[1] = epochs[1]._replace(state=State(state.seed, 2, weights, state.statistics, state.slots))
        return epochs


def test_one_of_a_stack_that_diverges_leaves_the_others(feed, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", -1.0)
    whole = train_shard(make_shard(1, 3), feed, tmp_path / "whole", device="cpu")
    monkeypatch.setattr(module, "make_trainer", Spoilt)
    records = train_shard(make_shard(1, 3), feed, tmp_path / "spoilt", device="cpu")
    assert [record["status"] for record in records] == ["ok", "diverged", "ok"]
    assert records[1]["epochs"] == 2
    assert [records[k]["history"][:2] for k in (0, 2)] == [whole[k]["history"][:2] for k in (0, 2)]
    left = [5]  # what is done and what is begun, two epochs, the end of training 1; the third epoch is stopped

    def stop(more):
        left[0] -= 1
        if left[0] < 0:
            raise StoppedError

    with pytest.raises(StoppedError):
        train_shard(make_shard(1, 3), feed, tmp_path / "stopped", device="cpu", advance=stop)
    resumed = train_shard(make_shard(1, 3), feed, tmp_path / "stopped", device="cpu")
    assert numbers(resumed) == numbers(records)


KILLED = """
import sys
from pathlib import Path
from neural_predictor.predictors.device import configure
configure(1, "cpu")
sys.path.insert(0, {folder!r})
import test_shard as t
from neural_predictor.children import shard
shard.CHECKPOINT_EVERY_S = 0.2
feed = t.Resident(t.load_images("digits", t.RAW))
records = t.train_shard(t.make_shard(2, 3), feed, Path({work!r}), device="cpu")
t.write_shard(Path({out!r}), records)
"""


@pytest.mark.slow
def test_three_kills_at_random_moments(tmp_path):
    """SIGKILL of the process group, from before TensorFlow is there to the last child, however fast the machine is."""
    rng = np.random.default_rng(int.from_bytes(os.urandom(4), "little"))
    tables, whole_s = {}, 0.0
    for name, kills in (("undisturbed", 0), ("killed", 3)):
        paths = {"work": str(tmp_path / name), "out": str(tmp_path / f"{name}.jsonl")}
        code = KILLED.format(folder=os.path.dirname(__file__), **paths)  # noqa: PTH120
        for _ in range(kills):
            process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.1, 0.9) * whole_s)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        start = time.monotonic()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        whole_s = time.monotonic() - start
        lines = (tmp_path / f"{name}.jsonl").read_text().splitlines()
        tables[name] = numbers(json.loads(line) for line in lines)
    assert tables["killed"] == tables["undisturbed"]
