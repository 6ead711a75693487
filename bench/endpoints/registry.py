"""From a binding to its endpoint. To add an endpoint, write its file and name it here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from bench.aws.credentials import Credentials
from bench.aws.sigv4 import Signer
from bench.endpoints import alb, function_url, http_api, invoke, plain, rest
from bench.endpoints.base import Endpoint
from bench.endpoints.compiled import CompiledRequest
from bench.errors import TargetError
from bench.model import Binding, EndpointKind, Target

LOCAL_CREDENTIALS = Credentials("LAMLOADLOCAL", "not-a-secret")
"""Sign requests to targets that want an Authorization header and do not verify it."""
LOCAL_REGION = "us-east-1"
_CLIENT_CONTEXT_LIMIT = 3583

_DOORS: dict[EndpointKind, tuple[Callable[[CompiledRequest, int], Endpoint], int]] = {
    EndpointKind.ALB: (alb.AlbEndpoint, alb.BODY_LIMIT),
    EndpointKind.ALB_MULTI: (alb.AlbEndpoint, alb.BODY_LIMIT),
    EndpointKind.REST: (rest.RestEndpoint, rest.BODY_LIMIT),
    EndpointKind.HTTP_API: (http_api.HttpApiEndpoint, http_api.BODY_LIMIT),
    EndpointKind.FUNCTION_URL: (function_url.FunctionUrlEndpoint, function_url.BODY_LIMIT),
    EndpointKind.HTTP: (plain.PlainEndpoint, plain.BODY_LIMIT),
}
_DOOR_SERVICES = {
    EndpointKind.FUNCTION_URL: "lambda",
    EndpointKind.REST: "execute-api",
    EndpointKind.HTTP_API: "execute-api",
}
"""SigV4 service names of the doors that can ask for a signature."""


def endpoint_for(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    """The endpoint of a variant. Raises TargetError where the binding cannot be called.

    With credentials, requests to AWS's APIs are signed with them; without, they carry a
    well-formed Authorization header that nothing verifies, unless binding.sign demands more.
    Front doors are signed only if binding.sign says so.
    """
    kind = binding.variant.endpoint
    if kind is EndpointKind.INVOKE:
        return _invoke(binding, target, credentials)
    if kind in _DOORS:
        make, body_limit = _DOORS[kind]
        return make(_door_request(binding, target, credentials), body_limit)
    raise TargetError(f"endpoint {kind.value} cannot be called over HTTP")


def _invoke(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    if binding.function is None:
        raise TargetError(f"{binding.variant.name} has no function to invoke: set target.function")
    url = binding.url.rstrip("/") + invoke.invoke_path(binding.function, binding.qualifier)
    signer = _api_signer(binding, "lambda", credentials)
    request = CompiledRequest("POST", url, _invoke_headers(target), signer)
    return invoke.InvokeEndpoint(request, invoke.BODY_LIMIT)


def _invoke_headers(target: Target) -> dict[str, str]:
    headers = {"X-Amz-Log-Type": "Tail"} if target.log_tail else {}
    if target.client_context is not None:
        encoded = b64encode(target.client_context.encode()).decode("ascii")
        if len(encoded) > _CLIENT_CONTEXT_LIMIT:
            raise TargetError(
                f"target.client_context is {len(encoded)} bytes in base64; "
                f"Lambda takes at most {_CLIENT_CONTEXT_LIMIT}"
            )
        headers["X-Amz-Client-Context"] = encoded
    return headers


def _door_request(
    binding: Binding, target: Target, credentials: Credentials | None
) -> CompiledRequest:
    headers = dict(target.http_headers)
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json"
    url = with_path(binding.url, target.http_path)
    signer = None
    service = _DOOR_SERVICES.get(binding.variant.endpoint)
    if binding.sign and service is not None:
        signer = _api_signer(binding, service, credentials)
    return CompiledRequest(target.http_method, url, headers, signer)


def with_path(url: str, path: str) -> str:
    """The URL with the profile's path behind its own; `/` adds nothing, queries are joined."""
    path, _, query = path.partition("?")
    base, _, own_query = url.partition("?")
    if path.strip("/"):
        base = base.rstrip("/") + "/" + path.lstrip("/")
    queries = "&".join(part for part in (own_query, query) if part)
    return f"{base}?{queries}" if queries else base


def _api_signer(binding: Binding, service: str, credentials: Credentials | None) -> Signer:
    if credentials is None and binding.sign:
        raise TargetError(f"{binding.variant.name} must be signed and there are no credentials")
    region = binding.region or LOCAL_REGION
    return Signer(credentials or LOCAL_CREDENTIALS, region, service)
