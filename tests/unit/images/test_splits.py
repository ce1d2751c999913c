import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_predictor.images.registry import IMAGE_SETS, Rule
from neural_predictor.images.splits import hash_order, hold_out
from support.pins import assert_pinned, digest


def ids(n, form="train_{:05d}"):
    return np.array([form.format(row) for row in range(n)], object)


def test_the_order_is_that_of_the_hashes():
    hashes = [hashlib.sha256(f"toys/{id_}".encode()).hexdigest() for id_ in ids(50)]
    assert [hashes[row] for row in hash_order("toys", ids(50))] == sorted(hashes)
    assert hash_order("others", ids(50)).tolist() != hash_order("toys", ids(50)).tolist()


@pytest.mark.parametrize(
    ("name", "first", "split"),
    [
        ("digits", [4155, 4935, 4487, 2469, 4973], "5cb120ed32e28e89"),
        ("mnist5k", [1624, 475, 17, 1317, 2450], "41425a429544ae66"),
        ("cifar100", [4065, 582, 1626, 4705, 4389], "aaf29f7356e67237"),
        ("caltech101", [1355, 2818, 603, 2111, 424], "a0b6c78c32fdf80c"),
        ("oxford_pet", [4316, 1820, 32, 1600, 2584], "7eaa7158436644f6"),
        ("imagenet", [3696, 2894, 131, 4406, 1671], "52ea07317a963b02"),
    ],
)
def test_the_split_of_a_set_is_the_one_of_before(name, first, split):
    source, labels = IMAGE_SETS[name], np.arange(5000, dtype=np.int32) % 37
    assert_pinned(hash_order(source.salt, ids(5000))[:5].tolist(), first)
    assert_pinned(digest(*hold_out(source.salt, ids(5000), labels, source.rule)), split)


def test_every_set_is_pinned(request):
    pinned = next(
        mark for mark in test_the_split_of_a_set_is_the_one_of_before.pytestmark if mark.name == "parametrize"
    )
    assert {row[0] for row in pinned.args[1]} == set(IMAGE_SETS)


def test_cifar100_has_45000_training_and_5000_validation_images_of_every_class():
    labels = np.arange(50_000, dtype=np.int32) % 100
    train, validation = hold_out("cifar100", ids(50_000), labels, IMAGE_SETS["cifar100"].rule)
    assert (len(train), len(validation)) == (45_000, 5_000)
    assert sorted([*train, *validation]) == list(range(50_000))
    assert set(labels[train]) == set(labels[validation]) == set(range(100))
    order = hash_order("cifar100", ids(50_000))
    assert validation.tolist() == order[:5_000].tolist()


@given(st.permutations(range(30)), st.sampled_from([Rule(0.2, True), Rule(0.1, False)]))
def test_a_split_does_not_depend_on_the_order_of_reading(order, rule):
    names, labels = ids(30), np.arange(30, dtype=np.int32) % 3
    for one, other in zip(
        hold_out("toys", names, labels, rule), hold_out("toys", names[order], labels[order], rule), strict=True
    ):
        assert names[one].tolist() == names[order][other].tolist()


def test_the_share_is_taken_of_each_class():
    labels = np.repeat(np.arange(4, dtype=np.int32), [30, 10, 2, 1])
    train, validation = hold_out("toys", ids(43), labels, Rule(0.2, True))
    assert np.bincount(labels[train]).tolist() == [24, 8, 2, 1]
    assert np.bincount(labels[validation]).tolist() == [6, 2]


def test_a_class_of_its_own_keeps_a_training_image():
    labels = np.zeros(2, np.int32)
    train, validation = hold_out("toys", ids(2), labels, Rule(0.9, True))
    assert (len(train), len(validation)) == (1, 1)
