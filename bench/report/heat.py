"""Heat maps of the report: a strip for each variant, its own turns alone, one axis of time for all.

Cells are runs on a grid of whole numbers that the picture scales: a few bytes each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bench.format import clock, tick_label
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.heat_log import HeatCounts
from bench.record.latency_bins import bin_edges_ns
from bench.record.recorded_run import RecordedRun
from bench.report.svg import LEFT, RIGHT, WIDTH, figure, words
from bench.report.svg_rows import short_names

SHADES = 5
"""How many `--h1` … the style sheet has."""
MOST_LETTERS = 40
"""Of a name, which stands above its strip."""
_LENGTH = WIDTH - RIGHT - LEFT
_HEIGHTS = (170.0, 110.0, 84.0, 70.0)
"""Of the strip of one variant alone, of two, three, and more."""
_HEAD, _GAP = 26.0, 24.0
"""Above a strip, where its name and the marks of cold starts stand, and below, where times do."""
_MOST_TICKS = 6
_EDGES_MS = (bin_edges_ns() / NS_PER_MS).tolist()


def heat_maps(run: RecordedRun) -> Iterator[str]:
    """One picture; none without an answer."""
    maps = run.second_figures().heat
    bins = [number for columns in maps.values() for c in columns for number in c.counts]
    if not bins:
        return
    low, high = min(bins), max(bins) + 1
    body: list[str] = []
    variants = enumerate(window.variant for window in run.windows)
    shown = [(i, v) for i, v in variants if any(c.counts for c in maps.get(v, ()))]
    short = short_names((variant.name for _, variant in shown), MOST_LETTERS)
    tall = _HEIGHTS[min(len(shown), len(_HEIGHTS)) - 1]
    for row, (index, variant) in enumerate(shown):
        top = row * (_HEAD + tall + _GAP) + _HEAD
        names = (variant.name, short[variant.name])
        body += _strip(names, index, maps[variant], (low, high), (top, tall))
    title = (
        "Heat map, each variant in its own turns: how many answers took how long; "
        "pale: warm-up, ◆: cold starts"
    )
    yield figure(title, body, [], "", round(len(shown) * (_HEAD + tall + _GAP)))


def _strip(
    names: tuple[str, str],
    index: int,
    columns: Sequence[HeatCounts],
    bins: tuple[int, int],
    place: tuple[float, float],
) -> Iterator[str]:
    """place: its top and its height."""
    (name, short), (low, high), (top, height) = names, bins, place
    shown = [column for column in columns if column.seconds > 0 and (column.counts or column.cold)]
    wide, tall = _LENGTH / len(shown), height / (high - low)
    yield f'<g data-toggle="{index}">'
    yield words(short, "start", f'class="name" x="{LEFT}" y="{top - 12:.1f}"')
    yield "</g>"
    for number in _round_edges(low, high):
        y = top + (high - number) * tall
        label = tick_label(float(f"{_EDGES_MS[number]:.3g}"))
        middle = min(top + height, max(top + 9, y + 4))
        yield words(label, "end", f'x="{LEFT - 8}" y="{middle:.1f}"')
    yield f'<g data-v="{index}"><title>{escape(_in_words(name, shown))}</title>'
    yield f'<g transform="translate({LEFT} {top}) scale({wide:.4f} {tall:.4f})">'
    most = max((n / c.seconds for c in shown for n in c.counts.values()), default=1.0)
    for shade, path in sorted(_paths(shown, high, most).items()):
        yield f'<path class="heat{shade}" d="{path}"/>'
    for at, column in enumerate(shown):
        if not column.measured:
            yield f'<path class="warm-up" d="M{at} 0h1v{high - low}h-1z"/>'
    yield "</g>"
    cold = [LEFT + (at + 0.5) * wide for at, column in enumerate(shown) if column.cold]
    if cold:
        marks = "".join(f"M{x:.1f} {top - 6}l3 3-3 3-3-3z" for x in cold)
        yield f'<path class="cold" d="{marks}"/>'
    yield "</g>"
    for at in _ticks(len(shown)):
        where = f'x="{LEFT + at * wide:.1f}" y="{top + height + 14:.1f}"'
        yield words(clock(shown[at].t_s * NS_PER_S), "start", where)


def _paths(columns: Sequence[HeatCounts], high: int, most: float) -> dict[int, str]:
    """By shade, by the square root: a few slow answers beside many quick ones can be seen."""
    cells: dict[int, dict[int, int]] = {}
    for at, column in enumerate(columns):
        for number, count in column.counts.items():
            share = (count / column.seconds / most) ** 0.5
            cells.setdefault(number, {})[at] = max(1, round(min(1.0, share) * SHADES))
    paths: dict[int, str] = {}
    for number, row in cells.items():
        for start, end, shade in _runs(row):
            run = f"M{start} {high - number - 1}h{end - start}v1H{start}z"
            paths[shade] = paths.get(shade, "") + run
    return paths


def _runs(row: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """(first, behind the last, shade) of neighbours of one shade."""
    start, before = -1, (-2, 0)
    for at in sorted(row):
        if (at - 1, row[at]) != before:
            if start >= 0:
                yield start, before[0] + 1, before[1]
            start = at
        before = (at, row[at])
    if start >= 0:
        yield start, before[0] + 1, before[1]


def _round_edges(low: int, high: int) -> list[int]:
    """Bins that begin at a power of ten; the ends where there is no two of them."""
    found = [number for number in range(low, high) if number % 20 == 0]
    return found if len(found) > 1 else [low, high - 1]


def _ticks(columns: int) -> Sequence[int]:
    """Of which none would reach beyond the picture."""
    return range(0, columns - columns // 12, max(1, -(-columns // _MOST_TICKS)))


def _in_words(name: str, columns: Sequence[HeatCounts]) -> str:
    answers = sum(sum(column.counts.values()) for column in columns)
    cold = sum(column.cold for column in columns)
    return f"{name}: {answers:,} answers, {cold:,} cold starts"
