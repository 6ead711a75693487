from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from bench.local.account.aliases import delete_alias, put_alias
from bench.local.account.concurrency import (
    delete_reserved,
    provisioned,
    put_provisioned,
    put_reserved,
    report_allocated,
    unreserved,
)
from bench.local.account.publishing import publish, publish_sizes
from bench.local.account.store import Store
from bench.local.account.urls import create_url, delete_url, find_url, update_url
from bench.local.http.api_error import ApiError
from bench.local.model import FunctionConfig

MS = 1_000_000


class Clock:
    """A wall clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 1_700_000_000_000 * MS

    def __call__(self) -> int:
        return self.now_ns

    def pass_ms(self, ms: int) -> None:
        self.now_ns += ms * MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(clock_ns=clock, rng=Random(1), pending_ms=300, update_ms=200)


def draft(name: str = "primes", **changes: object) -> FunctionConfig:
    return replace(
        FunctionConfig(name=name, arn="", version="", handler="app.handler", folder="/f"),
        **changes,  # type: ignore[arg-type]
    )


ARN = "arn:aws:lambda:us-east-1:123456789012:function:primes"


def code_of(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.status, error.value.code


@pytest.mark.parametrize(
    ("name", "qualifier"),
    [
        ("primes", None),
        ("primes", "$LATEST"),
        ("primes:$LATEST", None),
        ("primes:$LATEST", "$LATEST"),
        ("123456789012:function:primes", None),
        ("123456789012:primes", None),
        ("function:primes", None),
        (ARN, None),
        (f"{ARN}:$LATEST", None),
        ("us-east-1:123456789012:function:primes", None),
    ],
)
def test_every_form_of_a_name_finds_the_function(
    store: Store, name: str, qualifier: str | None
) -> None:
    store.create(draft(), ready=True)
    assert store.target(name, qualifier).config.name == "primes"


@pytest.mark.parametrize(
    ("name", "qualifier", "status", "code"),
    [
        ("nobody", None, 404, "ResourceNotFoundException"),
        ("primes", "7", 404, "ResourceNotFoundException"),
        ("primes", "live", 404, "ResourceNotFoundException"),
        ("primes:1", "2", 400, "InvalidParameterValueException"),
        ("no such/../name", None, 400, "ValidationException"),
        ("", None, 400, "ValidationException"),
        ("x" * 300, None, 400, "ValidationException"),
        ("primes", "bad qualifier", 400, "ValidationException"),
        (ARN.replace("us-east-1", "eu-west-1"), None, 404, "ResourceNotFoundException"),
        (ARN.replace("123456789012", "999999999999"), None, 403, "AccessDeniedException"),
        ("primes\n", None, 400, "ValidationException"),
    ],
)
def test_a_name_that_cannot_be_is_refused_as_aws_does(
    store: Store, name: str, qualifier: str | None, status: int, code: str
) -> None:
    store.create(draft(), ready=True)
    with pytest.raises(ApiError) as error:
        store.target(name, qualifier)
    assert code_of(error) == (status, code)


def test_a_missing_function_is_named_with_its_qualifier(store: Store) -> None:
    with pytest.raises(ApiError) as error:
        store.target("x")
    assert error.value.body() == (
        b'{"Type":"User","Message":"Function not found: '
        b'arn:aws:lambda:us-east-1:123456789012:function:x:$LATEST"}'
    )


def test_a_created_function_is_pending_then_active(store: Store, clock: Clock) -> None:
    version = store.create(draft())
    assert version.state(clock()) == "Pending"
    with pytest.raises(ApiError) as error:
        store.target("primes")
    assert code_of(error) == (409, "ResourceConflictException")
    clock.pass_ms(300)
    assert version.state(clock()) == "Active"
    assert store.target("primes").config.memory_mb == 128


def test_an_update_serves_the_old_configuration_until_it_is_through(
    store: Store, clock: Clock
) -> None:
    first = store.create(draft(), ready=True)
    store.update("primes", replace(first.config, memory_mb=512), first.settings)
    assert store.target("primes").config.memory_mb == 128
    before = store.target("primes").build_id
    with pytest.raises(ApiError) as error:
        store.update("primes", first.config, first.settings)
    assert code_of(error) == (409, "ResourceConflictException")
    clock.pass_ms(200)
    assert store.target("primes").config.memory_mb == 512
    assert store.target("primes").build_id != before


def test_sandboxes_of_before_an_update_serve_until_it_is_through(store: Store) -> None:
    first = store.create(draft(), ready=True)
    before = store.target("primes").build_id
    store.update("primes", replace(first.config, memory_mb=512), first.settings)
    assert store.target("primes").build_id == before


def test_an_outdated_revision_id_is_refused(store: Store) -> None:
    first = store.create(draft(), ready=True)
    with pytest.raises(ApiError) as error:
        store.update("primes", first.config, first.settings, revision_id="stale")
    assert code_of(error) == (412, "PreconditionFailedException")
    with pytest.raises(ApiError) as error:
        publish(store, "primes", revision_id="stale")
    assert code_of(error) == (412, "PreconditionFailedException")
    store.update("primes", first.config, first.settings, revision_id=first.revision_id)


def test_publishing_what_has_not_changed_returns_the_version_that_is_there(store: Store) -> None:
    first = store.create(draft(), ready=True)
    one = publish(store, "primes")
    assert publish(store, "primes", description="other").config.version == "1"
    store.update("primes", replace(first.config, memory_mb=256), first.settings, ready=True)
    two = publish(store, "primes")
    assert (one.config.version, two.config.version) == ("1", "2")
    assert two.config.arn == f"{ARN}:2"
    assert store.target("primes", "1").config.memory_mb == 128


def test_a_description_of_its_own_makes_no_new_version_but_one_of_latest_does(store: Store) -> None:
    first = store.create(draft(), ready=True)
    assert publish(store, "primes", description="mine").settings.description == "mine"
    assert publish(store, "primes").config.version == "1"
    described = replace(first.settings, description="another cold start")
    store.update("primes", first.config, described, ready=True)
    assert publish(store, "primes").config.version == "2"


def test_each_memory_size_gets_a_version_and_an_alias(store: Store) -> None:
    store.create(draft(), ready=True)
    assert publish_sizes(store, "primes", [128, 256]) == {128: "128MB", 256: "256MB"}
    assert store.target("primes:256MB").config.memory_mb == 256
    target = store.target("primes", "128MB")
    assert (target.config.version, target.invoked_arn) == ("1", f"{ARN}:128MB")


def test_who_publishes_beside_an_alias_of_ours_can_delete_what_was_published(store: Store) -> None:
    """Power tuning's cleaner deletes the alias and the version of each size that it made."""
    store.create(draft(memory_mb=128), ready=True)
    publish_sizes(store, "primes", [128])
    version = publish(store, "primes").config.version
    assert version != store.alias("primes", "128MB").version
    assert publish(store, "primes").config.version == version, "one of one's own is given again"
    put_alias(store, "primes", "RAM128", version)
    delete_alias(store, "primes", "RAM128")
    store.delete("primes", version)
    assert store.version("primes", "128MB").config.memory_mb == 128


def test_an_alias_shares_invocations_by_weight(store: Store) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128, 256])
    put_alias(store, "primes", "live", "1", weights={"2": 0.25})
    drawn = Counter(store.target("primes", "live").config.version for _ in range(4000))
    assert drawn["1"] + drawn["2"] == 4000
    assert 900 < drawn["2"] < 1100


@pytest.mark.parametrize(
    ("alias", "version", "weights", "status"),
    [
        ("live", "9", {}, 404),
        ("live", "1", {"9": 0.5}, 404),
        ("live", "1", {"1": 0.5}, 400),
        ("live", "$LATEST", {"1": 0.5}, 400),
        ("live", "1", {"2": 1.5}, 400),
        ("live", "1", {"2": float("nan")}, 400),
        ("123", "1", {}, 400),
        ("a b", "1", {}, 400),
        ("live", "one", {}, 400),
    ],
)
def test_an_alias_that_cannot_be_is_refused(
    store: Store, alias: str, version: str, weights: dict[str, float], status: int
) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128, 256])
    with pytest.raises(ApiError) as error:
        put_alias(store, "primes", alias, version, weights=weights)
    assert error.value.status == status


def test_reserved_concurrency_leaves_the_account_its_minimum(store: Store) -> None:
    store.create(draft(), ready=True)
    put_reserved(store, "primes", 900)
    assert unreserved(store) == 100
    put_reserved(store, "primes", 0)
    with pytest.raises(ApiError) as error:
        put_reserved(store, "primes", 901)
    assert code_of(error) == (400, "InvalidParameterValueException")
    delete_reserved(store, "primes")
    assert unreserved(store) == 1000


def test_provisioned_concurrency_is_for_published_versions_and_gets_ready(
    store: Store, clock: Clock
) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128])
    with pytest.raises(ApiError) as error:
        put_provisioned(store, "primes", "$LATEST", 1)
    assert code_of(error) == (400, "InvalidParameterValueException")
    with pytest.raises(ApiError) as error:
        provisioned(store, "primes", "128MB")
    assert code_of(error) == (404, "ProvisionedConcurrencyConfigNotFoundException")
    held = put_provisioned(store, "primes", "128MB", 3)
    assert held.allocated_at(clock()) == 0
    clock.pass_ms(300)
    assert held.allocated_at(clock()) == 3
    assert store.target("primes:128MB").provisioned_key == "128MB"
    report_allocated(store, "primes", "128MB", 2)
    assert provisioned(store, "primes", "128MB").allocated_at(clock()) == 2


def test_provisioned_concurrency_follows_its_alias(store: Store, clock: Clock) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128, 256])
    put_alias(store, "primes", "live", "1")
    put_provisioned(store, "primes", "live", 3)
    clock.pass_ms(300)
    put_alias(store, "primes", "live", "2")
    held = provisioned(store, "primes", "live")
    assert (held.version, held.allocated_at(clock())) == ("2", 0)
    assert store.target("primes:live").provisioned_key == "live"


def test_only_the_main_version_of_a_weighted_alias_has_its_environments(store: Store) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128, 256])
    put_alias(store, "primes", "live", "1")
    put_provisioned(store, "primes", "live", 3)
    put_alias(store, "primes", "live", "1", weights={"2": 0.5})
    drawn = {
        (target.config.version, target.provisioned_key)
        for target in (store.target("primes", "live") for _ in range(100))
    }
    assert drawn == {("1", "live"), ("2", None)}


def test_subscribers_hear_of_every_change(store: Store) -> None:
    heard: list[str] = []
    store.subscribe(heard.append)
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128])
    store.delete("primes")
    assert set(heard) == {"primes"}
    assert len(heard) == 5
    with pytest.raises(ApiError):
        store.target("primes")


def test_a_version_in_use_by_an_alias_stays(store: Store) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128])
    with pytest.raises(ApiError) as error:
        store.delete("primes", "1")
    assert code_of(error) == (409, "ResourceConflictException")
    delete_alias(store, "primes", "128MB")
    store.delete("primes:1")
    assert store.target("primes").config.version == "$LATEST"


def test_settling_and_publishing_give_latest_a_new_revision_id(store: Store, clock: Clock) -> None:
    created = store.create(draft())
    pending = created.revision(clock())
    clock.pass_ms(300)
    active = created.revision(clock())
    assert pending != active
    with pytest.raises(ApiError):
        publish(store, "primes", revision_id=pending)
    build = store.target("primes").build_id
    published = publish(store, "primes", revision_id=active)
    assert published.revision(clock()) not in (pending, active)
    assert store.version("primes").revision(clock()) not in (pending, active)
    assert store.target("primes").build_id == build


def test_a_function_and_each_alias_have_at_most_one_url(store: Store) -> None:
    store.create(draft(), ready=True)
    publish_sizes(store, "primes", [128])
    first = create_url(store, "primes", None)
    aliased = create_url(store, "primes", "128MB", auth_type="AWS_IAM")
    assert first.url_id != aliased.url_id
    with pytest.raises(ApiError) as error:
        create_url(store, "primes", None)
    assert code_of(error) == (409, "ResourceConflictException")
    assert update_url(store, "primes", None, auth_type="AWS_IAM").url_id == first.url_id
    assert find_url(store, "primes:128MB", None) == aliased
    delete_alias(store, "primes", "128MB")
    with pytest.raises(ApiError) as error:
        find_url(store, "primes", "128MB")
    assert code_of(error) == (404, "ResourceNotFoundException")
    delete_url(store, "primes", None)
    assert store.urls == {}


def test_a_url_goes_with_its_function(store: Store) -> None:
    store.create(draft(), ready=True)
    create_url(store, "primes", None)
    store.delete("primes")
    assert store.urls == {}
