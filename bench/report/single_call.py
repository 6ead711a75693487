"""One call as text: what went out, what came back, what that means, and where its time went."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator

from bench.aws.prices import PER_MILLION, door_usd, function_usd, left_out
from bench.endpoints.base import head_lines
from bench.format import UNKNOWN, duration_text, usd
from bench.lambda_facts import LOG_RESULT_HEADER
from bench.model.outcome import Outcome, Report
from bench.model.single_call import SingleCall, Spans
from bench.report.secrets import without_secrets

INDENT = "    "
LONGEST = 20_000
"""Characters of a body that are shown."""
_LOG_HEADER = LOG_RESULT_HEADER.lower()


def call_lines(call: SingleCall) -> Iterator[str]:
    """The call, a headline and a part for each thing to know."""
    whole = call.spans.whole_ns
    took = "" if whole is None else f"  {duration_text(whole)}"
    yield f"{call.variant.name}  {call.answer.outcome.name}{took}"
    yield from _part("request", _request(call))
    yield from _part("answer", _response(call))
    log = _log(call)
    if log:
        yield from _part("log", iter(log.splitlines()))
    yield from _fact("outcome", outcome_words(call))
    yield from _fact("REPORT", report_words(call.answer.report))
    yield from _fact("time", time_words(call.spans))
    yield from _fact("price", price_words(call))


def outcome_words(call: SingleCall) -> str:
    """The outcome and why it is that."""
    answer = call.answer
    name = answer.outcome.name
    if answer.outcome is not Outcome.OK:
        status = f"status {call.status}: " if call.status else ""
        return f"{name}: {status}{answer.detail or 'nothing more is said'}"
    if 300 <= call.status < 400:
        redirect = "a redirect, which is not followed: measure its Location"
        return f"{name}: status {call.status}, {redirect}"
    status = f"status {call.status}" if call.status else "exit code 0"
    return f"{name}: {status}, and nothing in the answer tells of an error"


def report_words(report: Report | None) -> str:
    """What Lambda says of the invocation itself."""
    if report is None:
        return "none came with the answer"
    parts = [f"duration {report.duration_ms:g} ms", f"billed {report.billed_ms} ms"]
    if report.max_memory_mb is not None:
        of = f" of {report.memory_mb}" if report.memory_mb else ""
        parts.append(f"memory {report.max_memory_mb}{of} MB")
    if report.init_ms is not None:
        parts.append(f"init {report.init_ms:g} ms")
    if report.restore_ms is not None:
        parts.append(f"restore {report.restore_ms:g} ms")
    parts.append("a cold start" if report.is_cold else "a warm environment")
    return ", ".join(parts)


def time_words(spans: Spans) -> str:
    """The phases of the attempt, in their order."""
    named = (
        ("DNS", spans.dns_ns),
        ("connect", spans.connect_ns),
        ("TLS", spans.tls_ns),
        ("to the first byte", spans.first_byte_ns),
        ("to the last", spans.whole_ns),
    )
    said = [f"{name} {duration_text(ns)}" for name, ns in named if ns is not None]
    return ", ".join(said) or "nothing was sent"


def price_words(call: SingleCall) -> str:
    """Of a million such calls, at what was billed for this one."""
    variant, report = call.variant, call.answer.report
    if report is None or variant.memory_mb is None:
        return f"{UNKNOWN} nothing is known of what was billed"
    function = function_usd(
        variant.endpoint,
        variant.architecture,
        variant.memory_mb,
        report.billed_ms,
        call.region,
        variant.initialization,
    )
    door = door_usd(variant.endpoint, len(call.request) + len(call.head) + len(call.body))
    if function is None or door is None:
        return f"{UNKNOWN} nothing is known of the price of {variant.endpoint.value}"
    words = f"{usd((function + door) * PER_MILLION)} for a million like it"
    if door:
        words += f", {usd(door * PER_MILLION)} of it for the door"
    missing = left_out(variant.endpoint, variant.initialization)
    return words if missing is None else f"{words}, without {missing}"


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"  {title}"
    yield from (f"{INDENT}{line}".rstrip() for line in lines)


def _fact(title: str, words: str) -> Iterator[str]:
    yield f"  {title:8}{words}"


def _request(call: SingleCall) -> Iterator[str]:
    if call.command:
        yield " ".join(call.command)
        yield ""
        yield from _text(call.request)
        return
    head, _, body = call.request.partition(b"\r\n\r\n")
    for line in head.decode("latin-1").split("\r\n"):
        yield _printable(without_secrets(line))
    if body:
        yield ""
        yield from _text(body)


def _response(call: SingleCall) -> Iterator[str]:
    if not call.head and not call.body:
        yield "none"
        return
    for line in head_lines(call.head):
        text = line.decode("latin-1")
        if text and not text.lower().startswith(_LOG_HEADER):
            yield _printable(without_secrets(text))
    if call.body:
        yield ""
        yield from _text(call.body)


def _text(body: bytes) -> Iterator[str]:
    """As it stands if it is text; no control character of it reaches a terminal."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        yield f"{len(body):,} bytes that are no text"
        return
    for line in text[:LONGEST].splitlines():
        yield _printable(line)
    if len(text) > LONGEST:
        yield f"… and {len(text) - LONGEST:,} characters more"


def _printable(line: str) -> str:
    shown = line.replace("\t", "    ").replace("\xa0", " ")
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown
    )


def _log(call: SingleCall) -> str:
    """The tail of the log, where the answer brings it along."""
    for line in head_lines(call.head):
        name, _, value = line.partition(b":")
        if name.strip().lower() == _LOG_HEADER.encode():
            try:
                text = b64decode(value.strip(), validate=True).decode("utf-8", "replace")
            except (Base64Error, ValueError):
                return ""
            return "\n".join(_printable(line) for line in text.strip().splitlines())
    return ""
