"""The control port: what the server saw, and the faults that it plays."""

from __future__ import annotations

import hmac
import json
from typing import Any

from bench.errors import ProfileError
from bench.local.doors.fault_player import FaultPlayer
from bench.local.execution.dispatcher import Dispatcher
from bench.local.http.service import Reply
from bench.local.model import HttpRequest, HttpResponse
from bench.model.load import Shift


class Admin:
    """GET /stats, GET /healthz; GET, POST and DELETE /faults; POST /turns.

    Every user of this machine reaches the port: who changes something has to know the token.
    """

    def __init__(self, dispatcher: Dispatcher, faults: FaultPlayer, token: str) -> None:
        self._dispatcher = dispatcher
        self._faults = faults
        self._authorization = f"Bearer {token}".encode()

    async def handle(self, request: HttpRequest, _: Reply) -> HttpResponse:
        """Any request of the control port."""
        given = (request.header("Authorization") or "").encode()
        if request.method != "GET" and not hmac.compare_digest(given, self._authorization):
            return _json(401, {"message": "send Authorization: Bearer and the control_token"})
        match request.method, request.raw_path:
            case "GET", "/healthz":
                return _json(200, {"status": "ok"})
            case "GET", "/stats":
                return _json(200, self._dispatcher.figures() | {"faults": self._faults.struck})
            case "GET", "/faults":
                return _json(200, {"faults": list(self._faults.tables)})
            case "POST", "/faults":
                return self._replace(request.body)
            case "POST", "/turns":
                return self._expect(request.body)
            case "DELETE", "/faults":
                return self._replace(b"[]")
        return _json(404, {"message": "there are GET /stats, GET /healthz and POST /faults"})

    def _replace(self, body: bytes) -> HttpResponse:
        """A list of faults, or an object with it as `faults`: they are in force from now on."""
        try:
            given = json.loads(body or b"[]")
            tables = given.get("faults", [given]) if isinstance(given, dict) else given
            if not isinstance(tables, list):
                raise ValueError("faults are a list of tables")
            self._faults.replace(tables)
        except ProfileError as error:
            return _json(400, {"message": str(error), "problems": error.lines()})
        except (ValueError, RecursionError) as error:
            return _json(400, {"message": f"faults: {error}"})
        return _json(200, {"faults": tables})

    def _expect(self, body: bytes) -> HttpResponse:
        """By function, the instants (of CLOCK_MONOTONIC, in ns) at which it has a turn.

        shifts: [instant, instant that it counts as, whether the plan goes on from there], …
        """
        try:
            given = json.loads(body)
            turns = {
                str(name): [int(start) for start in starts]
                for name, starts in given["turns"].items()
            }
            shifts = [
                Shift(int(at), int(plan), bool(runs)) for at, plan, runs in given.get("shifts", ())
            ]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return _json(400, {"message": "turns are an object of lists of instants"})
        self._faults.expect(turns, shifts)
        return _json(200, {"turns": turns})


def _json(status: int, document: Any) -> HttpResponse:
    body = json.dumps(document).encode() + b"\n"
    return HttpResponse(status, (("Content-Type", "application/json"),), body)
