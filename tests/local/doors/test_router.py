"""Routes of an API: which function gets a request, and what it is told of the route."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.local.doors.router import parameters_of
from bench.local.options import FunctionSource, Route
from tests.local.serving import python_function, serving

ECHO = """
    import json
    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps(event)}
"""


@pytest.mark.parametrize(
    ("method", "path", "parameters"),
    [
        ("GET", "/items", None),
        ("GET", "/items/7", {"id": "7"}),
        ("GET", "/items/a%20b/", {"id": "a b"}),
        ("POST", "/items/7", None),
        ("GET", "/items/7/more", None),
    ],
)
def test_a_variable_is_one_part_of_the_path(
    method: str, path: str, parameters: dict[str, str] | None
) -> None:
    assert parameters_of(Route("rest", "GET", "/items/{id}"), method, path) == parameters


def test_a_greedy_variable_is_all_the_rest() -> None:
    route = Route("rest", "ANY", "/a/{rest+}")
    assert parameters_of(route, "PUT", "/a/b/c") == {"rest": "b/c"}
    assert parameters_of(route, "PUT", "/a") is None


async def test_the_best_route_gets_the_request(tmp_path: Path) -> None:
    def function(name: str, *routes: tuple[str, str, str]) -> FunctionSource:
        source = python_function(tmp_path, ECHO, name)
        return replace(source, routes=tuple(Route(*route) for route in routes))

    sources = (
        function("one", ("http-api", "GET", "/items/{id}"), ("rest", "ANY", "/items/{id}")),
        function("me", ("http-api", "ANY", "/items/me"), ("http-api", "ANY", "$default")),
    )
    async with serving(*sources, doors=("rest", "http-api"), memory_mb=(1769,)) as local:
        api, rest = local.server.apis["http-api"], local.server.apis["rest"]
        item = (await local.http.get(f"{api}items/7")).json()
        me = (await local.http.get(f"{api}items/me")).json()
        other = (await local.http.post(f"{api}else/where")).json()
        legacy = (await local.http.get(f"{rest}items/7")).json()
        nothing = await local.http.get(f"{rest}else")
    assert (item["routeKey"], item["pathParameters"]) == ("GET /items/{id}", {"id": "7"})
    assert me["routeKey"] == me["requestContext"]["routeKey"] == "ANY /items/me"
    assert other["routeKey"] == "$default"
    assert (legacy["resource"], legacy["pathParameters"]) == ("/items/{id}", {"id": "7"})
    assert legacy["requestContext"]["resourcePath"] == "/items/{id}"
    assert (nothing.status_code, nothing.json()) == (
        403,
        {"message": "Missing Authentication Token"},
    )
