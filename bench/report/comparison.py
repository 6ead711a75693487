"""Two runs side by side, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from bench.format import UNKNOWN, number, percent, quantile_text
from bench.model.plain import aligned
from bench.model.result import Window
from bench.model.times import NS_PER_MS
from bench.output.page_width import folded
from bench.record.recorded_run import PROFILE, RecordedRun, text_of
from bench.stats.basis import TOO_FEW, Rest
from bench.stats.paired import Difference
from bench.stats.run_comparison import QUANTILES, Setting, VariantChange, changes, settings_changed

MOST_SETTINGS = 12
_GAP = "  "
_WANTED = ("p99", "p50", "p90", "prices", "errors")
"""Groups of columns, the one that says most first."""


def compared(base: RecordedRun, other: RecordedRun) -> tuple[VariantChange, ...]:
    """The variants that both runs have."""
    return changes((base.windows, base.curves), (other.windows, other.curves))


def settings_between(base: RecordedRun, other: RecordedRun) -> tuple[Setting, ...]:
    """Where their profiles, as resolved, differ."""
    return settings_changed(text_of(base.folder / PROFILE), text_of(other.folder / PROFILE))


def render_comparison(base: RecordedRun, other: RecordedRun, width: int | None = None) -> str:
    """A row per variant with base, other and change; `~` is a change that chance explains.

    width: of the page, None for as wide as it becomes. Columns that have no place are left out.
    """
    found = compared(base, other)
    lines = [
        f"base   {base.name} ({base.verdict.value})",
        f"other  {other.name} ({other.verdict.value})",
        "",
    ]
    if found:
        rows, left_out = _table(found, width)
        lines += [*rows, "", *left_out]
    else:
        lines += ["The runs have no variant in common.", ""]
    lines += comparison_notes(base, other, found)
    return "\n".join(folded(lines, width)).rstrip() + "\n"


def comparison_document(base: RecordedRun, other: RecordedRun) -> str:
    """The same as one JSON document; times in ms."""
    document = {
        "base": base.name,
        "other": other.name,
        "settings": [
            {"key": setting.key, "base": setting.base, "other": setting.other}
            for setting in settings_between(base, other)
        ],
        "variants": [_entry(change) for change in compared(base, other)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def _table(found: Sequence[VariantChange], width: int | None) -> tuple[list[str], list[str]]:
    """The rows, and what had no place in them: the columns that say least go first."""
    groups = {
        title: [heads, *(read(change) for change in found)] for title, heads, read in _groups()
    }
    names = ["variant", *(change.base.variant.name for change in found)]
    widths = {title: _widths(rows) for title, rows in groups.items()}
    room = None if width is None else width - max(map(len, names))
    kept: list[str] = []
    for title in sorted(groups, key=lambda title: _weight(title, groups[title])):
        takes = sum(len(_GAP) + cells for cells in widths[title])
        if room is None or takes <= room or not kept:
            kept.append(title)
            room = None if room is None else room - takes
    columns = [aligned(names)]
    for title in (title for title in groups if title in kept):
        columns += [aligned(column, right=True) for column in zip(*groups[title], strict=True)]
    rows = [_GAP.join(row).rstrip() for row in zip(*columns, strict=True)]
    gone = [title for title in groups if title not in kept and not _is_empty(groups[title])]
    note = f"No room for {' and '.join(gone)}: `lamload compare --json` has all of them"
    return rows, [note] if gone else []


def _groups() -> Iterator[tuple[str, list[str], Callable[[VariantChange], list[str]]]]:
    """Columns that belong together: base, other and change of each figure."""
    for place, q in enumerate(QUANTILES):
        text = quantile_text(q)
        yield text, [f"{text} ms", "other", "change"], partial(_of_quantile, place)
    yield "errors", ["errors", "other"], lambda c: [_errors(c.base), _errors(c.other)]
    yield "prices", ["$/M", "other"], lambda c: [_price(c.base), _price(c.other)]


def _of_quantile(place: int, change: VariantChange) -> list[str]:
    return _cells(change.differences[place])


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _is_empty(rows: Sequence[Sequence[str]]) -> bool:
    """Whether nothing of a group is known. rows: its heads first."""
    return all(cell == UNKNOWN for row in rows[1:] for cell in row)


def _weight(title: str, rows: Sequence[Sequence[str]]) -> tuple[bool, int]:
    """What is known of none goes first, then as _WANTED has it."""
    return _is_empty(rows), _WANTED.index(title) if title in _WANTED else len(_WANTED)


def _cells(found: Difference | None) -> list[str]:
    if found is None:
        return [UNKNOWN] * 3
    change = "" if found.relative is None else percent(found.relative)
    other_ns = found.base_ns + found.value_ns
    mark = "" if found.is_distinguishable else ("~" if found.basis.is_known else "?")
    return [number(found.base_ns / NS_PER_MS), number(other_ns / NS_PER_MS), mark + change]


def _errors(window: Window) -> str:
    finished = window.tally.finished
    return f"{window.tally.failed / finished:.1%}" if finished else UNKNOWN


def _price(window: Window) -> str:
    return UNKNOWN if window.usd_per_million is None else f"{window.usd_per_million:.2f}"


def comparison_rows(found: Sequence[VariantChange]) -> list[list[str]]:
    """A row of heads, and one for each variant that both runs have."""
    heads = ["variant", *(head for _, heads, _ in _groups() for head in heads)]
    rows = (
        [change.base.variant.name, *(text for *_, read in _groups() for text in read(change))]
        for change in found
    )
    return [heads, *rows]


def comparison_notes(
    base: RecordedRun, other: RecordedRun, found: Sequence[VariantChange]
) -> Iterator[str]:
    """What the marks mean, what the intervals rest on, and in what else the runs differ."""
    cells = [difference for change in found for difference in change.differences]
    told = [cell for cell in cells if cell is not None]
    if any(cell.basis.is_known and not cell.is_distinguishable for cell in told):
        yield "~ not distinguishable: chance explains it, at 5 % for the whole table (Holm)"
    if not all(cell.basis.is_known for cell in told):
        yield f"? {TOO_FEW} what chance does"
    yield from _rests(told)
    if any(cell is None for cell in cells):
        yield f"{UNKNOWN} unknown: too few samples in one of the runs"
    for name, lacking in ((base.name, other), (other.name, base)):
        have = {window.variant for window in lacking.windows}
        run = base if name == base.name else other
        alone = [w.variant.name for w in run.windows if w.variant not in have]
        if alone:
            yield f"Only in {name}: {', '.join(alone)}"
    yield from _settings(settings_between(base, other))


def _rests(found: Sequence[Difference]) -> Iterator[str]:
    """What the intervals of all changes rest on; each one's own is in the JSON."""
    known = [difference.basis for difference in found if difference.basis.is_known]
    effects = [basis.design_effect for basis in known if basis.rest is Rest.BLOCKS]
    words = sorted({basis.text for basis in known if basis.rest is not Rest.BLOCKS})
    if effects:
        words.append(f"blocks, design effect {min(effects):.1f} to {max(effects):.1f}")
    if words:
        yield f"Intervals rest on: {'; '.join(words)}"


def _settings(settings: Sequence[Setting]) -> Iterable[str]:
    if not settings:
        return
    yield "The profiles differ:"
    for setting in settings[:MOST_SETTINGS]:
        yield f"  {setting.key}: {_value(setting.base)} → {_value(setting.other)}"
    if len(settings) > MOST_SETTINGS:
        yield f"  and {len(settings) - MOST_SETTINGS} more"


def _value(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _entry(change: VariantChange) -> dict[str, Any]:
    return {
        "variant": change.base.variant.name,
        "response": {
            quantile_text(q): _difference_entry(found)
            for q, found in zip(QUANTILES, change.differences, strict=True)
        },
        "error_rate": [_rate(change.base), _rate(change.other)],
        "usd_per_million": [change.base.usd_per_million, change.other.usd_per_million],
    }


def _difference_entry(found: Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "base_ms": found.base_ns / NS_PER_MS,
        "change_ms": found.value_ns / NS_PER_MS,
        "low_ms": None if found.low_ns is None else found.low_ns / NS_PER_MS,
        "high_ms": None if found.high_ns is None else found.high_ns / NS_PER_MS,
        "distinguishable": found.is_distinguishable,
        "p_value": found.p_value,
        "rests_on": found.basis.text,
    }


def _rate(window: Window) -> float | None:
    return window.tally.failed / window.tally.finished if window.tally.finished else None
