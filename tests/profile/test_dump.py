from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.model.budget import BudgetSpec, ConcurrencyBudget, RetryBudget, RetryThrottling
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import (
    Architecture,
    Arrivals,
    CapacitySpec,
    Connections,
    EventKind,
    EventSpec,
    LoadSpec,
    Order,
    Phase,
    Profile,
    Slo,
    StopSpec,
    Target,
    TargetKind,
    Timeouts,
    Variant,
)
from bench.model.retry import RETRYABLE, BreakerSpec, RetryPolicyName, RetrySpec
from bench.profile import load_profile, resolved_toml
from bench.profile.effects import is_door
from bench.shapes.burst import Burst
from bench.shapes.ramp import Ramp
from bench.shapes.steps import Steps
from tests.profile.write import MINIMAL, load

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).filter(lambda text: bool(text.strip()))
json_values = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
durations_ns = st.integers(1, 10**15)
rates = st.floats(0.001, 1e5)
shares = st.floats(0.001, 0.999)
failures = st.frozensets(st.sampled_from([*RETRYABLE, Outcome.FUNCTION_ERROR]), min_size=1)


def retry_spec(
    policy: RetryPolicyName,
    attempts: int,
    base: int,
    more: int,
    on: frozenset[Outcome],
    honour: bool,
    budget: BudgetSpec | None,
) -> RetrySpec:
    if policy is RetryPolicyName.NONE:
        attempts, budget = 1, None
    spec = RetrySpec(policy, attempts, on=on, honour_retry_after=honour, budget=budget)
    return spec if policy.facts.delays else replace(spec, base_ns=base, cap_ns=base + more)


events = st.builds(EventSpec, st.just(EventKind.LITERAL), json_values) | st.builds(
    EventSpec,
    st.just(EventKind.GENERATOR),
    st.just("firehose"),
    st.none(),
    st.fixed_dictionaries({}, optional={"records": st.integers(1, 9)}),
)
variants = st.lists(
    st.builds(
        Variant,
        st.sampled_from([EndpointKind.INVOKE, EndpointKind.ALB, EndpointKind.REST]),
        st.integers(128, 10_240),
        st.sampled_from(Architecture),
    ),
    min_size=1,
    max_size=4,
    unique=True,
).map(tuple)


def numbered(specs: list[EventSpec]) -> tuple[EventSpec, ...]:
    """A mix, each of whose events has a name."""
    return tuple(replace(spec, name=f"event {number}") for number, spec in enumerate(specs, 1))


targets = st.builds(
    Target,
    kind=st.just(TargetKind.LOCAL),
    function=st.just("primes"),
    events=st.lists(events, min_size=1, max_size=1).map(tuple)
    | st.lists(
        st.builds(lambda spec, weight: replace(spec, weight=weight), events, st.floats(0.1, 9)),
        min_size=1,
        max_size=3,
    ).map(numbered),
    http_headers=st.dictionaries(st.sampled_from(["x-a", "accept"]), st.just("a b"), max_size=2),
    timeout_s=st.none() | st.integers(1, 900_000).map(lambda ms: ms / 1000),
    concurrency=st.none() | st.integers(0, 1000),
    log_tail=st.booleans(),
    client_context=st.none() | texts,
    environment=st.dictionaries(texts, texts, max_size=2),
)
ramps = st.builds(Ramp, durations_ns, rates, rates)
steps = st.builds(Steps, ramps.filter(lambda r: r.start_rps != r.end_rps), st.integers(2, 9))
bursts = st.builds(Burst, durations_ns, st.integers(1, 99), durations_ns)
phases = st.builds(Phase, texts, ramps | steps | bursts) | st.builds(
    Phase, texts, ramps | steps | bursts, st.just(False), st.booleans()
)


def measured(phases: list[Phase]) -> tuple[Phase, ...]:
    return (replace(phases[0], measured=True, once=False), *phases[1:])


def _meant(profile: Profile) -> Profile:
    """Without keys that have no effect beside the others, which a profile must not have."""
    kinds = {variant.endpoint for variant in profile.variants}
    target = profile.target
    if not any(map(is_door, kinds)):
        target = replace(target, http_headers={})
    if not any(kind.facts.is_at_api for kind in kinds):
        target = replace(target, client_context=None, log_tail=True)
    return replace(profile, target=target)


profiles = st.builds(
    Profile,
    name=st.sampled_from(["p", "my run", "a.b-c_d"]),
    title=texts,
    question=st.lists(st.text("abc #?", max_size=9).map(str.strip), max_size=3).map(
        lambda lines: "\n".join(lines).strip()
    ),
    source=st.just("p.toml"),
    target=targets,
    variants=variants,
    load=st.builds(
        LoadSpec,
        st.sampled_from(Arrivals),
        st.sampled_from(Order),
        st.integers(1, 9),
        st.integers(-(2**63), 2**63 - 1),
        st.integers(1, 9999),
        workers=st.none() | st.integers(1, 8),
    ),
    phases=st.lists(phases, min_size=1, max_size=3, unique_by=lambda p: p.name).map(measured),
    timeouts=st.builds(
        lambda connect, first, more: Timeouts(connect, first, first + more),
        durations_ns,
        durations_ns,
        st.integers(0, 10**15),
    ),
    retry=st.builds(
        retry_spec,
        st.sampled_from([name for name in RetryPolicyName if not name.facts.by_environment]),
        st.integers(1, 100),
        st.integers(0, 10**12),
        st.integers(0, 10**12),
        failures,
        st.booleans(),
        st.none()
        | st.builds(RetryBudget, shares, st.sampled_from([0.0, 0.5, 10.0]), durations_ns)
        | st.builds(ConcurrencyBudget, shares, st.integers(0, 99))
        | st.builds(RetryThrottling, st.integers(1, 1000), st.floats(0.001, 99)),
    ),
    breaker=st.none()
    | st.builds(
        BreakerSpec,
        shares,
        durations_ns,
        st.integers(1, 999),
        durations_ns,
        st.integers(1, 9),
        failures,
    ),
    connections=st.builds(
        Connections,
        max_age_ns=st.integers(0, 10**12),
        max_uses=st.integers(0, 99),
        verify_tls=st.booleans(),
        server_name=st.none() | texts,
        proxy=st.none() | st.just("http://127.0.0.1:3128"),
    ),
    slos=st.lists(
        st.builds(Slo, texts, st.just("p99 < 300ms")), max_size=2, unique_by=lambda slo: slo.name
    ).map(tuple),
    record_attempts=st.booleans(),
    max_spend_usd=st.none() | st.floats(0.01, 1e6),
    stop=st.builds(
        StopSpec,
        st.none() | durations_ns,
        st.none() | st.integers(1, 10**9),
        st.none() | st.floats(0.01, 1e6),
        st.none() | shares,
    )
    | st.builds(
        StopSpec,
        precision=shares,
        precision_q=st.sampled_from([0.5, 0.99, 0.999]),
        confidence=shares,
    ),
).map(_meant)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profile=profiles)
def test_a_resolved_profile_reads_back_as_it_was(tmp_path: Path, profile: Profile) -> None:
    path = tmp_path / "p.toml"
    text = resolved_toml(profile)
    path.write_text(text, "utf-8", newline="")
    again = load_profile(path)
    assert replace(again, source=profile.source) == profile
    assert resolved_toml(again) == text


FORMS = {
    "callers": MINIMAL.replace('rate = "10/s"', 'callers = "1..50"\nsteps = 5')
    + '[load]\nthink = "10ms"\n',
    "load callers": MINIMAL.replace('rate = "10/s"\n', "") + "[load]\ncallers = 4\n",
    "replay": MINIMAL.replace('rate = "10/s"', 'replay = "a.csv"\ncolumn = "at"\nspeed = 0.5'),
    "feed": MINIMAL.replace(
        '"primes"', '"primes"\nevent_feed = { file = "a.csv", order = "shuffled" }'
    ),
    "template": MINIMAL.replace(
        '"primes"', '"primes"\nevent_template = { at = "{{row.at}}" }\nevent_feed = "a.csv"'
    ),
    "file": MINIMAL.replace('"primes"', '"primes"\nevent_file = "a.json"'),
    "faults": MINIMAL + '[[target.faults]]\nkind = "latency"\nms = 50\n',
    "context": MINIMAL.replace('"primes"', '"primes"\nclient_context = { custom = { a = 1 } }'),
    "capacity": MINIMAL.partition("[[phase]]")[0]
    + '[capacity]\nstart = "1/s"\nmax = "9/s"\nholds = "p99 < 1s"\nprecision = "3%"\n'
    'recovers_from = "overload x2 500ms"\nwithin = "2s"\n',
    "http": '[target]\nkind = "http"\nurl = "http://127.0.0.1:1/"\nmethod = "GET"\n'
    '[[phase]]\nrate = "1/s"\nduration = "1s"\n',
    "aws": '[target]\nkind = "aws"\nfunction = "f"\nqualifier = 12\nregion = "eu-central-1"\n'
    'urls = { alb = "https://a.example" }\n[[variants]]\nendpoint = ["invoke", "alb"]\n'
    'memory_mb = 128\n[[phase]]\nrate = "1/s"\nduration = "1s"\n',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form_runs_again_from_another_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text("at\n1\n2\n")
    (tmp_path / "a.json").write_text("{}")
    profile = load(tmp_path, text)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "profile.toml").write_text(resolved_toml(profile), "utf-8")
    again = load_profile(elsewhere / "profile.toml")
    assert replace(again, source=profile.source) == profile


def test_an_override_stands_in_the_resolved_profile(tmp_path: Path) -> None:
    profile = load(tmp_path, MINIMAL, "load.seed=77", "phase.steady.rate=20/s")
    document = tomllib.loads(resolved_toml(profile))
    assert document["load"]["seed"] == 77
    assert document["phase"][0]["rate"] == "20/s"


def test_a_search_without_phases_needs_none(tmp_path: Path) -> None:
    profile = load(tmp_path, FORMS["capacity"])
    assert isinstance(profile.capacity, CapacitySpec)
    assert profile.phases == ()
