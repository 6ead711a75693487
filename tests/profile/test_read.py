from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import ExitCode, ProfileError
from bench.load.targets.local import local_command
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import Architecture, Arrivals, EventKind, Order, TargetKind, Variant
from bench.model.retry import BreakerSpec, Hedge, RetryPolicyName
from bench.model.search_disturbance import DisturbanceKind, SearchDisturbance
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.profile import load_profile, resolved_toml
from bench.shapes.callers import Callers
from bench.shapes.ramp import Ramp
from tests.profile.write import MINIMAL, load, mistakes


def test_the_short_case_is_short(tmp_path: Path) -> None:
    profile = load(tmp_path, MINIMAL)
    assert profile.name == profile.title == "p"
    assert profile.target.kind is TargetKind.LOCAL
    assert profile.variants == (Variant(EndpointKind.INVOKE, 128),)
    assert (profile.load.order, profile.load.arrivals) == (Order.INTERLEAVED, Arrivals.POISSON)
    phase = profile.phases[0]
    assert phase.shape == Ramp(5_000_000_000, 10.0, 10.0)
    assert phase.measured


def test_lists_in_variants_make_a_variant_of_each_combination(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        "memory_mb = 128",
        'endpoint = ["alb", "rest"]\nmemory_mb = [512, 1769]\narchitecture = ["x86_64", "arm64"]',
    )
    names = [variant.name for variant in load(tmp_path, text).variants]
    assert names == [
        "alb-512MB",
        "alb-512MB-arm64",
        "alb-1769MB",
        "alb-1769MB-arm64",
        "rest-512MB",
        "rest-512MB-arm64",
        "rest-1769MB",
        "rest-1769MB-arm64",
    ]
    assert load(tmp_path, text).variants[1].architecture is Architecture.ARM64


def test_the_leading_comment_is_the_question(tmp_path: Path) -> None:
    text = "\n# Does it hold?\n#\n# And how long?\n\n# not this\n" + MINIMAL
    assert load(tmp_path, text).question == "Does it hold?\n\nAnd how long?"
    assert load(tmp_path, MINIMAL).question == ""


def test_the_line_that_names_a_schema_is_no_part_of_the_question(tmp_path: Path) -> None:
    text = "#:schema ./lamload.schema.json\n# Does it hold?\n" + MINIMAL
    assert load(tmp_path, text).question == "Does it hold?"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ("# Why?\n" + MINIMAL).replace("\n", "\r\n").encode())
    assert load_profile(path).question == "Why?"


def test_callers_of_the_load_make_every_phase_a_closed_loop(tmp_path: Path) -> None:
    text = MINIMAL.replace('rate = "10/s"\n', "") + '[load]\ncallers = 10\nthink = "100ms"\n'
    profile = load(tmp_path, text)
    assert profile.phases[0].shape == Callers(5_000_000_000, 10, 10)
    assert profile.load.think_ns == 100_000_000


def test_a_phase_can_have_a_ramp_of_callers(tmp_path: Path) -> None:
    phase = load(tmp_path, MINIMAL.replace('rate = "10/s"', 'callers = "1..50"')).phases[0]
    assert phase.shape == Callers(5_000_000_000, 1, 50)


def test_a_timeout_that_is_not_given_gives_way_to_one_that_is(tmp_path: Path) -> None:
    short = load(tmp_path, MINIMAL + '[timeout]\ntotal = "30s"\n').timeouts
    assert (short.first_byte_ns, short.total_ns) == (30_000_000_000, 30_000_000_000)
    long = load(tmp_path, MINIMAL + '[timeout]\nfirst_byte = "10m"\n').timeouts
    assert long.first_byte_ns == long.total_ns == 600_000_000_000


@pytest.mark.parametrize(
    ("policy", "attempts", "honours"),
    [
        ("aws-legacy", 5, False),
        ("aws-standard", 3, False),
        ("aws-standard-2026", 3, True),
        ("aws-adaptive", 3, True),
    ],
)
def test_an_aws_mode_brings_its_attempts_and_what_it_makes_of_a_hint(
    tmp_path: Path, policy: str, attempts: int, honours: bool
) -> None:
    retry = load(tmp_path, MINIMAL + f'[retry]\npolicy = "{policy}"\n').retry
    assert (retry.max_attempts, retry.honour_retry_after) == (attempts, honours)


def test_a_breaker_is_there_once_its_table_is(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).breaker is None
    assert load(tmp_path, MINIMAL + "[breaker]\n").breaker == BreakerSpec()
    found = load(tmp_path, MINIMAL + '[breaker]\nopen = "2s"\non = ["throttled"]\n').breaker
    assert found == BreakerSpec(open_ns=2 * NS_PER_S, on=frozenset({Outcome.THROTTLED}))


def test_a_deadline_and_a_hedge_need_no_policy_and_a_hedge_may_have_a_budget(
    tmp_path: Path,
) -> None:
    text = '[retry]\ndeadline = "10s"\nhedge = "p95"\nbudget = "5%"\n'
    profile = load(tmp_path, MINIMAL + text)
    retry = profile.retry
    assert (retry.policy, retry.max_attempts) == (RetryPolicyName.NONE, 1)
    assert (retry.deadline_ns, retry.hedge) == (10 * NS_PER_S, Hedge(quantile=0.95))
    assert retry.budget is not None
    assert profile.longest_invocation_ns == 10 * NS_PER_S
    assert load(tmp_path, resolved_toml(profile)).retry == retry
    after = load(tmp_path, MINIMAL + '[retry]\nhedge = "50ms"\n').retry.hedge
    assert after == Hedge(delay_ns=50 * NS_PER_MS)


def test_a_retry_policy_alone_means_three_attempts(tmp_path: Path) -> None:
    retry = load(tmp_path, MINIMAL + '[retry]\npolicy = "fixed"\non = ["throttled"]\n').retry
    assert (retry.policy, retry.max_attempts) == (RetryPolicyName.FIXED, 3)
    assert retry.on == {Outcome.THROTTLED}
    assert load(tmp_path, MINIMAL).retry.max_attempts == 1


def test_any_url_needs_no_variants(tmp_path: Path) -> None:
    text = '[target]\nkind = "http"\nurl = "http://127.0.0.1:8080/x?y=1"\n'
    profile = load(tmp_path, text + '[[phase]]\nrate = "1/s"\nduration = "1s"\n')
    assert profile.variants == (Variant(EndpointKind.HTTP),)
    assert profile.target.urls == {EndpointKind.HTTP: "http://127.0.0.1:8080/x?y=1"}


def test_a_front_door_of_an_emulator_is_called_at_the_targets_url(tmp_path: Path) -> None:
    text = (
        '[target]\nkind = "http"\nurl = "http://127.0.0.1:8080"\n[[variants]]\nendpoint = "alb"\n'
    )
    text += 'memory_mb = 128\n[[phase]]\nrate = "1/s"\nduration = "1s"\n'
    assert load(tmp_path, text).target.urls[EndpointKind.ALB] == "http://127.0.0.1:8080"


def test_paths_start_from_the_profiles_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "handler.py").write_text("def handler(event, context): return 1\n")
    (tmp_path / "event.json").write_text('{"a": 1}')
    text = MINIMAL.replace('"primes"', '"mine"\nevent_file = "event.json"')
    (tmp_path / "p.toml").write_text(text)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    target = load_profile(Path("..") / "p.toml").target
    assert target.function == str((tmp_path / "mine").resolve())
    assert target.events[0].path == str((tmp_path / "event.json").resolve())


def test_a_runtime_is_taken_where_the_folder_has_code_for_it(tmp_path: Path) -> None:
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "index.mjs").write_text("export const handler = async () => 1\n")
    (tmp_path / "both" / "handler.py").write_text("def handler(event, context): return 1\n")
    text = MINIMAL.replace('"primes"', '"both"\nruntime = "nodejs22.x"')
    loaded = load(tmp_path, text)
    assert local_command(loaded.target, loaded.variants)[-2:] == ["--runtime", "nodejs22.x"]
    assert 'runtime = "nodejs22.x"' in resolved_toml(loaded)
    wrong = text.replace("nodejs22.x", 'provided.al2"\nhandler = "a.b')
    assert "has no handler a.b for provided.al2" in mistakes(tmp_path, wrong)[0]


def test_an_emulators_lambda_api_needs_the_functions_name(tmp_path: Path) -> None:
    text = '[target]\nkind = "http"\nurl = "http://127.0.0.1:9000"\n'
    text += '[[variants]]\nendpoint = "invoke"\nmemory_mb = 128\n'
    text += '[[phase]]\nrate = "1/s"\nduration = "1s"\n'
    assert mistakes(tmp_path, text) == [
        "variants[0].endpoint invoke needs target.function, the name that an emulator knows it by"
    ]
    named = load(tmp_path, text, "target.function=function").target
    assert (named.function, named.urls[EndpointKind.INVOKE]) == (
        "function",
        "http://127.0.0.1:9000",
    )


def test_capacity_takes_the_place_of_phases(tmp_path: Path) -> None:
    text = MINIMAL.partition("[[phase]]")[0]
    text += '[capacity]\nstart = "10/s"\nmax = "600/min"\nholds = "p99.9 < 300ms"\n'
    spec = load(tmp_path, text).capacity
    assert spec is not None
    assert (spec.start_rps, spec.max_rps) == (10.0, 10.0)
    assert (spec.q, spec.limit_ns) == (0.999, 300_000_000)


DISTURBED = '[capacity]\nstart = "1/s"\nmax = "9/s"\nholds = "p99 < 1s"\nrecovers_from = '


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stall 5s", SearchDisturbance(DisturbanceKind.STALL, 5 * NS_PER_S)),
        ("overload 2s", SearchDisturbance(DisturbanceKind.OVERLOAD, 2 * NS_PER_S, 3.0)),
        ("overload x1.5 2s", SearchDisturbance(DisturbanceKind.OVERLOAD, 2 * NS_PER_S, 1.5)),
    ],
)
def test_a_search_may_disturb_what_holds(
    tmp_path: Path, text: str, found: SearchDisturbance
) -> None:
    profile = MINIMAL.partition("[[phase]]")[0] + f'{DISTURBED}"{text}"\nwithin = "3s"\n'
    spec = load(tmp_path, profile).capacity
    assert spec is not None
    assert (spec.recovers_from, spec.within_ns) == (found, 3 * NS_PER_S)


def test_a_target_of_somebody_elses_can_be_overloaded_and_not_stalled(tmp_path: Path) -> None:
    target = '[target]\nkind = "http"\nurl = "http://127.0.0.1:1/"\n'
    load(tmp_path, f'{target}{DISTURBED}"overload x3 5s"\n')
    assert mistakes(tmp_path, f'{target}{DISTURBED}"stall 5s"\n') == [
        "capacity.recovers_from needs a target of kind local: nobody can stall another one; "
        '"overload x3 5s" can be had anywhere'
    ]


def test_a_mix_of_events_has_weights(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        '"primes"',
        '"primes"\nevents = [{ event = { n = 1 }, weight = 3 }, '
        '{ event_generator = { name = "firehose" } }]',
    )
    events = load(tmp_path, text).target.events
    assert [(event.kind, event.weight) for event in events] == [
        (EventKind.LITERAL, 3.0),
        (EventKind.GENERATOR, 1.0),
    ]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = """
titel = "x"
rounds = 3
[target]
kind = "locl"
[[variants]]
endpoint = "albb"
memory_mb = [64, 128]
[load]
in_flight = 0
[[phase]]
rate = "-5/s"
duration = "5s"
[[phase]]
rate = "5/s"
"""
    endpoints = ", ".join(f'"{kind}"' for kind in EndpointKind)
    assert mistakes(tmp_path, text) == [
        "titel is not a key of a profile; did you mean title?",
        "rounds is not a key of a profile; it belongs in [load]",
        'target.kind must be one of "local", "aws", "http" (it is "locl"); did you mean "local"?',
        "target.function is missing: name a folder with a handler, or one of doors, echo, flaky, "
        "hello, misspelt, primes, sleeper",
        f'variants[0].endpoint must be one of {endpoints} (it is "albb"); did you mean "alb"?',
        "variants[0].memory_mb[0] must be at least 128 (it is 64); write `memory_mb = 128` there",
        "load.in_flight must be at least 1 (it is 0); write `in_flight = 1000` there",
        'phase[0].rate must be at least 0 (it is "-5/s"); write `rate = "5/s"` there',
        'phase[1].duration is missing: say how long, such as "30s"',
    ]


CASES = [
    # (change, from, to, what is said)
    (
        "memory too small",
        "= 128",
        "= 127",
        "variants[0].memory_mb must be at least 128 (it is 127)",
    ),
    ("memory too large", "= 128", "= 10241", "variants[0].memory_mb must be at most 10240"),
    ("memory as text", "= 128", '= "128"', "variants[0].memory_mb must be a whole number"),
    ("no memory", "memory_mb = 128", "", "variants[0].memory_mb is missing: name sizes in MB"),
    ("empty list", "= 128", "= []", "variants[0].memory_mb must not be an empty list"),
    ("twice", "= 128", "= [128, 128]", "variants[0].memory_mb[1] repeats 128: leave it out"),
    ("http door", "memory_mb = 128", 'endpoint = "http"', "variants[0].endpoint cannot be http"),
    ("no variants", "[[variants]]\nmemory_mb = 128", "", "variants is missing: add [[variants]]"),
    ("one table", "[[variants]]", "[variants]", "write [[variants]]"),
    ("a phase's table", "[[phase]]", "[phase]", "write [[phase]]"),
    ("rate without unit", '"10/s"', "10", "phase[0].rate must be a rate such as"),
    ("duration as number", '"5s"', "5", "phase[0].duration must be a duration with its unit"),
    ("no duration", 'duration = "5s"', "", "phase[0].duration is missing"),
    ("zero duration", '"5s"', '"0s"', "phase[0].duration must be above 0"),
    ("no rate", 'rate = "10/s"', "", "phase[0].rate is missing"),
    ("never measured", 'name = "steady"', "measured = false", "phase is never measured"),
    ("nothing sent", '"10/s"', '"0/s"', "phase sends nothing while it is measured"),
    ("measured once", 'name = "steady"', "once = true", "phase[0].once is for a warm-up"),
    ("measured as text", 'name = "steady"', 'measured = "no"', "must be true or false"),
    ("rate and callers", 'name = "steady"', "callers = 3", "phase[0].callers cannot stand beside"),
    ("callers too few", 'rate = "10/s"', "callers = 0", "phase[0].callers must be at least 1"),
    ("steps", 'name = "steady"', "steps = 5", "phase[0].steps is for a ramp"),
    ("burst without every", 'rate = "10/s"', "burst = 5", "phase[0].every is missing"),
    ("every without burst", 'name = "steady"', 'every = "1s"', "phase[0].every is for a phase"),
    ("no replay file", 'rate = "10/s"', 'replay = "no.csv"', "phase[0].replay must be a file"),
    ("unknown function", '"primes"', '"primse"', "target.function must be a folder with a handler"),
    (
        "no runtime",
        '"primes"',
        '"primes"\nruntime = "python2.7"',
        "target.runtime must be one of py",
    ),
    ("on AWS", '"local"', '"aws"\nruntime = "python3.12"', "target.runtime has no meaning for"),
    ("no event file", '"primes"', '"primes"\nevent_file="x"', "target.event_file must be a file"),
    ("two events", '"primes"', '"primes"\nevent = 1\nevent_feed = "x"', "beside event"),
    ("date in event", '"primes"', '"primes"\nevent = { d = 2020-01-01 }', "no dates"),
    ("inf in event", '"primes"', '"primes"\nevent = [1, { d = inf }]', "no inf (at [1].d)"),
    ("no generator", '"primes"', '"primes"\nevent_generator = "x"', "target.event_generator"),
    ("a url", '"primes"', '"primes"\nurl = "http://x"', 'url is for a target of kind "http"'),
    ("bad url", '"primes"', '"primes"\nurls = { alb = "x" }', "target.urls.alb must be a URL"),
    ("region", '"primes"', '"primes"\nregion = "eu-west-1"', "target.region has no meaning for"),
    ("long timeout", '"primes"', '"primes"\ntimeout = "16m"', "must be at most 15m"),
    ("no target", '[target]\nkind = "local"\nfunction = "primes"', "", "target is missing"),
    ("no kind", 'kind = "local"', "", 'target.kind is missing: say "local", "aws" or "http"'),
    ("target no table", '[target]\nkind = "local"\nfunction = "primes"', "target = 3", "a table"),
    ("unknown section", "[[phase]]", "[breakr]\n[[phase]]", "did you mean breaker?"),
]


@pytest.mark.parametrize(("_why", "old", "new", "words"), CASES, ids=[case[0] for case in CASES])
def test_a_mistake_is_told_with_its_key_and_mend(
    tmp_path: Path, _why: str, old: str, new: str, words: str
) -> None:
    assert old in MINIMAL
    assert words in "\n".join(mistakes(tmp_path, MINIMAL.replace(old, new)))


def test_a_phase_that_is_no_table_is_told_so(tmp_path: Path) -> None:
    text = "phase = 3\n" + MINIMAL.partition("[[phase]]")[0]
    assert mistakes(tmp_path, text)[0] == (
        "phase must be an array of tables (it is 3: write [[phase]])"
    )


SECTIONS = [
    ("[load]\nseed = true", "load.seed must be a whole number (it is true)"),
    ("[load]\nrounds = 0", "load.rounds must be at least 1 (it is 0)"),
    ("[load]\nrounds = 65000\n[[phase]]\nrate='1/s'\nduration='1s'", "load.rounds makes 130000"),
    ("[load]\nworkers = 0", "load.workers must be at least 1 (it is 0)"),
    ('[load]\norder = "randomised"', 'load.order must be one of "sequential"'),
    ("[load]\ncallers = 3", "load.callers cannot stand beside a rate, "),
    ('[load]\nthink = "1s"', "load.think is for a closed loop"),
    ("[load]\nin-flight = 3", "load.in-flight is not a key of [load]; did you mean in_flight?"),
    ('[[phase]]\nname = "steady"\nrate="1/s"\nduration="1s"', 'phase[1].name repeats "steady"'),
    ('[[phase]]\ncallers = 3\nduration="1s"', "phase[1].callers cannot stand in one run with"),
    ('[timeout]\ntotal = "1s"\nfirst_byte = "2s"', "timeout.total must be at least first_byte"),
    ('[timeout]\nconnect = "0s"', "timeout.connect must be above 0"),
    ("[timeout]\nconnect = 3", "timeout.connect must be a duration with its unit"),
    ("[retry]\nmax_attempts = 3", "retry.max_attempts above 1 needs a policy"),
    ('[retry]\npolicy = "jitter"', "retry.policy must be one of"),
    ('[retry]\npolicy = "fixed"\nmax_attempts = 0', "retry.max_attempts must be at least 1"),
    ('[retry]\nbase = "2s"\ncap = "1s"', "retry.cap must be at least base"),
    ('[retry]\non = ["throtled"]', 'retry.on[0] must be one of "function_error"'),
    ('[retry]\non = ["ok"]', "retry.on[0] must be one of"),
    ('[retry]\nbudget = "20%"', "retry.budget is for retries and hedges, and without policy"),
    ('[retry]\ndeadline = "0s"', "retry.deadline must be above 0"),
    ('[retry]\nhedge = "p100"', 'retry.hedge must be a delay above 0 such as "50ms", or a perc'),
    ('[retry]\nhedge = "0s"', "retry.hedge must be a delay above 0"),
    ("[retry]\nhedge = 95", "retry.hedge must be a delay above 0"),
    ('[retry]\nhedge = "1s"\ndeadline = "1s"', "retry.hedge must be below deadline, 1s, or none"),
    (
        '[retry]\nhedge = "2s"\n[timeout]\ntotal = "2s"',
        "retry.hedge must be below the timeout of an attempt, 2s, or none is ever sent (it is 2s)",
    ),
    ('[retry]\npolicy = "fixed"\nbudget = 0.2', 'retry.budget must be a share such as "5%"'),
    ('[retry]\npolicy = "fixed"\nbudget_floor = "1/s"', "retry.budget_floor is for a budget"),
    ('[retry]\npolicy = "aws-legacy"\nbase = "1s"', "retry.base is fixed by aws-legacy"),
    ('[retry]\npolicy = "aws-standrd"', 'did you mean "aws-standard"?'),
    ('[breaker]\nerror_rate = "150%"', "breaker.error_rate must be from 0% to 100%"),
    ('[breaker]\nopen = "0s"', "breaker.open must be above 0"),
    ("[breaker]\nhalf_open = 3", "breaker.half_open is not a key of [breaker]"),
    ('[connections]\nca_bundle = "no.pem"', "connections.ca_bundle must be a file"),
    ("[connections]\nkeep_alive = 1", "connections.keep_alive must be true or false"),
    ('[connections]\nca_bundle = "p.toml"', "connections.ca_bundle must hold certificates in PEM"),
    ('[connections]\nproxy = "x"', "connections.proxy must be a URL"),
    ('[connections]\nproxy = "http://[::1"', "connections.proxy must be a URL"),
    ('[connections]\nproxy = "https://p:1"', "connections.proxy must be an HTTP proxy"),
    ('[connections]\nproxy = "https://me:pw@p:1"', '(it is "https://***@p:1")'),
    ("[connections]\nhttp2 = true\nmax_uses = 9", "connections.max_uses is for HTTP/1.1"),
    ('[connections]\nhttp2 = true\nmax_age = "9s"', "connections.max_age is for HTTP/1.1"),
    ("[slo]\nfast = 300", "slo.fast must be a text in quotes (it is 300)"),
    ('[slo]\nfast = "300ms"', "slo.fast '300ms' is not a threshold; write one like"),
    ('[slo]\nfast = "p99 of 512MB < 1s"', "slo.fast '512MB' picks no variant"),
    (
        '[[target.faults]]\nkind = "latncy"',
        'target.faults[0].kind must be one of "latency", "stall"',
    ),
    ("[record]\nattempt = true", "record.attempt is not a key of [record]; did you mean attempts?"),
    ("[limits]\nmax_spend = 2.5", 'limits.max_spend must be an amount such as "2.50 USD"'),
    ('[stop]\nprecision = "0%"', "stop.precision must be above 0%"),
    ('[stop]\npercentile = "p99"', "stop.percentile is for precision"),
    ('[capacity]\nstart = "1/s"\nmax = "9/s"\nholds = "p99 < 1s"', "capacity takes the place of"),
    ('[capacity]\nholds = "300ms"', 'capacity.holds must be a limit such as "p99 < 300ms"'),
    ('[capacity]\nstart = "9/s"\nmax = "1/s"', "capacity.max must be at least start"),
    (
        '[capacity]\nrecovers_from = "5s"',
        'capacity.recovers_from must be what disturbs and for how long: "stall 5s",',
    ),
    ('[capacity]\nrecovers_from = "stall 0s"', "capacity.recovers_from must be above 0"),
    (
        '[capacity]\nrecovers_from = "stall x3 5s"',
        "capacity.recovers_from takes a factor above 1, and of an overload alone",
    ),
    ('[capacity]\nrecovers_from = "overload x1 5s"', "recovers_from takes a factor above 1"),
]


@pytest.mark.parametrize(("section", "words"), SECTIONS, ids=[case[0] for case in SECTIONS])
def test_a_mistake_in_a_section_is_told(tmp_path: Path, section: str, words: str) -> None:
    assert words in "\n".join(mistakes(tmp_path, MINIMAL + section + "\n"))


def test_an_event_must_fit_the_strictest_endpoint(tmp_path: Path) -> None:
    (tmp_path / "big.json").write_text('"' + "x" * 1024 * 1024 + '"')
    text = MINIMAL.replace('"primes"', '"primes"\nevent_file = "big.json"')
    assert load(tmp_path, text).target.events[0].kind is EventKind.FILE
    said = mistakes(tmp_path, text.replace("memory_mb", 'endpoint = ["invoke", "alb"]\nmemory_mb'))
    assert said == [
        "target.event_file is too large: 1048578 bytes, and of the endpoints in [[variants]] one "
        "takes at most 1048576"
    ]


def test_what_goes_through_the_lambda_api_must_be_json(tmp_path: Path) -> None:
    (tmp_path / "event.txt").write_text("{oops}")
    text = MINIMAL.replace('"primes"', '"primes"\nevent_file = "event.txt"')
    assert "must be JSON" in mistakes(tmp_path, text)[0]
    load(tmp_path, text.replace("memory_mb", 'endpoint = "alb"\nmemory_mb'))


def test_aws_front_doors_need_their_urls(tmp_path: Path) -> None:
    text = MINIMAL.replace('"local"', '"aws"').replace("memory_mb", 'endpoint = "alb"\nmemory_mb')
    assert mistakes(tmp_path, text) == [
        'variants[0].endpoint alb needs its URL: set target.urls = { alb = "https://…" }'
    ]
    load(tmp_path, text.replace('"primes"', '"primes"\nurls = { alb = "https://example.com" }'))


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "http://", "http://x:0", "http://x:99999", "x", "http://a b", "http://u:p@x/"],
)
def test_a_url_that_no_request_can_go_to(tmp_path: Path, url: str) -> None:
    text = f'[target]\nkind = "http"\nurl = "{url}"\n[[phase]]\nrate="1/s"\nduration="1s"\n'
    assert any(line.startswith("target.url must") for line in mistakes(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; `lamload profiles show quickstart`"),
        (b" \n\t\n", "is empty"),
        (b"[target\nkind = 1", ":1: is not TOML: column 8: "),
        (b"[target]\nkind = ", ":2: is not TOML: column 8: "),
        (b"a = 1\na = 2\n", ":2: is not TOML: column "),
        (b"[target]\nkind = \xff\n", ":2: must be UTF-8: byte 0xff is not"),
        (b"a = " + b"[" * 5000, "is nested too deeply"),
    ],
)
def test_a_file_that_is_no_profile(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=r"p\.toml") as caught:
        load_profile(path)
    assert words in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_device_or_a_file_without_end_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is a device, not a profile"):
        load_profile("/dev/zero")
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ProfileError, match="has more than"):
        load_profile(huge)


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"is a folder, not a profile; name a \.toml file"):
        load_profile(tmp_path)
    (tmp_path / "profile.toml").write_text(MINIMAL)
    with pytest.raises(ProfileError, match=r"did you mean .*profile\.toml\?"):
        load_profile(tmp_path)


def test_a_name_that_nothing_has_is_told_those_that_there_are() -> None:
    with pytest.raises(ProfileError, match=r"nor is there a shipped .* did you mean quickstart\?"):
        load_profile("quickstrat")


def test_a_shipped_profile_works_by_name_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_profile("quickstart").name == "quickstart"
    (tmp_path / "quickstart").mkdir()
    assert load_profile("quickstart.toml") != load_profile("quickstart")


def test_a_qualifier_has_one_memory_size(tmp_path: Path) -> None:
    text = MINIMAL.replace('"local"', '"aws"').replace('"primes"', '"f"\nqualifier = "live"')
    assert load(tmp_path, text).target.qualifier == "live"
    assert (
        "cannot have both 128 and 256 MB"
        in mistakes(tmp_path, text.replace("128", "[256, 128]"))[0]
    )


def test_keys_of_a_local_target_have_no_meaning_elsewhere(tmp_path: Path) -> None:
    text = MINIMAL.replace('"local"', '"aws"').replace('"primes"', '"f"\ntimeout = "3s"')
    assert mistakes(tmp_path, text) == [
        'target.timeout has no meaning for a target of kind "aws": leave it out'
    ]


def test_a_doors_url_leads_to_one_memory_size(tmp_path: Path) -> None:
    text = MINIMAL.replace('"local"', '"aws"').replace(
        "memory_mb = 128", 'endpoint = "rest"\nmemory_mb = [128, 512]'
    )
    url = '"primes"\nurls = { rest = "https://a.example/prod%s" }'
    assert mistakes(tmp_path, text.replace('"primes"', url % "")) == [
        "target.urls.rest leads to one version of the function and cannot be both rest-128MB and "
        "rest-512MB: put {memory_mb} or {alias} into it"
    ]
    assert len(load(tmp_path, text.replace('"primes"', url % "/{memory_mb}")).variants) == 2
