"""From a binding to its endpoint. To add an endpoint, write its file and name it here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from bench.aws.credentials import LOCAL_CREDENTIALS, LOCAL_REGION, Credentials
from bench.aws.sigv4 import Signer
from bench.endpoints import (
    alb,
    aws_cli,
    cloudfront,
    function_url,
    http,
    http_api,
    invoke,
    invoke_stream,
    rest,
    step_functions,
)
from bench.endpoints.base import CommandEndpoint, Endpoint
from bench.endpoints.request_template import CompiledRequest
from bench.errors import TargetError
from bench.lambda_facts import CLIENT_CONTEXT_HEADER, CLIENT_CONTEXT_LIMIT_BYTES, LOG_TYPE_HEADER
from bench.model.endpoint import EndpointKind
from bench.model.load import Binding
from bench.model.profile import Target

_Make = Callable[[Binding, Target, Credentials | None], Endpoint]
_MakeCommand = Callable[[Binding, Target, Credentials, str], CommandEndpoint]
_Output = Callable[[bytes], bytes | None]
"""From an answer's body, or a command's stdout, to the function's own output."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """How an endpoint is made. output None: it makes something else of the function's output."""

    make: _Make
    output: _Output | None = None


@dataclass(frozen=True, slots=True)
class _CommandEntry:
    """The same for an endpoint that is a process."""

    make: _MakeCommand
    output: _Output | None = None


def endpoint_for(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    """The endpoint of a variant. Raises TargetError where the binding cannot be called.

    With credentials, requests to AWS's APIs are signed with them; without, they are signed with
    keys that only an unverifying target takes, unless binding.sign demands more. Front doors are
    signed only if binding.sign says so.
    """
    entry = _ENDPOINTS.get(binding.variant.endpoint)
    if entry is None:
        raise TargetError(f"endpoint {binding.variant.endpoint.value} is a command, not HTTP")
    return entry.make(binding, target, credentials)


def command_endpoint_for(
    binding: Binding, target: Target, credentials: Credentials | None
) -> CommandEndpoint:
    """The endpoint of a variant that is called by a process. Raises TargetError as endpoint_for."""
    _function(binding)
    _client_context(target)
    keys = _keys(binding, credentials)
    make = _COMMANDS[binding.variant.endpoint].make
    return make(binding, target, keys, binding.region or LOCAL_REGION)


def function_payload(kind: EndpointKind, body: bytes) -> bytes | None:
    """What the function returned, or None where the endpoint makes something else of it.

    body is what `classify` was given; for a command, its stdout. Meant for answers that are OK: a
    response contract of bench.payloads is checked against it.
    """
    output = (_ENDPOINTS.get(kind) or _COMMANDS[kind]).output
    return None if output is None else output(body)


def _invoke(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    path = invoke.invoke_path(_function(binding), binding.qualifier)
    request = _lambda_request(binding, path, target, credentials)
    return invoke.InvokeEndpoint(request, _answer_limit(binding, target))


def _stream(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    path = invoke_stream.stream_path(_function(binding), binding.qualifier)
    request = _lambda_request(binding, path, target, credentials)
    return invoke_stream.StreamEndpoint(request, _answer_limit(binding, target))


def _lambda_request(
    binding: Binding, path: str, target: Target, credentials: Credentials | None
) -> CompiledRequest:
    wants_log = target.log_tail and binding.variant.endpoint.facts.gives_log
    headers = {LOG_TYPE_HEADER: "Tail"} if wants_log else {}
    context = _client_context(target)
    if context is not None:
        headers[CLIENT_CONTEXT_HEADER] = context
    url = binding.url.rstrip("/") + path
    return CompiledRequest("POST", url, headers, _signer(binding, credentials))


def _step_functions(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
    arn = step_functions.machine_arn(_function(binding), binding.qualifier)
    signer = _signer(binding, credentials)
    request = CompiledRequest("POST", binding.url, step_functions.HEADERS, signer)
    return step_functions.StepFunctionsEndpoint(request, _answer_limit(binding, target), arn)


def _door(make: Callable[[CompiledRequest, int], Endpoint]) -> _Make:
    def door(binding: Binding, target: Target, credentials: Credentials | None) -> Endpoint:
        headers = dict(target.http_headers)
        given = {name.lower() for name in headers}
        sends_body = target.sends_event
        if "content-type" not in given and sends_body:
            headers["Content-Type"] = "application/json"
        signer = _signer(binding, credentials) if binding.sign else None
        url = with_path(binding.url, target.http_path)
        request = CompiledRequest(target.http_method, url, headers, signer, sends_body=sends_body)
        return make(request, _answer_limit(binding, target))

    return door


def _as_it_came(body: bytes) -> bytes:
    return body


_ENDPOINTS: dict[EndpointKind, _Entry] = {
    EndpointKind.INVOKE: _Entry(_invoke, _as_it_came),
    EndpointKind.STREAM: _Entry(_stream, invoke_stream.streamed_payload),
    EndpointKind.ALB: _Entry(_door(alb.AlbEndpoint)),
    EndpointKind.ALB_MULTI: _Entry(_door(alb.AlbEndpoint)),
    EndpointKind.REST: _Entry(_door(rest.RestEndpoint)),
    EndpointKind.HTTP_API: _Entry(_door(http_api.HttpApiEndpoint)),
    EndpointKind.FUNCTION_URL: _Entry(_door(function_url.FunctionUrlEndpoint)),
    EndpointKind.CLOUDFRONT: _Entry(_door(cloudfront.CloudFrontEndpoint)),
    EndpointKind.STEP_FUNCTIONS: _Entry(_step_functions, step_functions.execution_output),
    EndpointKind.HTTP: _Entry(_door(http.PlainEndpoint)),
}
_COMMANDS: dict[EndpointKind, _CommandEntry] = {
    EndpointKind.CLI: _CommandEntry(aws_cli.CliEndpoint, aws_cli.printed_payload),
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
    if len(encoded) > CLIENT_CONTEXT_LIMIT_BYTES:
        raise TargetError(
            f"target.client_context is {len(encoded)} bytes in base64; "
            f"Lambda takes at most {CLIENT_CONTEXT_LIMIT_BYTES}"
        )
    return encoded


def _signer(binding: Binding, credentials: Credentials | None) -> Signer | None:
    """None for an endpoint that nothing is signed for."""
    service = binding.variant.endpoint.facts.service
    if service is None:
        return None
    return Signer(_keys(binding, credentials), binding.region or LOCAL_REGION, service)


def _answer_limit(binding: Binding, target: Target) -> int:
    """The profile's limit, else the endpoint's own."""
    if target.answer_limit_bytes is not None:
        return target.answer_limit_bytes
    return binding.variant.endpoint.facts.answer_limit_bytes


def _keys(binding: Binding, credentials: Credentials | None) -> Credentials:
    if credentials is None and binding.sign:
        raise TargetError(f"{binding.variant.name} must be signed and there are no credentials")
    return credentials or LOCAL_CREDENTIALS
