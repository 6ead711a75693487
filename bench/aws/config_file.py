"""AWS's shared configuration file, as far as it says where and how AWS is reached.

botocore reads it too, but is not always there. Source: the SDKs and Tools Reference Guide, "Shared
config and credentials files".
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from bench.errors import TargetError
from bench.folders import homes

_YES = {"true": True, "false": False}


def profile_name(environ: Mapping[str, str]) -> str | None:
    """The profile that the environment names, None for the default one."""
    return environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or None


def setting(environ: Mapping[str, str], key: str, *, service: str | None = None) -> str | None:
    """A setting of the profile, or of a service in the section that the profile names for it.

    None where there is no such file or setting: what else is wrong with the file is botocore's to
    say.
    """
    file = _read(environ)
    name = profile_name(environ)
    profile = _section(file, "default" if name in (None, "default") else f"profile {name}")
    if service is None:
        return profile.get(key)
    services = _section(file, f"services {profile.get('services', '')}")
    for line in services.get(service, "").splitlines():
        found, _, value = line.partition("=")
        if found.strip() == key:
            return value.strip()
    return None


def is_on(environ: Mapping[str, str], variable: str, key: str) -> bool:
    """A switch by its variable, else by the file. Raises TargetError for what is neither word."""
    given = environ.get(variable)
    value = (given or setting(environ, key) or "false").strip().lower()
    if value not in _YES:
        place = variable if given else f"{key} in AWS's config file"
        raise TargetError(f'{place} must be "true" or "false" (it is {value!r})')
    return _YES[value]


def _read(environ: Mapping[str, str]) -> configparser.ConfigParser:
    file = configparser.ConfigParser(interpolation=None, strict=False, default_section="\0")
    file.optionxform = str.lower  # type: ignore[assignment,method-assign]
    path = _path(environ)
    if path is not None:
        try:
            file.read_string(path.read_text("utf-8"))
        except (OSError, ValueError, configparser.Error):
            return configparser.ConfigParser(interpolation=None)
    return file


def _path(environ: Mapping[str, str]) -> Path | None:
    given = environ.get("AWS_CONFIG_FILE")
    if given:
        return Path(given)
    return next((home / ".aws" / "config" for home in homes(environ)), None)


def _section(file: configparser.ConfigParser, name: str) -> Mapping[str, str]:
    return file[name] if file.has_section(name) else {}
