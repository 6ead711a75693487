"""Where a front door in AWS is, and which memory size it serves.

A door is wired to one version or alias. To measure several sizes through it, its URL in the
profile has `{memory_mb}` or `{alias}` in it: a path rule, a stage, a host per size. A function URL
needs none: each alias can have its own, which is found, or made with AWS_IAM so that nobody else
can call it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.aws.api import LambdaApi
from bench.aws.journal import Journal
from bench.aws.places import may_lead_to, service_url
from bench.aws.refusals import AwsRefusal
from bench.aws.versions import LATEST
from bench.errors import TargetError
from bench.model.endpoint import Address
from bench.model.load import Binding
from bench.model.profile import Target, Variant

MACHINE_PARAMETER = "stateMachineArn"


class FrontDoors:
    """The doors of one function. `load` first, then `bind` each variant."""

    def __init__(
        self, target: Target, api: LambdaApi, journal: Journal, environ: Mapping[str, str]
    ) -> None:
        self._target, self._api, self._journal = target, api, journal
        self._environ = environ
        self._function_urls: list[dict[str, Any]] = []

    async def load(self, variants: Sequence[Variant]) -> None:
        """Check that every door can be told apart by size, and list the function's own URLs."""
        kinds = {variant.endpoint for variant in variants}
        for kind in kinds:
            sizes = {variant.memory_mb for variant in variants if variant.endpoint is kind}
            url = self._target.urls.get(kind)
            if url is not None and len(sizes) > 1 and filled(url, 1, "1", "{function}") == url:
                raise TargetError(
                    f"target.urls.{kind.value} leads to one memory size and the profile asks for "
                    f"{len(sizes)} through it: put {{memory_mb}} or {{alias}} into the URL, with "
                    "a rule, stage or host for each"
                )
        if any(kind.facts.address is Address.FUNCTION_URL for kind in kinds):
            await self._list_urls()

    async def _list_urls(self) -> None:
        self._function_urls = await self._api.pages(
            "ListFunctionUrlConfigs", "FunctionUrlConfigs", self._journal.changes.function
        )

    async def bind(self, variant: Variant, qualifier: str) -> Binding:
        """Where a variant is called. Raises TargetError for a door that has no URL."""
        given = self._target.urls.get(variant.endpoint)
        if given is not None:
            function = self._journal.changes.function.rpartition(":")[2]
            url = filled(given, variant.memory_mb or 0, qualifier, function)
            return self._given(variant, url)
        if variant.endpoint.facts.address is Address.FUNCTION_URL:
            config = self._own_url(qualifier) or await self._make_url(qualifier)
            self._check_leads_nowhere_else(variant, config["FunctionUrl"])
            return self._function_url(variant, config)
        raise TargetError(
            f"{variant.name} has no URL: set target.urls.{variant.endpoint.value} to that of the "
            "front door"
        )

    def _check_leads_nowhere_else(self, variant: Variant, url: str) -> None:
        if not may_lead_to(self._api.place, url):
            key = f"target.urls.{variant.endpoint.value}"
            raise TargetError(
                f"{self._api.place.url} names the function URL {url}, which leads away from it: "
                f"set {key} to where it serves that function"
            )

    def _given(self, variant: Variant, url: str) -> Binding:
        region = self._api.place.region
        if variant.endpoint.facts.address is Address.STATE_MACHINE:
            base, _, query = url.partition("?")
            machine = parse_qs(query).get(MACHINE_PARAMETER)
            if machine is None:
                raise TargetError(
                    f"target.urls.{variant.endpoint.value} must end in ?{MACHINE_PARAMETER}=… "
                    "with the ARN of an express state machine"
                )
            return Binding(variant, base, function=machine[0], region=region, sign=True)
        if variant.endpoint.facts.address is Address.FUNCTION_URL:
            host = urlsplit(url).hostname
            for config in self._function_urls:
                if urlsplit(config["FunctionUrl"]).hostname == host:
                    return self._function_url(variant, config | {"FunctionUrl": url})
        return Binding(variant, url, region=region)

    def _function_url(self, variant: Variant, config: Mapping[str, Any]) -> Binding:
        return Binding(
            variant,
            config["FunctionUrl"],
            region=self._api.place.region,
            sign=config["AuthType"] == "AWS_IAM",
        )

    def _own_url(self, qualifier: str) -> dict[str, Any] | None:
        for config in self._function_urls:
            alias = config["FunctionArn"].partition(":function:")[2].partition(":")[2]
            if (alias or LATEST) == qualifier:
                return config
        return None

    async def _make_url(self, qualifier: str) -> dict[str, Any]:
        if qualifier.isdigit():
            raise TargetError(
                f"a function URL cannot lead to version {qualifier}: name an alias in "
                "target.qualifier, or set target.urls.function-url"
            )
        changes = self._journal.changes
        query = {} if qualifier == LATEST else {"Qualifier": qualifier}
        changes.function_urls.append(qualifier)
        self._journal.write()
        body = {"AuthType": "AWS_IAM"}
        try:
            return await self._api.call(
                "CreateFunctionUrlConfig", changes.function, body=body, **query
            )
        except AwsRefusal as refusal:
            if refusal.status != 409:  # made by an attempt of which the answer was lost
                raise
            await self._list_urls()
            found = self._own_url(qualifier)
            if found is None:
                raise
            return found


def filled(url: str, memory_mb: int, alias: str, function: str) -> str:
    """The URL of one size of one function."""
    places = {"{memory_mb}": str(memory_mb), "{alias}": alias, "{function}": function}
    for place, value in places.items():
        url = url.replace(place, value)
    return url


def is_state_machine(function: str) -> bool:
    """Whether target.function is the ARN of a state machine."""
    return function.startswith("arn:") and function.split(":")[2:3] == ["states"]


def bind_machine(
    arn: str, variants: Sequence[Variant], environ: Mapping[str, str]
) -> tuple[Binding, ...]:
    """Bindings of a target that is itself a state machine, with the size that it calls.

    Raises TargetError for any other endpoint or a second size: the function behind is not known.
    """
    region = arn.split(":")[3]
    if {variant.endpoint.facts.address for variant in variants} != {Address.STATE_MACHINE}:
        raise TargetError(
            "a state machine can be called through step-functions only: set target.function to "
            "the function for other endpoints"
        )
    if len({variant.memory_mb for variant in variants}) > 1:
        raise TargetError(
            "a state machine calls one memory size: set target.function to the function, and "
            f"target.urls.step-functions to …?{MACHINE_PARAMETER}=… with {{memory_mb}} in it"
        )
    url = service_url("sync-states", region, environ)
    return tuple(Binding(variant, url, arn, region=region, sign=True) for variant in variants)
