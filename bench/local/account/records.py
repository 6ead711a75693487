"""What the store keeps of functions: versions, aliases, concurrency, URLs. Data only.

Instants are wall-clock nanoseconds since the epoch; states follow from them and the time of asking,
so that nothing has to run in the background.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.local.model import FunctionConfig


@dataclass(frozen=True, slots=True)
class Settings:
    """What the control plane answers about a version and no sandbox needs.

    echoed are further members of FunctionConfiguration, kept as they came (VpcConfig, …).
    """

    description: str = ""
    role: str = "arn:aws:iam::123456789012:role/lamload-local"
    code_sha256: str = ""
    """Base64 of the archive's SHA-256."""
    code_size_bytes: int = 0
    echoed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """`$LATEST` or a published version.

    Pending until active_ns; an update is in progress until updated_ns, and until then `previous`
    is what invocations run. Settling gives a new RevisionId, as on AWS; interim_id is the one
    before. build_id changes with code and configuration only. source_description is what `$LATEST`
    had when a version was published: a change of it alone makes a new version.
    """

    config: FunctionConfig
    settings: Settings
    revision_id: str
    interim_id: str
    build_id: str
    modified_ns: int
    active_ns: int
    updated_ns: int
    previous: Version | None = None
    source_description: str = ""
    preset: bool = False
    """Published by `lamload local` itself for an alias of its own: publishing never gives it again,
    so that whoever publishes can delete what was published."""

    def state(self, now_ns: int) -> str:
        """The API's `State`: `Pending` until it can be invoked, then `Active`."""
        return "Active" if now_ns >= self.active_ns else "Pending"

    def last_update_status(self, now_ns: int) -> str:
        """The API's `LastUpdateStatus`: `InProgress` during an update, else `Successful`."""
        return "Successful" if now_ns >= self.updated_ns else "InProgress"

    def revision(self, now_ns: int) -> str:
        """The RevisionId that the API answers and checks."""
        settled = now_ns >= max(self.active_ns, self.updated_ns)
        return self.revision_id if settled else self.interim_id

    def serving(self, now_ns: int) -> Version:
        """The version that an invocation at now_ns runs: the one before, while an update is on."""
        return self if self.previous is None or now_ns >= self.updated_ns else self.previous


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a version. weights sends a share 0..1 of the invocations to other versions."""

    name: str
    arn: str
    version: str
    revision_id: str
    description: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Provisioned concurrency of a version or alias. allocated None: all of it from ready_ns on.

    init_fails: the function cannot be initialised, so that there will be no environments.
    """

    qualifier: str
    version: str
    requested: int
    modified_ns: int
    ready_ns: int
    allocated: int | None = None
    init_fails: bool = False

    def allocated_at(self, now_ns: int) -> int:
        """How many environments are up, as reported, else all or none by ready_ns."""
        if self.allocated is not None:
            return self.allocated
        return self.requested if now_ns >= self.ready_ns else 0


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """A function URL. auth_type: `NONE`, `AWS_IAM`. invoke_mode: `BUFFERED`, `RESPONSE_STREAM`."""

    url_id: str
    name: str
    qualifier: str | None
    arn: str
    auth_type: str
    invoke_mode: str
    created_ns: int
    modified_ns: int
    cors: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Function:
    """All of one function. Versions by number as text, `$LATEST` among them."""

    name: str
    arn: str
    versions: dict[str, Version]
    next_version: int = 1
    aliases: dict[str, Alias] = field(default_factory=dict)
    reserved: int | None = None
    provisioned: dict[str, Provisioned] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Statements by qualifier ('' for none) and statement id."""
    extras: dict[str, Any] = field(default_factory=dict)
    """Configurations that are kept and answered, without effect here (event invoke, …)."""


@dataclass(frozen=True, slots=True)
class ResolvedVersion:
    """What a name and a qualifier mean for one invocation.

    invoked_arn is what the handler sees as invoked_function_arn. Sandboxes are shared by equal
    build_id alone. provisioned_key is the qualifier of the provisioned concurrency that serves it,
    or None.
    """

    config: FunctionConfig
    invoked_arn: str
    build_id: str
    provisioned_key: str | None = None
