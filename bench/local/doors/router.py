"""An API with routes to several functions: the one that fits a request best gets it.

Sources: the API Gateway guides, "Create routes for HTTP APIs" (a route without variables before one
with, a greedy one after both, `$default` last) and "Set up a proxy integration" of REST APIs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from bench.lambda_facts import ERROR_TYPE_HEADER
from bench.local.doors.base import MatchedRoute
from bench.local.doors.served import REST_STAGE, FrontDoor
from bench.local.http.service import Reply
from bench.local.model import HttpRequest, HttpResponse
from bench.local.options import Route
from bench.model.endpoint import EndpointKind

DEFAULT = "$default"


class Routed(NamedTuple):
    """A route and the door of its function."""

    route: Route
    door: FrontDoor


class Router:
    """All routes of one kind of API."""

    def __init__(self, kind: str, routes: Sequence[Routed]) -> None:
        self._kind = kind
        self._routes = sorted(routes, key=lambda each: _rank(each.route))

    def gate(self, request: HttpRequest) -> int:
        """How much of a body is taken: as much as by each of its doors."""
        return self._routes[0].door.gate(request)

    async def handle(self, request: HttpRequest, reply: Reply) -> HttpResponse | None:
        """Any request of this port."""
        path = request.raw_path
        if self._kind == EndpointKind.REST:
            path = path.removeprefix(f"/{REST_STAGE}")
        for route, door in self._routes:
            parameters = parameters_of(route, request.method, path)
            if parameters is not None:
                matched = MatchedRoute(route.key, route.path, parameters)
                return await door.handle(request, reply, matched)
        return self._not_found()

    def _not_found(self) -> HttpResponse:
        json_type = ("Content-Type", "application/json")
        if self._kind != EndpointKind.REST:
            return HttpResponse(404, (json_type,), b'{"message":"Not Found"}')
        error = (ERROR_TYPE_HEADER, "MissingAuthenticationTokenException")
        body = json.dumps({"message": "Missing Authentication Token"}).encode()
        return HttpResponse(403, (json_type, error), body)


def parameters_of(route: Route, method: str, raw_path: str) -> dict[str, str] | None:
    """What a route's variables stand for in a request, decoded; None if it is not for that."""
    if route.method not in ("ANY", method):
        return None
    if route.path == DEFAULT:
        return {}
    wanted, given = _parts(route.path), _parts(raw_path)
    found: dict[str, str] = {}
    for at, part in enumerate(wanted):
        if part.startswith("{") and part.endswith("+}"):
            rest = "/".join(given[at:])
            return found | {part[1:-2]: unquote(rest)} if rest else None
        if at >= len(given):
            return None
        if part.startswith("{") and part.endswith("}"):
            found[part[1:-1]] = unquote(given[at])
        elif part != unquote(given[at]):
            return None
    return found if len(given) == len(wanted) else None


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _rank(route: Route) -> tuple[bool, list[int], bool]:
    """Which of several routes that fit comes first."""
    kinds = [
        2 if part.endswith("+}") else 1 if part.startswith("{") else 0
        for part in _parts(route.path)
    ]
    return route.path == DEFAULT, kinds, route.method == "ANY"
