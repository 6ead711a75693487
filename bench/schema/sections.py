"""The keys that each table of a kind of document can have, and what to say of any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Sections:
    """keys: section -> its keys, '' is the top level; document names the whole: `a profile`."""

    document: str
    keys: Mapping[str, tuple[str, ...]]

    def unknown_key(self, section: str, key: str) -> str:
        """What to say of a key that its section does not have, with the likely mend."""
        known = self.keys[section]
        here = f"[{section}]" if section else self.document
        close = get_close_matches(key.lower().replace("-", "_"), known, 1)
        if close:
            return f"is not a key of {here}; did you mean {close[0]}?"
        homes = [other for other, keys in self.keys.items() if key in keys]
        if homes:
            return f"is not a key of {here}; it belongs {self._home(homes[0])}"
        return f"is not a key of {here}; its keys are {', '.join(known)}"

    def _home(self, section: str) -> str:
        if section:
            return f"in [{section}]"
        return f"at the top of {self.document.replace('a ', 'the ', 1)}, before the first table"
