"""Have tensorflow-datasets prepare a set from its archives, with its failures as advice."""

from __future__ import annotations

import logging
import shutil
import sys
import tarfile
import textwrap
import zipfile
import zlib
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from neural_predictor.errors import FormatError, SourceError, UserError
from neural_predictor.images.archives import (
    absent,
    check_sizes,
    manual_folder,
    prepared_folder,
    wrong_checksum,
)
from neural_predictor.images.registry import image_source
from neural_predictor.io.files import disk_faults
from neural_predictor.io.untrusted import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

_DISK_FULL_WORDS = ("No space left", "Not enough disk space")
"""How Python, TensorFlow and tensorflow-datasets say that the disk is full."""


@contextmanager
def locked(name: str, folder: Path) -> Iterator[bool]:
    """Let one process at a time prepare a set; the lock goes with the process.

    Yields:
        Whether another process had it first.

    Raises:
        UserError: if the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    path = folder / f".{name}.lock"
    lock = FileLock(path)
    with disk_faults(path):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
            waited = False
        except Timeout:
            logger.info("%s: another process prepares it; waiting", name)
            lock.acquire()
            waited = True
    try:
        yield waited
    finally:
        lock.release()


def prepare(name: str, folder: Path, manual: Path | None) -> Any:
    """The builder of a set, prepared; call it under `locked`, after `archives.require`.

    Args:
        name: of the set.
        folder: where sets are prepared.
        manual: folder of archives that were brought by hand.

    Returns:
        The `tensorflow_datasets.core.DatasetBuilder`.

    Raises:
        SourceError: if an archive is not the right one, or its download fails.
        FormatError: if an archive's content is damaged, or the prepared set is not one.
        UserError: when the disk is full or read-only.
    """
    source, target = image_source(name), prepared_folder(name, folder)
    fresh = _is_absent(target)
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(f"{source.builder}:{source.version}", data_dir=str(folder))
    except (ValueError, LookupError, RuntimeError) as error:
        if fresh:
            raise
        raise _not_prepared(target, error) from error
    if fresh:
        check_sizes(name, folder, manual, builder.url_infos)
        logger.info("%s: preparing %s", name, target)
        with _archive_faults(name, folder, manual, builder.url_infos), redirect_stdout(sys.stderr):
            _build(builder, name, folder, manual)
    parts = {"train", source.rule.test}
    if absent_parts := parts - set(builder.info.splits):
        raise FormatError(
            f"{target} has no part {', '.join(sorted(absent_parts))}; delete it, bring "
            f"{_files(name)} to {manual_folder(folder, manual)}, then run the same command again"
        )
    return builder


def _is_absent(target: Path) -> bool:
    """Whether a prepared set is still to be made; what stands in its place must be whole."""
    if not target.exists():
        return True
    try:
        for note in ("dataset_info.json", "features.json"):
            parse_json((target / note).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _not_prepared(target, error) from error
    return False


def _not_prepared(target: Path, error: Exception) -> FormatError:
    return FormatError(f"{target} is no prepared set ({error}); delete it, then run the same command again")


def _build(builder: Any, name: str, folder: Path, manual: Path | None) -> None:
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    own = str(image_source(name).builder)
    for left_over in (*(folder / own).glob("*incomplete*"), *(folder / "downloads" / own).glob("*.tmp.*")):
        shutil.rmtree(left_over, ignore_errors=True)
    # Extracted files are needed once, and must never be those of an earlier archive of the same name.
    extracted = folder / f".{name}.extracted"
    shutil.rmtree(extracted, ignore_errors=True)
    try:
        config = tfds.download.DownloadConfig(
            manual_dir=str(manual_folder(folder, manual)), extract_dir=str(extracted), try_download_gcs=False
        )
        builder.download_and_prepare(download_dir=str(folder / "downloads"), download_config=config)
    finally:
        shutil.rmtree(extracted, ignore_errors=True)


@contextmanager
def _archive_faults(name: str, folder: Path, manual: Path | None, infos: Mapping[str, Any]) -> Iterator[None]:
    import requests
    import tensorflow as tf
    from tensorflow_datasets.core.download import download_manager, extractor, util

    damaged = (OSError, EOFError, LookupError, ValueError, RuntimeError, AssertionError, zlib.error, tarfile.TarError)
    try:
        yield
    except download_manager.NonMatchingChecksumError as error:
        raise SourceError(wrong_checksum(name, folder, manual, infos)) from error
    except (requests.RequestException, ConnectionError, util.DownloadError) as error:
        missing = [a for a in image_source(name).archives if not (manual_folder(folder, manual) / a.file).is_file()]
        raise SourceError(absent(name, folder, manual, missing, str(error))) from error
    except (*damaged, zipfile.BadZipFile, ParseError, extractor.ExtractError, tf.errors.OpError) as error:
        if any(words in str(error) for words in _DISK_FULL_WORDS):
            raise UserError(
                f"cannot write {folder}: the disk is full: free some space, then run the same command again"
            ) from error
        if isinstance(error, OSError):
            with suppress(OSError), disk_faults(folder):
                raise error
        told = textwrap.shorten(f"{type(error).__name__}: {error}", 300)
        raise FormatError(
            f"{name}: the content of {_files(name)} is damaged ({told}); delete what is in "
            f"{manual_folder(folder, manual)} and bring it again"
        ) from error


def _files(name: str) -> str:
    return " and ".join(archive.file for archive in image_source(name).archives)
