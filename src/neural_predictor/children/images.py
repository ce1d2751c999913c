"""The images of a set of children, as their trainer takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neural_predictor.children.feeds import Resident, Streamed
from neural_predictor.errors import ChildError
from neural_predictor.images import load_images
from neural_predictor.images.registry import image_source
from neural_predictor.images.splits import split_protocol

if TYPE_CHECKING:
    from pathlib import Path

    from neural_predictor.children.feeds import Feed


def stored_pixels(name: str, resolution: int) -> int | None:
    """Height and width in which a set is kept: its own where all are equal and smaller, otherwise the network's.

    Smaller images of one size are resized in the graph, step by step, and take less memory until then.
    """
    own = image_source(name).pixels
    return None if own is not None and own <= resolution else resolution


def open_images(
    name: str, place: Path, resolution: int, *, manual: Path | None, download: bool
) -> tuple[Feed, dict[str, Any]]:
    """The images of a set, and the protocol of their splits.

    Args:
        name: one of `images.registry.IMAGE_SETS`.
        place: the folder where sets are prepared; of a small set, its raw file.
        resolution: pixels that the network takes.
        manual: folder of archives that were brought by hand.
        download: whether missing archives may be downloaded.

    Raises:
        UserError: as `images.load_images`.
    """
    pixels = stored_pixels(name, resolution)
    if image_source(name).in_memory:
        found = load_images(name, place, pixels=pixels, manual=manual, download=download)
        return Resident(found), split_protocol(found)
    from neural_predictor.images.tfds import stream

    streamed = stream(name, place, pixels=resolution, manual=manual, download=download)
    shape = (resolution, resolution, image_source(name).channels)
    sizes = {split: len(ids) for split, ids in streamed.ids.items()}
    return Streamed(len(streamed.classes), shape, sizes, streamed.dataset), split_protocol(streamed)


def open_prepared(
    name: str, place: Path, resolution: int, *, manual: Path | None, protocol: dict[str, Any], said_by: Path
) -> Feed:
    """The images of a set that was prepared before, held to the protocol of its splits; nothing is downloaded.

    Args:
        name: one of `images.registry.IMAGE_SETS`.
        place: the folder where sets are prepared; of a small set, its raw file.
        resolution: pixels that the network takes.
        manual: folder of archives that were brought by hand.
        protocol: of the splits, as `open_images` gave it when the set was prepared.
        said_by: the file of the protocol, for messages.

    Raises:
        ChildError: if the images have another protocol.
        UserError: as `images.load_images`.
    """
    feed, found = open_images(name, place, resolution, manual=manual, download=False)
    if found != protocol:
        raise ChildError(f"{place}: other images than {said_by} says; run prepare-images again")
    return feed
