"""Thresholds as JUnit test cases, for a CI server's own view. The verdict is a case too."""

from __future__ import annotations

from xml.etree import ElementTree

from bench.model.outcome import Verdict
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.report.retry_figures import FIGURES, tells_of_retries
from bench.stats.thresholds import SloResult, SloState


def render_junit(run: RecordedRun) -> str:
    """One test suite: a failed threshold is a failure, an unknown one is skipped."""
    cases = [_threshold(run, result) for result in run.slos]
    cases.append(_verdict(run))
    suite = ElementTree.Element(
        "testsuite",
        name=run.profile.title or run.profile.name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        errors="0",
        time=f"{_seconds(run):.3f}",
        timestamp=run.started_utc,
    )
    _add_properties(suite, run)
    suite.extend(cases)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_properties(suite: ElementTree.Element, run: RecordedRun) -> None:
    """What each policy of retries did, where that is a question or something was tried again."""
    if not tells_of_retries(run.profile, run.windows):
        return
    properties = ElementTree.SubElement(suite, "properties")
    for window in with_recoveries(run.windows, run):
        for figure in FIGURES:
            name = f"{window.variant.name}: {figure.name}"
            ElementTree.SubElement(properties, "property", name=name, value=figure.text(window))


def _case(run: RecordedRun, name: str) -> ElementTree.Element:
    return ElementTree.Element("testcase", classname=f"lamload.{run.profile.name}", name=name)


def _threshold(run: RecordedRun, result: SloResult) -> ElementTree.Element:
    case = _case(run, result.slo.name)
    text = f"{result.slo.text}: {result.value}"
    if result.state is SloState.FAILED:
        ElementTree.SubElement(case, "failure", message=text, type="threshold").text = text
    elif result.state is SloState.UNKNOWN:
        ElementTree.SubElement(case, "skipped", message=text)
    else:
        ElementTree.SubElement(case, "system-out").text = text
    return case


def _verdict(run: RecordedRun) -> ElementTree.Element:
    case = _case(run, "the run is valid")
    lines = [f"{r.variant}: {r.text}" if r.variant else r.text for r in run.reasons]
    text = "\n".join([run.verdict.value, *lines])
    if run.verdict is Verdict.INVALID:
        ElementTree.SubElement(
            case, "failure", message=(lines or [text])[0], type="verdict"
        ).text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text
    return case


def _seconds(run: RecordedRun) -> float:
    return float(run.end_s)
