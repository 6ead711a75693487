"""Whether the embedded Lambda runs at a port of this machine."""

from __future__ import annotations

import http.client
import json

from bench.errors import TargetError

LIMIT_S = 3.0
PATH = "/2016-08-19/account-settings"
"""An operation that needs no function."""


def check_served(port: int) -> None:
    """Raise TargetError unless a Lambda API answers at the port of 127.0.0.1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.request("GET", PATH, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"})
        answered = json.loads(connection.getresponse().read())
        served = "AccountLimit" in answered or "message" in answered
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        served = False
    finally:
        connection.close()
    if not served:
        raise TargetError(
            f"no embedded Lambda answers at port {port}: start `lamload local` elsewhere, "
            "or name its port with --port"
        )
