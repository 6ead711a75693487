"""A CONNECT tunnel through an HTTP proxy (RFC 9110, 9.3.6)."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from urllib.parse import unquote_to_bytes

_ANSWER_LIMIT = 16 * 1024


async def open_tunnel(
    loop: asyncio.AbstractEventLoop,
    sock: socket.socket,
    host: str,
    port: int,
    userinfo: bytes = b"",
) -> None:
    """Ask the proxy at the other end of sock for a tunnel. Raises OSError when it says no.

    userinfo: `user:password` for the proxy, percent-encoded as in its URL; empty for none.
    """
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    head = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n".encode()
    await loop.sock_sendall(sock, head + _authorization(userinfo) + b"\r\n")
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


def _authorization(userinfo: bytes) -> bytes:
    """Basic authentication (RFC 7617): the parts are decoded, a missing password is empty."""
    if not userinfo:
        return b""
    user, _, password = userinfo.partition(b":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return b"Proxy-Authorization: Basic " + b64encode(pair) + b"\r\n"
