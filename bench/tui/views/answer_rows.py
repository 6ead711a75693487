"""The answer on a screen: big figures where there is room, and a row for each line of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap

from bench.model.live import ANSWER_EVENT
from bench.model.outcome import Verdict
from bench.record.figure import Figure
from bench.record.question import Question
from bench.report.answer import NO_CHOICE, AnswerLine, RunAnswer, capacity_figures
from bench.tui.palette import Tone
from bench.tui.state import ViewState
from bench.tui.widgets.hero import BigFigure
from bench.tui.widgets.text_lines import TextLine

_GAP = "  "
_BETWEEN = "   "
_CUT = " …"
"""Behind what has no place to its end."""
_MOST_OTHERS = 26
"""Cells beside a large figure, from which on others are counted: they would push figures away."""
_TONES = {Verdict.VALID: Tone.GOOD, Verdict.SUSPECT: Tone.WARN, Verdict.INVALID: Tone.BAD}
Told = list[TextLine]
"""One thing that is said, over as many lines as it takes."""


def answer_rows(state: ViewState, width: int) -> list[Told]:
    """What was found, a row for each line; then the verdict if something speaks against the run."""
    answer = state.analysis.answer
    found = [*_searched(state), *answer.found]
    told = [*_sentences(found, width), *([row] for row in _aligned(answer.lines, width))]
    told = told or [[[(_nothing(state), Tone.DIM)]]]
    verdict = _verdict(state, width)
    return [*told, verdict] if verdict else told


def in_room(told: Sequence[Told], rows: int, width: int) -> Told:
    """As much as has a place: no half of anything, unless of the first, which then says so."""
    lines: Told = []
    for number, one in enumerate(told):
        if len(lines) + len(one) <= rows:
            lines += one
        elif number == 0:
            *whole, last = one[: max(1, rows)]
            lines += [*whole, _cut(last, width)]
    return lines


def _cut(line: TextLine, width: int) -> TextLine:
    pieces = [piece if isinstance(piece, tuple) else (piece, Tone.TEXT) for piece in line]
    *others, (text, tone) = pieces
    room = width - sum(len(other) for other, _ in others) - len(_CUT)
    kept = text if len(text) <= room else text[:room].rpartition(" ")[0]
    return [*others, (kept, tone), (_CUT, Tone.DIM)]


def figures_rows(state: ViewState, width: int) -> Told:
    """The figures that were asked for, in letters of one row: where large ones have no place.

    Of several variants those of the first alone would be told, and their sentences say more.
    """
    rows: list[list[tuple[str, Tone]]] = [[]]
    is_search = state.analysis.question is Question.CAPACITY
    figures = asked_figures(state) if is_search or len(state.totals) == 1 else ()
    for number, figure in enumerate(figures):
        value = replace(figure, caption="").text
        own = [(f"{figure.caption} ", Tone.DIM), (value, Tone.STRONG if number else Tone.GOOD)]
        used = sum(len(text) for text, _ in rows[-1])
        if rows[-1] and used + len(_BETWEEN) + len(figure.text) > width:
            rows.append([])
        rows[-1] += [(_BETWEEN, Tone.DIM), *own] if rows[-1] else own
    return [row for row in rows if row]


def _searched(state: ViewState) -> list[str]:
    """What a search for capacity has found of each variant."""
    answers = (event for event in state.snapshot.events if event.kind == ANSWER_EVENT)
    return [f"{event.fields.get('variant', '')}: {event.text}" for event in answers]


def _sentences(found: Sequence[str], width: int) -> Iterator[Told]:
    """Whole, over several lines if need be; the first is what matters most."""
    for number, text in enumerate(found):
        tone = Tone.TEXT if number else Tone.STRONG
        yield [[(line, tone)] for line in _wrapped(text, width)]


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, max(20, width), subsequent_indent=_GAP, break_long_words=False)


def _nothing(state: ViewState) -> str:
    return "no answer: too few calls" if state.is_over else "too few answers so far to say"


def _verdict(state: ViewState, width: int) -> Told:
    reasons = state.snapshot.reasons
    worst = max(reasons, key=lambda reason: list(Verdict).index(reason.verdict), default=None)
    if worst is None or worst.verdict is Verdict.VALID:
        return []
    place = f"{worst.variant}: " if worst.variant else ""
    more = f" (v: {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    head = worst.verdict.value
    first, *rest = _wrapped(f"{head}{_GAP}{place}{worst.text}{more}", width)
    said = first.removeprefix(head)
    return [[(head, _TONES[worst.verdict]), said], *([line] for line in rest)]


def _aligned(lines: Sequence[AnswerLine], width: int) -> Iterator[TextLine]:
    """Columns as wide as their widest cell; a line that is one phrase is as long as it is."""
    cells = [_cells(line) for line in lines]
    tabular = [row for row in cells if any(row[2:])]
    wide = [max(map(len, column)) for column in zip(*tabular, strict=True)]
    label = max((len(row[0]) for row in cells), default=0)
    for number, (line, row) in enumerate(zip(lines, cells, strict=True)):
        texts = [row[0].ljust(label), *row[1:]]
        if row in tabular:
            texts[1:] = [text.ljust(room) for text, room in zip(row[1:], wide[1:], strict=True)]
        yield _row(line, texts, width, number == 0 and line.label != NO_CHOICE)


def _row(line: AnswerLine, texts: Sequence[str], width: int, is_best: bool) -> TextLine:
    """What has no place goes; what chance leaves open comes before what is gained."""
    *firm, change = texts
    parts: list[tuple[str, Tone]] = []
    used = 0
    for column, text in enumerate(firm):
        if text and used + len(text.rstrip()) <= width:
            parts.append((text + _GAP, _tone(column, is_best)))
            used += len(text) + len(_GAP)
    room = width - used
    changes = (change, line.change_brief) if change.strip() else ()
    fitting = (text for text in changes if len(text + _GAP + line.brief) <= room)
    told = next(fitting, "")
    if told:
        parts.append((told + _GAP, Tone.TEXT))
        room -= len(told + _GAP)
    fitting = (text for text in (line.note, line.brief) if text and len(text) <= room)
    note = next(fitting, "")
    parts += [(text, Tone.DIM) for text in (note,) if text]
    known = f"{_GAP if note else ''}95 %: {line.interval}"
    if line.interval and len(known) <= room - len(note):
        parts.append((known, Tone.DIM))
    return parts


def _cells(line: AnswerLine) -> tuple[str, ...]:
    time, cost = (figure.text if figure is not None else "" for figure in (line.time, line.cost))
    return line.label, line.subject, time, cost, line.change_text


def _tone(column: int, is_best: bool) -> Tone:
    if column == 0:
        return Tone.DIM
    if column == 1:
        return Tone.GOOD if is_best else Tone.STRONG
    return Tone.TEXT


def hero_figures(state: ViewState) -> list[BigFigure]:
    """What was asked for, large: the figures that were found, else those of the first line."""
    asked = asked_figures(state)
    if asked:
        return [
            BigFigure(figure.value, figure.caption, figure.unit, Tone.TEXT if number else Tone.GOOD)
            for number, figure in enumerate(asked)
        ]
    return _of_first_line(state.analysis.answer)


def asked_figures(state: ViewState) -> tuple[Figure, ...]:
    """Those of what was found, whose sentences stand below; none where variants are compared."""
    return state.analysis.answer.figures or capacity_figures(state.snapshot.events)


def _others(line: AnswerLine, unit: str) -> str:
    """`or 512, 1024`: what chance leaves open, with the unit of the figure; `or 13 others`."""
    brief = line.brief.replace(f" {unit}", "")
    word, _, names = brief.partition(" ")
    return brief if len(brief) <= _MOST_OTHERS else f"{word} {names.count(',') + 1} others"


def _of_first_line(answer: RunAnswer) -> list[BigFigure]:
    """Who, how fast, how dear, and what that gains and costs."""
    if answer.q is None or not answer.lines:
        return []
    line = answer.lines[0]
    figures = []
    size, _, unit = line.subject.partition(" ")
    if size.isdecimal():
        figures.append(
            BigFigure(size, line.label.lower(), unit, Tone.GOOD, detail=_others(line, unit))
        )
    if line.time is not None:
        time = line.time
        figures.append(BigFigure(time.value, time.caption, time.unit, detail=line.interval))
    if line.cost is not None:
        figures.append(BigFigure(line.cost.value.lstrip("$"), "$ for a", "million"))
    figures += [
        BigFigure(change.value, change.caption, change.unit)
        for change in line.change
        if change.is_sure
    ]
    return figures
