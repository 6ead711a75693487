"""What to run: a validated profile and all that it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from bench.model.endpoint import EndpointKind
from bench.model.proxies import NO_PROXIES, Proxies
from bench.model.retry import BreakerSpec, RetrySpec
from bench.model.search_disturbance import SearchDisturbance
from bench.model.secrets import NO_SECRETS, Secrets
from bench.model.shape import Shape
from bench.model.times import NS_PER_S
from bench.model.variant import Architecture as Architecture
from bench.model.variant import Variant as Variant


class TargetKind(StrEnum):
    """Where the function lives: here, on AWS, or behind any URL."""

    LOCAL = "local"
    AWS = "aws"
    HTTP = "http"


class EventKind(StrEnum):
    """Where the payload of an invocation comes from."""

    LITERAL = "literal"
    FILE = "file"
    TEMPLATE = "template"
    FEED = "feed"
    GENERATOR = "generator"


@dataclass(frozen=True, slots=True)
class EventSpec:
    """The payload as the profile gives it.

    literal: `value` is the JSON value. file and feed: `path` (absolute once resolved). template:
    `value` is the template text or JSON value with placeholders. generator: `value` is its name,
    `options` its parameters. weight counts in a mix, and name is what results call it there.
    """

    kind: EventKind = EventKind.LITERAL
    value: Any = field(default_factory=dict)
    path: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    name: str = ""


BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods of requests that usually have no content."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is called.

    function: for local a bundled function's name or a folder with a handler; on AWS a name or ARN;
    None for http. urls: base URL by endpoint kind, for front doors on AWS and for http. http_*:
    how a request through a front door or to a plain URL looks (the event is the body of a POST).
    """

    kind: TargetKind
    function: str | None = None
    handler: str | None = None
    runtime: str | None = None
    region: str | None = None
    qualifier: str | None = None
    events: tuple[EventSpec, ...] = (EventSpec(),)
    urls: dict[EndpointKind, str] = field(default_factory=dict)
    http_method: str = "POST"
    http_path: str = "/"
    http_headers: dict[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    """Function timeout for a local target; None means the embedded Lambda's default."""
    concurrency: int | None = None
    """Account concurrency of a local target; None means AWS's default of 1,000."""
    provisioned: int | None = None
    """Environments that a local target keeps up for each size of a provisioned variant."""
    faults: tuple[dict[str, Any], ...] = ()
    """Faults of a local target, as bench.faults.plan reads them."""
    log_tail: bool = True
    """Ask for the REPORT line where the endpoint can give it."""
    client_context: str | None = None
    answer_limit_bytes: int | None = None
    """Bytes of response body that are taken; None means what the endpoint can give."""
    environment: dict[str, str] = field(default_factory=dict)
    per_node: bool = False
    """On a fleet: a local target on each node instead of one beside the coordinator."""

    @property
    def sends_event(self) -> bool:
        """Whether requests through front doors and to URLs have the event as their body.

        One of a method that usually has no content has it only if the profile names an event.
        """
        return self.http_method not in BODILESS or self.events != (EventSpec(),)

    def name_of(self, variant: Variant) -> str:
        """What a variant's function is called at home where it is alone, and in faults."""
        from bench.function_folder import function_name  # slow to load, and workers need it not

        return variant.function or function_name(Path(str(self.function)))


class Arrivals(StrEnum):
    """How gaps between arrivals are drawn."""

    EVEN = "even"
    POISSON = "poisson"


class Order(StrEnum):
    """In which order variants are measured."""

    SEQUENTIAL = "sequential"
    INTERLEAVED = "interleaved"
    TOGETHER = "together"


class Scheduling(StrEnum):
    """How the kernel schedules engine workers."""

    AUTO = "auto"
    """Real-time where it is granted."""
    NORMAL = "normal"
    REALTIME = "realtime"


class Pacing(StrEnum):
    """How an engine worker keeps to the instants of its arrivals."""

    DEFAULT = "default"
    """It sleeps until shortly before."""
    PRECISE = "precise"
    """It is awake well before, with what is to be sent prepared."""


class OnNodeLoss(StrEnum):
    """What becomes of the load when a machine of the fleet is lost."""

    CONTINUE = "continue"
    """The others go on with their own shares."""
    STOP = "stop"
    """What is in flight ends, and then the run."""


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """callers None means an open loop, else a closed loop of so many callers over all workers."""

    arrivals: Arrivals = Arrivals.POISSON
    order: Order = Order.INTERLEAVED
    rounds: int = 1
    seed: int = 1
    in_flight: int = 1000
    """Invocations under way at once, over all workers; an arrival beyond that is dropped."""
    callers: int | None = None
    think_ns: int = 0
    workers: int | None = None
    """Engine processes; None means the number of cores less one, at least one."""
    scheduling: Scheduling = Scheduling.AUTO
    pacing: Pacing = Pacing.DEFAULT
    on_node_loss: OnNodeLoss = OnNodeLoss.CONTINUE
    direct_nodes: int = 64
    """Nodes of a fleet that report to the coordinator directly; those of a larger one do so to
    others of them, which add up what comes."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the load with a name; measured is False for a warm-up.

    once: in the first round alone.
    """

    name: str
    shape: Shape
    measured: bool = True
    once: bool = False

    @property
    def duration_ns(self) -> int:
        """Of its shape, above 0."""
        return self.shape.duration_ns


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Of each attempt. connect covers DNS, TCP and TLS; the others count from the first send."""

    connect_ns: int = 5 * NS_PER_S
    first_byte_ns: int = 60 * NS_PER_S
    total_ns: int = 120 * NS_PER_S


KEEP_ALIVE, CLOSE, HTTP2 = "keep-alive", "close", "http2"
"""Ways to keep connections that a variant can name."""


@dataclass(frozen=True, slots=True)
class Connections:
    """How connections are kept. max_age_ns and max_uses of 0 mean without limit."""

    keep_alive: bool = True
    max_age_ns: int = 0
    max_uses: int = 0
    resolve_every_ns: int = 30 * NS_PER_S
    verify_tls: bool = True
    ca_bundle: str | None = None
    server_name: str | None = None
    http2: bool = False
    proxy: str | None = field(default=None, repr=False)
    proxies: Proxies = NO_PROXIES
    """The environment's, for where `proxy` is None; no key of a profile."""

    def as_level(self, level: str | None) -> Connections:
        """The same, kept alive or not or over HTTP/2 as a variant wants; None: as they are."""
        if level is None:
            return self
        return replace(self, keep_alive=level != CLOSE, http2=level == HTTP2)

    def proxy_to(self, origin: str) -> str | None:
        """The proxy that leads to an origin, None for none."""
        return self.proxy or self.proxies.lead_to(origin)


@dataclass(frozen=True, slots=True)
class Slo:
    """A threshold such as `p99 of 1769MB < 500ms`; see bench.stats.thresholds for its grammar."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class CapacitySpec:
    """A search for the highest rate that a variant bears; it takes the place of the phases.

    A step holds if its own response time at quantile q stays below limit_ns and its shares of
    errors and of throttles (0..1) stay within theirs.
    """

    start_rps: float
    max_rps: float
    limit_ns: int
    q: float = 0.99
    error_rate: float = 0.01
    throttle_rate: float = 0.0
    step_ns: int = 5 * NS_PER_S
    settle_ns: int = NS_PER_S
    """Unmeasured beginning of each step."""
    hold_ns: int = 15 * NS_PER_S
    precision: float = 0.05
    """The interval is narrowed until its half-width is this share of its middle …"""
    narrow_ns: int = 40 * NS_PER_S
    """… or until so much time was spent on it."""
    recovers_from: SearchDisturbance | None = None
    """Which rate still recovers from it is asked too; within_ns after its end all must be well."""
    within_ns: int = 10 * NS_PER_S

    @property
    def knee_step_ns(self) -> int:
        """What a step at the knee lasts at least: one busy period makes many answers late."""
        return max(self.step_ns, 30 * self.limit_ns)

    @property
    def longest_hold_ns(self) -> int:
        """What a step at the knee, or a hold for its quantile's sake, lasts at most."""
        return max(10 * self.hold_ns, self.knee_step_ns)


@dataclass(frozen=True, slots=True)
class StopSpec:
    """When a run ends before its phases do; whichever comes first. None: this never ends it."""

    after_ns: int | None = None
    invocations: int | None = None
    spend_usd: float | None = None
    error_rate: float | None = None
    """Share of failures, 0..1, once a hundred invocations have finished."""
    precision: float | None = None
    """Half-width of the confidence interval of quantile precision_q, relative to it."""
    precision_q: float = 0.99
    confidence: float = 0.95


MANY_VARIANTS, MOST_VARIANTS = 200, 1_000
"""As many as a profile may have without a word, and at all."""


@dataclass(frozen=True, slots=True)
class Client:
    """How a variant is called, as its factors have it."""

    timeouts: Timeouts = Timeouts()
    retry: RetrySpec = field(default_factory=RetrySpec)
    breaker: BreakerSpec | None = None
    connections: Connections = Connections()
    events: tuple[EventSpec, ...] = (EventSpec(),)

    @property
    def longest_invocation_ns(self) -> int:
        """The longest that one can take by its timeouts and retries, or its deadline."""
        attempt_ns = self.timeouts.connect_ns + self.timeouts.total_ns
        longest_ns = self.retry.most_attempts * attempt_ns + self.retry.longest_wait_ns
        deadline_ns = self.retry.deadline_ns
        return longest_ns if deadline_ns is None else min(longest_ns, deadline_ns)


@dataclass(frozen=True, slots=True)
class Levels:
    """Settings that variants name, by these names. A breaker that is None is none at all."""

    retries: Mapping[str, RetrySpec] = field(default_factory=dict)
    breakers: Mapping[str, BreakerSpec | None] = field(default_factory=dict)
    timeouts: Mapping[str, Timeouts] = field(default_factory=dict)
    events: Mapping[str, EventSpec] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    """Folders, or names of bundled functions."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A validated profile. `text` is the TOML that it came from, with overrides applied."""

    name: str
    title: str
    question: str
    source: str
    target: Target
    variants: tuple[Variant, ...]
    load: LoadSpec
    phases: tuple[Phase, ...]
    timeouts: Timeouts = Timeouts()
    retry: RetrySpec = field(default_factory=RetrySpec)
    breaker: BreakerSpec | None = None
    connections: Connections = Connections()
    slos: tuple[Slo, ...] = ()
    record_attempts: bool = False
    gather_attempts: bool = True
    """Whether a fleet's machines keep theirs for that."""
    max_spend_usd: float | None = None
    stop: StopSpec = StopSpec()
    secrets: Secrets = field(default=NO_SECRETS, compare=False, repr=False)
    """What no file and no screen may show of it."""
    references: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """By a text of the profile as it was read: as it was written, with `${NAME}` in it."""
    capacity: CapacitySpec | None = None

    max_variants: int = MANY_VARIANTS
    """More are refused unless somebody says that they are meant."""
    levels: Levels = Levels()

    def client_of(self, variant: Variant) -> Client:
        """The settings that the variant is called with: its own, or those of all."""
        levels = self.levels
        return Client(
            self.timeouts if variant.timeout is None else levels.timeouts[variant.timeout],
            self.retry if variant.retry is None else levels.retries[variant.retry],
            self.breaker if variant.breaker is None else levels.breakers[variant.breaker],
            self.connections.as_level(variant.connections),
            self.target.events if variant.event is None else (levels.events[variant.event],),
        )

    @property
    def clients(self) -> tuple[Client, ...]:
        """That of each variant, in their order."""
        return tuple(map(self.client_of, self.variants))

    @property
    def longest_invocation_ns(self) -> int:
        """The longest that one of any variant can take by its timeouts and retries."""
        return max((client.longest_invocation_ns for client in self.clients), default=0)
