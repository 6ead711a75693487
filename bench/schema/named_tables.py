"""A key with tables of free names: `[retries.patient]`, each with the keys of one section."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.schema.key import section_schema
from bench.schema.paths import quoted
from bench.schema.section import Declared, Section
from bench.schema.table import Table
from bench.schema.values import JsonSchema, narrowed, text
from bench.units import shown

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,39}"
Usual = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""(name, what its table says) → what holds where it says nothing."""


def _check_name(name: str) -> str:
    """It becomes a part of a variant's name."""
    if not re.fullmatch(_NAME, name):
        raise ValueError(
            f"must be a name of 40 letters, digits, and . _ + @ - at most (it is {shown(name)})"
        )
    return name


setting_name = narrowed(text, _check_name, {"pattern": f"^{_NAME}$"})
"""What a variant's name, a column and a threshold can have in them."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedTablesKey(Declared):
    """Tables by name. Its section's keys have their rows where the plain table stands."""

    below: Section

    @property
    def label(self) -> str:
        """As a profile writes it: `[retries.NAME]`."""
        return f"[{self.name}.NAME]"

    def read(self, root: Table, usual: Usual = lambda _name, _own: {}) -> dict[str, Table]:
        """Each table with what holds of all filled in; mistakes in names are noted."""
        found = {}
        for name in root.table_names(self.name, self.below):
            if root.read_name(self.name, name, setting_name) is not None:
                own = root.get(self.name)[name]
                found[name] = root.filled(
                    f"{self.name}.{quoted(name)}", {**usual(name, own), **own}, self.below
                )
        return found

    def as_toml(self, value: Any) -> Any:
        """None where there is none; a setting that is None has no table."""
        tables = {name: self.below.written(one) for name, one in value.items() if one is not None}
        return tables or None

    def default_cell(self) -> str:
        """Empty: without one there are the plain tables."""
        return self.cell or ""

    def schema(self) -> JsonSchema:
        """Any name of the pattern, with the section's table."""
        return {
            "type": "object",
            "propertyNames": setting_name.schema,
            "additionalProperties": section_schema(self.below),
        }
