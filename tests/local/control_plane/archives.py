"""Zip archives, good and hostile."""

from __future__ import annotations

import io
import stat
import zipfile

HANDLER = b"def handler(event, context):\n    return {'statusCode': 200, 'body': 'hi'}\n"


def archive(**files: bytes) -> bytes:
    """A zip with those files; names in keywords, `__` for a dot."""
    return named({name.replace("__", "."): content for name, content in files.items()})


def named(files: dict[str, bytes]) -> bytes:
    """A zip with entries of any name."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return sink.getvalue()


def with_modes(entries: list[tuple[str, bytes, int]]) -> bytes:
    """A zip whose entries have a Unix mode, file type included."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.create_system = 3
            entry.external_attr = mode << 16
            made.writestr(entry, content)
    return sink.getvalue()


def link(name: str, target: str) -> tuple[str, bytes, int]:
    """An entry that is a symbolic link."""
    return name, target.encode(), stat.S_IFLNK | 0o777


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> tuple[str, bytes, int]:
    """An entry that is a plain file."""
    return name, content, stat.S_IFREG | mode
