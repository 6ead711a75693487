"""What AWS says when it says no, and the mend: which of the many reasons of a 403 it is. Pure.

Sources: botocore's Lambda model; the IAM guide, "Troubleshoot SigV4 signature errors"; the Lambda
guide, "Troubleshoot function states".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bench.errors import TargetError
from bench.model.plain import plain

_LONGEST_WORDS = 600
"""Characters: a refusal names the caller, the action and the resource by their ARNs."""
BUSY_CODE = "ResourceConflictException"
_BUSY = re.compile(r"an update is in progress", re.IGNORECASE)
_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_UNKNOWN_KEY_CODES = frozenset(
    {"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_SIGNATURE_CODES = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch"})
_SKEW_CODES = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
_SKEW = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)
_SCOPE = re.compile(r"credential should be scoped to a valid region", re.IGNORECASE)
_MISMATCH = re.compile(r"signature we calculated does not match", re.IGNORECASE)
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:[\w*]+)")
_INSTANT = re.compile(r"\b\d{8}T\d{6}Z\b")


class AwsRefusal(TargetError):
    """AWS said no; `code` is its name for it, such as ResourceNotFoundException."""

    def __init__(
        self,
        operation: str,
        status: int,
        code: str,
        message: str,
        *,
        region: str = "",
        behind_s: int | None = None,
    ) -> None:
        """region: the one that was signed for. behind_s: how far our clock is behind AWS's."""
        code, message = plain(code), plain(message, _LONGEST_WORDS)
        self.status, self.code, self.message = status, code, message
        mend = _mend_of(operation, status, code, message, region=region, behind_s=behind_s)
        said = f"AWS refuses {operation}: {code or status}: {message}"
        super().__init__(f"{said}; {mend}" if mend else said)

    @property
    def is_busy(self) -> bool:
        """Whether another update of the function has to end first.

        That is said also of functions whose state reads Active and Successful, by this code and
        text alone: other conflicts do not pass by waiting.
        """
        return self.status == 409 and self.code == BUSY_CODE and bool(_BUSY.search(self.message))


def _mend_of(
    operation: str, status: int, code: str, message: str, *, region: str, behind_s: int | None
) -> str:
    """What to do about a refusal, '' where its own words have to do."""
    if code in _EXPIRED_CODES:
        return "these credentials have expired: get new ones, and set AWS_SESSION_TOKEN with them"
    if code in _SKEW_CODES or (code in _SIGNATURE_CODES and _SKEW.search(message)):
        return f"this machine's clock {_skew_words(message, behind_s)}: set it right"
    if code in _SIGNATURE_CODES and _SCOPE.search(message):
        return (
            f"it was signed for {region or 'a region'}, which is not where this endpoint is: set "
            "target.region or AWS_REGION to the region of the function"
        )
    if code in _SIGNATURE_CODES:
        wrong_key = "AWS_SECRET_ACCESS_KEY is not the one of AWS_ACCESS_KEY_ID"
        return wrong_key if _MISMATCH.search(message) else ""
    if code in _UNKNOWN_KEY_CODES:
        return (
            "AWS does not know these keys here: they are deleted or of another partition, their "
            f"AWS_SESSION_TOKEN is missing, or {region or 'the region'} is not enabled"
        )
    if status == 403:
        return _forbidden(operation, code, message)
    if status == 404 and code == "ResourceNotFoundException" and region:
        return f"it was looked for in {region}"
    return ""


def _forbidden(operation: str, code: str, message: str) -> str:
    if not code:
        return "these are not AWS's words: a proxy or a firewall may have said so"
    action = _ACTION.search(message)
    return f"allow {action[1] if action else f'lambda:{operation}'} to these credentials"


def _skew_words(message: str, behind_s: int | None) -> str:
    """`is 11 min behind AWS's`, by the instants in its words, else by the answer's own date."""
    instants = [_epoch_s(text) for text in _INSTANT.findall(message)]
    if len(instants) > 2:  # ours, the limit, and AWS's own time, from which the limit was reckoned
        behind_s = instants[2] - instants[0]
    if behind_s is None:
        return "differs from AWS's"
    minutes, seconds = divmod(abs(behind_s), 60)
    amount = f"{minutes} min" if minutes else f"{seconds} s"
    return f"is {amount} {'behind' if behind_s > 0 else 'ahead of'} AWS's"


def _epoch_s(instant: str) -> int:
    return round(datetime.strptime(instant, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
