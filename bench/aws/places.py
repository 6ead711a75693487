"""Where AWS's APIs are: partitions, dual stack, FIPS, and endpoints of one's own. Pure but for
the shared configuration file.

Source: botocore's partitions and the rule sets of its services; the SDKs and Tools Reference
Guide, "Dual-stack and FIPS endpoints" and "Service-specific endpoints".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.aws.config_file import is_on, setting
from bench.errors import TargetError
from bench.model.proxies import is_loopback


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function's API is."""

    region: str
    url: str

    @property
    def is_aws(self) -> bool:
        """Whether it is AWS's own, by its name, and no emulator's."""
        host = urlsplit(self.url).hostname or ""
        suffixes = [name for p in PARTITIONS for name in (p.suffix, p.dual_stack_suffix)]
        return any(host.endswith(f".{suffix}") for suffix in suffixes)


@dataclass(frozen=True, slots=True)
class Partition:
    """Regions whose names fit; the names of its endpoints end in one of the two suffixes."""

    name: str
    regions: str
    suffix: str
    dual_stack_suffix: str


PARTITIONS = (
    Partition("aws-cn", r"cn-.*", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition("aws-us-gov", r"us-gov-.*", "amazonaws.com", "api.aws"),
    Partition("aws-iso", r"us-iso-.*", "c2s.ic.gov", "api.aws.ic.gov"),
    Partition("aws-iso-b", r"us-isob-.*", "sc2s.sgov.gov", "api.aws.scloud"),
    Partition("aws-iso-e", r"eu-isoe-.*", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    Partition("aws-iso-f", r"(us|eu)-isof-.*", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    Partition("aws-eusc", r"eusc-.*", "amazonaws.eu", "api.amazonwebservices.eu"),
    Partition("aws", r".*", "amazonaws.com", "api.aws"),
)
_FIPS_BY_ITSELF = frozenset({("states", "us-gov-west-1")})
"""Endpoints without a second name for FIPS, with the usual suffix."""
_HOSTS = {"lambda": ("", "lambda"), "sync-states": ("sync-", "states")}
"""By what is called: what stands before the service's name, and that name."""
_VARIABLES = {"lambda": "AWS_ENDPOINT_URL_LAMBDA", "sync-states": "AWS_ENDPOINT_URL_SFN"}
_SECTIONS = {"lambda": "lambda", "sync-states": "sfn"}


def partition_of(region: str) -> Partition:
    """The partition of a region; AWS's first one for any that no other has."""
    return next(p for p in PARTITIONS if re.fullmatch(p.regions, region))


def service_url(service: str, region: str, environ: Mapping[str, str]) -> str:
    """`https://lambda.eu-west-1.amazonaws.com`, or what environment and config file make of it.

    An endpoint of one's own (AWS_ENDPOINT_URL[_LAMBDA]) wins over AWS_USE_DUALSTACK_ENDPOINT and
    AWS_USE_FIPS_ENDPOINT. Raises TargetError for one that is no URL, or a switch that is none.
    """
    given = _own_endpoint(service, environ)
    if given:
        return _checked(given)
    before, name = _HOSTS[service]
    partition = partition_of(region)
    dual_stack = is_on(environ, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
    if is_on(environ, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"):
        name += "" if (name, region) in _FIPS_BY_ITSELF and not dual_stack else "-fips"
    suffix = partition.dual_stack_suffix if dual_stack else partition.suffix
    return f"https://{before}{name}.{region}.{suffix}"


def may_lead_to(place: Place, url: str) -> bool:
    """Whether a URL that this API has told may be called.

    AWS may name any; an emulator none but its own host's and this machine's: what it calls
    `…on.aws` would lead to somebody's function in earnest.
    """
    if place.is_aws:
        return True
    host = (urlsplit(url).hostname or "").lower()
    own = (urlsplit(place.url).hostname or "").lower()
    if is_loopback(host) or host == own or host.endswith(f".{own}"):
        return True
    return host.endswith(_LOOPBACK_SUFFIX)


_LOOPBACK_SUFFIX = ".localhost.localstack.cloud"
"""Names that mean 127.0.0.1 everywhere. Source: LocalStack's documentation."""


def _own_endpoint(service: str, environ: Mapping[str, str]) -> str | None:
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return (
        environ.get(_VARIABLES[service])
        or environ.get("AWS_ENDPOINT_URL")
        or setting(environ, "endpoint_url", service=_SECTIONS[service])
        or setting(environ, "endpoint_url")
    )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise TargetError(
            f'AWS_ENDPOINT_URL must be a URL such as "http://localhost:4566" (it is {url!r})'
        )
    return url.rstrip("/")
