"""Files that a node's workers need and the coordinator has: feeds, payloads, CA bundles.

The coordinator finds them in the orders and ships them in pieces; the node keeps each under the
SHA-256 of its content, and points its workers there.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from bench.errors import LamloadError, UsageError, cause_of
from bench.load.frames import WorkOrder
from bench.load.node_messages import Piece
from bench.model.profile import Client, EventSpec

PIECE_BYTES = 1 << 20
ARCHIVE = ".tar"
ROWS = "feed"
"""The option of a template that names the file of its rows."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """A file of the coordinator's, read whole: no change of it later is another run's content."""

    path: str
    content: bytes
    sha256: str
    archive: str = ""
    """The suffix of what a folder was packed into; '' for a file."""

    def pieces(self) -> Iterator[Piece]:
        """The file in order; one empty piece for an empty file."""
        suffix = self.archive or Path(self.path).suffix
        for offset in range(0, max(1, len(self.content)), PIECE_BYTES):
            yield Piece(self.sha256, suffix, offset, self.content[offset : offset + PIECE_BYTES])


def shipments(orders: Iterable[WorkOrder]) -> list[Shipment]:
    """Every file that the orders name, once. Raises UsageError for one that cannot be read."""
    named: dict[str, None] = {}

    def name(path: str) -> str:
        named[path] = None
        return path

    for order in orders:
        _with_paths(order, name)
    return [_read(path) for path in named]


def archives(functions: Iterable[str | None]) -> list[Shipment]:
    """Functions that are folders, once each, as archives: the same content, the same bytes."""
    folders = [name for name in dict.fromkeys(functions) if name and Path(name).is_dir()]
    return [_packed(folder) for folder in folders]


def _packed(folder: str) -> Shipment:
    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if "__pycache__" in Path(member.name).parts:
            return None
        member.mtime = member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    out = BytesIO()
    name = Path(folder).resolve().name
    try:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in sorted(Path(folder).rglob("*")):
                tar.add(path, f"{name}/{path.relative_to(folder)}", recursive=False, filter=plain)
    except OSError as error:
        raise UsageError(f"{folder} cannot be sent to the nodes: {cause_of(error)}") from None
    content = out.getvalue()
    return Shipment(folder, content, sha256(content).hexdigest(), ARCHIVE)


def _read(path: str) -> Shipment:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be sent to the nodes: {cause_of(error)}") from None
    return Shipment(path, content, sha256(content).hexdigest())


def _with_paths(order: WorkOrder, moved: Callable[[str], str]) -> WorkOrder:
    """The order with each path of a file replaced."""

    def event(spec: EventSpec) -> EventSpec:
        rows = spec.options.get(ROWS)
        if rows is not None:
            spec = replace(spec, options={**spec.options, ROWS: moved(rows)})
        return spec if spec.path is None else replace(spec, path=moved(spec.path))

    def events(specs: Sequence[EventSpec]) -> tuple[EventSpec, ...]:
        return tuple(map(event, specs))

    def client(own: Client) -> Client:
        bundle = own.connections.ca_bundle
        at = None if bundle is None else moved(bundle)
        connections = replace(own.connections, ca_bundle=at)
        return replace(own, events=events(own.events), connections=connections)

    target = replace(order.target, events=events(order.target.events))
    return replace(order, target=target, clients=tuple(map(client, order.clients)))


class NodeFiles:
    """The node's folder of what was shipped; nobody else can read it, and `close` removes it."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: one that is there, and that its owner removes too; a new one without it."""
        self._folder = folder
        self._paths: dict[str, Path] = {}
        self._sums: dict[str, str] = {}

    def keep(self, piece: Piece) -> None:
        """Write a piece of a file; the same one may come twice."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lamload-node-"))
        path = self._folder / f"{piece.sha256}{piece.suffix}"
        with path.open("r+b" if path.exists() else "xb") as file:
            file.seek(piece.offset)
            file.write(piece.content)
        self._paths[piece.sha256] = path

    def placed(
        self, orders: Iterable[WorkOrder], shipped: Mapping[str, str]
    ) -> tuple[WorkOrder, ...]:
        """The orders, with paths of this machine. Raises LamloadError for a file that is not whole.

        shipped: by the coordinator's path, the SHA-256 of what lies there.
        """
        return tuple(
            _with_paths(order, lambda path: self._place(shipped[path])) for order in orders
        )

    def _place(self, wanted: str) -> str:
        path = self._paths.get(wanted)
        if path is None:
            raise LamloadError(f"a file was not sent (SHA-256 {wanted})")
        if wanted not in self._sums:
            self._sums[wanted] = sha256(path.read_bytes()).hexdigest()
        if self._sums[wanted] != wanted:
            raise LamloadError(f"a file came with another content (SHA-256 {wanted} was sent)")
        return str(path)

    def unpacked(self, wanted: str) -> str:
        """The folder that was packed. Raises LamloadError for an archive that is not whole."""
        archive = Path(self._place(wanted))
        folder = archive.with_suffix("")
        if not folder.exists():
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        (inner,) = folder.iterdir()
        return str(inner)

    def close(self) -> None:
        """Remove what was shipped. Raises nothing."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
