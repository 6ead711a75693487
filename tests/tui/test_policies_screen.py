"""The first screen, the page and the sentences of policies beside each other: one picture."""

from __future__ import annotations

from pathlib import Path

from bench.model.outcome import Outcome
from bench.model.profile import Profile
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.record.findings import findings
from bench.record.load_run import load_run
from bench.record.question import Question, question_of
from bench.report.html import render_html
from bench.report.recovery_map import NOT_WITHIN, RecoveryPoint, recovery_scale
from bench.report.text import render_text
from bench.tui.views.policy_charts import is_crowded
from tests.profile.write import load
from tests.record.build import Shipment, row
from tests.tui.test_questions import recorded, shown

OLD, NEW, NONE = "aws-standard", "aws-standard-2026", "none"
TEXT = f"""
[target]
kind = "local"
function = "sleeper"
[[target.faults]]
kind = "stall"
start_s = 6
duration_s = 2
[[variants]]
endpoint = "invoke"
memory_mb = 128
retry = ["{OLD}", "{NEW}", "{NONE}"]
[load]
arrivals = "even"
[[phase]]
name = "steady"
rate = "20/s"
duration = "20s"
"""
BACK_S = {OLD: 99, NEW: 11, NONE: 8}
"""Seconds of the turn from which on all is as before."""


def calls(profile: Profile) -> Shipment:
    """From the stall on every call is late until its policy is back, and is tried three times."""
    shipment, begun = Shipment(), dict[int, int]()
    for segment in make_plan(profile).segments:
        (variant,) = segment.variants
        policy = profile.variants[variant].retry or ""
        begins_ns = begun.setdefault(variant, segment.start_ns)
        for at_ns in range(segment.start_ns, segment.end_ns, NS_PER_S // 20):
            is_bad = 6 <= (at_ns - begins_ns) / NS_PER_S < BACK_S[policy]
            attempts = 3 if is_bad and policy != NONE else 1
            failed = is_bad and policy == NONE
            shipment.offer(at_ns, variant, segment.index)
            for attempt in range(1, attempts + 1):
                shipment.rows.append(
                    row(
                        at_ns,
                        variant=variant,
                        segment=segment.index,
                        attempt=attempt,
                        final=attempt == attempts,
                        outcome=Outcome.THROTTLED if failed or attempt < attempts else Outcome.OK,
                        response_ns=(900 if is_bad else 20) * NS_PER_MS,
                    )
                )
    return shipment


async def test_one_picture_for_screen_and_page_and_the_sentences_that_follow(
    tmp_path: Path,
) -> None:
    profile = load(tmp_path, TEXT)
    assert question_of(profile) is Question.POLICIES
    folder = recorded(tmp_path, profile, calls(profile))
    screen, chart, _ = await shown(folder)
    assert chart.data.title == "attempts a call against time to recover"
    assert chart.data.note == "attempts (log) over s after the stall; whole run"
    assert chart.data.x is not None
    edge, label = chart.data.x.ticks[-1]
    assert label == NOT_WITHIN and edge > 3
    points = {name: (x, round(y, 2)) for x, y, name, _ in chart.data.labelled}
    assert points == {OLD: (edge, 2.4), NEW: (3.0, 1.5), NONE: (0.0, 1.0)}
    run = load_run(folder)
    said = findings(run)
    assert said[0] == f"soonest well again: {NONE}, at once; not within the run: {OLD}"
    least, most = (f"{one} or {other}: chance leaves it open"
                   for one, other in ((f"{NEW} 1.50", OLD), (f"{OLD} 2.40", NEW)))  # fmt: skip
    assert said[1] == f"fewest attempts a call of those that retried: {least}; most: {most}"
    against = next(text for text in said if text.startswith(f"{NEW} against {OLD}: "))
    assert "amplification 1.50 against 2.40" in against
    assert "recovered after 3 s against not within the run" in against
    assert said[0] in " ".join(screen.split())
    page, text = render_html(run), render_text(run, 240)
    picture = page.partition("<figcaption>Attempts for each call against")[2]
    legend = picture.partition("<p class=legend>")[2].partition("</p>")[0]
    assert all(f"{variant.name}</span>" in legend for variant in profile.variants)
    assert f"{NOT_WITHIN}</text>" in page and said[0] in page and said[0] in text
    old = next(line for line in text.partition("Retries:")[2].splitlines() if OLD + " " in line)
    assert "2.40" in old.split() and "≥9" in old.split()


def test_policies_that_lie_close_together_are_named_by_their_markers_alone() -> None:
    points = [RecoveryPoint(name, y, x) for name, x, y in (("a", 0.0, 1.1), ("b", 0.0, 1.2),
              ("c", 0.0, 3.0), ("d", 9.0, 1.1))]  # fmt: skip
    scale = recovery_scale(points, 6)
    assert [is_crowded(point, points, scale) for point in points] == [True, True, False, False]
