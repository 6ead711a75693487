"""The functions of the embedded Lambda: versions, aliases, concurrency, URLs, states. No IO.

Time comes from `clock_ns` (wall clock) and randomness from `rng`, so that tests need no waiting.
Every refusal is an ApiError with AWS's text. Sources: botocore's Lambda model, the Lambda
developer guide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from uuid import UUID

from bench.local import names
from bench.local.api_error import ApiError, conflict, invalid_parameter, not_found
from bench.local.api_error import precondition_failed as failed
from bench.local.model import ACCOUNT_ID, REGION, FunctionConfig
from bench.local.names import LATEST, FunctionRef
from bench.local.records import Alias, Function, Provisioned, Settings, Target, Version

NS_PER_MS = 1_000_000
UNRESERVED_MINIMUM = 100
"""What AWS keeps back from reservations for functions without one."""

NO_SETTINGS = Settings()

_CHANGED = (
    "The RevisionId provided does not match the latest RevisionId. "
    "Call the GetFunction/GetAlias API to retrieve the latest RevisionId"
)


class Store:
    """All functions of one account in one region.

    pending_ms and update_ms: how long a created or updated function stays Pending or InProgress.
    Subscribers are called with a function's name after every change of it.
    """

    def __init__(
        self,
        *,
        region: str = REGION,
        account: str = ACCOUNT_ID,
        account_concurrency: int = 1000,
        pending_ms: int = 300,
        update_ms: int = 200,
        clock_ns: Callable[[], int] = time.time_ns,
        rng: Random | None = None,
    ) -> None:
        self.region = region
        self.account = account
        self.account_concurrency = account_concurrency
        self.functions: dict[str, Function] = {}
        self.clock_ns = clock_ns
        self._pending_ns = pending_ms * NS_PER_MS
        self._update_ns = update_ms * NS_PER_MS
        self._rng = rng or Random()
        self._subscribers: list[Callable[[str], None]] = []

    # ------------------------------------------------------------------ names

    def subscribe(self, changed: Callable[[str], None]) -> None:
        """Have `changed(function name)` called after a function is created, changed or deleted."""
        self._subscribers.append(changed)

    def arn(self, name: str, qualifier: str | None = None) -> str:
        """The function's ARN, with the qualifier if there is one."""
        base = f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"
        return f"{base}:{qualifier}" if qualifier else base

    def ref(self, name_or_arn: str, qualifier: str | None = None) -> FunctionRef:
        """Read a name or ARN; raises ApiError when it is malformed or of another place."""
        ref = names.parse_ref(name_or_arn, qualifier)
        names.check_place(ref, self.region, self.account)
        return ref

    def function(self, name_or_arn: str, qualifier: str | None = None) -> Function:
        """The function; raises the 404 that names the ARN with its qualifier."""
        return self._of(self.ref(name_or_arn, qualifier))

    def _of(self, ref: FunctionRef, unqualified: str | None = None) -> Function:
        found = self.functions.get(ref.name)
        if found is None:
            raise not_found(self.arn(ref.name, ref.qualifier or unqualified))
        return found

    def version(self, name_or_arn: str, qualifier: str | None = None) -> Version:
        """The version that a qualifier means, an alias's main version, or `$LATEST`."""
        ref = self.ref(name_or_arn, qualifier)
        function = self._of(ref)
        wanted = ref.qualifier or LATEST
        alias = function.aliases.get(wanted)
        found = function.versions.get(alias.version if alias else wanted)
        if found is None:
            raise not_found(self.arn(ref.name, wanted))
        return found

    def alias(self, name_or_arn: str, alias: str) -> Alias:
        """The alias; raises 404 `Cannot find alias arn: …`."""
        function = self.function(name_or_arn)
        found = function.aliases.get(alias)
        if found is None:
            raise ApiError(
                404,
                "ResourceNotFoundException",
                f"Cannot find alias arn: {self.arn(function.name, alias)}",
            )
        return found

    # ------------------------------------------------------------------ invocations

    def target(self, name_or_arn: str, qualifier: str | None = None) -> Target:
        """What one invocation runs; an alias with weights draws its version here.

        Raises ApiError: 404 for what is not there, 409 while the version is Pending.
        """
        ref = self.ref(name_or_arn, qualifier)
        function = self._of(ref, LATEST)
        wanted = ref.qualifier or LATEST
        alias = function.aliases.get(wanted)
        number = self._draw(alias) if alias else wanted
        version = function.versions.get(number)
        if version is None:
            raise not_found(self.arn(function.name, wanted))
        now_ns = self.clock_ns()
        if version.state(now_ns) == "Pending":
            raise conflict(
                "The operation cannot be performed at this time. "
                "The function is currently in the following state: Pending"
            )
        provisioned = next((q for q in (wanted, number) if q in function.provisioned), None)
        serving = version.serving(now_ns)
        invoked_arn = self.arn(ref.name, ref.qualifier)
        return Target(serving.config, invoked_arn, serving.revision_id, provisioned)

    def resolve(self, name_or_arn: str, qualifier: str | None = None) -> FunctionConfig:
        """The configuration that one invocation runs with; raises as `target` does."""
        return self.target(name_or_arn, qualifier).config

    def _draw(self, alias: Alias) -> str:
        at = self._rng.random()
        for version, weight in alias.weights.items():
            at -= weight
            if at < 0:
                return version
        return alias.version

    # ------------------------------------------------------------------ functions and versions

    def create(
        self,
        config: FunctionConfig,
        settings: Settings = NO_SETTINGS,
        *,
        tags: Mapping[str, str] | None = None,
        ready: bool = False,
    ) -> Version:
        """Add a function; arn and version of config are filled in here. ready skips Pending.

        Raises ApiError 409 if the name is taken.
        """
        if config.name in self.functions:
            raise conflict(f"Function already exist: {config.name}")
        now_ns = self.clock_ns()
        latest = Version(
            config=replace(config, arn=self.arn(config.name), version=LATEST),
            settings=settings,
            revision_id=self.new_id(),
            modified_ns=now_ns,
            active_ns=now_ns if ready else now_ns + self._pending_ns,
            updated_ns=now_ns,
        )
        self.functions[config.name] = Function(
            config.name, self.arn(config.name), {LATEST: latest}, tags=dict(tags or {})
        )
        self.changed(config.name)
        return latest

    def update(
        self,
        name_or_arn: str,
        config: FunctionConfig,
        settings: Settings,
        *,
        revision_id: str | None = None,
        ready: bool = False,
    ) -> Version:
        """Change `$LATEST`, configuration or code. Until the update is through, the old one serves.

        Raises ApiError: 404, 409 while another update or the creation runs, 412 for a RevisionId
        that is not the latest.
        """
        function = self.function(name_or_arn)
        before = function.versions[LATEST]
        self.check_revision(before, revision_id)
        self.check_idle(before)
        now_ns = self.clock_ns()
        after = replace(
            before,
            config=replace(config, arn=function.arn, version=LATEST),
            settings=settings,
            revision_id=self.new_id(),
            modified_ns=now_ns,
            updated_ns=now_ns if ready else now_ns + self._update_ns,
            previous=None if ready else replace(before, previous=None),
        )
        function.versions[LATEST] = after
        self.changed(function.name)
        return after

    def publish(
        self,
        name_or_arn: str,
        *,
        description: str | None = None,
        code_sha256: str | None = None,
        revision_id: str | None = None,
        ready: bool = False,
    ) -> Version:
        """A numbered version of `$LATEST`; the newest one again if nothing changed since.

        Raises ApiError: 404, 409 while `$LATEST` is being updated, 412, and 400 when code_sha256
        is not that of the code.
        """
        function = self.function(name_or_arn)
        latest = function.versions[LATEST]
        self.check_revision(latest, revision_id)
        self.check_idle(latest)
        if code_sha256 and code_sha256 != latest.settings.code_sha256:
            raise invalid_parameter(
                f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST "
                f"({latest.settings.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
            )
        newest = function.versions.get(str(function.next_version - 1))
        if newest is not None and _same(newest, latest):
            return newest
        number = str(function.next_version)
        settings = latest.settings
        if description is not None:
            settings = replace(settings, description=description)
        now_ns = self.clock_ns()
        version = Version(
            config=replace(latest.config, arn=self.arn(function.name, number), version=number),
            settings=settings,
            revision_id=self.new_id(),
            modified_ns=now_ns,
            active_ns=now_ns if ready else now_ns + self._pending_ns,
            updated_ns=now_ns,
        )
        function.versions[number] = version
        function.next_version += 1
        self.changed(function.name)
        return version

    def publish_sizes(self, name: str, sizes_mb: Sequence[int]) -> dict[int, str]:
        """A published version per memory size, each with an alias such as `128MB`: alias by size.

        All are active at once; `$LATEST` keeps the last size.
        """
        aliases = {}
        for size_mb in sizes_mb:
            latest = self.version(name)
            config = replace(latest.config, memory_mb=size_mb)
            self.update(name, config, latest.settings, ready=True)
            version = self.publish(name, description=f"{size_mb} MB", ready=True)
            aliases[size_mb] = f"{size_mb}MB"
            self.put_alias(name, aliases[size_mb], version.config.version)
        return aliases

    def delete(self, name_or_arn: str, qualifier: str | None = None) -> None:
        """Remove a function, or one published version of it.

        Raises ApiError: 404, 400 for `$LATEST` by name, 409 for a version that an alias refers to.
        """
        ref = self.ref(name_or_arn, qualifier)
        function = self._of(ref)
        if ref.qualifier is None:
            del self.functions[function.name]
        else:
            self._delete_version(function, ref.qualifier)
        self.changed(function.name)

    def _delete_version(self, function: Function, number: str) -> None:
        if number == LATEST:
            raise invalid_parameter(
                "$LATEST version cannot be deleted without deleting the function."
            )
        if names.is_alias(number):
            raise invalid_parameter("Deletion of aliases is not currently supported.")
        users = [
            alias.name
            for alias in function.aliases.values()
            if number == alias.version or number in alias.weights
        ]
        if users:
            raise conflict(f"Version is referenced by the following aliases: {', '.join(users)}")
        function.versions.pop(number, None)
        function.provisioned.pop(number, None)

    # ------------------------------------------------------------------ aliases

    def put_alias(
        self,
        name_or_arn: str,
        alias: str,
        version: str,
        *,
        weights: Mapping[str, float] | None = None,
        description: str = "",
    ) -> Alias:
        """Create or replace an alias. weights: share 0..1 by version number.

        Raises ApiError: 404 for a missing function or version, 400 for weights or a name that
        cannot be.
        """
        function = self.function(name_or_arn)
        names.check_alias_name(alias)
        self._check_routing(function, version, weights or {})
        made = Alias(
            alias,
            self.arn(function.name, alias),
            version,
            self.new_id(),
            description,
            dict(weights or {}),
        )
        function.aliases[alias] = made
        self.changed(function.name)
        return made

    def create_alias(
        self,
        name_or_arn: str,
        alias: str,
        version: str,
        *,
        weights: Mapping[str, float] | None = None,
        description: str = "",
    ) -> Alias:
        """As put_alias, with 409 for an alias that exists."""
        function = self.function(name_or_arn)
        if alias in function.aliases:
            raise conflict(f"Alias already exists: {self.arn(function.name, alias)}")
        return self.put_alias(name_or_arn, alias, version, weights=weights, description=description)

    def update_alias(
        self,
        name_or_arn: str,
        alias: str,
        *,
        version: str | None = None,
        weights: Mapping[str, float] | None = None,
        description: str | None = None,
        revision_id: str | None = None,
    ) -> Alias:
        """Change what is given, keep the rest. Raises 404 and 412 besides put_alias's errors."""
        before = self.alias(name_or_arn, alias)
        if revision_id and revision_id != before.revision_id:
            raise failed(_CHANGED)
        return self.put_alias(
            name_or_arn,
            alias,
            version or before.version,
            weights=before.weights if weights is None else weights,
            description=before.description if description is None else description,
        )

    def delete_alias(self, name_or_arn: str, alias: str) -> None:
        """Remove an alias, its provisioned concurrency and URL; without one, nothing happens."""
        function = self.function(name_or_arn)
        for held in (function.aliases, function.provisioned, function.urls, function.policies):
            held.pop(alias, None)
        self.changed(function.name)

    def _check_routing(
        self, function: Function, version: str, weights: Mapping[str, float]
    ) -> None:
        names.check_version(version)
        for number in (version, *weights):
            if number not in function.versions:
                raise not_found(self.arn(function.name, number))
        if not weights:
            return
        if version == LATEST or LATEST in weights:
            raise invalid_parameter(
                "$LATEST is not supported for an alias pointing to more than 1 version"
            )
        if version in weights:
            raise invalid_parameter(
                f"Invalid function version {version}. Function version {version} is already "
                "included in routing configuration."
            )
        if len(weights) > 1:
            raise invalid_parameter(
                "Number of items in AdditionalVersionWeights cannot be greater than 1"
            )
        if not all(0.0 <= weight <= 1.0 for weight in weights.values()):
            raise invalid_parameter("A version's weight must be from 0.0 to 1.0")

    # ------------------------------------------------------------------ concurrency

    def unreserved(self) -> int:
        """Concurrency of the account that no function has reserved."""
        taken = sum(function.reserved or 0 for function in self.functions.values())
        return max(0, self.account_concurrency - taken)

    def put_reserved(self, name_or_arn: str, executions: int) -> None:
        """Reserve concurrency; 0 throttles everything. Raises 400 when there is not enough."""
        function = self.function(name_or_arn)
        available = self.unreserved() + (function.reserved or 0)
        minimum = UNRESERVED_MINIMUM if self.account_concurrency > UNRESERVED_MINIMUM else 0
        if executions and available - executions < minimum:
            raise invalid_parameter(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{minimum}]."
            )
        provisioned = sum(held.requested for held in function.provisioned.values())
        if executions < provisioned:
            raise invalid_parameter(
                "ReservedConcurrentExecutions  "
                f"{executions} should not be lower than function's total provisioned concurrency "
                f"[{provisioned}]."
            )
        function.reserved = executions
        self.changed(function.name)

    def delete_reserved(self, name_or_arn: str) -> None:
        """Give the reservation back."""
        function = self.function(name_or_arn)
        function.reserved = None
        self.changed(function.name)

    def put_provisioned(self, name_or_arn: str, qualifier: str, executions: int) -> Provisioned:
        """Keep environments up for a version or alias. Raises 404; 400 for `$LATEST` or excess."""
        function = self.function(name_or_arn)
        if qualifier == LATEST:
            raise invalid_parameter(
                "Provisioned Concurrency Configs cannot be applied to unpublished function "
                "versions."
            )
        number = self._published(function, qualifier)
        self._check_provisioned(function, qualifier, number, executions)
        now_ns = self.clock_ns()
        held = Provisioned(qualifier, number, executions, now_ns, now_ns + self._pending_ns)
        function.provisioned[qualifier] = held
        self.changed(function.name)
        return held

    def _published(self, function: Function, qualifier: str) -> str:
        if names.is_alias(qualifier):
            return self.alias(function.name, qualifier).version
        return self.version(function.name, qualifier).config.version

    def _check_provisioned(
        self, function: Function, qualifier: str, number: str, executions: int
    ) -> None:
        others = {q: held for q, held in function.provisioned.items() if q != qualifier}
        if any(held.version == number for held in others.values()):
            raise invalid_parameter(
                "Alias can't be used for Provisioned Concurrency configuration on an already "
                "Provisioned version"
                if names.is_alias(qualifier)
                else "Version is pointed by a Provisioned Concurrency alias"
            )
        total = executions + sum(held.requested for held in others.values())
        if function.reserved is not None and total > function.reserved:
            raise invalid_parameter(
                "Requested Provisioned Concurrency should not be greater than the "
                "reservedConcurrentExecution for function"
            )
        if total > self.unreserved() and function.reserved is None:
            raise invalid_parameter(
                "Specified ConcurrentExecutions for function is greater than account's "
                f"unreserved concurrency [{self.unreserved()}]."
            )

    def provisioned(self, name_or_arn: str, qualifier: str) -> Provisioned:
        """The provisioned concurrency of a version or alias; raises 404 without any."""
        held = self.function(name_or_arn, qualifier).provisioned.get(qualifier)
        if held is None:
            raise ApiError(
                404,
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
            )
        return held

    def report_allocated(self, name: str, qualifier: str, allocated: int) -> None:
        """Tell how many provisioned environments are really up; overrides the clock."""
        held = self.provisioned(name, qualifier)
        self.functions[name].provisioned[qualifier] = replace(held, allocated=allocated)

    def delete_provisioned(self, name_or_arn: str, qualifier: str) -> None:
        """Stop keeping environments up; without any, nothing happens."""
        function = self.function(name_or_arn)
        function.provisioned.pop(qualifier, None)
        self.changed(function.name)

    # ------------------------------------------------------------------ shared by all

    def new_id(self) -> str:
        """A random UUID, from the store's own source."""
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def changed(self, name: str) -> None:
        """Tell the subscribers that a function is not what it was."""
        for subscriber in self._subscribers:
            subscriber(name)

    def check_revision(self, version: Version, revision_id: str | None) -> None:
        """Raise 412 unless revision_id is None or the version's own."""
        if revision_id and revision_id != version.revision_id:
            raise failed(_CHANGED)

    def check_idle(self, version: Version) -> None:
        """Raise 409 while a version is being created or updated."""
        now_ns = self.clock_ns()
        if version.state(now_ns) == "Pending":
            raise conflict(
                "The operation cannot be performed at this time. "
                "The function is currently in the following state: Pending"
            )
        if version.last_update_status(now_ns) == "InProgress":
            raise conflict(
                "The operation cannot be performed at this time. "
                f"An update is in progress for resource: {version.config.arn}"
            )


def _same(published: Version, latest: Version) -> bool:
    """Whether code and configuration are those of the published version."""
    config = replace(published.config, arn=latest.config.arn, version=LATEST)
    settings = replace(published.settings, description=latest.settings.description)
    return config == latest.config and settings == latest.settings
