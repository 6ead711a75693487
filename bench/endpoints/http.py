"""Any URL over HTTP/1.1, without Lambda semantics: the status alone decides.

2xx and 3xx are OK (redirects are not followed), 429 is THROTTLED, other 4xx CLIENT_ERROR, 5xx
SERVER_ERROR, anything else PROTOCOL_ERROR.
"""

from __future__ import annotations

from bench.endpoints.front_door import DoorEndpoint


class PlainEndpoint(DoorEndpoint):
    """A URL. Timings that it returns in `x-lamload-report` are read as with front doors."""
