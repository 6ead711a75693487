"""Pictures over memory: what is drawn, and when there is nothing to draw."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from bench.format import quantile_text
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.folder import RunFolder
from bench.record.recorded_run import RecordedRun
from bench.record.summary_json import document_of
from bench.report.answer import answer_for
from bench.report.axes import linear_axis
from bench.report.brief import render_brief
from bench.report.charts import charts
from bench.report.html import render_html
from bench.report.markdown import render_markdown
from bench.report.pictures import over_memory, ranges, ridges
from bench.report.svg import BOTTOM, HEIGHT, TOP, WIDTH, scatter_chart
from bench.report.svg_rows import short_names
from bench.report.text import render_text
from tests.record.build import Shipment, profile_of, row, together

SIZES = (128, 512, 1769)


def run_of(root: Path, sizes: tuple[int, ...]) -> RecordedRun:
    """Work of one thread: 5 ms of waiting and 20 ms of a whole vCPU; every hundredth is cold."""
    variants = tuple(Variant(EndpointKind.INVOKE, size) for size in sizes)
    profile = profile_of(variants)
    aggregate = Aggregate(profile, together(profile))
    shipment = Shipment()
    for number, size in enumerate(sizes):
        ms = 5 + 20 * 1769 / size
        for i in range(400):
            at_ns = i * 10 * NS_PER_S // 400
            shipment.offer(at_ns, number)
            init_ms = 300 if i % 100 == 0 else 0
            took_ns = round((ms + i % 7 / 10 + init_ms) * NS_PER_MS)
            shipment.rows.append(
                row(
                    at_ns,
                    variant=number,
                    response_ns=took_ns,
                    duration_ns=round(ms * NS_PER_MS),
                    init_ns=init_ms * NS_PER_MS if init_ms else -1,
                    billed_ms=round(ms) + 1,
                )
            )
    shipment.to(aggregate)
    aggregate.advance(11 * NS_PER_S)
    folder = RunFolder.create(root, profile, "", {})
    return folder.finish(
        aggregate.totals(), aggregate.intervals(), [], Verdict.VALID, [],
        curves=aggregate.curves(),
        class_curves=aggregate.class_curves(),
        histograms=aggregate.closed_histograms(final=True),
    )  # fmt: skip


def test_time_over_memory_has_a_curve_and_cost_a_line(tmp_path: Path) -> None:
    time, cost = over_memory(run_of(tmp_path, SIZES))
    assert "p50 fitted" in time
    assert "ms / vCPUs" in time
    for size in SIZES:
        assert f">{size}</text>" in time
    assert "USD per million" in cost


def test_times_by_which_sizes_are_compared_are_those_of_warm_calls_and_say_so(
    tmp_path: Path,
) -> None:
    run = run_of(tmp_path, SIZES)
    time, _ = over_memory(run)
    assert "Time over memory, warm calls, with intervals" in time
    best = answer_for(run).lines[0]
    assert best.time is not None and best.time.caption.startswith("warm p")
    assert float(best.time.value) < 300, "no cold start is among them"
    text, page = render_brief(run, 100, colour=False), render_html(run)
    markdown, document = render_markdown(run), document_of(run)
    head, *rows = [
        line.split("  ") for line in text.splitlines() if re.match("variant |invoke", line)
    ]
    column = f"{best.time.caption} ms"
    assert column in [cell.strip() for cell in head]
    assert f"| {column} |" in markdown and best.time.text in markdown
    assert f"{best.time.caption} of response time" in page
    assert document["advice"]["calls"] == "warm"
    own = {row["variant"]: row for row in document["advice"]["times"]}[best.names[0]]
    assert own["value_ms"] == pytest.approx(float(best.time.value), rel=0.01)
    assert best.time.value in [cell.strip() for row in rows for cell in row]
    assert f"  warm {quantile_text(own['quantile'])} " in render_text(run, 200), "its interval"


def test_intervals_stand_as_whiskers(tmp_path: Path) -> None:
    time, _ = over_memory(run_of(tmp_path, SIZES))
    assert time.count('class="thin"') >= len(SIZES)


def test_a_whisker_ends_within_its_axis(tmp_path: Path) -> None:
    time, _ = over_memory(run_of(tmp_path, SIZES))
    low, high, _ = map(float, re.search(r'data-y="([^"]+)"', time)[1].split())  # type: ignore[index]
    ends = re.findall(r'class="thin"[^>]* d="M[\d.-]+ ([\d.]+)h8m-4 0V([\d.]+)', time)
    tops = [float(end) for pair in ends for end in pair]
    assert low < high and tops and all(TOP < top < HEIGHT - BOTTOM for top in tops)


CROWD = [(f"invoke-{n}MB", n, 30 + n / 10, 1.0 + n % 3 / 10) for n in range(12)]


def test_a_name_in_a_crowd_covers_no_point_and_no_other_name_and_is_led_to() -> None:
    axis = linear_axis(0.0, 40.0, 6), linear_axis(0.0, 5.0, 6)
    picture = scatter_chart("t", CROWD, (), *axis, "x", "y")
    groups = re.findall(r'<g data-v="\d+"><title>.*?</g>', picture)
    assert len(groups) == len(CROWD)
    boxes, points = [], []
    for group in groups:
        x, y, name = re.search(r'x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]+)</text>', group).groups()  # type: ignore[union-attr]
        boxes.append((float(x), float(y), 8.4 * len(name)))
        points.append(tuple(map(float, re.search(r"translate\(([\d.]+) ([\d.]+)", group).groups())))  # type: ignore[union-attr]
    for number, (x, y, width) in enumerate(boxes):
        assert 0 < x < x + width < WIDTH
        for other_x, other_y, other in boxes[:number]:
            apart = x > other_x + other or other_x > x + width
            assert apart or abs(y - other_y) >= 16, "names lie over each other"
        for px, py in points:
            assert not (x < px < x + width and y - 10 < py < y), "a name lies over a point"
    assert picture.count('class="lead"') == sum(
        abs(y - 4 - py) >= 8 for (_, y, _), (_, py) in zip(boxes, points, strict=True)
    )


def test_what_is_drawn_of_percentiles_over_memory_is_hidden_with_no_variant(
    tmp_path: Path,
) -> None:
    text = render_html(run_of(tmp_path, SIZES))
    picture = text[text.index("Time over memory") : text.index("Cost over memory")]
    drawn, names = (
        set(re.findall(rf'{what}="(\w+)"', picture)) for what in ("data-v", "data-toggle")
    )
    assert drawn >= names and names and not any(name.isdecimal() for name in drawn)
    assert all(f'.h{name} g[data-v="{name}"]' in text for name in names)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["invoke-128MB", "invoke-512MB"], ["128MB", "512MB"]),
        (["invoke-128MB", "alb-128MB"], ["invoke-128MB", "alb-128MB"]),
        (
            ["invoke-1MB-aws-standard", "invoke-1MB-aws-standard-2026"],
            ["standard", "standard-2026"],
        ),
        (["invoke-128MB"], ["invoke-128MB"]),
        ([f"invoke-{'x' * 40}-1", "alb-2"], ["…" + "x" * 15 + "-1", "alb-2"]),
    ],
)
def test_rows_are_named_without_what_all_share(names: list[str], short: list[str]) -> None:
    assert list(short_names(names).values()) == short


@pytest.mark.parametrize("sizes", [(512,), ()])
def test_one_size_has_no_picture_over_memory(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    assert list(over_memory(run_of(tmp_path, sizes or (1769,)))) == []


def test_every_variant_has_its_range_and_its_ridge(tmp_path: Path) -> None:
    run = run_of(tmp_path, SIZES)
    for (picture,) in (list(ranges(run)), list(ridges(run))):
        for index, window in enumerate(run.windows):
            assert window.variant.name in picture
            assert f'<g data-v="{index}">' in picture


PHONE = re.compile(
    r"@media screen and \(max-width:32rem\)"
    r"\{svg text\{font-size:(\d+)px\}svg text\.name\{font-size:(\d+)px\}"
)
_TEXT = re.compile(r'<text (?:class="(\w*)" )?x="([\d.-]+)" [^>]*text-anchor="(\w+)">([^<]*)<')


def test_on_a_telephone_pictures_need_no_scrolling_and_cut_no_word(tmp_path: Path) -> None:
    style = resources.files("bench.report").joinpath("page", "page.css").read_text("utf-8")
    assert not re.search(r"(?:figure|svg)[^{}]*\{[^}]*(?:min-width:[1-9]|overflow-x)", style)
    sizes = PHONE.search(style)
    assert sizes is not None
    plain, named = map(int, sizes.groups())
    assert 358 / WIDTH * min(plain, named) >= 8.5, "pixels on the glass"
    pictures = [picture for picture in charts(run_of(tmp_path, SIZES)) if "<text " in picture]
    assert len(pictures) > 5
    for picture in pictures:
        for kind, x, anchor, said in _TEXT.findall(picture):
            long = 0.55 * (named if kind == "name" else plain) * len(said)
            left = float(x) - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
            assert left >= 0 and left + long <= WIDTH, said


def test_of_few_variants_each_has_a_higher_row(tmp_path: Path) -> None:
    def highest(picture: str) -> float:
        tops = [
            float(y)
            for path in re.findall(r'class="ridge [^>]* d="([^"]*)"', picture)
            for y in re.findall(r"V([\d.]+)", path)
        ]
        return max(tops) - min(tops)

    (alone,) = ridges(run_of(tmp_path / "one", SIZES[:1]))
    (many,) = ridges(run_of(tmp_path / "five", SIZES))
    assert highest(alone) == 60 and highest(many) == 3 * 34 - 4
