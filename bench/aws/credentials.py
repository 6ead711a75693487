"""AWS credentials: the environment's, else whatever botocore's chain finds. Never written anywhere.

botocore (extra `aws`) is imported only when the environment has no keys: it brings profiles, SSO,
assumed roles, credential processes and instance roles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.aws.config_file import profile_name
from bench.errors import TargetError
from bench.model.plain import plain

REFRESH_MARGIN_S = 300
"""Credentials are renewed when they have less than this left."""
NO_CREDENTIALS = (
    "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or install "
    "lamload[aws] to use profiles, SSO and roles (AWS_PROFILE), or use a local target"
)
NO_REGION = 'no AWS region: set target.region = "us-east-1" or AWS_REGION'


@dataclass(frozen=True, slots=True)
class Credentials:
    """What requests are signed with. expires_epoch_s None means that they last."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_epoch_s: int | None = None

    def needs_refresh(self, epoch_s: int) -> bool:
        """Whether they end within REFRESH_MARGIN_S."""
        expires = self.expires_epoch_s
        return expires is not None and expires - epoch_s < REFRESH_MARGIN_S


LOCAL_CREDENTIALS = Credentials("LAMLOADLOCAL", "not-a-secret")
"""Keys of the embedded Lambda, which verifies them if it is asked to; nothing secret about them.

They sign requests to any other target that wants an Authorization header and does not verify it.
"""
LOCAL_REGION = "us-east-1"
"""Where the embedded Lambda says that it is; requests of which no region is known are signed so."""


_REGION = re.compile(r"[a-z0-9-]+")


def load_credentials(environ: Mapping[str, str]) -> Credentials:
    """The credentials to sign with now; call again when they need a refresh.

    Blocks while botocore's chain asks a credential process or an instance's metadata service.
    Raises TargetError, with the mend, when there are none or they cannot be had.
    """
    access_key = environ.get("AWS_ACCESS_KEY_ID", "").strip()
    secret_key = environ.get("AWS_SECRET_ACCESS_KEY", "").strip()
    if access_key and secret_key:
        token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN")
        return Credentials(access_key, secret_key, token.strip() if token else None)
    if access_key or secret_key:
        missing = "AWS_SECRET_ACCESS_KEY" if access_key else "AWS_ACCESS_KEY_ID"
        raise TargetError(f"half of the AWS credentials is missing: set {missing} too")
    return _from_botocore(profile_name(environ))


def renewed(
    credentials: Credentials, environ: Mapping[str, str], epoch_s: int
) -> Credentials | None:
    """Fresh credentials if these need a refresh at epoch_s, else None. Raises TargetError."""
    return load_credentials(environ) if credentials.needs_refresh(epoch_s) else None


def find_region(environ: Mapping[str, str], wanted: str | None = None) -> str:
    """The profile's region, else AWS_REGION, else AWS_DEFAULT_REGION, else botocore's.

    botocore itself ignores AWS_REGION. Raises TargetError, with the mend, when there is none.
    """
    region = wanted or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    region = region or _botocore_region(profile_name(environ))
    if not region:
        raise TargetError(NO_REGION)
    if not _REGION.fullmatch(region):
        raise TargetError(f'{region!r} is no AWS region: set AWS_REGION to one such as "us-east-1"')
    return region


def _from_botocore(profile: str | None) -> Credentials:
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.session import Session
    except ImportError:
        raise TargetError(NO_CREDENTIALS) from None
    try:
        found = Session(profile=profile).get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
    except (BotoCoreError, ClientError) as error:
        raise TargetError(f"AWS credentials cannot be had: {plain(str(error))}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # A credential_process may print anything, and a cache or a file hold it.
        words = f"{type(error).__name__}: {plain(str(error))}"
        raise TargetError(
            f"AWS credentials cannot be had: {words}; what the credential_process or the files of "
            f"the profile {profile or 'default'} give is not what AWS describes"
        ) from error
    if found is None or frozen is None or not frozen.access_key or not frozen.secret_key:
        raise TargetError(NO_CREDENTIALS)
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token, _expiry(found))


def _expiry(found: Any) -> int | None:
    """botocore keeps the instant of expiry in a private field and gives it out nowhere."""
    expires = getattr(found, "_expiry_time", None)
    return int(expires.timestamp()) if expires is not None else None


def _botocore_region(profile: str | None) -> str | None:
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError:
        return None
    try:
        region: str | None = Session(profile=profile).get_config_variable("region")
    except BotoCoreError as error:
        raise TargetError(f"AWS region cannot be had: {error}") from error
    return region
