"""Secrets that a run knows of, and what stands for them in everything that it writes. Pure.

A value is known for a secret by the name that it stands under, by its form, or since it came from
the environment. It is looked for as it is and as URLs and JSON write it, so that it does not come
back in an answer that repeats a request.

Of a header with any other name nobody knows. What it holds may be a password that looks like a
word, or a word that also stands for something else in a profile (`X-Mode: local`). So it is hidden
where the header stands, in the command's own words and in what a target says, and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from bench.lambda_facts import INVOCATION_TYPE_HEADER, LOG_TYPE_HEADER, TRACE_HEADER

HEADERS = "headers"
"""The table of a profile that headers stand in."""
SHORTEST = 6
"""Letters: a shorter value stands within a text by chance, and counts only as the whole of one."""
_PLAIN_WORDS = frozenset(
    {
        "",
        "true",
        "false",
        "none",
        "null",
        "yes",
        "no",
        "on",
        "off",
        "enabled",
        "disabled",
        "default",
    }
)
"""What stands under many a secret's name and is none."""
_NAME = re.compile(
    r"auth(?!or(?!iz))|cookie|token|secret|passw|passphrase|\b(pass|pwd|pat)\b|credential|bearer|hmac|"
    r"signature|\bsig\b|"
    r"(api|access|private|account|shared|signing|encryption|subscription|functions?)[-_ ]?key|"
    r"session[-_ ]?id|\bjwt\b|\bdsn\b|connection[-_ ]?string|database[-_ ]?url",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"(?:Bearer|Basic|Digest|Token) (?P<said>[\w.~+/=-]{8,})|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}|\bsk_(?:live|test)_\w{10,}"
    r"|\bgithub_pat_\w{20,}|\bglpat-[\w-]{15,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{30,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|$)",
    re.DOTALL,
)
_OPEN_HEADERS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "api-version"),
        *("baggage", "cache-control", "connection", "content-disposition", "content-encoding"),
        *("content-language", "content-length", "content-type", "date", "dnt", "etag", "expect"),
        *("forwarded", "host", "if-match", "if-modified-since", "if-none-match", "if-range"),
        *("if-unmodified-since", "keep-alive", "max-forwards", "origin", "pragma", "prefer"),
        *("priority", "range", "referer", "te", "traceparent", "tracestate", "transfer-encoding"),
        *("upgrade", "upgrade-insecure-requests", "user-agent", "via", "x-api-version"),
        *(name.lower() for name in (INVOCATION_TYPE_HEADER, LOG_TYPE_HEADER, TRACE_HEADER)),
        "x-correlation-id",
        *("x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"),
        *("x-http-method-override", "x-request-id", "x-requested-with"),
    }
)
"""Headers that hold nothing to hide, by what they are for. Sources: RFC 9110 and the registry of
HTTP field names at IANA without those for credentials, W3C Trace Context, AWS's own."""
_TOO_SHORT = 4
"""Letters: nothing shorter keeps anything from anybody, and it stands everywhere by chance."""
_WORD = re.compile(r"(?<![\w./:-])[A-Za-z0-9+/]{24,}={0,2}(?![\w./:-])")
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_USERINFO = re.compile(r"://[^/?#@\s:]*:(?P<said>[^/?#@\s]+)@")


@dataclass(frozen=True, slots=True)
class Secrets:
    """values: what is secret, and what is written instead, the longest first."""

    values: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    exact: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The same for whole texts, the short ones too."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What a header holds that may be a secret, and what is written instead."""

    @classmethod
    def of(cls, found: Iterable[tuple[str, str]]) -> Secrets:
        """(value, what stands for it) pairs; of a value that comes twice the first one counts."""
        known: dict[str, str] = {}
        for value, instead in found:
            if value.lower() not in _PLAIN_WORDS:
                for form in (value, unquote(value), quote(value, safe=""), json.dumps(value)[1:-1]):
                    known.setdefault(form, instead)
        longest_first = sorted(known.items(), key=lambda pair: -len(pair[0]))
        values = tuple(pair for pair in longest_first if len(pair[0]) >= SHORTEST)
        return cls(values, known)

    def mask(self, text: str) -> str:
        """The text without any secret."""
        if text in self.exact:
            return self.exact[text]
        for value, instead in self.values:
            if value in text:
                text = text.replace(value, instead)
        return text

    def mask_said(self, text: str) -> str:
        """What somebody says who was told everything: without words from headers either."""
        text = self.mask(text)
        for value, instead in self.headers.items():
            for form in (value, quote(value, safe=""), json.dumps(value)[1:-1]):
                if form in text:
                    word = rf"(?<!\w){re.escape(form)}(?!\w)"
                    text = re.sub(word, instead.replace("\\", r"\\"), text)
        return text

    def mask_header(self, value: str) -> str:
        """What a header holds, as it may be written where the header stands."""
        return self.headers.get(value) or self.mask(value)

    def masked(self, value: Any) -> Any:
        """The same for every text within a value of JSON; keys stay."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {
                key: {name: self.mask_header(text) for name, text in item.items()}
                if key == HEADERS and isinstance(item, Mapping)
                else self.masked(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.masked(item) for item in value]
        return value


NO_SECRETS = Secrets()


def is_secret_name(name: str) -> bool:
    """Whether a header, variable, key or parameter of that name probably holds a secret."""
    return _NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("_", " ")) is not None


def may_be_secret(header: str, value: str) -> bool:
    """Whether a header that no name gives away holds what nobody else should read."""
    is_open = header.lower() in _OPEN_HEADERS or value.lower() in _PLAIN_WORDS
    return not is_open and len(value) >= _TOO_SHORT


def random_parts(text: str) -> list[str]:
    """Words that no person has made up: long, of digits and letters of both cases or hexadecimal.

    In a header or a variable they are hardly anything but a key; in an event they may be its data.
    """
    return [word for word in _WORD.findall(text) if _is_random(word.rstrip("="))]


def _is_random(word: str) -> bool:
    is_path = word.startswith("/") or word.count("/") > 2
    if is_path or not any(map(str.isdigit, word)) or word.isdigit():
        return False
    return _HEXADECIMAL.fullmatch(word) is not None or word not in (word.lower(), word.upper())


def secret_parts(text: str) -> list[str]:
    """What of a text is a secret by its form: tokens, keys, passwords in URLs."""
    return [found["said"] or found[0] for found in _FORM.finditer(text)] + [
        found["said"] for found in _USERINFO.finditer(text)
    ]
