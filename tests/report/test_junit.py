from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from bench.model.profile import Slo
from bench.report.junit import render_junit
from tests.report.build import TITLE, recorded

SLOS = (
    Slo("met", "p50 of 1769MB < 1s"),
    Slo("broken", "p50 of 1769MB < 1ms"),
    Slo("<unknown>", "p99 of rest < 10ms"),
)


def test_thresholds_are_test_cases(tmp_path: Path) -> None:
    suite = ElementTree.fromstring(render_junit(recorded(tmp_path, slos=SLOS)))[0]
    assert suite.attrib["name"] == TITLE
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["skipped"]) == (
        *("4", "2", "1"),
    )
    cases = {case.attrib["name"]: [child.tag for child in case] for case in suite}
    assert cases == {
        "met": ["system-out"],
        "broken": ["failure"],
        "<unknown>": ["skipped"],
        "the run is valid": ["failure"],
    }
    broken = suite[1][0].attrib["message"]
    assert broken.startswith("p50 of 1769MB < 1ms: ")
    assert "invoke-1769MB" in broken
