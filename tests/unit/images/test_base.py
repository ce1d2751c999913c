import numpy as np
import pytest

from neural_predictor.errors import FormatError
from neural_predictor.images.base import ImageSet, Split


def split(labels, ids, images=None):
    images = np.zeros((len(ids), 2, 3, 1), np.uint8) if images is None else images
    return Split(images, np.array(labels, np.int32), np.array(ids, object))


def image_set(**changes):
    splits = {"train": split([0, 1], ["a", "b"]), "validation": split([1], ["c"]), "test": split([0], ["d"])}
    return ImageSet("toys", ("red", "blue"), splits | changes)


def test_a_set_gives_ids_labels_and_shape():
    toys = image_set()
    assert toys.shape == (2, 3, 1)
    assert list(toys.ids["train"]) == ["a", "b"]
    assert toys.labels["validation"].tolist() == [1]
    assert len(toys.splits["train"]) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": split([0, 0], ["a", "b"])}, r"toys: no training image of class 'blue' \(1 of 2 classes are missing"),
        ({"test": split([0], ["b"])}, "toys: the id b is in the splits 'train' and 'test'"),
        ({"validation": split([0, 0], ["c", "c"])}, "toys, split 'validation': the id c is there twice"),
        ({"test": split([2], ["d"])}, "toys, split 'test': image d has label 2; the labels of 2 classes are 0 to 1"),
        ({"test": split([-1], ["d"])}, "image d has label -1"),
        ({"test": split([], [])}, "toys: the split 'test' has no images"),
        ({"extra": split([0], ["e"])}, "the splits are train, validation, test, extra; they must be"),
        ({"test": split([0], ["d"], np.zeros((1, 2, 2, 1), np.uint8))}, "the splits' images differ in height"),
    ],
)
def test_a_set_that_breaks_a_rule_is_refused(changes, message):
    with pytest.raises(FormatError, match=message):
        image_set(**changes)


@pytest.mark.parametrize(
    ("images", "labels", "ids", "message"),
    [
        (np.zeros((1, 2, 2, 1), np.float32), [0], ["a"], "images are float32"),
        (np.zeros((1, 2, 2), np.uint8), [0], ["a"], r"images are uint8 \(1, 2, 2\)"),
        (np.zeros((1, 2, 2, 4), np.uint8), [0], ["a"], "with 1 or 3 channels"),
        (np.zeros((2, 2, 2, 1), np.uint8), [0], ["a"], "not of the same number"),
        (np.zeros((1, 2, 2, 1), np.uint8), [0, 1], ["a"], "not of the same number"),
    ],
)
def test_arrays_of_another_shape_are_refused(images, labels, ids, message):
    with pytest.raises(FormatError, match=message):
        split(labels, ids, images)


def test_arrays_of_another_type_are_refused():
    images = np.zeros((1, 2, 2, 1), np.uint8)
    with pytest.raises(FormatError, match="labels are int64"):
        Split(images, np.zeros(1, np.int64), np.array(["a"], object))
    with pytest.raises(FormatError, match="ids <U1"):
        Split(images, np.zeros(1, np.int32), np.array(["a"]))
