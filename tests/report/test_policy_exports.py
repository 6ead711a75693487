"""What policies of retries did, in every form that a run can be had in."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from bench.model.outcome import Verdict
from bench.model.profile import Levels, LoadSpec, Order, Phase
from bench.model.result import Vitals
from bench.model.retry import RetrySpec
from bench.model.times import NS_PER_S
from bench.model.variant import with_differences
from bench.plan import make_plan
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import SUMMARY, VITALS, RecordedRun
from bench.record.summary_json import document_of
from bench.record.vitals_csv import VITALS_COLUMNS, vitals_text
from bench.report.brief import render_brief
from bench.report.html import render_html
from bench.report.junit import render_junit
from bench.report.markdown import render_markdown
from bench.report.retry_figures import FIGURES
from bench.report.text import render_text
from bench.shapes.ramp import constant_rate
from tests.record.build import SMALL, Shipment, profile_of
from tests.record.retry_simulation import JITTER, NONE, STUBBORN, Function, ship

POLICIES = {"none": NONE, "jitter": JITTER, "eager": STUBBORN}
FUNCTION = Function(rate_rps=34.0, run_s=18.0, from_s=8.0, until_s=10.0)
STALL = {"kind": "stall", "start_s": 8, "duration_s": 2}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    """The same function behind three policies, each in a turn of its own."""
    variants = with_differences([SMALL.with_levels({"retry": name}) for name in POLICIES])
    phase = Phase("steady", constant_rate(FUNCTION.rate_rps, round(FUNCTION.run_s * NS_PER_S)))
    profile = profile_of(variants, (phase,))
    profile = replace(
        profile,
        target=replace(profile.target, faults=(STALL,)),
        load=LoadSpec(order=Order.SEQUENTIAL),
        levels=Levels(retries=dict.fromkeys(POLICIES, RetrySpec())),
    )
    plan = make_plan(profile)
    aggregate, shipment = Aggregate(profile, plan), Shipment()
    for segment in plan.segments:
        (variant,) = segment.variants
        for call in FUNCTION.run(list(POLICIES.values())[variant], Random("lab")):
            ship(shipment, call, segment.start_ns, variant, segment.index)
    shipment.to(aggregate)
    aggregate.advance(plan.duration_ns + 60 * NS_PER_S)
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), profile, "", {})
    return folder.finish(
        aggregate.totals(),
        aggregate.intervals(),
        (),
        Verdict.VALID,
        curves=aggregate.curves(),
        histograms=aggregate.closed_histograms(final=True),
        turn_seconds=aggregate.response_seconds(),
    )


PICTURE = "Attempts a call against seconds until goodput and p99 were as before:"


def test_brief_and_text_and_markdown_draw_attempts_against_time_to_recover(
    run: RecordedRun,
) -> None:
    for said in (render_brief(run, 80), render_text(run, 80), render_markdown(run)):
        picture = said.partition(PICTURE)[2].partition("\n\n")[0]
        assert "a none  b jitter  c eager" in picture
        drawn = [line.partition("|")[2] for line in picture.splitlines() if "|" in line]
        assert {mark for line in drawn for mark in line} - {" "} == {"a", "b", "c"}
        rows = {mark: n for n, line in enumerate(drawn) for mark in line if mark != " "}
        assert rows["c"] < rows["b"] <= rows["a"], "the more attempts, the higher"
    assert "not in run" in picture
    assert render_markdown(run).count("```") == 2


def test_the_brief_table_is_of_what_retries_did(run: RecordedRun) -> None:
    lines = render_brief(run, 100).splitlines()
    heads = next(line for line in lines if line.startswith("variant "))
    for head in ("attempts a call", "back s", "failed %", "goodput/s"):
        assert head in heads
    (eager,) = (line for line in lines if line.startswith("invoke-128MB-eager "))
    tally = run.windows[2].tally
    assert f" {tally.retry_amplification:.2f} " in eager and "≥" in eager


MEASURES = (
    *("attempts", "retries", "retry_amplification", "retries_refused", "goodput_rps"),
    *("throughput_rps", "backoff_p50_ms", "hedges", "hedges_won", "hedges_spent"),
    *("ended_with_1", "ok_with_1", "ended_with_8", "ok_with_8", "retry_usd_per_million"),
    *("recovery", "recovery_from", "recovery_s", "recovery_low_s", "recovery_high_s"),
    *("late_successes", "retry"),
)


def test_files_have_a_column_of_each_measure(run: RecordedRun) -> None:
    rows = list(csv.DictReader(io.StringIO((run.folder / SUMMARY).read_text())))
    document = json.loads(json.dumps(document_of(run)))
    for row_, window, told in zip(rows, run.windows, document["variants"], strict=True):
        assert set(MEASURES) <= set(row_) and set(MEASURES) - {"recovery_s"} <= set(told) | {
            name for name in MEASURES if row_[name] == ""
        }
        assert float(row_["retry_amplification"]) == window.tally.retry_amplification
        assert sum(int(row_[f"ended_with_{n}"]) for n in range(1, 9)) == window.tally.sent
    assert [one["disturbance"] for one in document["recoveries"]] == ["stall"] * 3


def test_junit_has_them_as_properties(run: RecordedRun) -> None:
    suite = ElementTree.fromstring(render_junit(run)).find("testsuite")
    assert suite is not None and suite[0].tag == "properties", "before the cases, as its schema has"
    found = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert len(found) == 3 * len(FIGURES)
    amplification = run.windows[2].tally.retry_amplification
    assert found["invoke-128MB-eager: attempts a call"] == f"{amplification:.2f}"
    assert found["invoke-128MB-none: back s"] == "0"


def test_the_page_has_them_over_time_too(run: RecordedRun) -> None:
    page = render_html(run)
    section = page.partition("<summary>Retries<")[2].partition("</details>")[0]
    assert section.count("<tr>") == 1 + 3
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    for what in ("Attempts for each call against time to recover", "Goodput: ", "Backoff before "):
        assert any(caption.startswith(what) for caption in captions), what
    assert not any("tokens" in caption for caption in captions), "nobody had any"


def test_the_page_draws_tokens_and_breakers_of_each_second(
    run: RecordedRun, tmp_path: Path
) -> None:
    plain = Vitals(0, 1.0, 1.0, 0, (0, 0, 0), 1, 1, 0, 1, 0.1, 50.0, 0.0)
    vitals = [
        replace(
            plain,
            t_s=t_s,
            tokens_by_variant=(None, 480.0, 20.0),
            open_breakers_by_variant=(0, 0, t_s),
        )
        for t_s in range(3)
    ]
    (tmp_path / VITALS).write_text(",".join(VITALS_COLUMNS) + "\n" + vitals_text(vitals))
    page = render_html(replace(run, folder=tmp_path))
    figures = {
        caption: figure
        for figure in page.split("<figure")[1:]
        for caption in re.findall("<figcaption>(.*?)</figcaption>", figure)
    }
    assert ">500<" in figures["Retry tokens left, all workers"]
    assert ">2<" in figures["Workers whose circuit breaker is open"]
