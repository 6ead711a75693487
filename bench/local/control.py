"""The control port: what the server saw, and the faults that it plays."""

from __future__ import annotations

import json
from typing import Any

from bench.local.dispatcher import Dispatcher
from bench.local.model import HttpRequest, HttpResponse
from bench.local.service import Reply


class Control:
    """GET /stats, GET /healthz, POST /faults."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def handle(self, request: HttpRequest, _: Reply) -> HttpResponse:
        """Any request of the control port."""
        asked = request.method, request.raw_path
        if asked == ("GET", "/healthz"):
            return _json(200, {"status": "ok"})
        if asked == ("GET", "/stats"):
            return _json(200, self._dispatcher.figures())
        return _json(404, {"message": "There are GET /stats, GET /healthz and POST /faults"})


def _json(status: int, document: Any) -> HttpResponse:
    body = json.dumps(document).encode() + b"\n"
    return HttpResponse(status, (("Content-Type", "application/json"),), body)
