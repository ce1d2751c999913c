"""Altered .npz files: scores, checkpoints; and saved Keras models."""

import io
import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hostile_files import altered_npz, npz
from hostile_guard import Format, check
from hostile_mutations import altered_bytes, altered_text
from hypothesis import strategies as st

from neural_predictor.children import shard
from neural_predictor.children.feeds import Resident
from neural_predictor.children.trainer import Trainer
from neural_predictor.config.child_recipes import Adam, NetworkRecipe, TrainingRecipe
from neural_predictor.fits.files import group_fits, read_fits
from neural_predictor.images import load_images
from neural_predictor.predictors.gcn import GcnRecipe
from neural_predictor.predictors.keras_gcn import build_gcn, load_gcn
from neural_predictor.search.draws import draw_repeat
from neural_predictor.tables.table import BenchmarkTable

RAW = Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz"
_METRICS = {name: np.linspace(0, 1, 6).reshape(3, 2) for name in ("validation_accuracy", "test_accuracy")}
TABLE = BenchmarkTable("x", "s", np.array(["a", "b", "c"], object), np.zeros((3, 1), np.uint8), _METRICS)
DRAWS = [draw_repeat(TABLE, 1, 2, repeat) for repeat in range(2)]
SCORES = {
    "format": np.array(2),
    "predictor": np.array("gcn"),
    "benchmark": np.array("x"),
    "train_size": np.array(2),
    "repeats": np.arange(2),
    "seeds": np.array([draw.seed for draw in DRAWS], np.uint64),
    "train_rows": np.stack([draw.train_rows for draw in DRAWS]),
    "train_labels": np.stack([draw.labels for draw in DRAWS]),
    "scores": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3),
    "logits": np.ones((2, 3), np.float32),
    "one_stage": np.zeros(2, np.bool_),
}
SMALL = GcnRecipe(layers=1, width=2, hidden=(2,), epochs=1)


def arrays_of(path):
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def read_scores(path):
    for paths in group_fits([path]).values():
        list(read_fits(paths, TABLE, 1))


def test_scores(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(Format("npz, scores", "a.npz", npz(SCORES), read_scores, altered_npz(SCORES)), tmp_path)


def test_checkpoints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = NetworkRecipe(width=0.05, resolution=8, stem_stride=1, batch_norm_momentum=0.9)
    training = TrainingRecipe(epochs=3, batch_size=128, optimizer=Adam(), learning_rate=1e-2)
    trainer = Trainer(np.zeros(22, np.uint8), network, training, Resident(load_images("digits", RAW)))
    path = tmp_path / "a.checkpoint.npz"
    begun = [shard._Child((5, k), trainer.start(seed), seconds=1.5) for k, seed in enumerate((7, 8))]
    shard._save(path, begun)
    arrays = arrays_of(path)
    for k, seed in enumerate((7, 8)):
        arrays[f"{k}.place"] = np.array([seed, 2])
        arrays[f"{k}.history"] = np.array([[1.0, 0.5, 0.5], [0.5, 0.6, 0.6]])

    def read(path):
        shard._load(path, trainer, begun, set())

    check(Format("npz, checkpoints", "a.checkpoint.npz", npz(arrays), read, altered_npz(arrays)), tmp_path)


def keras_model(config, files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, config if name == "config.json" else data)
    return file.getvalue()


def test_keras_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.keras"
    build_gcn(SMALL, 2, 3).save(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    tree = altered_text(config).map(lambda text: keras_model(text.encode("utf-8", "surrogatepass"), files))
    weights = altered_bytes(files["model.weights.h5"]).map(
        lambda data: keras_model(files["config.json"], files | {"model.weights.h5": data})
    )
    whole = altered_bytes(path.read_bytes())
    strategy = st.one_of(tree, weights, whole, whole, whole)  # most are refused before Keras takes its time
    check(Format("Keras model", "a.keras", path.read_bytes(), load_gcn, strategy), tmp_path)
