"""From binding to restoring as a user does it, over a real socket."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.aws.journal import (
    FILE_NAME,
    Changes,
    Journal,
    copies_in,
    new_journal,
    pending,
    process_start,
)
from bench.commands.restore import restore
from bench.errors import ExitCode, TargetError
from bench.folders import state_folder
from bench.load.targets.aws import AwsTarget
from bench.local.account.concurrency import put_provisioned
from bench.local.account.publishing import publish_sizes
from bench.local.account.store import Store
from bench.local.control_plane.api import ControlPlane
from bench.local.model import FunctionConfig
from bench.model.endpoint import EndpointKind
from bench.model.profile import Variant
from bench.model.variant import with_differences
from tests.aws.fake_aws import target
from tests.disk import refuse_to_replace
from tests.local.control_plane.serving import served

SIZES = (Variant(EndpointKind.INVOKE, 128),)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = Store(update_ms=0, pending_ms=0)
    store.create(FunctionConfig("primes", "", "", "app.handler", str(tmp_path), 512), ready=True)
    with served(ControlPlane(store, tmp_path / "code").handle) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        monkeypatch.chdir(tmp_path)
        yield store


def run(*arguments: str) -> Result:
    return CliRunner().invoke(restore, list(arguments), catch_exceptions=False)


async def bound() -> AwsTarget:
    opened = AwsTarget(target())
    (binding,) = await opened.bind(SIZES)
    assert binding.qualifier == "lamload-128MB"
    return opened


async def test_a_target_says_where_it_is_and_how_it_was_found(store: Store) -> None:
    opened = await bound()
    assert opened.label == "AWS 123456789012 us-east-1"
    assert opened.credentials is not None
    assert opened.configuration["MemorySize"] == 512
    assert store.version("primes").config.memory_mb == 512
    await opened.close()


async def test_each_qualifier_is_called_as_it_is_and_nothing_is_published(store: Store) -> None:
    sizes = publish_sizes(store, "primes", (256, 512))
    plain = [Variant(EndpointKind.INVOKE, size) for size in (512, 256)]
    variants = [
        variant.with_levels({"qualifier": sizes[variant.memory_mb or 0]}) for variant in plain
    ]
    before = set(store.function("primes").versions)
    opened = AwsTarget(target())
    bindings = await opened.bind(variants)
    assert [binding.variant for binding in bindings] == variants
    assert [binding.qualifier for binding in bindings] == ["512MB", "256MB"]
    assert set(store.function("primes").versions) == before
    await opened.close()


@pytest.mark.parametrize(
    ("level", "kept", "said"),
    [
        ("provisioned", True, ""),
        ("provisioned", False, "primes:256MB has no provisioned concurrency: `aws lambda put-prov"),
        (
            None,
            True,
            "invoke-256MB-256MB is to be on-demand and primes:256MB is provisioned: name a",
        ),
        ("snapstart", False, "primes:256MB has no SnapStart: set ApplyOn to PublishedVersions"),
    ],
)
async def test_a_version_has_to_come_up_as_its_variant_says(
    level: str | None, kept: bool, said: str, store: Store
) -> None:
    publish_sizes(store, "primes", (256, 512))
    if kept:
        put_provisioned(store, "primes", "256MB", 1)
    levels: dict[str, str | None] = {"qualifier": "256MB", "initialization": level}
    other = Variant(EndpointKind.INVOKE, 512).with_levels({"qualifier": "512MB"})
    if level is None:
        put_provisioned(store, "primes", "512MB", 1)
        other = other.with_levels({"initialization": "provisioned"})
    variants = with_differences([Variant(EndpointKind.INVOKE, 256).with_levels(levels), other])
    bound = AwsTarget(target()).bind(variants)
    if said:
        with pytest.raises(TargetError) as caught:
            await bound
        assert said in str(caught.value)
    else:
        assert [binding.qualifier for binding in await bound] == ["256MB", "512MB"]


def test_restore_finds_what_was_left_wherever_the_journal_lies(store: Store) -> None:
    opened = asyncio.run(bound())
    (journal,) = opened.journals
    assert journal.path.parent == state_folder(os.environ)
    folder = Path("runs/20260101T000000Z-sweep")
    folder.mkdir(parents=True)
    opened.keep_in(folder)
    assert (folder / FILE_NAME).exists()
    assert journal.path.exists()
    planned = run("--dry-run")
    assert planned.output.count("alias lamload-128MB") == 1
    assert planned.output.count("version 1") == 1
    assert len(store.function("primes").versions) == 2
    done = run(str(folder))
    assert done.output.splitlines() == ["alias lamload-128MB is deleted", "version 1 is deleted"]
    assert len(store.function("primes").versions) == 1
    assert run().output == "There is nothing to undo.\n"
    assert not (folder / FILE_NAME).exists()


async def test_each_function_of_a_run_is_called_by_its_name_and_has_its_own_journal(
    store: Store, tmp_path: Path
) -> None:
    store.create(FunctionConfig("sieve", "", "", "app.handler", str(tmp_path), 256), ready=True)
    variants = [
        variant.with_levels({"function": name}) for name in ("old", "new") for variant in SIZES
    ]
    arn = "arn:aws:lambda:us-east-1:123456789012:function:sieve"
    opened = AwsTarget(target(), functions={"old": "primes", "new": arn})
    bindings = await opened.bind(variants)
    assert [binding.variant for binding in bindings] == variants
    assert [binding.function for binding in bindings] == ["primes", arn]
    assert {name: facts["MemorySize"] for name, facts in opened.configuration.items()} == {
        "old": 512,
        "new": 256,
    }
    folder = tmp_path / "runs" / "both"
    folder.mkdir(parents=True)
    opened.keep_in(folder)
    assert [path.name for path in copies_in(folder)] == ["aws-changes-2.json", FILE_NAME]
    shutil.rmtree(state_folder(os.environ))
    assert len(pending(tmp_path / "runs", state_folder(os.environ))) == 2
    await asyncio.to_thread(run, str(folder))
    assert [len(store.function(name).versions) for name in ("primes", "sieve")] == [1, 1]
    assert copies_in(folder) == []


def test_what_is_left_is_found_from_any_folder_and_without_the_runs(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = asyncio.run(bound())
    folder = tmp_path / "far" / "away" / "20260101T000000Z-sweep"
    folder.mkdir(parents=True)
    opened.keep_in(folder)
    shutil.rmtree(tmp_path / "far")
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    assert "version 1" in run("--dry-run").output
    assert run().exit_code == 0
    assert len(store.function("primes").versions) == 1


@pytest.mark.usefixtures("store")
def test_a_copy_alone_is_enough_where_the_state_folder_is_lost(tmp_path: Path) -> None:
    opened = asyncio.run(bound())
    folder = tmp_path / "runs" / "sweep"
    folder.mkdir(parents=True)
    opened.keep_in(folder)
    shutil.rmtree(state_folder(os.environ))
    assert "version 1 is deleted" in run().output
    assert pending(tmp_path / "runs", state_folder(os.environ)) == []


@pytest.mark.usefixtures("store")
def test_what_cannot_be_undone_does_not_stand_in_the_way_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.aws.api.FIRST_BACKOFF_S", 0)
    asyncio.run(bound())
    gone = Changes("primes", "us-east-1", "http://127.0.0.1:1", 1024, [512])
    state = state_folder(os.environ)
    new_journal(gone, os.environ).write()
    (state / "aws-torn-1.json").write_text("{")
    found = run()
    assert found.exit_code == ExitCode.TARGET
    assert "version 1 is deleted" in found.output
    assert "primes: cannot reach http://127.0.0.1:1" in found.output
    assert "aws-torn-1.json cannot be read" in found.output


def test_a_crashed_runs_memory_size_is_set_back(store: Store) -> None:
    changes = Changes("primes", "us-east-1", os.environ["AWS_ENDPOINT_URL"], 1024, [512])
    new_journal(changes, os.environ).write()
    assert run().output == "primes has 1024 MB again\n"
    assert store.version("primes").config.memory_mb == 1024
    assert not pending(state_folder(os.environ))


def test_a_journal_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "aws-primes-1.json", Changes("primes", "us-east-1", "", 1024))
    (tmp_path / "run").mkdir()
    journal.write()
    journal.changes.versions.append("7")
    with monkeypatch.context() as full:
        refuse_to_replace(full)
        with pytest.raises(TargetError, match=r"cannot be noted there \(No space"):
            journal.write()
        with pytest.raises(TargetError, match=r"set XDG_STATE_HOME"):
            journal.keep_copy_in(tmp_path / "run")
    (left,) = map(Journal.read, pending(tmp_path))
    assert (left.changes.original_memory_mb, left.changes.versions) == (1024, [])


def test_a_run_that_is_under_way_is_left_alone(store: Store) -> None:
    url = os.environ["AWS_ENDPOINT_URL"]
    parent = os.getppid()
    changes = Changes("primes", "us-east-1", url, 1024, [512], pid=parent)
    changes.process_start = process_start(parent)
    journal = new_journal(changes, os.environ)
    journal.write()
    assert Journal.read(journal.path).in_use
    assert "still uses it" in run().output
    assert store.version("primes").config.memory_mb == 512
    journal.changes.process_start = "1"  # another process has the number by now
    assert not journal.in_use
    assert run("--force").output == "primes has 1024 MB again\n"
