"""What stands for a letter that an encoding lacks: a sign of ASCII that looks like it."""

from __future__ import annotations

import codecs

NAME = "lamload.look-alikes"
"""An error handler of codecs, once `register` was called."""
_LOOK_ALIKES = {
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "·": ".",
    "•": "*",
    "●": "*",
    "○": "o",
    "★": "*",
    "µ": "u",
    "μ": "u",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "±": "+/-",
    "→": "->",
    "←": "<-",
    "↑": "^",
    "↓": "v",
    "▲": "^",
    "▼": "v",
    "▶": ">",
    "◀": "<",
    "√": "sqrt",
    "α": "alpha",
    "φ": "phi",
    "π": "pi",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "“": '"',
    "”": '"',
    "✓": "v",
    "✗": "x",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
}
_FLAT, _UPRIGHT = "─━┄┅┈┉╌╍═╴╶╸╺╼╾", "│┃┆┇┊┋╎╏║╵╷╹╻╽╿"
_BRAILLE, _BLOCKS, _BOXES = range(0x2800, 0x2900), range(0x2580, 0x25A0), range(0x2500, 0x2580)
_DENSITY = " .:#"
_DOTS = 8


def register() -> None:
    """Make the handler known to codecs by its name."""
    codecs.register_error(NAME, _substitute)


def look_alike(letter: str) -> str:
    """ASCII in the place of one letter: never empty, `?` where nothing looks like it."""
    code = ord(letter)
    if letter in _LOOK_ALIKES:
        return _LOOK_ALIKES[letter]
    if code in _BRAILLE:
        return _DENSITY[-(-(code - _BRAILLE.start).bit_count() * (len(_DENSITY) - 1) // _DOTS)]
    if code in _BLOCKS:
        return "#"
    if code in _BOXES:
        return "-" if letter in _FLAT else "|" if letter in _UPRIGHT else "+"
    return _plain(letter)


def _plain(letter: str) -> str:
    """`é` as `e`, `²` as `2`."""
    from unicodedata import combining, normalize

    parts = [part for part in normalize("NFKD", letter) if not combining(part)]
    plain = "".join(part for part in parts if part.isascii() and part.isprintable())
    return plain or "?"


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(look_alike, letters)), error.end
