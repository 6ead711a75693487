"""What the environment says of how everything is reached: proxies, certificates.

It holds for AWS's control plane and for what is measured alike, wherever the profile says nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import replace

from bench.aws.config_file import setting
from bench.errors import UsageError
from bench.folders import expanded
from bench.model.profile import Connections, Profile, TargetKind
from bench.model.proxies import Proxies

BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The first one that is set counts. Sources: the SDKs and Tools Reference Guide; requests."""


def with_environment(options: Connections, environ: Mapping[str, str]) -> Connections:
    """The options, with what the environment adds to them.

    Raises UsageError for a proxy or certificates that cannot be used.
    """
    try:
        proxies = Proxies.of_environment(environ)
    except ValueError as error:
        raise UsageError(str(error)) from None
    bundle = options.ca_bundle
    if bundle is None and options.verify_tls:
        bundle = _bundle(environ)
    return replace(options, ca_bundle=bundle, proxies=proxies)


def reached_by_environment(profile: Profile, environ: Mapping[str, str]) -> Connections:
    """How a run's target is reached; the embedded Lambda by what its profile says alone."""
    if profile.target.kind is TargetKind.LOCAL:
        return profile.connections
    return with_environment(profile.connections, environ)


def _bundle(environ: Mapping[str, str]) -> str | None:
    for name in BUNDLES:
        if environ.get(name):
            return _checked(environ[name], name)
    given = setting(environ, "ca_bundle")
    return _checked(given, "ca_bundle in AWS's config file") if given else None


def _checked(given: str, place: str) -> str:
    path = expanded(given).absolute()
    if path.is_dir():
        return str(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:
        what = "does not exist" if isinstance(error, FileNotFoundError) else "holds no certificates"
        raise UsageError(f"{place} must be a file with PEM certificates ({path} {what})") from None
    return str(path)
