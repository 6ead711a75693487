"""Why there is no connection, in words that a user can act on."""

from __future__ import annotations

import os
import re
import socket
import ssl

TLS_HINTS = {
    "CERTIFICATE_VERIFY_FAILED": "connections.ca_bundle names what to trust, "
    "connections.verify_tls = false trusts any",
    "WRONG_VERSION_NUMBER": "no TLS is spoken there, so that it may be http://",
}
"""By OpenSSL's word for it: what to do about a connection that TLS refuses."""
_SOURCE_LINE = re.compile(r" \(_ssl\.c:\d+\)$")


def reason(error: OSError) -> str:
    """What the system, the resolver or OpenSSL says, and of the last what to do."""
    if isinstance(error, ssl.SSLError):
        said = _SOURCE_LINE.sub("", str(error))
        hint = next((hint for sign, hint in TLS_HINTS.items() if sign in said), None)
        return said if hint is None else f"{said}; {hint}"
    if isinstance(error, socket.gaierror) or not error.errno:
        return str(error)
    return os.strerror(error.errno)
