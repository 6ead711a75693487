from __future__ import annotations

import json
from pathlib import Path

from bench.model.profile import Slo
from bench.model.result import Measure
from bench.record.csv_columns import SUMMARY_COLUMNS
from bench.report.json import run_document
from bench.stats.woodruff import interval
from tests.record.build import DOOR, LARGE, SMALL
from tests.report.build import RARE, recorded


def test_the_document_has_what_the_summary_has(tmp_path: Path) -> None:
    run = recorded(tmp_path, slos=(Slo("quick", "p50 of 1769MB < 1s"),))
    document = json.loads(run_document(run))
    assert (document["verdict"], document["state"]) == ("INVALID", "finished")
    by_name = {row["variant"]: row for row in document["variants"]}
    assert list(by_name) == [v.name for v in (SMALL, LARGE, DOOR, RARE)]
    large = by_name[LARGE.name]
    assert set(large) <= set(SUMMARY_COLUMNS)
    assert (large["offered"], large["ok"], large["memory_mb"]) == (200, 200, 1769)
    assert 39 < large["response_p50_ms"] < 41
    assert large["response_p99_ms"] is None
    assert document["advice"]["fastest"] == LARGE.name
    assert document["advice"]["endpoint_overheads"][0]["base"] == LARGE.name
    overheads = {row["variant"]: row for row in document["overheads"]}
    assert overheads[LARGE.name]["low_ms"] <= overheads[LARGE.name]["median_ms"]
    assert overheads[DOOR.name]["median_ms"] is None, "this door showed no durations"
    assert document["slos"][0]["state"] == "ok"
    intervals = {(row["variant"], row["quantile"]): row for row in document["intervals"]}
    median = intervals[LARGE.name, 0.5]
    assert median["low_ms"] <= median["value_ms"] == large["response_p50_ms"] <= median["high_ms"]
    basis = interval(run.curves[LARGE.name][Measure.RESPONSE], 0.5).basis
    assert (median["rests_on"], median["blocks"], median["anytime"]) == (basis.text, 20, False)
    assert document["advice"]["endpoint_overheads"][0]["rests_on"]
    assert document["advice"]["fastest_alike"] == [DOOR.name], "chance leaves open which door"
    assert document["advice"]["best_trade_alike"] == []
    assert document["advice"]["calls"] == "all"
    quickest = {row["variant"]: row["value_ms"] for row in document["advice"]["times"]}
    assert quickest[LARGE.name] == large["response_p90_ms"]
    assert {"verdict", "text", "variant", "generator"} == set(document["reasons"][0])


def test_it_is_strict_json(tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(run_document(recorded(tmp_path)), parse_constant=refuse)
