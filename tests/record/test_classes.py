"""Response times of cold, warm, retried and failed invocations, as curves and in the files."""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.model.outcome import Verdict
from bench.model.profile import Phase
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.hlog import class_curves_of, merged, read_hlog
from bench.record.load_run import load_run
from bench.record.measures import CLASSES
from bench.shapes.ramp import constant_rate
from tests.record.build import profile_of, random_load, together


def aggregate_of_a_run() -> Aggregate:
    profile = profile_of(phases=(Phase("steady", constant_rate(20.0, 10 * 10**9)),))
    plan = together(profile)
    aggregate = Aggregate(profile, plan)
    random_load(Random(4), plan).to(aggregate)
    aggregate.advance(plan.duration_ns)
    return aggregate


def test_a_class_curve_has_as_many_samples_as_its_distribution() -> None:
    aggregate = aggregate_of_a_run()
    curves = aggregate.class_curves()
    seen = set()
    for window in aggregate.totals():
        for name in CLASSES:
            expected = getattr(window, name)
            found = curves[window.variant.name].get(name)
            assert (found.count if found else 0) == expected.count
            seen |= {name} if expected.count else set()
    assert seen == set(CLASSES)


def test_classes_merge_from_the_interval_log_and_read_back_from_the_totals(tmp_path: Path) -> None:
    aggregate = aggregate_of_a_run()
    profile = profile_of(phases=(Phase("steady", constant_rate(20.0, 10 * 10**9)),))
    folder = RunFolder.create(tmp_path, profile, resolved_toml(profile), {})
    written = folder.finish(
        aggregate.totals(),
        aggregate.intervals(),
        (),
        Verdict.VALID,
        curves=aggregate.curves(),
        class_curves=aggregate.class_curves(),
        histograms=aggregate.closed_histograms(final=True),
    )
    by_second = class_curves_of(
        merged(read_hlog((written.folder / "histograms.hlog").read_text(encoding="utf-8")))
    )
    read = load_run(written.folder).class_curves
    assert {name for classes in written.class_curves.values() for name in classes} == set(CLASSES)
    for variant, classes in written.class_curves.items():
        for name, curve in classes.items():
            for other in (by_second[variant][name], read[variant][name]):
                assert other.count == curve.count
                assert other.quantile_ns(0.5) == curve.quantile_ns(0.5)
                assert other.censored.sum() == curve.censored.sum()
