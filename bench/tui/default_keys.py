"""Every command whose keys the user can choose, with the keys that it has by default."""

from __future__ import annotations

from bench.tui.keys import KEYS
from bench.tui.screens.setup import START_KEYS
from bench.tui.views.registry import VIEWS

DEFAULTS: dict[str, str] = {
    **{key.name: key.keys for key in KEYS},
    **{str(key.id): key.key for view in VIEWS for key in view.own_keys},
    "start": START_KEYS,
}
"""Command -> its keys; those of a view's table hold where that has the keyboard."""
