"""An open connection as bytes in both directions, plain or under TLS, read by ourselves.

By ourselves, since an event loop's own reading loses what the kernel knows: when the bytes came.
TLS runs over memory: what is stamped is what carries the last record. Reading is on every
invocation's way: it takes as few calls as it can, in the steps of a `Source`.

What breaks is told once, by `ended`, and from the event loop: never from within `send`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from os import read, write
from time import monotonic_ns
from typing import Protocol

from bench.model.times import NEVER
from bench.wire.readiness import Readiness, Taken
from bench.wire.receipts import STAMP_SPACE, ReceiptClock, ask_for_stamps

_CHUNK = 64 * 1024
"""Bytes read at once, at most."""
_RECORD = 16 * 1024
"""The most that a TLS record holds (RFC 8446, 5.1)."""


class Receiver(Protocol):
    """Whoever gets what a stream reads."""

    def received(self, data: bytes, read_ns: int, receipt_ns: int) -> None:
        """Bytes, read at read_ns of the monotonic clock.

        receipt_ns: when the last of them came, by the kernel; NEVER where that is not known.
        """

    def ended(self, error: Exception | None) -> None:
        """Nothing more comes: the other side has closed (None), or an error."""


class Stream:
    """A plain TCP connection. Say what it is `read_by` before the loop gets its turn."""

    __slots__ = (
        "_error",
        "_fd",
        "_readiness",
        "_receipts",
        "_receiver",
        "_sock",
        "_stamped",
        "unsent",
    )

    seals = False
    """Whether what is sent has to be sealed before, and what is read opened."""
    _receiver: Receiver

    def __init__(self, sock: socket.socket, readiness: Readiness, receipts: ReceiptClock) -> None:
        self._sock = sock
        self._fd = sock.fileno()
        self._error: Exception | None = None
        self.unsent = b""
        """What the kernel has not taken yet."""
        self._receipts = receipts
        self._stamped = ask_for_stamps(sock)
        self._readiness = readiness
        readiness.watch(self._fd, self)

    def read_by(self, receiver: Receiver) -> None:
        """Give it what comes from now on, and the end."""
        self._receiver = receiver

    @property
    def fd(self) -> int:
        """To be written to directly as long as nothing is unsent; -1 once it is closed."""
        return self._fd

    def seal(self, data: bytes) -> bytes:
        """What has to be written for the other side to read this."""
        return data

    def send(self, sealed: bytes | memoryview) -> None:
        """Write what the kernel takes now, and the rest when it takes more."""
        if self._fd < 0:
            return
        if self.unsent:
            self.unsent += sealed
            return
        written = 0
        with suppress(OSError):  # a full buffer, or an error that reading tells of
            written = write(self._fd, sealed)
        if written < len(sealed):
            self.unsent = bytes(sealed[written:])
            self._readiness.want_room(self._fd, True)

    def close(self) -> None:
        """Give the descriptor back at once."""
        if self._fd >= 0:
            self._readiness.forget(self._fd)
            self._fd = -1
            self._sock.close()
            del self._receiver  # it holds this object: a cycle that nothing else breaks

    def take(self) -> Taken | None:
        """Read what there is, with its instants; send what is unsent."""
        if self.unsent:
            self._send_rest()
        receipts = self._receipts
        receipt_ns = NEVER
        try:
            if receipts.unstamped_left > 0 or not self._stamped:
                data = read(self._fd, _CHUNK)
                read_ns = monotonic_ns()
                receipts.unstamped_left -= 1
            else:
                data, control, _, _ = self._sock.recvmsg(_CHUNK, STAMP_SPACE)
                read_ns = monotonic_ns()
                receipt_ns = receipts.received_ns(control, read_ns)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self._error = error
            return b"", NEVER, NEVER
        return data, read_ns, receipt_ns

    def opened(self, data: bytes) -> bytes | None:
        """What was read, as it is."""
        return data

    def give(self, data: bytes, read_ns: int, receipt_ns: int) -> None:
        """Hand it to the receiver, or the end; nothing, if this was closed meanwhile."""
        if self._fd < 0:
            return
        if data:
            self._receiver.received(data, read_ns, receipt_ns)
        else:
            self._end()

    def _send_rest(self) -> None:
        try:
            self.unsent = self.unsent[write(self._fd, self.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self.unsent = b""  # reading tells of it, after what came before
        if not self.unsent:
            self._readiness.want_room(self._fd, False)

    def _end(self) -> None:
        receiver = self._receiver
        self.close()
        receiver.ended(self._error)


class TlsStream(Stream):
    """A connection under TLS, which runs over memory."""

    __slots__ = ("_incoming", "_is_over", "_outgoing", "_tls")

    seals = True

    def __init__(
        self,
        sock: socket.socket,
        readiness: Readiness,
        receipts: ReceiptClock,
        session: TlsSession,
    ) -> None:
        """session: with whom its hands have been shaken, and nothing read since."""
        super().__init__(sock, readiness, receipts)
        self._tls, self._incoming, self._outgoing = session.tls, session.incoming, session.outgoing
        self._is_over = False

    def seal(self, data: bytes) -> bytes:
        """Records; nothing, of a session that is broken."""
        try:
            self._tls.write(data)
        except ssl.SSLError:
            return b""
        return self._outgoing.read()

    def close(self) -> None:
        """Say so to the other side, which is asked for no answer."""
        if self._fd >= 0:
            with suppress(OSError):  # SSLWantRead among them: its answer is not waited for
                self._tls.unwrap()
            if not self.unsent:
                with suppress(OSError):
                    write(self._fd, self._outgoing.read())
        super().close()

    def opened(self, data: bytes) -> bytes | None:
        """Decrypted; nothing at an end, whoever made it, and None within a record."""
        if not data:
            return b""
        incoming, decrypted = self._incoming, self._tls.read
        incoming.write(data)
        parts: list[bytes] = []
        try:
            while incoming.pending:
                part = decrypted(_RECORD)
                if not part:
                    self._is_over = True
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass  # the rest of a record is still to come
        except ssl.SSLError as error:
            self._error, self._is_over = error, True
        if self._outgoing.pending:
            self.send(self._outgoing.read())
        if len(parts) == 1:
            return parts[0]
        return b"".join(parts) if parts or self._is_over else None

    def give(self, data: bytes, read_ns: int, receipt_ns: int) -> None:
        """What was decrypted, and the end too if that came with it."""
        if self._fd < 0:
            return
        if data:
            self._receiver.received(data, read_ns, receipt_ns)
        if (self._is_over or not data) and self._fd >= 0:  # the receiver may have closed this
            self._end()


class TlsSession:
    """TLS over memory, from the handshake on."""

    __slots__ = ("incoming", "outgoing", "tls")

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)

    async def shake_hands(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        """Until both sides agree. Raises ssl.SSLError if they do not, OSError if it breaks."""
        agreed = False
        while not agreed:
            try:
                self.tls.do_handshake()
                agreed = True
            except ssl.SSLWantReadError:
                pass
            finally:  # also the alert that says why not
                if self.outgoing.pending:
                    await loop.sock_sendall(sock, self.outgoing.read())
            if not agreed:
                chunk = await loop.sock_recv(sock, _RECORD)
                if not chunk:
                    raise ConnectionResetError("the server closed the connection during TLS")
                self.incoming.write(chunk)
