"""START, END and REPORT as CloudWatch has them."""

from __future__ import annotations

import json

import pytest

from bench.local.sandbox.log import ReportFigures, init_report, invocation_log, tail

WARM = ReportFigures("a1", "$LATEST", 1024, 2.371, 95)


def text(figures: ReportFigures, output: bytes = b"") -> str:
    return invocation_log(figures, output, "Text").decode()


def test_a_warm_invocation() -> None:
    assert text(WARM, b"hello\n") == (
        "START RequestId: a1 Version: $LATEST\n"
        "hello\n"
        "END RequestId: a1\n"
        "REPORT RequestId: a1\tDuration: 2.37 ms\tBilled Duration: 3 ms\tMemory Size: 1024 MB\t"
        "Max Memory Used: 95 MB\t\n"
    )


def test_a_cold_start_a_timeout_and_an_error_tell_so_at_the_end() -> None:
    cold = ReportFigures("a1", "3", 128, 3000.0, 40, init_ms=402.04, status="timeout", told=True)
    assert text(cold).endswith("\tInit Duration: 402.04 ms\tStatus: timeout\t\n")
    failed = ReportFigures(
        "a1", "3", 128, 9.0, 40, status="error", error_type="Runtime.ExitError", told=True
    )
    assert text(failed).endswith("\tStatus: error\tError Type: Runtime.ExitError\t\n")


def test_a_handlers_own_error_is_not_in_the_text_report() -> None:
    raised = ReportFigures("a1", "3", 128, 9.0, 40, status="error", error_type="ValueError")
    assert "Status" not in text(raised)


@pytest.mark.parametrize(
    ("duration_ms", "init_ms", "billed_ms"),
    [
        (3000.00, 402.04, 3403),
        (80.30, 488.91, 570),
        (2.37, 423.98, 427),
        (1.0, None, 1),
        (1.001, None, 1),
        (1.01, None, 2),
        (80.3, 489.7, 570),
    ],
)
def test_billed_is_duration_and_init_rounded_up(
    duration_ms: float, init_ms: float | None, billed_ms: int
) -> None:
    assert ReportFigures("a", "1", 128, duration_ms, 40, init_ms).billed_ms == billed_ms


def test_the_json_form() -> None:
    figures = ReportFigures("a1", "3", 512, 147.156, 91, init_ms=53.2)
    start, report = map(json.loads, invocation_log(figures, b"", "JSON").splitlines())
    assert start["type"] == "platform.start"
    assert start["record"] == {"requestId": "a1", "version": "3"}
    assert report["type"] == "platform.report"
    assert report["time"].endswith("Z")
    assert report["record"] == {
        "requestId": "a1",
        "status": "success",
        "metrics": {
            "durationMs": 147.156,
            "billedDurationMs": 201,
            "memorySizeMB": 512,
            "maxMemoryUsedMB": 91,
            "initDurationMs": 53.2,
        },
    }


def test_output_without_a_newline_gets_one_and_the_tail_is_the_last_4_kb() -> None:
    log = invocation_log(WARM, b"x" * 10_000, "Text")
    assert b"x\nEND RequestId" in log
    assert len(tail(log)) == 4096
    assert tail(log).endswith(b"\t\n")


def test_the_report_of_a_failed_init() -> None:
    assert init_report(137.688, "init", "error", "Runtime.ImportModuleError") == (
        b"INIT_REPORT Init Duration: 137.69 ms\tPhase: init\tStatus: error\t"
        b"Error Type: Runtime.ImportModuleError\n"
    )
    assert init_report(9999.79, "init", "timeout").endswith(b"Phase: init\tStatus: timeout\n")
