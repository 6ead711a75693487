"""What editors are told of a profile is what reading it says."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bench.cli import run_command
from bench.faults.kinds import FaultKind
from bench.faults.read import FAULTS
from bench.model.endpoint import EndpointKind
from bench.model.profile import Profile
from bench.model.retry import RetryPolicyName
from bench.profile import load_profile, resolved_toml, shipped_profiles
from bench.profile.schema import PROFILE
from bench.schema.json_schema import json_schema, schema_text
from bench.tui.default_keys import DEFAULTS
from bench.tui.preferences import SETTINGS
from tests.profile.test_dump import profiles
from tests.profile.write import MINIMAL, mistakes
from tests.schema.json_schema_check import complaints

SCHEMA = json_schema(PROFILE)
DOCUMENTS = {"profile": PROFILE, "faults": FAULTS, "settings": SETTINGS}


def told(text: str) -> list[str]:
    return list(complaints(SCHEMA, tomllib.loads(text)))


@pytest.mark.parametrize("path", shipped_profiles(), ids=lambda path: path.stem)
def test_shipped_profiles_are_as_the_schema_wants_them(path: Path) -> None:
    assert told(path.read_text("utf-8")) == []
    assert told(resolved_toml(load_profile(path))) == []


@settings(suppress_health_check=list(HealthCheck))
@given(profile=profiles)
def test_whatever_can_be_read_is_as_the_schema_wants_it(profile: Profile) -> None:
    assert told(resolved_toml(profile)) == []


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[load]\nsed = 1", ".load.sed is not known"),
        ("[load]\nseed = true", ".load.seed is no integer"),
        ("[load]\nrounds = 0", ".load.rounds is out of bounds"),
        ('[retry]\npolicy = "jitter"', ".retry.policy is none of"),
        ('[retry]\non = ["ok"]', ".retry.on has none of the forms"),
        ('[timeout]\nconnect = "5"', ".timeout.connect has not the form"),
        ('[capacity]\nstart = "1/s"', ".capacity.max is missing"),
        ('[[target.faults]]\nkind = "reset"\nms = 5', ".target.faults[0] has 0 of the forms"),
        ('[target.urls]\nalbb = "http://a"', ".target.urls.albb is not known"),
        ("[slo]\nfast = 3", ".slo.fast is no string"),
        ('[[phase]]\nrate = "5"', ".phase[1].rate has not the form"),
    ],
)
def test_a_mistake_that_an_editor_can_see_is_one_for_the_schema(
    tmp_path: Path, more: str, key: str
) -> None:
    assert any(line.startswith(key) for line in told(f"{MINIMAL}\n{more}\n"))
    assert mistakes(tmp_path, f"{MINIMAL}\n{more}\n")


def enums(schema: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every enumeration, with the path of properties to it."""
    if isinstance(schema, dict):
        if "enum" in schema:
            yield path, schema["enum"]
        for name, below in schema.items():
            if name == "properties":
                for key, value in below.items():
                    yield from enums(value, f"{path}.{key}")
            elif isinstance(below, dict | list):
                yield from enums(below, path)
    elif isinstance(schema, list):
        for below in schema:
            yield from enums(below, path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (MINIMAL.replace('"local"', '"x"'), ".target.kind"),
        (MINIMAL.replace("memory_mb", 'endpoint = "x"\nmemory_mb'), ".variants.endpoint"),
        (MINIMAL.replace("memory_mb", 'architecture = "x"\nmemory_mb'), ".variants.architecture"),
        (MINIMAL + '[load]\narrivals = "x"\n', ".load.arrivals"),
        (MINIMAL + '[load]\norder = "x"\n', ".load.order"),
        (MINIMAL + '[retry]\npolicy = "x"\n', ".retry.policy"),
        (MINIMAL + '[retry]\non = "x"\n', ".retry.on"),
        (MINIMAL + '[breaker]\non = "x"\n', ".breaker.on"),
        (MINIMAL + '[[target.faults]]\nkind = "error"\nstatus = 9\n', ".target.faults.status"),
        (MINIMAL + '[[target.faults]]\nkind = "throttle"\nreason = 9\n', ".target.faults.reason"),
    ],
)
def test_schema_and_message_name_the_same_choices(tmp_path: Path, text: str, path: str) -> None:
    said = next(line for line in mistakes(tmp_path, text) if "must be one of" in line)
    named = said.partition("must be one of ")[2].partition(" (it is ")[0].split(", ")
    assert dict(enums(SCHEMA))[path] == [json.loads(name) for name in named]


def test_choices_are_those_of_the_model() -> None:
    found = dict(enums(SCHEMA))
    assert found[".retry.policy"] == list(RetryPolicyName)
    assert found[".variants.endpoint"] == list(EndpointKind)
    kinds = [one["properties"]["kind"]["enum"] for one in _fault_forms()]
    assert kinds == [[kind.value] for kind in FaultKind]
    assert list(json_schema(SETTINGS)["properties"]["keys"]["properties"]) == list(DEFAULTS)


def _fault_forms() -> list[Any]:
    forms = SCHEMA["properties"]["target"]["properties"]["faults"]["items"]["oneOf"]
    assert isinstance(forms, list)
    return forms


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_command_prints_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["schema", name]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(json_schema(DOCUMENTS[name])))
    assert printed["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert list(complaints(printed, {"no such key": 1}))


def test_every_key_has_a_line_of_help() -> None:
    for document in DOCUMENTS.values():
        for section in document.sections():
            for key in section.keys if section.path else ():
                assert len(key.help) > 3, (section.path, key.name)


def test_its_patterns_look_neither_ahead_nor_behind_for_engines_that_cannot() -> None:
    assert not re.search(r'"pattern": "[^"]*\(\?[=!<]', json.dumps(SCHEMA))


def test_the_shipped_profiles_name_the_schema_beside_them() -> None:
    for path in shipped_profiles():
        first = path.read_text("utf-8").splitlines()[0]
        assert first == "#:schema ./lamload.schema.json"
    text = (shipped_profiles()[0].parent / "lamload.schema.json").read_text("utf-8")
    assert text == schema_text(PROFILE), "python -m tests.check --fix writes it"
