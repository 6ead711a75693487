"""The functions of the embedded Lambda: versions, aliases, concurrency, URLs, states. No IO.

Time comes from `clock_ns` (wall clock) and randomness from `rng`, so that tests need no waiting.
Every refusal is an ApiError with AWS's text. Sources: botocore's Lambda model, the Lambda
developer guide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from uuid import UUID

from bench.lambda_facts import ACCOUNT_CONCURRENCY
from bench.local.account import arns
from bench.local.account.alias_routing import draw
from bench.local.account.arns import LATEST, FunctionRef
from bench.local.account.records import (
    Alias,
    Function,
    FunctionUrl,
    ResolvedVersion,
    Settings,
    Version,
)
from bench.local.http.api_error import (
    ApiError,
    conflict,
    invalid_parameter,
    not_found,
    outdated_revision,
)
from bench.local.model import ACCOUNT_ID, REGION, FunctionConfig
from bench.model.times import NS_PER_MS

NO_SETTINGS = Settings()


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
        account_concurrency: int = ACCOUNT_CONCURRENCY,
        pending_ms: int = 300,
        update_ms: int = 200,
        clock_ns: Callable[[], int] = time.time_ns,
        rng: Random | None = None,
    ) -> None:
        self.region = region
        self.account = account
        self.account_concurrency = account_concurrency
        self.functions: dict[str, Function] = {}
        self.urls: dict[str, FunctionUrl] = {}
        self.clock_ns = clock_ns
        self.pending_ns = pending_ms * NS_PER_MS
        self.update_ns = update_ms * NS_PER_MS
        self.before_use: Callable[[str], None] = lambda _name: None
        """Called with a function's name before what an invocation runs is looked up."""
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
        ref = arns.parse_ref(name_or_arn, qualifier)
        arns.check_place(ref, self.region, self.account)
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

    def target(self, name_or_arn: str, qualifier: str | None = None) -> ResolvedVersion:
        """What one invocation runs; an alias with weights draws its version here.

        Raises ApiError: 404 for what is not there, 409 while the version is Pending.
        """
        ref = self.ref(name_or_arn, qualifier)
        self.before_use(ref.name)
        function = self._of(ref, LATEST)
        wanted = ref.qualifier or LATEST
        alias = function.aliases.get(wanted)
        number = draw(alias, self._rng) if alias else wanted
        version = function.versions.get(number)
        if version is None:
            raise not_found(self.arn(function.name, wanted))
        now_ns = self.clock_ns()
        if version.state(now_ns) == "Pending":
            raise conflict(
                "The operation cannot be performed at this time. "
                "The function is currently in the following state: Pending"
            )
        held = (function.provisioned.get(qualifier) for qualifier in (wanted, number))
        provisioned = next((one.qualifier for one in held if one and one.version == number), None)
        serving = version.serving(now_ns)
        invoked_arn = self.arn(ref.name, ref.qualifier)
        return ResolvedVersion(serving.config, invoked_arn, serving.build_id, provisioned)

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
            interim_id=self.new_id(),
            build_id=self.new_id(),
            modified_ns=now_ns,
            active_ns=now_ns if ready else now_ns + self.pending_ns,
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
            interim_id=self.new_id(),
            build_id=self.new_id(),
            modified_ns=now_ns,
            updated_ns=now_ns if ready else now_ns + self.update_ns,
            previous=None if ready else replace(before, previous=None),
        )
        function.versions[LATEST] = after
        self.changed(function.name)
        return after

    def rebuild(self, name: str, folder: str) -> None:
        """The code in a folder is another one: no environment that has the old is used again.

        Those at work end when they are done.
        """
        function = self.functions.get(name)
        if function is None:
            return
        for number, version in function.versions.items():
            if version.config.folder == folder:
                function.versions[number] = replace(version, build_id=self.new_id())
        self.changed(name)

    def delete(self, name_or_arn: str, qualifier: str | None = None) -> None:
        """Remove a function, or one published version of it.

        Raises ApiError: 404, 400 for `$LATEST` by name, 409 for a version that an alias refers to.
        """
        ref = self.ref(name_or_arn, qualifier)
        function = self._of(ref)
        if ref.qualifier is None:
            del self.functions[function.name]
            self.drop_urls(function.name)
        else:
            self._delete_version(function, ref.qualifier)
        self.changed(function.name)

    def _delete_version(self, function: Function, number: str) -> None:
        if number == LATEST:
            raise invalid_parameter(
                "$LATEST version cannot be deleted without deleting the function."
            )
        if arns.is_alias(number):
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

    # ------------------------------------------------------------------ shared by all

    def drop_urls(self, name: str, qualifier: str | None = None) -> None:
        """Forget the URL of a function's qualifier, or all of its URLs when qualifier is None."""
        self.urls = {
            url_id: url
            for url_id, url in self.urls.items()
            if url.name != name or qualifier not in (None, url.qualifier)
        }

    def code_bytes(self) -> int:
        """Size of all archives, each version's counted."""
        versions = (v for function in self.functions.values() for v in function.versions.values())
        return sum(version.settings.code_size_bytes for version in versions)

    def new_id(self) -> str:
        """A random UUID, from the store's own source."""
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def changed(self, name: str) -> None:
        """Tell the subscribers that a function is not what it was."""
        for subscriber in self._subscribers:
            subscriber(name)

    def check_revision(self, version: Version, revision_id: str | None) -> None:
        """Raise 412 unless revision_id is None or the version's own."""
        if revision_id and revision_id != version.revision(self.clock_ns()):
            raise outdated_revision()

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
