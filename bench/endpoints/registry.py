"""From a binding to its endpoint. To add an endpoint, write its file and name it here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from bench.aws.credentials import LOCAL_CREDENTIALS, Credentials
from bench.aws.sigv4 import Signer
from bench.endpoints import (
    alb,
    cloudfront,
    function_url,
    http,
    http_api,
    invoke,
    invoke_stream,
    rest,
    step_functions,
)
from bench.endpoints.aws_cli import CliEndpoint
from bench.endpoints.base import CommandEndpoint, Endpoint
from bench.endpoints.request_template import BODILESS, CompiledRequest
from bench.errors import TargetError
from bench.model.load import Binding
from bench.model.profile import EndpointKind, Target

LOCAL_REGION = "us-east-1"
_CLIENT_CONTEXT_LIMIT = 3583

_Make = Callable[[Binding, Target, Credentials | None], Endpoint]


def endpoint_for(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    """The endpoint of a variant. Raises TargetError where the binding cannot be called.

    With credentials, requests to AWS's APIs are signed with them; without, they are signed with
    keys that only an unverifying target takes, unless binding.sign demands more. Front doors are
    signed only if binding.sign says so.
    """
    make = _ENDPOINTS.get(binding.variant.endpoint)
    if make is None:
        raise TargetError(f"endpoint {binding.variant.endpoint.value} is a command, not HTTP")
    return make(binding, target, credentials)


def command_endpoint_for(
    binding: Binding, target: Target, credentials: Credentials | None
) -> CommandEndpoint:
    """The endpoint of a variant that is called by a process. Raises TargetError as endpoint_for."""
    _function(binding)
    _client_context(target)
    keys = _keys(binding, credentials)
    return CliEndpoint(binding, target, keys, binding.region or LOCAL_REGION)


def _invoke(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    path = invoke.invoke_path(_function(binding), binding.qualifier)
    request = _lambda_request(binding, path, target, credentials)
    return invoke.InvokeEndpoint(request, invoke.BODY_LIMIT)


def _stream(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    path = invoke_stream.stream_path(_function(binding), binding.qualifier)
    request = _lambda_request(binding, path, target, credentials)
    return invoke_stream.StreamEndpoint(request, invoke_stream.BODY_LIMIT)


def _lambda_request(
    binding: Binding, path: str, target: Target, credentials: Credentials | None
) -> CompiledRequest:
    headers = {"X-Amz-Log-Type": "Tail"} if target.log_tail else {}
    context = _client_context(target)
    if context is not None:
        headers["X-Amz-Client-Context"] = context
    signer = _signer(binding, "lambda", credentials)
    return CompiledRequest("POST", binding.url.rstrip("/") + path, headers, signer)


def _step_functions(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    arn = step_functions.machine_arn(_function(binding), binding.qualifier)
    signer = _signer(binding, "states", credentials)
    request = CompiledRequest("POST", binding.url, step_functions.HEADERS, signer)
    return step_functions.StepFunctionsEndpoint(request, step_functions.BODY_LIMIT, arn)


def _door(make: Callable[[CompiledRequest, int], Endpoint], limit: int, service: str = "") -> _Make:
    """service: SigV4 name for a door that can ask for signatures, '' for one that cannot."""

    def door(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
        headers = dict(target.http_headers)
        given = {name.lower() for name in headers}
        if "content-type" not in given and target.http_method.upper() not in BODILESS:
            headers["Content-Type"] = "application/json"
        signed = binding.sign and service
        signer = _signer(binding, service, credentials) if signed else None
        url = with_path(binding.url, target.http_path)
        return make(CompiledRequest(target.http_method, url, headers, signer), limit)

    return door


_ENDPOINTS: dict[EndpointKind, _Make] = {
    EndpointKind.INVOKE: _invoke,
    EndpointKind.STREAM: _stream,
    EndpointKind.STEP_FUNCTIONS: _step_functions,
    EndpointKind.ALB: _door(alb.AlbEndpoint, alb.BODY_LIMIT),
    EndpointKind.ALB_MULTI: _door(alb.AlbEndpoint, alb.BODY_LIMIT),
    EndpointKind.REST: _door(rest.RestEndpoint, rest.BODY_LIMIT, "execute-api"),
    EndpointKind.HTTP_API: _door(http_api.HttpApiEndpoint, http_api.BODY_LIMIT, "execute-api"),
    EndpointKind.FUNCTION_URL: _door(
        function_url.FunctionUrlEndpoint, function_url.BODY_LIMIT, "lambda"
    ),
    EndpointKind.CLOUDFRONT: _door(cloudfront.CloudFrontEndpoint, cloudfront.BODY_LIMIT),
    EndpointKind.HTTP: _door(http.PlainEndpoint, http.BODY_LIMIT),
}


def with_path(url: str, path: str) -> str:
    """The URL with the profile's path behind its own; `/` adds nothing, queries are joined."""
    path, _, query = path.partition("?")
    base, _, own_query = url.partition("?")
    if path.strip("/"):
        base = base.rstrip("/") + "/" + path.lstrip("/")
    queries = "&".join(part for part in (own_query, query) if part)
    return f"{base}?{queries}" if queries else base


def _function(binding: Binding) -> str:
    if not binding.function:
        raise TargetError(f"{binding.variant.name} has no function to call: set target.function")
    return binding.function


def _client_context(target: Target) -> str | None:
    if target.client_context is None:
        return None
    encoded = b64encode(target.client_context.encode()).decode("ascii")
    if len(encoded) > _CLIENT_CONTEXT_LIMIT:
        raise TargetError(
            f"target.client_context is {len(encoded)} bytes in base64; "
            f"Lambda takes at most {_CLIENT_CONTEXT_LIMIT}"
        )
    return encoded


def _signer(binding: Binding, service: str, credentials: Credentials | None) -> Signer:
    return Signer(_keys(binding, credentials), binding.region or LOCAL_REGION, service)


def _keys(binding: Binding, credentials: Credentials | None) -> Credentials:
    if credentials is None and binding.sign:
        raise TargetError(f"{binding.variant.name} must be signed and there are no credentials")
    return credentials or LOCAL_CREDENTIALS
