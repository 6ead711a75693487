"""Permissions and tags: kept and answered. Nothing here decides who may call what."""

from __future__ import annotations

import json
import re
from typing import Any

from bench.local.account.records import Function
from bench.local.account.urls import NO_RESOURCE
from bench.local.control_plane.request import OperationCall, StatusAndValue, unreadable
from bench.local.http.api_error import ApiError, conflict, validation_error

_STATEMENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,100}")


def add_permission(call: OperationCall) -> StatusAndValue:
    """AddPermission: 201 with the statement as JSON text."""
    function, key = _policy_of(call)
    sid = call.needed_text("StatementId")
    if not _STATEMENT_ID.fullmatch(sid):
        raise validation_error(
            sid[:100], "statementId", "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"
        )
    call.store.check_revision(
        call.store.version(call.name, call.qualifier), call.text("RevisionId")
    )
    statements = function.policies.setdefault(key, {})
    if sid in statements:
        raise conflict(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
    statements[sid] = _statement(call, function, key, sid)
    return 201, {"Statement": json.dumps(statements[sid], separators=(",", ":"))}


def remove_permission(call: OperationCall) -> StatusAndValue:
    """RemovePermission: 204; 404 for a statement that is not there."""
    function, key = _policy_of(call)
    sid = call.labels[1]
    if sid not in function.policies.get(key, {}):
        if not function.policies.get(key):
            raise ApiError(
                404, "ResourceNotFoundException", "No policy is associated with the given resource."
            )
        raise ApiError(
            404,
            "ResourceNotFoundException",
            f"Statement {sid[:100]} is not found in resource policy.",
        )
    del function.policies[key][sid]
    return 204, None


def get_policy(call: OperationCall) -> StatusAndValue:
    """GetPolicy: the policy as JSON text."""
    function, key = _policy_of(call)
    statements = function.policies.get(key)
    if not statements:
        raise ApiError(404, "ResourceNotFoundException", NO_RESOURCE)
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}
    version = call.store.version(call.name, call.qualifier)
    return 200, {
        "Policy": json.dumps(policy, separators=(",", ":")),
        "RevisionId": version.revision(call.store.clock_ns()),
    }


def _policy_of(call: OperationCall) -> tuple[Function, str]:
    """The function, and the qualifier that the policy belongs to ('' for none)."""
    function = call.store.function(call.name, call.qualifier)
    call.store.version(call.name, call.qualifier)
    return function, call.store.ref(call.name, call.qualifier).qualifier or ""


def _statement(call: OperationCall, function: Function, key: str, sid: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": _principal(call.needed_text("Principal")),
        "Action": call.needed_text("Action"),
        "Resource": call.store.arn(function.name, key),
    }
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, name in (
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ):
        value = call.text(member)
        if value is not None:
            conditions.setdefault(operator, {})[name] = value
    if conditions:
        made["Condition"] = conditions
    return made


def _principal(principal: str) -> str | dict[str, str]:
    if principal == "*":
        return "*"
    if re.fullmatch(r"\d{12}", principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    return {"AWS" if principal.startswith("arn:") else "Service": principal}


def list_tags(call: OperationCall) -> StatusAndValue:
    """ListTags: the tags of the function, {} without any."""
    return 200, {"Tags": dict(call.store.function(call.name).tags)}


def tag(call: OperationCall) -> StatusAndValue:
    """TagResource: 204; a tag that is there gets the new value."""
    tags = call.object("Tags") or {}
    if not all(isinstance(value, str) for value in tags.values()):
        raise unreadable("every tag must be a string")
    call.store.function(call.name).tags.update(tags)
    return 204, None


def untag(call: OperationCall) -> StatusAndValue:
    """UntagResource: 204; tags that are not there don't matter."""
    tags = call.store.function(call.name).tags
    for key in call.query.get("tagKeys", ()):
        tags.pop(key, None)
    return 204, None
