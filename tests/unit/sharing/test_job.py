"""A supernet ends with the same bytes however often it is stopped, and says what is wrong."""

import numpy as np
import pytest

from neural_predictor.errors import ArchitectureError, ChildError, FormatError
from neural_predictor.sharing import job as module
from neural_predictor.sharing.files import read_shared, times_of, write_shared
from neural_predictor.sharing.job import train_supernet
from neural_predictor.sharing.registry import make_method
from neural_predictor.sharing.trainer import SupernetTrainer


class StoppedError(Exception):
    """In place of a kill."""


@pytest.fixture(scope="module")
def undisturbed(feed, make_job, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    write_shared(folder / "one-shot.npz", train_supernet(make_job(), feed, folder))
    return folder / "one-shot.npz"


def stopped(feed, job, folder, units):
    """Train until so many units are done."""
    left = [units]

    def stop(more):
        left[0] -= more
        if left[0] <= 0:
            raise StoppedError

    with pytest.raises(StoppedError):
        train_supernet(job, feed, folder, advance=stop)


def test_a_stop_in_training_and_one_in_evaluation_change_no_byte(feed, make_job, tmp_path, undisturbed, monkeypatch):
    job = make_job()
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", -1.0)
    stopped(feed, job, tmp_path, 3)  # epochs, then an architecture
    checkpoint = (tmp_path / "supernet.checkpoint.npz").read_bytes()
    monkeypatch.setattr(type(make_method(job.recipe, job.network, feed, 0)), "run_epoch", None)  # all are done
    write_shared(tmp_path / "one-shot.npz", train_supernet(job, feed, tmp_path))
    assert (tmp_path / "one-shot.npz").read_bytes() == undisturbed.read_bytes()
    assert not (tmp_path / "supernet.checkpoint.npz").exists()
    monkeypatch.undo()
    (tmp_path / "supernet.checkpoint.npz").write_bytes(checkpoint[:300])
    with pytest.raises(ChildError, match=r"supernet\.checkpoint\.npz: not a checkpoint .*delete it to begin it anew"):
        train_supernet(job, feed, tmp_path)
    (tmp_path / "supernet.checkpoint.npz").write_bytes(checkpoint)
    with pytest.raises(ChildError, match="it is of another method, network, seed or set of images"):
        train_supernet(make_job(sampling="fair"), feed, tmp_path)


def test_a_stop_after_the_first_epoch_changes_no_byte(feed, make_job, tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", -1.0)
    ended = []

    def end(*arguments):
        save(*arguments)
        ended.append(1)
        raise StoppedError

    save = module._save
    monkeypatch.setattr(module, "_save", end)
    with pytest.raises(StoppedError):
        train_supernet(make_job(), feed, tmp_path)
    monkeypatch.setattr(module, "_save", save)
    write_shared(tmp_path / "one-shot.npz", train_supernet(make_job(), feed, tmp_path))
    assert ended
    assert (tmp_path / "one-shot.npz").read_bytes() == undisturbed.read_bytes()


def test_what_is_written_is_read(undisturbed, make_job):
    found = read_shared(undisturbed)
    assert (found.status, found.scores.shape, found.history.shape) == ("ok", (3,), (2, 2))
    assert ((found.accuracies > 0) & (found.accuracies < 1)).all()
    assert min(found.seconds.values()) > 0


def test_a_damaged_file_is_named(undisturbed, tmp_path):
    path = tmp_path / "m.npz"
    times_of(path).write_bytes(times_of(undisturbed).read_bytes())
    with np.load(undisturbed) as file:
        arrays = dict(file)
    for change, said in (
        ({"scores": arrays["scores"] * np.nan}, "a score that is no number"),
        ({"scores": arrays["scores"][:2]}, "one score of each of 3 architectures"),
        ({"choice": np.array("(1, 2)")}, "choice: .*expected 22 op codes"),
        ({"status": np.array("fine")}, "status is 'fine'; expected ok or diverged"),
        ({"history": np.array("x")}, "history is <U1"),
    ):
        np.savez(path, **arrays | change)
        with pytest.raises(FormatError, match=said):
            read_shared(path)
    times_of(path).write_text("{}")
    with pytest.raises(FormatError, match="not what train-supernet writes"):
        read_shared(path)


def test_a_diverged_supernet_is_a_file_with_a_status(feed, make_job, tmp_path, monkeypatch):
    start = SupernetTrainer.start

    def huge(trainer, seed, *, alike):
        values = start(trainer, seed, alike=alike)
        return values._replace(weights=values.weights * 1e38)

    monkeypatch.setattr(SupernetTrainer, "start", huge)
    found = train_supernet(make_job(), feed, tmp_path)
    assert (found.status, found.choice) == ("diverged", "")
    assert np.isnan(found.scores).all()
    write_shared(tmp_path / "m.npz", found)
    assert read_shared(tmp_path / "m.npz").status == "diverged"


def test_a_path_outside_the_space_is_refused(feed, make_job):
    job = make_job()
    method = make_method(job.recipe, job.network, feed, 0)
    outside = np.full((1, 22), 6, np.uint8)
    with pytest.raises(ArchitectureError, match=r"layer 0 of proxylessnas takes op codes 0 to 2, found 6"):
        method.accuracies(outside, lambda _: None)
