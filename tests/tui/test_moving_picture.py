"""The README's picture: frames one after another, and the last one where nothing moves."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.tui.moving_picture import FRAME_S, LAST_S, SHARES, joined
from tests.tui.test_screens import PICTURES

MOST_BYTES = 600_000


def frame(word: str) -> str:
    return (
        '<svg viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg"><style>.terminal-r1 {fill: red}'
        f'</style><text class="terminal-r1">{word}</text></svg>\n'
    )


def test_frames_keep_their_own_styles_and_the_last_stands_where_nothing_moves() -> None:
    svg = joined([frame("one"), frame("two")])
    ElementTree.fromstring(svg)
    assert ".f0-r1 {fill: red}" in svg and 'class="f1-r1">two' in svg
    assert ".frame0{opacity:0;" in svg and ".frame1{opacity:1;" in svg
    whole_s = FRAME_S + LAST_S
    assert f"animation:k0 {whole_s}s -{whole_s}s" in svg and f"k1 {whole_s}s -{LAST_S}s" in svg


def test_the_picture_of_the_readme_moves_loads_nothing_and_is_small() -> None:
    svg = (PICTURES / "compare.svg").read_text("utf-8")
    ElementTree.fromstring(svg)
    assert len(re.findall("@keyframes", svg)) == len(SHARES)
    assert len(svg.encode()) < MOST_BYTES
    assert not re.search(r"(href|src|url)\s*[=(]\s*[\"']?(http|//|data:)", svg)
