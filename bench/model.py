"""Every dataclass and Enum that modules share. Standard library only; nothing here does anything.

All times are integers in nanoseconds; instants count from the start of the run on the monotonic
clock. `None` and `NEVER` (-1, in rows) mean "did not happen".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import Any

NEVER = -1
NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


# --------------------------------------------------------------------------- what can happen


class Outcome(IntEnum):
    """How an attempt, or the invocation as a whole, ended. The order is that of the CSV columns."""

    OK = 0
    FUNCTION_ERROR = 1
    THROTTLED = 2
    SERVER_ERROR = 3
    CLIENT_ERROR = 4
    TIMEOUT = 5
    CONNECT_ERROR = 6
    PROTOCOL_ERROR = 7
    REJECTED = 8
    """Never sent: the circuit breaker was open."""


class Verdict(StrEnum):
    """How far the numbers of a run or variant can be believed; worse ones compare by `severity`."""

    VALID = "VALID"
    SUSPECT = "SUSPECT"
    INVALID = "INVALID"

    @property
    def severity(self) -> int:
        """0 for VALID, 1 for SUSPECT, 2 for INVALID."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding of the validity check, with its figures in the text."""

    verdict: Verdict
    text: str
    variant: str | None = None
    """Name of the variant concerned, or None for the whole run."""
    generator: bool = False
    """True where the load generator itself is the bottleneck."""


# --------------------------------------------------------------------------- what to run


class EndpointKind(StrEnum):
    """What a call goes through."""

    INVOKE = "invoke"
    STREAM = "invoke-stream"
    ALB = "alb"
    ALB_MULTI = "alb-multi-value"
    REST = "rest"
    HTTP_API = "http-api"
    FUNCTION_URL = "function-url"
    CLOUDFRONT = "cloudfront"
    STEP_FUNCTIONS = "step-functions"
    CLI = "aws-cli"
    HTTP = "http"
    """Any URL: no Lambda semantics, the HTTP status alone decides."""


class Architecture(StrEnum):
    """Instruction set of a function; it decides the price."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing being measured. memory_mb is None only for `EndpointKind.HTTP`."""

    endpoint: EndpointKind
    memory_mb: int | None = None
    architecture: Architecture = Architecture.X86_64

    @property
    def name(self) -> str:
        """Stable identifier in files: `invoke-128MB`, `alb-512MB-arm64`, `http`."""
        parts = [self.endpoint.value]
        if self.memory_mb is not None:
            parts.append(f"{self.memory_mb}MB")
        if self.architecture is not Architecture.X86_64:
            parts.append(self.architecture.value)
        return "-".join(parts)


class TargetKind(StrEnum):
    """Where the function lives."""

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
    `options` its parameters. weight counts in a mix.
    """

    kind: EventKind = EventKind.LITERAL
    value: Any = field(default_factory=dict)
    path: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    weight: float = 1.0


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
    faults: tuple[dict[str, Any], ...] = ()
    """Faults of a local target, as bench.local.faults reads them."""
    log_tail: bool = True
    """Ask for the REPORT line where the endpoint can give it."""
    client_context: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


class Arrivals(StrEnum):
    """How gaps between arrivals are drawn."""

    EVEN = "even"
    POISSON = "poisson"


class Order(StrEnum):
    """In which order variants are measured."""

    SEQUENTIAL = "sequential"
    INTERLEAVED = "interleaved"
    TOGETHER = "together"


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


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of load. Rates in invocations per second; a ramp goes from start_rps to end_rps.

    In a closed loop start_callers and end_callers take the place of the rates. A burst phase sends
    `burst` invocations at once every every_ns. A replay phase sends at recorded offsets from its
    start (speed already applied): little-endian 64-bit nanoseconds, ascending, packed.
    """

    name: str
    duration_ns: int
    start_rps: float = 0.0
    end_rps: float = 0.0
    measured: bool = True
    start_callers: int | None = None
    end_callers: int | None = None
    burst: int | None = None
    every_ns: int = 0
    replay: bytes | None = None
    steps: int = 1
    """A ramp in so many equal steps of constant rate; 1 is a smooth ramp."""
    replay_path: str | None = None
    """The CSV file (absolute) that `replay` was read from, its column and the speed applied."""
    replay_column: str | None = None
    replay_speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Of each attempt. connect covers DNS, TCP and TLS; the others count from the first send."""

    connect_ns: int = 5 * NS_PER_S
    first_byte_ns: int = 60 * NS_PER_S
    total_ns: int = 120 * NS_PER_S


class RetryPolicyName(StrEnum):
    """Named retry policies; the formulas stand in bench.load.retry."""

    NONE = "none"
    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    FULL_JITTER = "full-jitter"
    EQUAL_JITTER = "equal-jitter"
    DECORRELATED = "decorrelated-jitter"
    AWS_LEGACY = "aws-legacy"
    AWS_STANDARD = "aws-standard"
    """The AWS SDKs' standard mode as it was before 2026."""
    AWS_STANDARD_2026 = "aws-standard-2026"
    """The AWS SDKs' default since 2026 (botocore 1.44.5)."""


RETRYABLE = frozenset(
    {
        Outcome.THROTTLED,
        Outcome.SERVER_ERROR,
        Outcome.TIMEOUT,
        Outcome.CONNECT_ERROR,
        Outcome.PROTOCOL_ERROR,
    }
)
"""What is retried by default: what an AWS SDK would retry. A function error never is."""


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Retries within ten seconds may be share (0..1) of the invocations, and floor_rps anyway.

    Per variant and worker; the floor is that of all workers together. As Finagle has it.
    """

    share: float
    floor_rps: float = 10.0


@dataclass(frozen=True, slots=True)
class RetrySpec:
    """max_attempts counts the first attempt too."""

    policy: RetryPolicyName = RetryPolicyName.NONE
    max_attempts: int = 1
    base_ns: int = 50 * NS_PER_MS
    cap_ns: int = 20 * NS_PER_S
    on: frozenset[Outcome] = RETRYABLE
    honour_retry_after: bool = True
    budget: RetryBudget | None = None
    """None is without limit, but for the token bucket that the AWS SDKs' standard modes have."""

    @property
    def longest_wait_ns(self) -> int:
        """All delays of one invocation at their longest, hints of a server apart."""
        delays = self.max_attempts - 1
        if self.policy is RetryPolicyName.AWS_LEGACY:  # doubles from 1 s without a cap
            return ((1 << delays) - 1) * NS_PER_S
        return delays * self.cap_ns


@dataclass(frozen=True, slots=True)
class BreakerSpec:
    """A circuit breaker per variant and worker; nothing is sent while it is open.

    It opens when at least min_attempts ended within window_ns and error_rate (0..1) of them failed;
    after open_ns it lets `probes` attempts through: if all succeed it closes, else it opens anew.
    """

    error_rate: float = 0.5
    window_ns: int = 10 * NS_PER_S
    min_attempts: int = 20
    open_ns: int = 5 * NS_PER_S
    probes: int = 3
    on: frozenset[Outcome] = RETRYABLE


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
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Slo:
    """A threshold, such as `p99 of 1769MB < 500ms`; its grammar stands in bench.stats.slo."""

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
    """The search ends when the lowest bad rate is at most this share above the highest good one."""


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
    retry: RetrySpec = RetrySpec()
    breaker: BreakerSpec | None = None
    connections: Connections = Connections()
    slos: tuple[Slo, ...] = ()
    record_attempts: bool = False
    max_spend_usd: float | None = None
    stop: StopSpec = StopSpec()
    capacity: CapacitySpec | None = None

    @property
    def longest_invocation_ns(self) -> int:
        """The longest that one can take by its timeouts and retries."""
        attempt_ns = self.timeouts.connect_ns + self.timeouts.total_ns
        return self.retry.max_attempts * attempt_ns + self.retry.longest_wait_ns


@dataclass(frozen=True, slots=True)
class Segment:
    """The unit that the engine executes: one phase of one block, for one variant or all together.

    index is its position in the plan and the value in recorded rows; variants holds indexes into
    `Profile.variants`. A rate change during the run starts a new segment.
    """

    index: int
    round: int
    phase: int
    variants: tuple[int, ...]
    start_ns: int
    duration_ns: int
    start_rps: float
    end_rps: float
    start_callers: int | None = None
    end_callers: int | None = None
    burst: int | None = None
    every_ns: int = 0
    replay: bytes | None = None
    replay_from_ns: int = 0
    """Offset in `replay` at which this segment starts; not 0 for the rest of a segment cut."""

    @property
    def end_ns(self) -> int:
        """First instant after the segment."""
        return self.start_ns + self.duration_ns


@dataclass(frozen=True, slots=True)
class Plan:
    """Segments in time order, without overlap."""

    segments: tuple[Segment, ...]

    @property
    def duration_ns(self) -> int:
        """End of the last segment."""
        return self.segments[-1].end_ns if self.segments else 0


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a variant is really called: filled in once the target is up.

    url: for invoke and its like the Lambda API's base; for front doors the full URL to call.
    function: name or ARN; qualifier: version or alias that has the variant's memory size.
    """

    variant: Variant
    url: str
    function: str | None = None
    qualifier: str | None = None
    region: str | None = None
    sign: bool = False
    """Sign with SigV4. A local target only gets an unverified Authorization header."""


# --------------------------------------------------------------------------- what came back


@dataclass(frozen=True, slots=True)
class Report:
    """What the function's REPORT line (or its JSON form) told. Absent fields are None."""

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int | None = None
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: int | None = None
    status: str = "success"
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint made of one response."""

    outcome: Outcome
    report: Report | None = None
    retry_after_ns: int | None = None
    request_id: str = ""
    detail: str = ""
    """For failures: error type and message, shortened to one line."""


class RunState(Enum):
    """Where a run is; the value is what the screen says."""

    PREPARING = "preparing"
    RUNNING = "running"
    HOLDING = "holding"
    DRAINING = "draining"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of invocations. offered == sum(outcomes) + in_flight + dropped, always."""

    offered: int = 0
    in_flight: int = 0
    dropped: int = 0
    outcomes: tuple[int, ...] = (0,) * len(Outcome)
    attempts: int = 0
    cold_starts: int = 0
    retries_refused: int = 0
    """Invocations whose next retry the budget, or an open circuit breaker, refused."""

    @property
    def finished(self) -> int:
        """Invocations with a final outcome."""
        return sum(self.outcomes)

    @property
    def ok(self) -> int:
        """Successful invocations."""
        return self.outcomes[Outcome.OK]

    @property
    def failed(self) -> int:
        """Finished invocations that did not succeed."""
        return self.finished - self.ok

    @property
    def retries(self) -> int:
        """Attempts beyond each sent invocation's first."""
        return max(0, self.attempts - self.sent)

    @property
    def sent(self) -> int:
        """Finished invocations of which at least one attempt was made."""
        return self.finished - self.outcomes[Outcome.REJECTED]

    @property
    def retry_amplification(self) -> float | None:
        """Attempts divided by invocations; None before the first has finished."""
        return self.attempts / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Quantile:
    """One quantile of a distribution, in nanoseconds.

    known is False with fewer than ten samples beyond it: such a value is not printed. censored
    means that it falls among timed-out values: it is at least value_ns.
    """

    q: float
    value_ns: int
    known: bool
    censored: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """One measure of one variant over some time. count 0 has no quantiles."""

    count: int = 0
    min_ns: int = 0
    max_ns: int = 0
    mean_ns: float = 0.0
    censored: int = 0
    """How many of count are right-censored (timed out)."""
    out_of_range: int = 0
    quantiles: tuple[Quantile, ...] = ()

    def at(self, q: float) -> Quantile | None:
        """The quantile for q in 0..1, if it was computed."""
        for quantile in self.quantiles:
            if quantile.q == q:
                return quantile
        return None


QUANTILES = (0.5, 0.9, 0.99, 0.999)
"""The quantiles that every summary has, beside the maximum."""


class Measure(StrEnum):
    """What is kept as a histogram. The first five are columns of summary.csv, in this order."""

    RESPONSE = "response"
    ATTEMPT = "attempt"
    SEND_LAG = "send_lag"
    DURATION = "duration"
    INIT = "init"
    CONNECT = "connect"
    """Opening a connection: name, TCP (behind a proxy its CONNECT too) and TLS together."""
    FIRST_BYTE = "first_byte"
    BILLED = "billed"
    RESTORE = "restore"
    MEMORY = "memory"
    """Max Memory Used; a megabyte is kept as a million, so that what reads as ms reads as MB."""
    OVERHEAD = "overhead"
    """Attempt time less the function's own duration and init, of the same attempt."""
    DNS = "dns"
    """Of connections for which the name was asked for, not taken from the cache."""
    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Window:
    """Results of one variant over some stretch of time: the whole run, an interval, or a window.

    planned_rps is what the schedule asks for while the variant is on; achieved_rps counts first
    sends and goodput_rps successes, per second of duration_s.
    """

    variant: Variant
    duration_s: float
    tally: Tally
    planned_rps: float
    achieved_rps: float
    goodput_rps: float
    measures: dict[Measure, Distribution]
    cold: Distribution = Distribution()
    """Response time of invocations that met a cold start."""
    warm: Distribution = Distribution()
    """Response time of all others that succeeded."""
    billed_ms_mean: float | None = None
    usd_per_million: float | None = None
    verdict: Verdict = Verdict.VALID
    retried: Distribution = Distribution()
    """Response time of invocations that took more than one attempt."""
    failed: Distribution = Distribution()
    """Response time of answered or timed-out invocations that did not succeed."""

    def measure(self, measure: Measure) -> Distribution:
        """The distribution of a measure, empty if it has no samples."""
        return self.measures.get(measure, Distribution())


@dataclass(frozen=True, slots=True)
class Interval:
    """One second of one variant in one segment, by intended arrival.

    t_s is the second since the run's start. A second in which the load changes has an interval for
    each of its segments, each with the duration and the planned rate of its own part.
    """

    t_s: int
    phase: str
    measured: bool
    window: Window
    spread: tuple[tuple[int, int], ...] = ()
    """(bin, count) of response times, for a heat map; the bins stand in bench.record.spread."""
    segment: int | None = None
    """`Segment.index`; None in a recording that does not tell it."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """The run as a whole at the end of one second: what is under way and how the engine fares.

    Rates are those of that second, in_flight_by_variant is in the order of the profile,
    connections_opened and connection_waits count from the run's start. cpu is the busiest worker's
    share of a core, rss_mb the sum over all workers.
    """

    t_s: int
    planned_rps: float
    achieved_rps: float
    in_flight: int
    in_flight_by_variant: tuple[int, ...]
    connections: int
    connections_opened: int
    connection_waits: int
    workers: int
    """Workers that are alive."""
    cpu: float
    rss_mb: float
    spend_usd: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One failed attempt, kept for the eye."""

    t_ns: int
    variant: str
    outcome: Outcome
    status: int
    attempt: int
    request_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """What a worker says of itself. cpu is the share of one core in the last interval, 0..1."""

    worker: int
    alive: bool
    cpu: float
    rss_mb: float
    connections: int
    connections_opened: int
    in_flight: int
    connection_waits: int = 0
    open_breakers: tuple[int, ...] = ()
    """Indexes of the variants whose circuit breaker lets nothing through, or probes alone."""


ANSWER_EVENT = "answer"
"""Kind of the events with what a search for capacity found; fields `variant`, `rate_rps`."""
COMMAND_EVENT = "command"
"""Kind of the events with an operator's commands: `text` is the CommandKind, field `value`."""
BREAKER_OPEN, BREAKER_CLOSED = "breaker-open", "breaker-closed"
"""Kinds of events with the fields `variant` (its name) and `worker`."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """What the operator or the run did, and when; a line of events.jsonl."""

    t_ns: int
    kind: str
    text: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CapacityAnswer:
    """What a search for capacity found of a variant, by its name.

    rate_rps is the highest rate that a hold has confirmed, None if there is none.
    """

    variant: str
    rate_rps: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a live view needs, at one moment. Frozen: views read it, nothing else."""

    t_ns: int
    state: RunState
    title: str
    target: str
    """For the header: `LOCAL`, or the account and region, or the URL."""
    phase: str
    segment: Segment | None
    elapsed_ns: int
    remaining_ns: int | None
    """Of load that is still to come; None while nobody knows, in a search for capacity."""
    planned_rps: float
    achieved_rps: float
    in_flight: int
    send_lag: Distribution
    windows: tuple[Window, ...]
    """A total per variant, measured phases only, in the order of the profile."""
    intervals: tuple[Interval, ...]
    """Every interval that changed since the previous snapshot, oldest first."""
    workers: tuple[WorkerHealth, ...]
    reasons: tuple[Reason, ...]
    verdict: Verdict
    samples: tuple[Sample, ...]
    events: tuple[RunEvent, ...]
    spend_usd: float | None = None
    run_folder: str | None = None
    vitals: tuple[Vitals, ...] = ()
    """Seconds that ended since the previous snapshot, oldest first."""
    projected_usd: float | None = None
    """What the run will have cost at its planned end, if prices and failures stay as they are."""

    @property
    def whole_ns(self) -> int | None:
        """From beginning to end, as things stand; None while nobody knows the end."""
        return None if self.remaining_ns is None else self.elapsed_ns + self.remaining_ns


# --------------------------------------------------------------------------- control while it runs


class CommandKind(StrEnum):
    """What the operator can ask of a run; each becomes an event in events.jsonl."""

    RATE_FACTOR = "rate-factor"
    """Multiply the planned rate from now on by `value` (1.0 is the profile's own rate)."""
    HOLD = "hold"
    """No new arrivals until RESUME; what is in flight goes on."""
    RESUME = "resume"
    SKIP_PHASE = "skip-phase"
    DRAIN = "drain"
    """No new arrivals, wait for what is in flight, report."""
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Command:
    """One request of the operator's."""

    kind: CommandKind
    value: float = 1.0
