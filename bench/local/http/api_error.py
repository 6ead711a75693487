"""An error as the Lambda API answers it: status, code, message, and the body that clients read.

Body keys and their casing per code come from the exception shapes of botocore's Lambda model: some
have `message`, others `Message`; the code itself travels in `x-amzn-ErrorType`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bench.lambda_facts import (
    ERROR_TYPE_HEADER,
    REQUEST_ID_HEADER,
    RETRY_AFTER_HEADER,
    SDK_RETRY_AFTER_HEADER,
)
from bench.local.model import HttpResponse

CAPITAL_MESSAGE = frozenset(
    {
        "AccessDeniedException",
        "EC2AccessDeniedException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "ENILimitReachedException",
        "InvalidRuntimeException",
        "InvalidZipFileException",
        "NoPublishedVersionException",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "RecursiveInvocationException",
        "ServiceException",
        "ServiceQuotaExceededException",
        "SnapStartException",
        "SnapStartNotReadyException",
        "SnapStartTimeoutException",
    }
)
"""Codes whose body says `Message`; all others say `message`."""


class ApiError(Exception):
    """A refusal of the Lambda API's. type is `User`, `Service` or '' where the body has no Type.

    extra are further body members, such as `Reason` of a throttle; headers go out beside
    `x-amzn-ErrorType`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str | None,
        type: str = "User",
        *,
        extra: Mapping[str, str] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.type = type
        self.extra = dict(extra or {})
        self.headers = headers

    def body(self) -> bytes:
        """The JSON body, with the keys in AWS's order."""
        members: dict[str, str | None] = dict(self.extra)
        if self.type:
            members["Type"] = self.type
        members["Message" if self.code in CAPITAL_MESSAGE else "message"] = self.message
        return json.dumps(members, separators=(",", ":")).encode()

    def response(self, request_id: str) -> HttpResponse:
        """The HTTP answer with the headers by which clients know the error."""
        return HttpResponse(
            self.status,
            (
                ("Content-Type", "application/json"),
                (REQUEST_ID_HEADER, request_id),
                (ERROR_TYPE_HEADER, self.code),
                *self.headers,
            ),
            self.body(),
        )


def not_found(arn: str) -> ApiError:
    """A function or version that is not there."""
    return ApiError(404, "ResourceNotFoundException", f"Function not found: {arn}")


def invalid_parameter(message: str) -> ApiError:
    """A value that the API refuses."""
    return ApiError(400, "InvalidParameterValueException", message)


def conflict(message: str) -> ApiError:
    """The resource exists already, or is busy."""
    return ApiError(409, "ResourceConflictException", message)


def outdated_revision() -> ApiError:
    """A RevisionId that is no longer the latest."""
    return ApiError(
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
    )


def validation_error(
    value: str, member: str, constraint: str, *, subject: str = "Member"
) -> ApiError:
    """A member that breaks its constraint, in the words of AWS's request validator."""
    must = f"must satisfy constraint: [{constraint}]" if "Map" in subject else f"must {constraint}"
    return ApiError(
        400,
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"{subject} {must}",
        type="",
    )


def throttled(
    reason: str, retry_after_s: int | None = None, retry_after_ms: int | None = None
) -> ApiError:
    """429 TooManyRequestsException with its Reason.

    retry_after_s becomes `Retry-After`, retry_after_ms the AWS SDKs' `x-amz-retry-after`.
    """
    hints = ((RETRY_AFTER_HEADER, retry_after_s), (SDK_RETRY_AFTER_HEADER, retry_after_ms))
    headers = tuple((name, str(value)) for name, value in hints if value is not None)
    return ApiError(
        429,
        "TooManyRequestsException",
        "Rate Exceeded.",
        extra={"Reason": reason},
        headers=headers,
    )
