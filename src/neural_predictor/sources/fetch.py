"""Bring one raw file of the registry (`config/sources.yaml`) to its place."""

from __future__ import annotations

import logging
import shutil
import time
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from neural_predictor.errors import SourceError
from neural_predictor.io.files import atomic, disk_faults, sha256
from neural_predictor.io.progress import progress

if TYPE_CHECKING:
    from typing import Any

    import requests

    from neural_predictor.config.project import Source

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10
"""A server that does not take a connection for this long is down: the mirror is next."""
READ_TIMEOUT_S = 60
"""How long a server may be silent, before the first byte or between two: archives fetch old files from tapes first."""
CHUNK_BYTES = 2**16
_PAGE = (b"<!doctype html", b"<html")
"""How a web page begins: a log-in, an error or a portal in place of the file."""


def fetch(name: str, source: Source, output: Path, local: Path | None = None) -> None:
    """Bring a raw file to `output`.

    Args:
        name: the source's name in the registry, for messages.
        source: its row.
        output: where the file shall be.
        local: a file of the user's to use instead; it is linked to, and may be another than the registry describes.
            Where the registry's file is a zip archive, a folder of what is in it will do: it is packed.

    Raises:
        SourceError: if the file is missing, unreachable, or not the one that the registry describes.
        UserError: if the disk is full or read-only.
    """
    with disk_faults(output):
        if local is not None:
            _link(name, source, output, local)
        elif source.package is not None:
            _copy_from_package(name, source, output)
        else:
            _download(name, source, output)


def _is_archive(source: Source) -> bool:
    return source.url is not None and source.url.endswith(".zip")


def _link(name: str, source: Source, output: Path, local: Path) -> None:
    if _is_archive(source) and local.is_dir():
        _pack(name, output, local)
        return
    if not local.is_file():
        raise SourceError(
            f"data.{name} is {str(local)!r}: no such file; correct it, or remove it to use the registry's"
        )
    if source.sha256 is not None and sha256(local) != source.sha256:
        logger.warning("%s: %s is not the file of the registry (its sha256 differs); used as you say", name, local)
    with atomic(output) as part:
        if local.stat().st_mtime > time.time():  # no job could use it: what is made of a file must be younger
            logger.warning("%s: the time of %s lies in the future; the file is copied, not linked to", name, local)
            shutil.copyfile(local, part)
        else:
            part.symlink_to(local.resolve())


def _pack(name: str, output: Path, local: Path) -> None:
    """The files of a folder, but not of folders in it, as a zip archive: a job's output cannot be a linked folder.

    Equal files give equal bytes.
    """
    files = sorted(path for path in local.iterdir() if path.is_file() and not path.name.startswith("."))
    if not files:
        raise SourceError(f"data.{name} is {str(local)!r}: no files in this folder; name the one that holds them")
    with atomic(output) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
    logger.info("%s: packed %s files of %s", name, f"{len(files):,}", local)


def _copy_from_package(name: str, source: Source, output: Path) -> None:
    spec = find_spec(str(source.package))
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = [path for folder in folders if (path := Path(folder) / str(source.path)).is_file()]
    if not found:
        raise SourceError(
            f"{name}: the Python package {source.package} with {source.path} is not installed; "
            "install this project's requirements.lock"
        )
    _check(name, source, found[0], "install this project's requirements.lock anew")
    with atomic(output) as part:
        shutil.copyfile(found[0], part)


def _check(name: str, source: Source, path: Path, advice: str) -> None:
    size = path.stat().st_size
    if source.bytes is not None and size != source.bytes:
        raise SourceError(f"{name}: {path} has {size} bytes, the registry says {source.bytes}: {advice}")
    found = sha256(path)
    if found != source.sha256:
        raise SourceError(f"{name}: {path} has sha256 {found}, the registry says {source.sha256}: {advice}")


def _download(name: str, source: Source, output: Path) -> None:
    import pooch
    import requests

    known = None if source.sha256 is None else f"sha256:{source.sha256}"
    failures = []
    output.parent.mkdir(parents=True, exist_ok=True)
    for url in filter(None, (source.url, source.mirror)):
        logger.info("%s: downloading %s", name, url)
        try:
            pooch.retrieve(
                url,
                known,
                fname=output.name,
                path=output.parent,
                downloader=download_resuming,
            )
        except (requests.RequestException, ValueError) as error:
            failures.append(f"  {url}: {error}")
        else:
            if known is None and not _accepted(name, source, output):
                failures.append(f"  {url}: what came is no whole zip archive")
                continue
            return
    raise SourceError(
        f"{name}: the download failed.\n" + "\n".join(failures) + "\n"
        "Run the same command again to go on where it stopped, or bring the file here by hand and name it in "
        f"config/config.yaml:\n  data:\n    {name}: /path/to/{Path(str(source.url)).name}"
    )


def _accepted(name: str, source: Source, output: Path) -> bool:
    """Whether a file without a published checksum looks like what it should be; says its checksum, or deletes it."""
    if _is_archive(source) and not _is_whole(output):
        output.unlink()
        return False
    logger.warning(
        "%s: no public source states the checksum of this file. What came has %d bytes and sha256 %s: write them to "
        "config/sources.yaml to hold later downloads to them",
        name,
        output.stat().st_size,
        sha256(output),
    )
    return True


def _is_whole(path: Path) -> bool:
    """Whether every file of a zip archive has the checksum that the archive says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        return False


def download_resuming(url: str, output_file: str, _pooch: Any) -> None:
    """A pooch downloader that goes on where an interrupted download stopped.

    The bytes gather in `<url>.part` beside the final file until the transfer is complete, and survive a kill. Whether
    the parts fit together, the checksum of the whole decides. A server that knows no ranges sends all of it again.

    Raises:
        requests.RequestException: for every fault of the network or the server.
    """
    import requests

    target = Path(output_file)
    part = target.with_name("." + "".join(c if c.isalnum() else "-" for c in url)[-80:] + ".part")
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)) as reply:
        if reply.status_code == requests.codes.requested_range_not_satisfiable:
            if reply.headers.get("Content-Range") == f"bytes */{have}":  # a kill came after its last byte
                part.replace(target)
                return
            part.unlink()  # it is longer than the file: it belongs to another version
            raise requests.ConnectionError("the server's file has changed since the last try")
        reply.raise_for_status()
        if reply.status_code != requests.codes.partial_content:
            have = 0
        elif not reply.headers.get("Content-Range", f"bytes {have}-").startswith(f"bytes {have}-"):
            part.unlink()
            raise requests.ConnectionError("the server sent another part of the file than was asked for")
        _gather(reply, part, have)
    part.replace(target)


def _gather(reply: requests.Response, part: Path, have: int) -> None:
    """Append what comes to the first `have` bytes of the partial file."""
    import requests

    total = have + int(reply.headers.get("Content-Length", 0))
    chunks = reply.iter_content(CHUNK_BYTES)
    chunk = next(chunks, b"")
    if have == 0 and chunk.lstrip()[:20].lower().startswith(_PAGE):  # before it takes the place of what came earlier
        raise requests.ConnectionError("a web page came in place of the file; a browser shows what it says")
    with part.open("ab" if have else "wb") as file, progress(part.name, total, "bytes") as advance:
        advance(have)
        while chunk:
            file.write(chunk)
            advance(len(chunk))
            chunk = next(chunks, b"")
    if total and part.stat().st_size < total:
        raise requests.ConnectionError(f"the connection closed after {part.stat().st_size} of {total} bytes")
