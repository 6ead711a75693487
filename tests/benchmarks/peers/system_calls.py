"""The least that a client in Python costs: `epoll_wait`, `read` and `write`, nothing made of them.

No schedule, no clock, no parsing, no row: what lamload costs beyond this is its own. Of the answers
only the length is looked at, which must be that of the first one.
"""

from __future__ import annotations

import select
import socket
import sys
from os import read, write
from time import monotonic
from urllib.parse import urlsplit

CHUNK = 64 * 1024


def main() -> None:
    """`system_calls.py URL CONNECTIONS SECONDS`: print how many answers came."""
    url, connections, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    sockets = [socket.create_connection((host, port)) for _ in range(connections)]
    epoll = select.epoll()
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        epoll.register(one.fileno(), select.EPOLLIN)
        one.sendall(request)
    answer_bytes = answers = 0
    end_s = monotonic() + seconds
    while monotonic() < end_s:
        ready = epoll.poll(1.0, connections)
        for fd, _ in ready:
            answer = read(fd, CHUNK)
            answer_bytes = answer_bytes or len(answer)
            if len(answer) != answer_bytes or not answer:
                raise SystemExit(f"{len(answer)} bytes instead of {answer_bytes}")
            write(fd, request)
        answers += len(ready)
    print(answers)


if __name__ == "__main__":
    main()
