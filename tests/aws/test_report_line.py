import base64
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.aws.report_line import parse_log_result, parse_report, parse_timing_header
from bench.model.outcome import Report

ID = "0a6ff3f4-4f22-4c7d-9d4a-9b3c8e8f3b11"
FIELDS = (
    "Duration: 2.37 ms",
    "Billed Duration: 427 ms",
    "Memory Size: 1024 MB",
    "Max Memory Used: 95 MB",
    "Init Duration: 423.98 ms",
)
COLD = Report(ID, 2.37, 427, 1024, 95, 423.98)


def report_line(*fields: str, between: str = "\t") -> str:
    return between.join((f"REPORT RequestId: {ID}", *fields, ""))


def test_fields_are_read_in_any_order() -> None:
    for fields in itertools.permutations(FIELDS):
        assert parse_report(report_line(*fields)) == COLD


@pytest.mark.parametrize("between", ["\t", "  ", " "])
def test_tabs_and_spaces_both_separate(between: str) -> None:
    assert parse_report(report_line(*FIELDS, between=between).encode()) == COLD


def test_duration_is_not_taken_from_the_end_of_another_name() -> None:
    fields = (
        "Billed Restore Duration: 210 ms",
        "Restore Duration: 205.50 ms",
        "Billed Duration: 213 ms",
        "Duration: 2.10 ms",
        "Memory Size: 512 MB",
    )
    report = parse_report(report_line(*fields))
    assert report is not None
    assert (report.duration_ms, report.billed_ms) == (2.10, 213)
    assert (report.restore_ms, report.billed_restore_ms, report.init_ms) == (205.50, 210, None)
    assert parse_report(report_line("Init Duration: 9.00 ms", "Memory Size: 128 MB")) is None


def test_status_and_error_type_stand_behind_the_figures() -> None:
    timeout = parse_report(report_line(*FIELDS[:4], "Status: timeout"))
    assert timeout is not None
    assert (timeout.status, timeout.error_type) == ("timeout", None)
    killed = parse_report(
        report_line(*FIELDS[:4], "Status: error", "Error Type: Runtime.OutOfMemory")
    )
    assert killed is not None
    assert (killed.status, killed.error_type) == ("error", "Runtime.OutOfMemory")


def test_the_last_report_of_a_log_counts_and_other_lines_do_not_disturb() -> None:
    log = "\n".join(
        [
            f"REPORT RequestId: forged\tDuration: 1.00 ms\tBilled Duration: 1 ms\t{FIELDS[2]}",
            f"START RequestId: {ID} Version: $LATEST",
            "Duration: 99 ms, said the function",
            f"END RequestId: {ID}",
            report_line(*FIELDS),
            "XRAY TraceId: 1-5\tSegmentId: 0a\tSampled: true\t",
            "",
        ]
    )
    assert parse_report(log) == COLD


JSON_LINE = {
    "time": "2026-01-01T00:00:00.000Z",
    "type": "platform.report",
    "record": {
        "requestId": ID,
        "status": "error",
        "errorType": "Runtime.OutOfMemory",
        "metrics": {
            "durationMs": 147.156,
            "billedDurationMs": 201,
            "memorySizeMB": 512,
            "maxMemoryUsedMB": 91,
            "restoreDurationMs": 50.5,
            "billedRestoreDurationMs": 53,
        },
    },
}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_the_json_form_tells_the_same(separators: tuple[str, str]) -> None:
    start = json.dumps({"type": "platform.start", "record": {"requestId": ID}})
    log = f"{start}\n{json.dumps(JSON_LINE, separators=separators)}\n"
    assert parse_report(log) == Report(
        ID, 147.156, 201, 512, 91, None, 50.5, 53, "error", "Runtime.OutOfMemory"
    )


def test_a_log_tail_is_read_from_its_base64() -> None:
    short = report_line(*FIELDS).encode() + b"\n"
    long = b"noise " * 600 + b"\n" + short + b"x" * 1500
    for log in (short, long):
        assert parse_log_result(base64.b64encode(log)) == COLD


def test_a_function_may_hand_its_timings_through_a_header() -> None:
    assert parse_timing_header(report_line(*FIELDS).encode()) == COLD
    sparse = parse_timing_header(b"Duration: 12.30 ms; Init Duration: 100.00 ms")
    assert sparse == Report("", 12.3, 113, 0, None, 100.0)
    assert parse_timing_header(b"Duration: 12.00 ms") == Report("", 12.0, 12, 0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "REPORT RequestId: x",
        report_line("Duration: abc ms", *FIELDS[1:]),
        report_line("Duration: nan ms", *FIELDS[1:]),
        report_line("Duration: inf ms", *FIELDS[1:]),
        report_line("Duration: -1 ms", *FIELDS[1:]),
        report_line("Duration: 1e300 ms", *FIELDS[1:]),
        report_line(FIELDS[0], "Billed Duration: 99999999999999 ms"),
        '{"type":"platform.report"}',
        '{"type":"platform.report","record":[]}',
        '{"type":"platform.report","record":{"metrics":{"durationMs":null}}}',
        '{"type":"platform.report","record":{"metrics":{"durationMs":1e999}}}',
        '[{"type":"platform.report"}',
        "[" * 100_000 + '"platform.report"',
    ],
)
def test_what_makes_no_sense_is_no_report(line: str) -> None:
    assert parse_report(line) is None


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    parse_log_result(data)
    for log in (data, b"REPORT RequestId: " + data, b'{"type":"platform.report",' + data):
        parse_report(log)
        parse_log_result(base64.b64encode(log))
    parse_timing_header(data)


_NUMBER = st.floats(0, 900_000).map(lambda value: round(value, 2))


@given(duration=_NUMBER, init=st.none() | _NUMBER, memory=st.integers(128, 10240))
def test_what_lambda_writes_is_read_back(duration: float, init: float | None, memory: int) -> None:
    billed = int(duration) + 7
    line = report_line(
        f"Duration: {duration:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory} MB",
        "Max Memory Used: 60 MB",
        *([] if init is None else [f"Init Duration: {init:.2f} ms"]),
    )
    assert parse_report(line) == Report(ID, duration, billed, memory, 60, init)
