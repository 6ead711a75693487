"""What of a request or an answer must not be shown: credentials, whichever way they are carried."""

from __future__ import annotations

import re

HIDDEN = "(hidden)"
_NAME = re.compile(
    r"(?i)(^|[^a-z])(auth\w*|proxy-authorization|\w*token|\w*secret|\w*password|passwd|\w*key|"
    r"cookie|set-cookie|signature|sig|credential|session)($|[^a-z])"
)
_QUERY = re.compile(r"([?&])([^=&\s]+)=([^&\s]*)")


def is_secret(name: str) -> bool:
    """Whether the value of a header or a parameter of that name is probably a secret."""
    return _NAME.search(name) is not None


def without_secrets(line: str) -> str:
    """A line of a head with the value of a secret header, or of secret parameters, hidden."""
    name, colon, value = line.partition(":")
    if colon and " " not in name and is_secret(name):
        scheme = value.strip().partition(" ")[0] if " " in value.strip() else ""
        return f"{name}: {f'{scheme} ' if scheme.replace('-', '').isalnum() else ''}{HIDDEN}"
    return without_secret_parameters(line)


def without_secret_parameters(text: str) -> str:
    """A target or a URL with the values of secret parameters hidden."""
    return _QUERY.sub(
        lambda found: f"{found[1]}{found[2]}={HIDDEN if is_secret(found[2]) else found[3]}", text
    )
