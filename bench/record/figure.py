"""A figure with what it is of: how answers and findings name what they found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`p99 12.4 ms`, `$0.45/M`, `cost +4.2 %`. is_sure: chance alone did not make it."""

    caption: str
    value: str
    unit: str = ""
    is_sure: bool = True

    @property
    def text(self) -> str:
        """As it stands in a row."""
        value = f"{self.value}{'' if self.unit.startswith('/') else ' '}{self.unit}".rstrip()
        return f"{self.caption} {value}".lstrip()
