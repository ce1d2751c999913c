"""Splits by the ids of images: the same whatever order, machine or library reads them in.

An image's hash is the SHA-256 of "salt/id", the salt that of the set's row. Validation images are those of the smallest
hashes, and every split is kept in the order of its hashes, so that its arrays do not depend on the order of reading
either.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_predictor.images.registry import image_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from neural_predictor.images.base import Labelled
    from neural_predictor.images.registry import Rule

SPLIT_VERSION = 1
"""Raise when a rule changes: prepared arrays of an older version are then not used."""


def hash_order(salt: str, ids: Iterable[str]) -> NDArray[np.intp]:
    """Positions of ids in the order of their hashes.

    Args:
        salt: of the set, `ImageSource.salt`.
        ids: n of them.

    Returns:
        (n,) integer positions: the id of the smallest hash first.
    """
    hashes = [hashlib.sha256(f"{salt}/{id_}".encode()).digest() for id_ in ids]
    return np.array(sorted(range(len(hashes)), key=hashes.__getitem__), dtype=np.intp)


def hold_out(
    salt: str, ids: NDArray[np.object_], labels: NDArray[np.int32], rule: Rule
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Divide an official training part into training and validation images.

    Of each class (or of all images together, as the rule says) the rounded share with the smallest hashes validates,
    but never all of it.

    Args:
        salt: of the set, `ImageSource.salt`.
        ids: (n,) of the part.
        labels: (n,) of the part.
        rule: the share.

    Returns:
        Positions of the training images and of the validation images in `ids`, each in the order of their hashes.
    """
    order = hash_order(salt, ids)
    groups = labels[order] if rule.by_class else np.zeros(len(ids), np.int32)
    validates = np.zeros(len(ids), bool)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        validates[members[: min(round(rule.share * len(members)), len(members) - 1)]] = True
    return order[~validates], order[validates]


def split_protocol(image_set: Labelled) -> dict[str, Any]:
    """What a protocol says of a set's splits, JSON-serialisable.

    Args:
        image_set: in memory or streamed.

    Returns:
        `set`, `title`, `classes` (number), `rule` (words), `split_version`, and `splits`: for each split `images`
        (number) and `ids_sha256`, the SHA-256 of its sorted ids, one a line. Equal digests mean equal images.
    """
    source = image_source(image_set.name)
    return {
        "set": image_set.name,
        "title": source.title,
        "classes": len(image_set.classes),
        "rule": source.splits,
        "split_version": SPLIT_VERSION,
        "splits": {
            split: {
                "images": len(ids),
                "ids_sha256": hashlib.sha256("".join(f"{id_}\n" for id_ in sorted(ids)).encode()).hexdigest(),
            }
            for split, ids in image_set.ids.items()
        },
    }
