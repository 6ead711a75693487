"""The X-Ray trace header as handlers have it: with root, parent and sampling decision."""

from __future__ import annotations

import hashlib


def handler_trace(trace_id: str, request_id: str) -> str:
    """`Root=…;Parent=…;Sampled=…` of what came with the invocation, whatever its case.

    A parent that is not given is the invocation's own segment, the same for the same request id.
    Further fields stay behind. '' stays ''.
    """
    if not trace_id:
        return ""
    given = [part.strip().partition("=") for part in trace_id.split(";") if part.strip()]
    fields = {name.capitalize(): value for name, _, value in given}
    segment = hashlib.sha256(request_id.encode()).hexdigest()[:16]
    ordered = {"Root": fields.pop("Root", ""), "Parent": fields.pop("Parent", segment)}
    ordered["Sampled"] = fields.pop("Sampled", "0")
    return ";".join(f"{name}={value}" for name, value in (ordered | fields).items())
