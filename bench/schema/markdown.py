"""Tables of keys in Markdown, as the reference has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.schema.section import Declared, Section


def key_table(section: Section, *, keys: Sequence[Declared] | None = None, head: str = "") -> str:
    """A row for each key: its name, its line of help, its default. keys: only these.

    head stands above the names; by default it is that of the section, such as `[load]`.
    """
    title = head or (f"key of `{section.header}`" if section.path else "key")
    rows = [(title, section.meaning, "default"), ("---", "---", "---")]
    rows += [(f"`{key.label}`", key.help, key.default_cell()) for key in (keys or section.keys)]
    return "".join(_row(cells) for cells in rows)


def _row(cells: Iterable[str]) -> str:
    """Of cells that may be empty; a bar within one would end it."""
    texts = [cell.replace("|", "\\|") for cell in cells]
    if set(texts) == {"---"}:
        return "|" + "|".join(texts) + "|\n"
    return "|" + "|".join(f" {text} " if text else " " for text in texts) + "|\n"
