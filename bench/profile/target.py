"""What is called: the [target] table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from bench.faults.read import FAULT, read_fault
from bench.function_folder import bundled_functions
from bench.model.endpoint import EndpointKind
from bench.model.profile import EventSpec, Target, TargetKind
from bench.profile import target_values as kinds
from bench.profile.events import EVENT_KEYS, EVENTS
from bench.schema.key import ANY_NAME, Key, NamesKey, TableKey
from bench.schema.quantities import size
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import choice, flag, text, whole

ONLY_LOCAL = (
    *("handler", "runtime", "timeout", "concurrency", "provisioned", "faults", "environment"),
    "per_node",
)
NEVER_LOCAL = ("region", "qualifier")


def _is_mixed(target: Target) -> bool:
    first = target.events[0]
    return len(target.events) > 1 or first.weight != 1.0 or bool(first.name)


def _of_single(key: Key[Any]) -> Key[Any]:
    """A key of an event, in [target] itself: there it says all of it."""
    found: Callable[[EventSpec], Any] = key.written

    def of(target: Target) -> Any:
        return None if _is_mixed(target) else found(target.events[0])

    return replace(key, of=of)


KIND = Key(
    "kind",
    '`"local"`: the embedded Lambda; `"aws"`; `"http"`: any URL, or an emulator\'s',
    choice(TargetKind),
    TargetKind.LOCAL,
    missing='say "local", "aws" or "http"',
)
FUNCTION = Key(
    "function",
    "local: a bundled function (`primes`, `sleeper`, `flaky`, `echo`, `hello`, `misspelt`, "
    "`doors`) or a folder with a handler; AWS: name or ARN",
    kinds.aws_function,
    None,
    cell="required, but not for URLs",
)
HANDLER = Key(
    "handler",
    "`module.function`, where a folder does not show it (local)",
    text,
    None,
    cell="guessed",
)
RUNTIME = Key(
    "runtime",
    "`python3.12`, `nodejs22.x`, `provided.al2023` …: what runs the handler (local)",
    kinds.local_runtime,
    None,
    cell="guessed",
)
REGION = Key("region", "of the function (AWS)", kinds.region, None, cell="the environment's")
QUALIFIER = Key(
    "qualifier",
    "the version or alias to call (AWS, emulators); then there is one memory size",
    kinds.qualifier,
    None,
    cell="one made for each size",
)
URL = Key("url", "the URL of a target of kind `http`", kinds.url, None, of=lambda _: None)
URLS = NamesKey(
    "urls",
    'URLs by endpoint: `{ alb = "https://…", rest = "https://…" }`',
    kinds.url,
    kinds.endpoint_name,
)
METHOD = Key(
    "method",
    "of requests through front doors and to URLs; `GET` sends an event if there is one, `HEAD`, "
    "`OPTIONS` and `TRACE` send none",
    kinds.method,
    "POST",
    fills="http_method",
)
PATH = Key("path", "of those requests", kinds.path, "/", fills="http_path")
HEADERS = NamesKey(
    "headers",
    "of those requests, by name",
    kinds.header,
    kinds.header_name,
    fills="http_headers",
)
TIMEOUT = Key(
    "timeout",
    "function timeout (local)",
    kinds.function_timeout,
    None,
    fills="timeout_s",
    cell='`"30s"`',
)
CONCURRENCY = Key(
    "concurrency",
    "how many invocations each variant's function runs at once (local)",
    whole(0, 1_000_000),
    None,
    cell="`1000`",
)
PROVISIONED = Key(
    "provisioned",
    'environments kept up for each size of variants with `initialization = "provisioned"` (local)',
    whole(1, 1_000),
    None,
    cell="none",
)
LOG_TAIL = Key("log_tail", "ask for the REPORT line where the endpoint has it", flag, True)
CLIENT_CONTEXT = Key(
    "client_context", "text or table, sent with Invoke", kinds.client_context, None
)
ANSWER_LIMIT = Key(
    "answer_limit",
    "bytes of a response's body that are taken, a longer one is a protocol error; of a front "
    "door's or URL's the first 256 KB are kept, and the rest is read and thrown away",
    size,
    None,
    fills="answer_limit_bytes",
    cell="the endpoint's own; none for URLs",
)
ENVIRONMENT = NamesKey("environment", "environment variables (local)", kinds.variable, ANY_NAME)
PER_NODE = Key(
    "per_node",
    "on a fleet: an embedded Lambda on each node, instead of one where the coordinator is (local)",
    flag,
    False,
    of=lambda target: target.per_node or None,
)
TARGET = Section(
    "target",
    (
        KIND,
        FUNCTION,
        HANDLER,
        RUNTIME,
        REGION,
        QUALIFIER,
        *(_of_single(key) for key, _ in EVENT_KEYS),
        TableKey(
            "events",
            "a mix: tables, each with one of the five above, a `name` and a `weight`",
            EVENTS,
            of=lambda target: target.events if _is_mixed(target) else None,
        ),
        URL,
        URLS,
        METHOD,
        PATH,
        HEADERS,
        TIMEOUT,
        CONCURRENCY,
        PROVISIONED,
        TableKey("faults", "what goes wrong on purpose (local): `lamload help faults`", FAULT),
        LOG_TAIL,
        CLIENT_CONTEXT,
        ANSWER_LIMIT,
        ENVIRONMENT,
        PER_NODE,
    ),
)


def read_target(table: Table, events: Iterable[EventSpec]) -> Target:
    """The target with its events, as far as it can be read."""
    kind = KIND.read(table)
    for key in NEVER_LOCAL if kind is TargetKind.LOCAL else ONLY_LOCAL:
        if key in table:
            table.fault(key, f'has no meaning for a target of kind "{kind.value}": leave it out')
    return Target(
        kind=kind,
        function=_function(table, kind),
        handler=HANDLER.read(table),
        runtime=RUNTIME.read(table),
        region=REGION.read(table),
        qualifier=QUALIFIER.read(table),
        events=tuple(events),
        urls=_urls(table, kind),
        http_method=METHOD.read(table),
        http_path=PATH.read(table),
        http_headers=HEADERS.read(table),
        timeout_s=TIMEOUT.read(table),
        concurrency=CONCURRENCY.read(table),
        provisioned=PROVISIONED.read(table),
        faults=_faults(table),
        log_tail=LOG_TAIL.read(table),
        client_context=CLIENT_CONTEXT.read(table),
        answer_limit_bytes=ANSWER_LIMIT.read(table),
        environment=ENVIRONMENT.read(table),
        per_node=PER_NODE.read(table),
    )


def _function(table: Table, kind: TargetKind) -> str | None:
    if kind is TargetKind.LOCAL:
        functions = ", ".join(bundled_functions())
        read = kinds.local_function(table.get("handler"), table.get("runtime"), table.base_dir)
        missing = f"name a folder with a handler, or one of {functions}"
        return FUNCTION.read(table, by=read, missing=missing)
    missing_on_aws = "name the function or its ARN" if kind is TargetKind.AWS else None
    return FUNCTION.read(table, missing=missing_on_aws)


def _urls(table: Table, kind: TargetKind) -> dict[EndpointKind, str]:
    """`urls` by endpoint; `url` alone is that of the endpoint http."""
    urls = URLS.read(table)
    url = URL.read(table)
    if url is not None and kind is TargetKind.HTTP:
        urls.setdefault(EndpointKind.HTTP, url)
    elif "url" in table and kind is not TargetKind.HTTP:
        table.fault("url", 'is for a target of kind "http"; front doors stand in target.urls')
    if urls and kind is TargetKind.LOCAL:
        table.fault("urls", "cannot be set for a local target: it has URLs of its own")
    return urls


def _faults(table: Table) -> tuple[dict[str, Any], ...]:
    """The faults of the embedded Lambda, as written; it has no objection to them."""
    tables = table.tables("faults")
    for number, fault in enumerate(tables, 1):
        read_fault(fault, default_seed=number)
    return tuple(fault.as_written() for fault in tables)
