"""Altered files of images: raw digits, photographs, decoded sets, notes of tensorflow-datasets."""

import io
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hostile_files import altered_npz, npz
from hostile_guard import Format, check, formats
from hostile_mutations import altered_bytes, altered_json
from PIL import Image

from neural_predictor.errors import FormatError
from neural_predictor.images import arrays
from neural_predictor.images.archives import _downloaded
from neural_predictor.images.decode import decode
from neural_predictor.images.prepare import _is_absent
from neural_predictor.images.small import load_small

DIGITS = (Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz").read_bytes()
SPLITS = ("train", "validation", "test")
STORED = {
    "about": np.array(json.dumps({"name": "digits", "classes": ["0", "1"]})),
    **{f"{split}_images": np.zeros((2, 3, 3, 1), np.uint8) for split in SPLITS},
    **{f"{split}_labels": np.arange(2, dtype=np.int32) for split in SPLITS},
    **{f"{split}_ids": np.array([f"{split}{k}" for k in range(2)]) for split in SPLITS},
}
ABOUT = {"name": "digits", "classes": ["0", "1"]}


def picture(form):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)).save(file, form)
    return file.getvalue()


def read_photograph(path):
    decode(path.read_bytes(), 8, path.name)


def read_stored(path):
    """Damaged ones are None: built anew."""
    for found in (arrays.read_arrays("digits", path), arrays.read_index("digits", path)):
        if found is None:
            raise FormatError(f"{path.name}: is built anew")


def read_note(path):
    """A prepared set's notes."""
    (path.parent / "features.json").write_text("{}")
    _downloaded(path)
    try:
        _is_absent(path.parent)
    except FormatError as error:
        raise FormatError(str(error).replace(str(path.parent), str(path))) from error  # the whole folder is named


@formats(
    Format("gzip, digits", "digits.csv.gz", DIGITS, lambda path: load_small("digits", path), altered_bytes(DIGITS)),
    *(
        Format(f"{form} image", f"a.{form}", picture(form), read_photograph, altered_bytes(picture(form)))
        for form in ("png", "jpeg", "gif")
    ),
    Format("npz, images", "a.npz", npz(STORED), read_stored, altered_npz(STORED, {"about": ABOUT})),
    Format(
        "JSON, notes of images", "dataset_info.json", b'{"urls": ["a"]}', read_note,
        altered_json({"urls": ["a"], "b": {"c": 1}}, lambda text: text.encode("utf-8", "surrogatepass")),
    ),
)  # fmt: skip
def test_altered(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check(form, tmp_path)
