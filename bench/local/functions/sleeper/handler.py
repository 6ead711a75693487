"""Waits, as for a database: time that more memory does not shorten. event: {"ms": 50}."""

import time

from front_door import through


def handler(event, context):
    return through(event, run)


def run(event):
    ms = float((event or {}).get("ms", 50))
    time.sleep(ms / 1000)
    return {"slept_ms": ms}
