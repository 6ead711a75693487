"""Why an option cannot be carried out on a profile: the text continues after the option's name."""

from __future__ import annotations

import shlex


class Refusal(Exception):
    """It reads on from `--rate: `, and says how to mend it.

    instead: what to say in the option's place, if that can be said.
    """

    def __init__(self, text: str, *instead: str) -> None:
        super().__init__(text)
        self.instead = instead

    def words(self, source: str) -> str:
        """The text, and with it the command for the profile of that name."""
        if not self.instead:
            return str(self)
        return f"{self}: say which, as `{shlex.join(['lamload', 'run', source, *self.instead])}`"
