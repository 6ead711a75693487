"""How a sandbox's failures read: payloads and log lines of AWS, each text in one place."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass

from bench.lambda_facts import RESPONSE_LIMIT_BYTES
from bench.local.sandbox.log import timestamp

_SIGNALS = {
    "SIGABRT": "aborted",
    "SIGALRM": "alarm clock",
    "SIGBUS": "bus error",
    "SIGFPE": "floating point exception",
    "SIGHUP": "hangup",
    "SIGILL": "illegal instruction",
    "SIGINT": "interrupt",
    "SIGKILL": "killed",
    "SIGPIPE": "broken pipe",
    "SIGQUIT": "quit",
    "SIGSEGV": "segmentation fault",
    "SIGTERM": "terminated",
    "SIGTRAP": "trace/breakpoint trap",
}
"""As Go's os/exec prints them, in which the platform is written."""


@dataclass(frozen=True, slots=True)
class InvocationFailure:
    """Why an invocation has no answer of its handler's.

    error_type is the payload's; reported_type what REPORT says; line goes into the log. handled: a
    handler raised and its runtime went on, of which REPORT's text form says nothing.
    """

    payload: bytes
    error_type: str
    reported_type: str
    line: bytes = b""
    status: str = "error"
    handled: bool = False


def timed_out(request_id: str, timeout_s: float) -> InvocationFailure:
    """The function's timeout, since 2025 with an errorType."""
    text = f"Task timed out after {timeout_s:.2f} seconds"
    return InvocationFailure(
        _payload("Sandbox.Timedout", f"RequestId: {request_id} Error: {text}"),
        "Sandbox.Timedout",
        "",
        f"{timestamp()} {request_id} {text}\n\n".encode(),
        "timeout",
    )


def exited(request_id: str, wait_status: int) -> InvocationFailure:
    """The runtime's process ended in the middle of an invocation, or of its init."""
    return _exit(request_id, _how(wait_status), "Runtime.ExitError")


def out_of_memory(request_id: str) -> InvocationFailure:
    """Killed for exceeding the memory size: the payload tells only of the kill."""
    return _exit(request_id, "Runtime exited with error: signal: killed", "Runtime.OutOfMemory")


def no_bootstrap(request_id: str, paths: str) -> InvocationFailure:
    """There is nothing to start."""
    return _invalid_entrypoint(
        f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [{paths}]"
    )


def cannot_execute(request_id: str, program: str, cause: str) -> InvocationFailure:
    """What is to be started cannot be; cause is the kernel's."""
    return _invalid_entrypoint(f"RequestId: {request_id} Error: fork/exec {program}: {cause}")


def _invalid_entrypoint(text: str) -> InvocationFailure:
    kind = "Runtime.InvalidEntrypoint"
    return InvocationFailure(_payload(kind, text), kind, kind, f"{text}\n{kind}\n".encode())


def too_large() -> InvocationFailure:
    """The handler's answer is bigger than Lambda passes on."""
    kind = "Function.ResponseSizeTooLarge"
    text = (
        "Response payload size exceeded maximum allowed payload size "
        f"({RESPONSE_LIMIT_BYTES} bytes)."
    )
    payload = json.dumps({"errorMessage": text, "errorType": kind}, separators=(",", ":"))
    return InvocationFailure(payload.encode(), kind, kind)


def told(body: bytes, error_type: str, *, handled: bool) -> InvocationFailure:
    """The runtime itself reports an error: its body goes to the caller as it is."""
    try:
        parsed = json.loads(body)
        kind = str(parsed["errorType"])
    except (ValueError, KeyError, TypeError):
        kind = error_type or "Unhandled"
    return InvocationFailure(body, kind, error_type or kind, handled=handled)


def _exit(request_id: str, how: str, reported_type: str) -> InvocationFailure:
    text = f"RequestId: {request_id} Error: {how}"
    kind = "Runtime.ExitError"
    return InvocationFailure(
        _payload(kind, text), kind, reported_type, f"{text}\n{kind}\n".encode()
    )


def _how(wait_status: int) -> str:
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        try:
            name = _SIGNALS.get(signal.Signals(number).name, f"signal {number}")
        except ValueError:
            name = f"signal {number}"
        return f"Runtime exited with error: signal: {name}"
    code = os.waitstatus_to_exitcode(wait_status)
    if code == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {code}"


def _payload(error_type: str, message: str) -> bytes:
    return json.dumps(
        {"errorType": error_type, "errorMessage": message}, separators=(",", ":")
    ).encode()
