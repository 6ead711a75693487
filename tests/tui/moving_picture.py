"""A recorded run as a moving picture: a handful of frames that the app itself has drawn, one file.

    python -m tests.tui.moving_picture RUN FILE.svg

Frames follow each other by CSS alone, which an image on a page plays as well. Where nothing moves,
or nothing is to move, the last one stands: the end of the run.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.tui.app import LamloadApp
from bench.tui.playback import PlaybackSource
from tests.tui.picture import svg_of

SIZE = (118, 36)
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
"""Of the run, at which a frame is taken."""
FRAME_S, LAST_S = 2, 4
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_OPEN = re.compile(r"<svg[^>]*>")


async def frames(run: Path) -> list[str]:
    """The first screen of the run as it stood at each of the shares."""
    drawn = []
    for share in SHARES:
        source = PlaybackSource(run, clock=lambda: 0.0)
        source.seek(source.end_s * share)
        app = LamloadApp(source)
        async with app.run_test(size=SIZE) as pilot:
            for _ in range(3):  # the chart is drawn once the answer has its lines
                await pilot.pause(0.6)
            drawn.append(svg_of(app))
    return drawn


def joined(drawn: Sequence[str]) -> str:
    """One picture of all frames, each shown for its time and then the next."""
    whole_s = FRAME_S * (len(drawn) - 1) + LAST_S
    rules, groups = [], []
    for number, svg in enumerate(drawn):
        own = svg.replace("terminal-", f"f{number}-")
        (style,) = _STYLE.findall(own)
        inside = _OPEN.sub("", _STYLE.sub("", own), count=1).rsplit("</svg>", 1)[0]
        rules.append(style)
        shown_s = LAST_S if number == len(drawn) - 1 else FRAME_S
        rules.append(
            f"@keyframes k{number}{{0%{{opacity:1}}{shown_s / whole_s:.2%},to{{opacity:0}}}}\n"
            f".frame{number}{{opacity:{int(number == len(drawn) - 1)};"
            f"animation:k{number} {whole_s}s {FRAME_S * number - whole_s}s steps(1) infinite}}\n"
        )
        groups.append(f'<g class="frame{number}">{inside}</g>\n')
    still = "@media(prefers-reduced-motion:reduce){g{animation:none!important}}"
    (opening,) = _OPEN.findall(drawn[0])[:1]
    return f"{opening}<style>{''.join(rules)}{still}</style>\n{''.join(groups)}</svg>\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(joined(asyncio.run(frames(Path(sys.argv[1])))), encoding="utf-8")
