"""A CONNECT tunnel through an HTTP proxy (RFC 9110, 9.3.6)."""

from __future__ import annotations

import asyncio
import socket

_ANSWER_LIMIT = 16 * 1024


async def open_tunnel(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, host: str, port: int
) -> None:
    """Ask the proxy at the other end of sock for a tunnel. Raises OSError when it says no."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    await loop.sock_sendall(
        sock, f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        # One byte short of nothing may follow the head: the target speaks only after we have.
        chunk = await loop.sock_recv(sock, 4096)
        answer += chunk
        if not chunk or len(answer) > _ANSWER_LIMIT:
            raise OSError(f"the proxy gave no usable answer to CONNECT {authority}")
    status_line = answer.split(b"\r\n", 1)[0].decode("latin-1")
    status = status_line.split(" ")[1:2]
    if not (status and len(status[0]) == 3 and status[0].startswith("2")):
        raise OSError(f"the proxy refused CONNECT {authority}: {status_line}")
