"""Tiny archives in the true formats of the image sets, with every class; and their checksums, for the builders.

Images are small and of one colour a class, with the copy's number in the blue channel, so that a test can tell them
apart. Each writer takes `spoil`, a map of a member's name to other bytes for it (None leaves it out).
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from neural_predictor.images.registry import image_source

PETS = "https://thor.robots.ox.ac.uk/~vgg/data/pets"
IMAGENET = "http://www.image-net.org/challenges/LSVRC/2012/nnoupb"


def picture(label, copy, height=6, width=9, kind="JPEG"):
    """An encoded image whose colours say class and copy."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = label % 250, 90 + label // 250 * 40, copy % 250
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def write_tar(target, members, mode, spoil):
    """Write members (name -> bytes) to a path or file object."""
    place = {"fileobj": target} if hasattr(target, "write") else {"name": target}
    with tarfile.open(mode=mode, **place) as tar:
        for name, data in (members | spoil).items():
            if data is not None:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def cifar100(folder, *, train=12, test=2, spoil=None):
    """The binary version: a record is coarse label, fine label, 1,024 bytes each of red, green and blue."""

    def records(copies):
        table = np.zeros((100 * copies, 3074), np.uint8)
        table[:, 1] = np.tile(np.arange(100), copies)
        table[:, 0] = table[:, 1] // 5
        table[:, 2:1026] = table[:, 1:2]
        table[:, 2050:] = np.repeat(np.arange(copies), 100)[:, None]
        return table.tobytes()

    members = {
        "cifar-100-binary/coarse_label_names.txt": "\n".join(f"coarse {i}" for i in range(20)).encode(),
        "cifar-100-binary/fine_label_names.txt": "\n".join(f"fine {i}" for i in range(100)).encode(),
        "cifar-100-binary/train.bin": records(train),
        "cifar-100-binary/test.bin": records(test),
    }
    path = Path(folder) / "cifar-100-binary.tar.gz"
    write_tar(path, members, "w:gz", spoil or {})
    return {"https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz": path}


def class_names(name):
    """The classes that a builder knows."""
    import tensorflow_datasets as tfds

    file = {
        "caltech101": "image_classification/caltech101_labels.txt",
        "imagenet": "datasets/imagenet2012/labels.txt",
    }
    return Path(tfds.core.tfds_path(file[name])).read_text().split()


def caltech101(folder, *, copies=32, spoil=None):
    """A gzipped tar of one folder a class, inside a zip file."""
    members = {}
    for label, name in enumerate(class_names("caltech101")):
        class_folder = "BACKGROUND_Google" if name == "background_google" else name
        image = picture(label, 7)
        members |= {f"101_ObjectCategories/{class_folder}/image_{copy:04d}.jpg": image for copy in range(1, copies + 1)}
    inner = io.BytesIO()
    write_tar(inner, members, "w:gz", spoil or {})
    path = Path(folder) / "caltech-101.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("caltech-101/101_ObjectCategories.tar.gz", inner.getvalue())
    return {"https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip?download=1": path}


def oxford_pet(folder, *, train=5, test=2, spoil=None):
    """Two tar files: images, and annotations with lists of both parts, masks and heads."""
    images, notes, lists = {}, {}, {"trainval": "", "test": ""}
    mask = io.BytesIO()
    Image.fromarray(np.ones((6, 9), np.uint8)).save(mask, "PNG")
    head = (
        b"<annotation><size><width>9</width><height>6</height></size><object><bndbox><xmin>1</xmin><ymin>1</ymin>"
        b"<xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>"
    )
    for label in range(37):
        for copy in range(train + test):
            key = f"breed{label}_{copy}"
            images[f"images/{key}.jpg"] = picture(label, copy)
            notes[f"annotations/trimaps/{key}.png"] = mask.getvalue()
            if copy < train:
                notes[f"annotations/xmls/{key}.xml"] = head
            lists["trainval" if copy < train else "test"] += f"{key} {label + 1} {1 + label % 2} 1\n"
    notes |= {f"annotations/{name}.txt": text.encode() for name, text in lists.items()}
    paths = {name: Path(folder) / f"{name}.tar.gz" for name in ("images", "annotations")}
    write_tar(paths["images"], images, "w", spoil or {})  # as the real ones: not gzipped, whatever their names say
    write_tar(paths["annotations"], notes, "w", {})
    return {f"{PETS}/{name}.tar.gz": path for name, path in paths.items()}


def imagenet(folder, *, train=3, test=40, spoil=None):
    """A tar of one tar a class, and a tar of validation images whose labels the builder knows by their order."""
    classes = {}
    for label, name in enumerate(class_names("imagenet")):
        inner = io.BytesIO()
        members = {f"{name}_{copy}.JPEG": image for copy, image in enumerate([picture(label, 7)] * train)}
        write_tar(inner, members, "w", {key: data for key, data in (spoil or {}).items() if key.startswith(name)})
        classes[f"{name}.tar"] = inner.getvalue()
    paths = {part: Path(folder) / f"ILSVRC2012_img_{part}.tar" for part in ("train", "val")}
    write_tar(paths["train"], classes, "w", {})
    images = {f"ILSVRC2012_val_{row:08d}.JPEG": picture(row, 7) for row in range(1, test + 1)}
    write_tar(paths["val"], images, "w", {})
    return {f"{IMAGENET}/{path.name}": path for path in paths.values()}


WRITERS = {
    "cifar100": cifar100,
    "caltech101": caltech101,
    "oxford_pet": oxford_pet,
    "imagenet": imagenet,
}


@contextmanager
def known(name, files):
    """Make a builder expect these files (url -> path) instead of the real ones."""
    import tensorflow_datasets as tfds

    infos = tfds.builder_cls(image_source(name).builder).url_infos
    before = dict(infos)
    infos.update({url: tfds.core.download.checksums.compute_url_info(path) for url, path in files.items()})
    try:
        yield
    finally:
        infos.clear()
        infos.update(before)


def write_site(folder, name, files):
    """Write a `sitecustomize.py` that does as `known` in every Python that has `folder` in PYTHONPATH."""
    wanted = json.dumps({url: str(path) for url, path in files.items()})
    (Path(folder) / "sitecustomize.py").write_text(f"""
import json, sys

class Hook:
    def find_spec(self, module, path=None, target=None):
        if module == "neural_predictor.images.prepare":
            sys.meta_path.remove(self)
            import tensorflow_datasets as tfds
            compute = tfds.core.download.checksums.compute_url_info
            infos = tfds.builder_cls({image_source(name).builder!r}).url_infos
            infos.update({{url: compute(path) for url, path in json.loads({wanted!r}).items()}})

sys.meta_path.insert(0, Hook())
""")
