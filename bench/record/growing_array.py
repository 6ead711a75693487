"""An array that grows at its end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class GrowingArray:
    """What is appended costs what is new, not what is there."""

    __slots__ = ("_held", "_size")

    def __init__(self, kind: type[np.integer[Any]]) -> None:
        self._held: NDArray[Any] = np.empty(0, dtype=kind)
        self._size = 0

    def extend(self, values: NDArray[Any]) -> None:
        """Append values, as the kind that it holds."""
        size = self._size + values.size
        if size > self._held.size:
            held = np.empty(max(size, 2 * self._held.size), dtype=self._held.dtype)
            held[: self._size] = self.values
            self._held = held
        self._held[self._size : size] = values
        self._size = size

    @property
    def values(self) -> NDArray[Any]:
        """All so far, as a view: what is appended later may not be in it."""
        return self._held[: self._size]
