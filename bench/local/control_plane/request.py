"""One call of the control plane, taken apart: labels of the path, query, JSON body."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from bench.local.account.arns import LATEST
from bench.local.account.store import Store
from bench.local.http.api_error import ApiError, invalid_parameter, validation_error

Item = TypeVar("Item")

StatusAndValue = tuple[int, Any]
"""Status and JSON value; None for an answer without a body."""


@dataclass(frozen=True, slots=True)
class OperationCall:
    """labels are the decoded variable parts of the path, in order; the first is the function."""

    store: Store
    code_root: Path
    url_template: str
    labels: tuple[str, ...]
    query: Mapping[str, tuple[str, ...]]
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The function's name or ARN."""
        return self.labels[0]

    @property
    def qualifier(self) -> str | None:
        """The Qualifier of the query, or None."""
        return self.asked("Qualifier")

    @property
    def wanted(self) -> str:
        """The qualifier of the query or the name; `$LATEST` without one."""
        return self.store.ref(self.name, self.qualifier).qualifier or LATEST

    def asked(self, name: str) -> str | None:
        """The last value of a query parameter, or None."""
        return self.query[name][-1] if name in self.query else None

    def text(self, name: str, *, longest: int = 10_000) -> str | None:
        """A string member of the body, or None; raises 400 for anything else."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise unreadable(f"{name} must be a string")
        if len(value) > longest:
            raise validation_error(
                value[:64], _camel(name), f"have length less than or equal to {longest}"
            )
        return value

    def needed_text(self, name: str, *, longest: int = 10_000) -> str:
        """A string member that must be there; raises 400."""
        value = self.text(name, longest=longest)
        if value is None:
            raise _null(name)
        return value

    def number(self, name: str, least: int, most: int) -> int | None:
        """An integer member within bounds, or None; raises 400."""
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise unreadable(f"{name} must be an integer")
        if value < least:
            raise validation_error(
                str(value), _camel(name), f"have value greater than or equal to {least}"
            )
        if value > most:
            raise validation_error(
                str(value), _camel(name), f"have value less than or equal to {most}"
            )
        return value

    def needed_number(self, name: str, least: int, most: int) -> int:
        """An integer member that must be there; raises 400."""
        value = self.number(name, least, most)
        if value is None:
            raise _null(name)
        return value

    def object(self, name: str) -> Mapping[str, Any] | None:
        """An object member, or None; raises 400."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, dict):
            raise unreadable(f"{name} must be an object")
        return value

    def choice(self, name: str, values: Sequence[str]) -> str | None:
        """A string member out of a closed set, or None; raises 400."""
        value = self.text(name)
        if value is not None and value not in values:
            raise validation_error(
                value[:64], _camel(name), f"satisfy enum value set: [{', '.join(values)}]"
            )
        return value

    def page(self, key: str, items: Sequence[Item], shape: Callable[[Item], Any]) -> dict[str, Any]:
        """One page of a list as the query's Marker and MaxItems ask for it; raises 400."""
        start, size = self._marker(), self._max_items()
        page: dict[str, Any] = {key: [shape(item) for item in items[start : start + size]]}
        if start + size < len(items):
            page["NextMarker"] = str(start + size)
        return page

    def _marker(self) -> int:
        marker = self.asked("Marker")
        if not marker:
            return 0
        if not (marker.isascii() and marker.isdecimal() and len(marker) < 10):
            raise invalid_parameter("Invalid Marker")
        return int(marker)

    def _max_items(self) -> int:
        asked = self.asked("MaxItems")
        if asked is None:
            return 50
        if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked[:9]) <= 10_000):
            raise validation_error(asked[:20], "maxItems", "have value from 1 to 10000")
        return min(int(asked), 50)


def _camel(name: str) -> str:
    """A member as AWS's validator names it: `MemorySize` is `memorySize`."""
    return name[:1].lower() + name[1:]


def unreadable(detail: str) -> ApiError:
    """A body that is no JSON object, or has a member of the wrong type."""
    return ApiError(
        400, "InvalidRequestContentException", f"Could not parse request body into json: {detail}"
    )


def read_body(body: bytes) -> Mapping[str, Any]:
    """The body's JSON object, {} for an empty body; raises ApiError 400."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unreadable(str(error)[:200]) from error
    if not isinstance(value, dict):
        raise unreadable("an object is expected")
    return value


def read_query(raw_query: str) -> Mapping[str, tuple[str, ...]]:
    """Query parameters, decoded, each with its values in the order given."""
    found: dict[str, tuple[str, ...]] = {}
    for part in raw_query.split("&"):
        name, _, value = part.partition("=")
        if name:
            key = unquote_plus(name)
            found[key] = (*found.get(key, ()), unquote_plus(value))
    return found


def _null(name: str) -> ApiError:
    return ApiError(
        400,
        "ValidationException",
        f"1 validation error detected: Value null at '{_camel(name)}' failed to satisfy "
        "constraint: Member must not be null",
        type="",
    )
