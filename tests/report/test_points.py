"""Where points of charts lie: what is drawn is what percentiles.csv and summary.csv have."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

from bench.model.result import Measure
from bench.record.percentiles_csv import percentiles_text
from bench.report.axes import nines
from bench.report.points import spectrum_points, time_and_cost
from tests.report.build import recorded


def test_a_spectrum_has_the_points_of_percentiles_csv_but_the_maximum(tmp_path: Path) -> None:
    run = recorded(tmp_path, seconds=40)
    drawn = 0
    rows = list(csv.DictReader(io.StringIO(percentiles_text(run))))
    for window in run.windows:
        name = window.variant.name
        told = [
            (nines(float(row["percentile"]) / 100), float(row["value_ms"]))
            for row in rows
            if (row["variant"], row["measure"]) == (name, "response")
        ][:-1]
        curve = run.curves[name][Measure.RESPONSE]
        assert list(spectrum_points(curve, window.measure(Measure.RESPONSE).max_ns)) == told
        drawn += len(told)
    assert drawn > 10
    assert spectrum_points(None, 0) == ()


def test_a_place_needs_a_known_time_and_a_price(tmp_path: Path) -> None:
    window = recorded(tmp_path, seconds=40).windows[0]
    response = window.measure(Measure.RESPONSE)
    median = response.at(0.5)
    assert median is not None
    priced = replace(window, usd_per_million=3.5)
    assert time_and_cost(priced, 0.5) == (median.value_ns / 1e6, 3.5)
    assert time_and_cost(replace(window, usd_per_million=None), 0.5) is None
    assert time_and_cost(priced, 0.999) is None
