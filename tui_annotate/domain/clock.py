"""Times: stored in UTC, shown as the clock on the wall has them."""

from __future__ import annotations

from datetime import datetime


def local_time(stamp: str) -> str:
    """Return a stored UTC time as the clock on the wall has it, to the minute; what is no time stays as it is."""
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return stamp
