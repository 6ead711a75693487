"""Units of time. All times are integers in nanoseconds; instants count from the start of the run.

The clock is the monotonic one. `None`, and `NEVER` in rows, mean "did not happen".
"""

from __future__ import annotations

NEVER = -1
NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
