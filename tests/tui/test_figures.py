"""What the screens show is what the run's files have: cell by cell, second by second."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.model.live import RunState
from bench.tui.app import LamloadApp
from bench.tui.metrics import BY_NAME
from bench.tui.playback import PlaybackSource
from bench.tui.source import RunSource
from bench.tui.widgets.chart import Chart
from tests.tui.fakes import SECONDS, VARIANTS, FakeRun
from tests.tui.recorded import record
from tests.tui.test_app import drawn, grid, screen_of

SIZE = (240, 70)
FileRow = dict[str, str]


def ms(column: str) -> Callable[[FileRow], str]:
    """Two digits after the point below 10 ms, one below a second, else none; · is unknown."""

    def said(row: FileRow) -> str:
        if not row[column]:
            return "·"
        digits = 2 if float(row[column]) < 10 else 1 if float(row[column]) < 1000 else 0
        known_least = row.get(f"{column.split('_p')[0].split('_max')[0]}_censored", "0")
        at_least = "≥" if column.endswith("_max_ms") and int(known_least) else ""
        return f"{at_least}{float(row[column]):.{digits}f}"

    return said


def number(column: str) -> Callable[[FileRow], str]:
    return lambda row: f"{int(row[column]):,}"


def failed(row: FileRow) -> str:
    return f"{int(row['offered']) - int(row['ok']) - int(row['in_flight']) - int(row['dropped']):,}"


def per_second(column: str) -> Callable[[FileRow], str]:
    return lambda row: f"{float(row[column]):.1f}"


TABLES: dict[tuple[str, str], dict[str, Callable[[FileRow], str]]] = {
    ("1", "variants"): {
        "offered": number("offered"),
        "flying": number("in_flight"),
        "dropped": number("dropped"),
        "planned": per_second("planned_rps"),
        "sent": per_second("achieved_rps"),
        "throttled": number("throttled"),
        "retries": number("retries"),
        "cold": number("cold_starts"),
        "p50": ms("response_p50_ms"),
        "p90": ms("response_p90_ms"),
        "p99": ms("response_p99_ms"),
        "p99.9": ms("response_p999_ms"),
        "max": ms("response_max_ms"),
        "billed": ms("billed_ms_mean"),
        "price": lambda row: f"${float(row['usd_per_million']):.2f}",
    },
    ("2", "distributions"): {
        "r50": ms("response_p50_ms"),
        "r99": ms("response_p99_ms"),
        "a50": ms("attempt_p50_ms"),
        "a99": ms("attempt_p99_ms"),
        "warm50": ms("warm_p50_ms"),
        "cold50": ms("cold_p50_ms"),
        "coldmax": ms("cold_max_ms"),
        "coldn": number("cold_samples"),
        "retriedn": number("retried_samples"),
    },
    ("4", "kinds"): {
        "failed": failed,
        "THROTTLED": number("throttled"),
        "TIMEOUT": number("timeout"),
        "attempts": number("attempts"),
        "retries": number("retries"),
    },
    ("5", "starts"): {
        "cold": number("cold_starts"),
        "inits": number("init_samples"),
        "imean": ms("init_mean_ms"),
        "imax": ms("init_max_ms"),
        "w50": ms("warm_p50_ms"),
    },
    ("6", "prices"): {
        "price": lambda row: f"${float(row['usd_per_million']):.2f}",
        "billed": ms("billed_ms_mean"),
        "duration": ms("duration_p50_ms"),
        "attempts": number("attempts"),
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return record(tmp_path)


def rows_of_file(path: Path) -> list[FileRow]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def at_the_end(folder: Path) -> PlaybackSource:
    playback = PlaybackSource(folder, clock=lambda: 0.0)
    playback.seek(SECONDS)
    return playback


@pytest.mark.parametrize("is_live", [True, False], ids=["the run itself", "its playback"])
async def test_the_tables_of_the_whole_run_are_summary_csv(is_live: bool, folder: Path) -> None:
    source: RunSource = FakeRun(SECONDS, RunState.FINISHED) if is_live else at_the_end(folder)
    app = LamloadApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        for (key, name), columns in TABLES.items():
            await pilot.press(key)
            await drawn(pilot)
            for row in rows_of_file(folder / "summary.csv"):
                shown = {
                    column: grid(app, name).cell(row["variant"], column).lstrip("★")
                    for column in columns
                }
                assert shown == {column: said(row) for column, said in columns.items()}, name


@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("response p50", "response_p50_ms"),
        ("response mean", "response_mean_ms"),
        ("response max", "response_max_ms"),
        ("sent", "achieved_rps"),
        ("cold starts", "cold_starts"),
        ("billed mean", "billed_ms_mean"),
    ],
)
async def test_a_chart_over_time_is_intervals_csv(metric: str, column: str, folder: Path) -> None:
    app = LamloadApp(at_the_end(folder))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        screen_of(app).choices.metric = BY_NAME[metric]
        await drawn(pilot)
        await drawn(pilot)
        lines = screen_of(app).query_one("#over-time", Chart).data.lines
    rows = rows_of_file(folder / "intervals.csv")
    for line, variant in zip(lines, VARIANTS, strict=True):
        of_file = {
            float(row["t_s"]): float(row[column])
            for row in rows
            if row["variant"] == variant.name and row[column]
        }
        known = {t_s: value for t_s, value in line.points if value is not None}
        assert known == pytest.approx(of_file)
        assert of_file


async def test_read_lag_stands_beside_send_lag_and_a_workers_wait_in_its_row() -> None:
    app = LamloadApp(FakeRun(SECONDS))
    async with app.run_test(size=SIZE) as pilot:
        await drawn(pilot)
        await pilot.press("3")
        await drawn(pilot)
        shown = {
            name: [point for line in chart.data.lines for point in line.points]
            for name in ("lag", "read-lag")
            if (chart := screen_of(app).query_one(f"#{name}", Chart)).display
        }
        assert grid(app, "workers").cell("0", "wait") == "2"
    assert {at for at, _ in shown["lag"]} == {at for at, _ in shown["read-lag"]}
    assert all(value is not None and 0.029 < value < 0.079 for _, value in shown["read-lag"])
