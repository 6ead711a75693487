"""Bytes to a descriptor whose reader may be slow, stopped or gone, without waiting for it.

O_NONBLOCK is no way out: it belongs to the open file, which a terminal shares with the shell and
everything else on it. So a thread of its own waits in write(2), and nobody has to wait for that.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic

GONE = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ECONNRESET, errno.ENXIO})
"""After one of these nobody will ever read what is written there."""
_RETRY_S = 0.05
"""Between tries at a descriptor that somebody else has made non-blocking."""


class Channel:
    """What is put in is written in order; `error` is why something of it could not be."""

    def __init__(self, fd: int, caught_up: Callable[[], None] | None = None) -> None:
        """caught_up: called whenever nothing is left to write, in the thread that has written."""
        self._fd = fd
        self._caught_up = caught_up
        self._may_wait = _may_wait(fd)
        self._waiting: deque[bytes] = deque()
        self._state = Condition()
        self._thread: Thread | None = None
        self._taken = 0
        """Bytes that the kernel has taken so far: by them one sees that somebody reads."""
        self.backlog = 0
        """Bytes that wait to be written."""
        self.error: OSError | None = None

    @property
    def is_gone(self) -> bool:
        """True once there is no reader any more; what is put in then is thrown away."""
        return self.error is not None and self.error.errno in GONE

    def put(self, data: bytes) -> None:
        """Have it written after all that was put in before; returns at once."""
        if not data or self.is_gone:
            return
        if not self._may_wait:
            self._write(data)
            if self._caught_up is not None:
                self._caught_up()
            return
        with self._state:
            self._waiting.append(data)
            self.backlog += len(data)
            self._state.notify_all()
            if self._thread is None:
                self._start()

    def wait(self, patience_s: float | None) -> bool:
        """Until all is written, or given up since there is no reader; False if it is neither.

        patience_s: how long nothing may be read before this gives up; None waits for ever.
        """
        with self._state:
            taken, since_s = self._taken, monotonic()
            while self.backlog:
                left_s = None if patience_s is None else since_s + patience_s - monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                self._state.wait(left_s)
                if self._taken != taken:
                    taken, since_s = self._taken, monotonic()
        return True

    def drop(self) -> None:
        """Forget what waits, but for what is being written."""
        with self._state:
            self._waiting.clear()
            self.backlog = 0
            self._state.notify_all()

    def _start(self) -> None:
        """Where there can be no more threads, write at once and wait for the reader after all."""
        self._thread = Thread(target=self._run, daemon=True, name="lamload-output")
        try:
            self._thread.start()
        except RuntimeError:
            self._thread, self._may_wait = None, False
            data = b"".join(self._waiting)
            self._waiting.clear()
            self.backlog = 0
            self._write(data)

    def _run(self) -> None:
        while True:
            with self._state:
                while not self._waiting:
                    self._state.wait()
                data = self._waiting.popleft()
            self._write(data)
            with self._state:
                self.backlog = sum(map(len, self._waiting))
                is_idle = not self._waiting
                self._state.notify_all()
            if is_idle and self._caught_up is not None:
                self._caught_up()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                written = os.write(self._fd, view)
            except BlockingIOError:
                _writable(self._fd)
                continue
            except OSError as error:
                self._fail(error)
                return
            view = view[written:]
            with self._state:
                self._taken += written
                self._state.notify_all()

    def _fail(self, error: OSError) -> None:
        """Of a full disk later lines may find room again; without a reader none ever will."""
        with self._state:
            self.error = error
            if self.is_gone:
                self._waiting.clear()


def _may_wait(fd: int) -> bool:
    """Whether write(2) may wait for a reader: a pipe, a socket or a terminal."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)


def _writable(fd: int) -> None:
    from select import POLLOUT, poll

    watch = poll()
    watch.register(fd, POLLOUT)
    watch.poll(_RETRY_S * 1000)
