"""What a target says, before anybody sees it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.plain import LONGEST, aligned, cells, fitted, plain, plain_cell, wrapped


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred\x1b[0m",
        "a\x00b\x07",
        "\u202eabc",
        "\u200bzero",
        "\ud800",
        "\ufffe",
        "\x9b2J",
        "\x85",
    ],
)
def test_nothing_is_left_that_moves_turns_or_breaks(text: str) -> None:
    assert plain(text).isprintable()


def test_letters_of_every_script_stay() -> None:
    words = "負荷試験 🚀 naïve é עברית"
    assert plain(words) == words
    assert plain("two\n\tlines ") == "two lines"


@given(st.text())
def test_whatever_comes_out_is_one_short_line_that_xml_and_utf_8_can_have(text: str) -> None:
    shown = plain(text)
    assert len(shown) <= LONGEST
    shown.encode("utf-8")
    element = ElementTree.Element("a")
    element.text = shown
    assert (ElementTree.fromstring(ElementTree.tostring(element)).text or "") == shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "=a|'b'!A0"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert plain_cell(text)[0] == "'"


def test_letters_are_counted_in_cells() -> None:
    assert [cells(text) for text in ("abc", "負荷", "e\u0301a", "🚀", "")] == [3, 4, 2, 2, 0]


@given(st.text(st.characters(exclude_categories=["C", "Z"])), st.integers(8, 40))
def test_no_line_is_wider_than_asked_for(text: str, width: int) -> None:
    lines = list(wrapped(text, width, "  "))
    assert all(cells(line) <= width for line in lines)
    assert "".join(line.strip() for line in lines).replace(" ", "") == text.replace(" ", "")


def test_marks_without_a_class_of_combining_take_no_cell() -> None:
    assert [cells(text) for text in ("ที่", "שָׁ", "⚠\ufe0f")] == [1, 1, 1]


@pytest.mark.parametrize("width", range(9))
@pytest.mark.parametrize("text", ["負荷テスト", "e\u0301a\u0301", "a負b荷c", "plain text"])
def test_what_fits_is_cut_by_cells_and_a_letter_keeps_its_marks(text: str, width: int) -> None:
    kept = fitted(text, width)
    assert text.startswith(kept)
    assert width - 1 <= cells(kept) <= width or kept == text
    assert not text[len(kept) :].startswith("\u0301")


def test_columns_are_as_wide_as_the_widest_in_cells() -> None:
    assert aligned(["負荷", "e\u0301", "abcde"]) == ["負荷 ", "e\u0301    ", "abcde"]
    assert aligned(["1", "負荷"], right=True) == ["   1", "負荷"]
    assert list(wrapped("負荷", 1)) == ["負荷"]
    assert list(wrapped("abcdef", 2, "  ")) == ["  abcdef"]


def test_other_cells_stay_as_they_are() -> None:
    assert plain_cell("8f1c-77") == "8f1c-77"
