"""The archives that tensorflow-datasets prepares sets from: are they here, can they be had, are they whole?

Asked before tensorflow-datasets is imported: left to itself it retries an unreachable address for minutes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from neural_predictor.errors import SourceError
from neural_predictor.images.registry import image_source
from neural_predictor.io.files import sha256
from neural_predictor.io.untrusted import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neural_predictor.images.registry import Archive

REACH_TIMEOUT_S = 5.0
_STATUSES_WITHOUT_HEAD = (405, 501)
"""HTTP statuses of a server that is there and does not answer HEAD."""


def manual_folder(folder: Path, manual: Path | None) -> Path:
    """Where archives that were brought by hand lie: the user's folder, or the one inside `folder`."""
    return manual if manual is not None else folder / "downloads" / "manual"


def prepared_folder(name: str, folder: Path) -> Path:
    """Where tensorflow-datasets keeps a prepared set: `<folder>/<builder>/<version>`."""
    source = image_source(name)
    return folder / str(source.builder) / str(source.version)


def is_prepared(name: str, folder: Path) -> bool:
    """Whether tensorflow-datasets has prepared the set; it renames the folder into place when it is complete."""
    return (prepared_folder(name, folder) / "dataset_info.json").is_file()


def require(name: str, folder: Path, manual: Path | None, *, download: bool) -> None:
    """See to it that a set can be prepared, or say at once what is missing.

    Args:
        name: of the set.
        folder: where sets are prepared.
        manual: the user's folder of archives.
        download: whether the network may be used.

    Raises:
        SourceError: which files are missing, their sizes, where to put them, and why they cannot be downloaded.
    """
    missing = [archive for archive in image_source(name).archives if not _is_here(archive, folder, manual)]
    if is_prepared(name, folder) or not missing:
        return
    if image_source(name).registration is not None:
        raise SourceError(absent(name, folder, manual, missing, None))
    if not download:
        raise SourceError(absent(name, folder, manual, missing, "downloads are not allowed"))
    for archive in missing:
        if fault := unreachable(archive.url):
            raise SourceError(absent(name, folder, manual, missing, f"{archive.url} cannot be reached: {fault}"))


def _is_here(archive: Archive, folder: Path, manual: Path | None) -> bool:
    return (manual_folder(folder, manual) / archive.file).is_file() or any(
        archive.url in _downloaded(info) and info.with_suffix("").is_file()
        for info in (folder / "downloads").glob("*/*.INFO")
    )


def _downloaded(info: Path) -> list[str]:
    """Addresses of a file that tensorflow-datasets has downloaded, from the note beside it."""
    try:
        urls = parse_json(info.read_text(encoding="utf-8"))["urls"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [url for url in urls if isinstance(url, str)] if isinstance(urls, list) else []


def absent(name: str, folder: Path, manual: Path | None, missing: list[Archive], why: str | None) -> str:
    """The message for archives that are not there."""
    source = image_source(name)
    files = "\n".join(
        f"  {archive.file}  {archive.bytes:,} bytes" + ("" if source.registration else f"  {archive.url}")
        for archive in missing
    )
    how = source.registration or f"they were not downloaded: {why}"
    return (
        f"{name}: there is no prepared set {prepared_folder(name, folder)}, and not all archives to prepare it from.\n"
        f"Put into the folder {manual_folder(folder, manual)}\n{files}\n"
        f"and run the same command again ({how})."
    )


def unreachable(url: str) -> str | None:
    """Why an address does not answer within `REACH_TIMEOUT_S`, or None if it does.

    The question is asked by a thread, for no time-out bounds the look-up of a host's name.
    """
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(_ask(url)), daemon=True)
    thread.start()
    thread.join(REACH_TIMEOUT_S)
    return answers[0] if answers else f"no answer within {REACH_TIMEOUT_S:g} s"


def _ask(url: str) -> str | None:
    import requests

    try:
        with requests.head(url, timeout=REACH_TIMEOUT_S, allow_redirects=True) as reply:
            good = reply.ok or reply.status_code in _STATUSES_WITHOUT_HEAD
            return None if good else f"HTTP status {reply.status_code} {reply.reason}"
    except requests.RequestException as error:
        return str(error)


def check_sizes(name: str, folder: Path, manual: Path | None, infos: Mapping[str, Any]) -> None:
    """Check the sizes of archives in the manual folder: a copy that broke off is found without reading it.

    Args:
        name: of the set.
        folder: where sets are prepared.
        manual: the user's folder of archives.
        infos: the builder's url -> object with `size` (bytes) and `checksum` (SHA-256).

    Raises:
        SourceError: naming the first file of another size.
    """
    for archive in image_source(name).archives:
        path, info = manual_folder(folder, manual) / archive.file, infos.get(archive.url)
        if info is not None and path.is_file() and path.stat().st_size != int(info.size):
            raise SourceError(
                f"{name}: {path} has {path.stat().st_size:,} bytes, not {int(info.size):,}: it is cut short or another "
                "file; delete it and bring it again"
            )


def wrong_checksum(name: str, folder: Path, manual: Path | None, infos: Mapping[str, Any]) -> str:
    """The message for archives that tensorflow-datasets refused by their checksum."""
    for archive in image_source(name).archives:
        path, info = manual_folder(folder, manual) / archive.file, infos.get(archive.url)
        if info is not None and path.is_file() and (found := sha256(path)) != info.checksum:
            return (
                f"{name}: {path} has sha256 {found}, not {info.checksum}: it was altered or is another file; "
                "delete it and bring it again"
            )
    return (
        f"{name}: what was downloaded is not the archive that tensorflow-datasets knows; try again later, or bring "
        f"the archive by hand to {manual_folder(folder, manual)}"
    )
