"""How often each address may do something: so many at once, so many a second after that."""

from __future__ import annotations

import time
from collections import OrderedDict

_ADDRESSES = 4096


class Buckets:
    """One bucket an address, that fills by itself; those that were used longest ago are forgotten."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def has(self, address: str) -> bool:
        """Say whether there is one left; takes none."""
        return self._rate <= 0 or self._left(address) >= 1

    def take(self, address: str) -> bool:
        """Take one; False when there is none."""
        if self._rate <= 0:
            return True
        left = self._left(address)
        taken = left >= 1
        self._held[address] = (left - taken, time.monotonic())
        self._held.move_to_end(address)
        while len(self._held) > _ADDRESSES:
            self._held.popitem(last=False)
        return taken

    def _left(self, address: str) -> float:
        left, at = self._held.get(address, (self._burst, 0.0))
        return min(self._burst, left + (time.monotonic() - at) * self._rate)
