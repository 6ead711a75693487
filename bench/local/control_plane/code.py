"""Code archives: a zip becomes a folder that nothing in it can leave.

Refused before anything is written: too large, a zip bomb, names or links that point outside,
encrypted or exotic entries. A folder is named by the archive's SHA-256 and never changes, so
versions with the same code share it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.local.http.api_error import ApiError, invalid_parameter

UNZIPPED_LIMIT_BYTES = 262_144_000
ZIPPED_LIMIT_BYTES = 52_428_800
STORAGE_LIMIT_BYTES = 80_530_636_800
"""Of all archives of an account, each version's counted."""
ENTRY_LIMIT = 100_000
DEPTH_LIMIT = 100
CHUNK_BYTES = 256 * 1024

_NOT_A_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
_CENTRAL_HEADER = b"PK\x01\x02"


@dataclass(frozen=True, slots=True)
class Code:
    """Unpacked code. sha256 is base64, as the API has it; size_bytes is the archive's."""

    folder: str
    sha256: str
    size_bytes: int


def decode(text: object) -> bytes:
    """The archive of a request's `ZipFile`; raises ApiError 400 for no base64, 413 for too much."""
    if not isinstance(text, str):
        raise invalid_parameter(_NOT_A_ZIP)
    if len(text) > ZIPPED_LIMIT_BYTES * 4 // 3 + 4:
        raise ApiError(
            413,
            "RequestTooLargeException",
            "Request must be smaller than 69905067 bytes for the CreateFunction operation",
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_parameter(_NOT_A_ZIP) from error


def sha256(archive: bytes) -> str:
    """Base64 of the SHA-256, the API's CodeSha256."""
    return base64.b64encode(hashlib.sha256(archive).digest()).decode("ascii")


def unpack(archive: bytes, parent: Path) -> Code:
    """Unpack an archive into a folder below parent.

    Raises ApiError 400 for what is no usable archive; nothing is left behind then.
    """
    name = hashlib.sha256(archive).hexdigest()
    folder = parent / name
    if not folder.is_dir():
        unfinished = parent / f".{uuid.uuid4().hex}"
        try:
            unfinished.mkdir(mode=0o700, parents=True)
            _extract(archive, unfinished)
            _settle(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return Code(str(folder), sha256(archive), len(archive))


def _settle(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():  # else: another request has just unpacked the same archive
            raise


def _extract(archive: bytes, folder: Path) -> None:
    if archive.count(_CENTRAL_HEADER) > ENTRY_LIMIT:
        raise invalid_parameter(f"The archive has more than {ENTRY_LIMIT} entries")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = list(_checked(opened.infolist()))
            if not any(not entry.is_dir() for entry in entries):
                raise invalid_parameter("Uploaded file must be a non-empty zip")
            _write_all(opened, entries, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise invalid_parameter(_NOT_A_ZIP) from error
    except (OSError, RuntimeError) as error:  # a file where a folder must be, a password, …
        raise invalid_parameter(f"Could not unzip uploaded file: {type(error).__name__}") from error


def _checked(entries: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    declared = 0
    for entry in entries:
        declared += entry.file_size
        if declared > UNZIPPED_LIMIT_BYTES:
            raise _too_large()
        _check_name(entry.filename)
        if entry.flag_bits & 0x1:
            raise invalid_parameter("The archive has encrypted entries")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise invalid_parameter(_NOT_A_ZIP)
        if _kind(entry) not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise invalid_parameter(f"{_shown(entry)} is neither a file, a folder nor a link")
        yield entry


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if (
        not name
        or name.startswith("/")
        or "\\" in name
        or "\0" in name
        or ".." in path.parts
        or (len(name) > 1 and name[1] == ":")
        or len(path.parts) > DEPTH_LIMIT
    ):
        raise invalid_parameter(f"The archive has an entry outside of its folder: {name[:100]!r}")


def _kind(entry: zipfile.ZipInfo) -> int:
    """The file type of the Unix mode; 0 for archives that have none."""
    return stat.S_IFMT(entry.external_attr >> 16)


def _write_all(opened: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path) -> None:
    """Files first, links last: so nothing is ever written through a link."""
    links = [entry for entry in entries if _kind(entry) == stat.S_IFLNK]
    written = 0
    for entry in entries:
        target = folder / entry.filename
        if entry.is_dir() or _kind(entry) == stat.S_IFDIR:
            target.mkdir(parents=True, exist_ok=True)
        elif _kind(entry) != stat.S_IFLNK:
            written += _write(opened, entry, target, UNZIPPED_LIMIT_BYTES - written)
    for entry in links:
        _link(opened, entry, folder)
    for entry in links:
        if not _inside(folder / entry.filename, folder):
            raise invalid_parameter(f"{_shown(entry)} points out of the archive")


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, room: int) -> int:
    """Write one file; what is unpacked counts, not what the archive declares."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, target.open("wb") as sink:
        while chunk := source.read(CHUNK_BYTES):
            written += len(chunk)
            if written > room:
                raise _too_large()
            sink.write(chunk)
    runs = (entry.external_attr >> 16) & 0o111
    target.chmod(0o755 if runs else 0o644)
    return written


def _link(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    if entry.file_size > 4096:
        raise invalid_parameter(f"{_shown(entry)} is no link")
    with opened.open(entry) as source:
        text = source.read(4097).decode("utf-8")
    path = folder / entry.filename.rstrip("/")
    if not text or text.startswith("/") or "\0" in text or len(text) > 4096:
        raise invalid_parameter(f"{_shown(entry)} points out of the archive")
    if path.exists() or path.is_symlink() or not _inside(path.parent, folder):
        raise invalid_parameter(f"{_shown(entry)} is in the archive twice")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(text)


def _inside(path: Path, folder: Path) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real == root or real.startswith(root + os.sep)


def _shown(entry: zipfile.ZipInfo) -> str:
    return f"Entry {entry.filename[:100]!r}"


def _too_large() -> ApiError:
    return invalid_parameter(f"Unzipped size must be smaller than {UNZIPPED_LIMIT_BYTES} bytes")
