"""A target that writes down when requests came, by the kernel's own stamps.

`python tests/benchmarks/receiver.py`: prints its port, answers every read at once, and at the end
of stdin writes the stamps (CLOCK_REALTIME, ns, eight bytes each) to stdout. One request a read:
whoever calls must not pipeline.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
from array import array

SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("@qq")
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def serve(wait_s: float | None) -> None:
    """Until stdin ends. wait_s: how long to sleep for what comes; None for as long as it takes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setsockopt(
        socket.SOL_SOCKET, SO_TIMESTAMPNS, 1
    )  # a request may come with its connection
    sys.stdout.buffer.write(b"%d\n" % listener.getsockname()[1])
    sys.stdout.buffer.flush()
    epoll = select.epoll()
    epoll.register(listener.fileno(), select.EPOLLIN)
    epoll.register(sys.stdin.fileno(), select.EPOLLIN)
    sockets: dict[int, socket.socket] = {}
    stamps = array("q")
    space = socket.CMSG_SPACE(_STAMP.size)
    while True:
        for fd, _ in epoll.poll(wait_s):
            sock = sockets.get(fd)
            if sock is not None:
                data, control, _, _ = sock.recvmsg(65536, space)
                if data:
                    sock.send(_ANSWER)
                    if control:  # not before the kernel has begun to stamp
                        seconds, ns = _STAMP.unpack(control[0][2])
                        stamps.append(seconds * 1_000_000_000 + ns)
                else:
                    epoll.unregister(fd)
                    sockets.pop(fd).close()
            elif fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[sock.fileno()] = sock
                epoll.register(sock.fileno(), select.EPOLLIN)
            else:
                sys.stdout.buffer.write(stamps.tobytes())
                return


if __name__ == "__main__":
    serve(0.0 if "--awake" in sys.argv else None)
