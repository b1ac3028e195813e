"""Moments in queries: dates of any length, `NOW`, and date math such as `NOW/DAY-2HOURS`. All in UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from tui_annotate.domain.query_tree import Bounds

_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?)?(?:Z|\+00:?00)?)?)?)?"
)
_UNITS = ("year", "month", "day", "hour", "minute", "second")
_STEP = re.compile(r"(?:(?P<sign>[+-])(?P<number>\d{1,6})|/)(?P<unit>YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?")
EXPECTED = "a date such as 2024-05-31 or 2024-05-31T08:30:00Z, or NOW, NOW-1DAY, NOW/DAY"
Interval = tuple[datetime, datetime]
"""From the first moment to the one just past the last."""


def interval(text: str, now: datetime) -> Interval:
    """Return what a date or moment covers: a day a whole day, `NOW` a millisecond.

    Raises:
        ValueError: It is no date, or beyond the years 1 to 9999.
    """
    if text.startswith("NOW"):
        begin, end, rest = now, now + timedelta(milliseconds=1), text[3:]
    else:
        match = _DATE.match(text)
        if match is None:
            raise ValueError(text)
        begin, end = _dated(match)
        rest = text[match.end() :]
    try:
        while rest:
            step = _STEP.match(rest)
            if step is None:
                raise ValueError(text)
            rest = rest[step.end() :]
            if step["sign"]:
                number = int(step["number"]) * (-1 if step["sign"] == "-" else 1)
                begin, end = moved(begin, number, step["unit"]), moved(end, number, step["unit"])
            else:
                begin = _floor(begin, step["unit"])
                end = begin + timedelta(milliseconds=1)
    except OverflowError as error:
        raise ValueError(text) from error
    return begin, end


def between(value: str | Bounds, now: datetime) -> tuple[str, str]:
    """Return the moments from which and before which a date fits, as stored times; empty where it is open.

    Raises:
        ValueError: A date is none.
    """
    if isinstance(value, str):
        begin, end = interval(value, now)
        return stored(begin), stored(end)
    low = high = ""
    if value.low:
        low = stored(interval(value.low, now)[0 if value.with_low else 1])
    if value.high:
        high = stored(interval(value.high, now)[1 if value.with_high else 0])
    return low, high


def stored(moment: datetime) -> str:
    """Return a moment as times are stored."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def moved(moment: datetime, number: int, unit: str) -> datetime:
    """Return a moment some units later; a day that a month lacks is its last.

    Raises:
        OverflowError, ValueError: That is beyond the years 1 to 9999.
    """
    if unit in ("YEAR", "MONTH"):
        months = moment.year * 12 + moment.month - 1 + number * (12 if unit == "YEAR" else 1)
        year, month = months // 12, months % 12 + 1
        if not 1 <= year <= 9999:
            raise OverflowError(year)
        return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
    return moment + timedelta(**{f"{unit.lower()}s": number})


def _dated(match: re.Match[str]) -> Interval:
    given = [match[unit] for unit in _UNITS]
    numbers = [int(text) if text else least for text, least in zip(given, (1, 1, 1, 0, 0, 0), strict=True)]
    year, month, day, hour, minute, second = numbers
    begin = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    shortest = _UNITS[sum(text is not None for text in given) - 1]
    try:
        if match["fraction"]:
            begin += timedelta(milliseconds=int(float(match["fraction"]) * 1000 + 1e-6))
            return begin, begin + timedelta(milliseconds=1)
        return begin, moved(begin, 1, shortest.upper())
    except OverflowError:
        return begin, datetime.max.replace(tzinfo=UTC)


def _floor(moment: datetime, unit: str) -> datetime:
    if unit == "WEEK":
        return _floor(moment, "DAY") - timedelta(days=moment.weekday())
    kept = _UNITS.index(unit.lower())
    blank = dict(zip(_UNITS[kept + 1 :], (1, 1, 0, 0, 0)[kept:], strict=True))
    return moment.replace(microsecond=0, **blank)  # type: ignore[arg-type]
