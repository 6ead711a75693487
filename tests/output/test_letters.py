from __future__ import annotations

import pytest

from bench.output import letters
from bench.output.letters import look_alike


@pytest.mark.parametrize(
    ("text", "encoding", "seen"),
    [
        ("p99 ≥ 5 µs ± 1 → …", "ascii", "p99 >= 5 us +/- 1 -> ..."),
        ("1 × 2 – 3 · ünïcödé²", "ascii", "1 x 2 - 3 . unicode2"),
        ("é × µ ─│┼━", "latin-1", "é × µ -|+-"),
        ("⠀⠁⣿ ▁█", "ascii", " .# ##"),
        ("函数 \udcff", "ascii", "?? ?"),
        ("函数 \udcff", "utf-8", "函数 ?"),
    ],
)
def test_what_an_encoding_lacks_is_written_as_what_looks_like_it(
    text: str, encoding: str, seen: str
) -> None:
    letters.register()
    assert text.encode(encoding, letters.NAME).decode(encoding) == seen


def test_every_letter_has_one_in_printable_ascii() -> None:
    for code in range(0x80, 0x110000, 61):
        alike = look_alike(chr(code))
        assert alike
        assert alike.isascii()
        assert alike.isprintable()
