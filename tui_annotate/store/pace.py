"""Pace: what a decision and a document cost an annotator in keys and seconds, from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui_annotate.store.connection import Corpus

PAUSE = 120_000
"""Milliseconds that a decision counts for at most: longer ones were pauses."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One annotator's."""

    annotator: str
    decisions: int
    """Made by keys: what was imported or came with another act is left out."""
    keys: int
    seconds: float
    """Pauses of more than two minutes count as two minutes."""
    confirmed: int
    """Documents that the annotator confirmed, also where the key that answered confirmed with it."""
    by_kind: dict[str, tuple[int, float, float]]
    """Decisions, keys and seconds each, by kind."""

    @property
    def keys_each(self) -> float:
        """Keys for each decision."""
        return self.keys / self.decisions if self.decisions else 0.0

    @property
    def seconds_each(self) -> float:
        """Seconds for each decision."""
        return self.seconds / self.decisions if self.decisions else 0.0

    @property
    def keys_document(self) -> float | None:
        """Keys for each confirmed document."""
        return self.keys / self.confirmed if self.confirmed else None

    @property
    def seconds_document(self) -> float | None:
        """Seconds for each confirmed document."""
        return self.seconds / self.confirmed if self.confirmed else None


def pace(corpus: Corpus, *, annotator: str = "") -> list[Pace]:
    """Return what deciding cost, by annotator; of one where that is named. Reads the whole log."""
    where = " AND a.name = ?" if annotator else ""
    sql = (
        "SELECT a.name, l.kind, count(*), sum(l.keys), sum(min(l.milliseconds, ?))"
        " FROM decision l JOIN annotator a ON a.id = l.annotator"
        f" WHERE (l.keys > 0 OR l.milliseconds > 0){where} GROUP BY a.name, l.kind ORDER BY a.name, l.kind"
    )
    # A confirmation has no key of its own where an answer brought it; imports have none in the whole step.
    documents = (
        "SELECT a.name, count(DISTINCT l.document) FROM decision l JOIN annotator a ON a.id = l.annotator"
        " WHERE l.kind = 'confirm' AND l.step IN (SELECT step FROM decision WHERE keys > 0 OR milliseconds > 0)"
        " GROUP BY a.name"
    )
    with corpus.reading() as db:
        found = db.execute(sql, (PAUSE, annotator) if annotator else (PAUSE,)).fetchall()
        confirmed = dict(db.execute(documents).fetchall())
    by_name: dict[str, list[tuple[str, int, int, float]]] = {}
    for name, kind, count, keys, milliseconds in found:
        by_name.setdefault(name, []).append((kind, count, keys, milliseconds / 1000))
    return [
        Pace(
            name,
            sum(count for _, count, _, _ in rows),
            sum(keys for _, _, keys, _ in rows),
            round(sum(seconds for _, _, _, seconds in rows), 3),
            confirmed.get(name, 0),
            {kind: (count, round(keys / count, 2), round(seconds / count, 2)) for kind, count, keys, seconds in rows},
        )
        for name, rows in by_name.items()
    ]


def described(found: Pace) -> dict[str, Any]:
    """Return an annotator's pace as JSON."""
    return {
        "annotator": found.annotator,
        "decisions": found.decisions,
        "confirmed": found.confirmed,
        "keys": found.keys,
        "seconds": found.seconds,
        "keys_a_decision": round(found.keys_each, 3),
        "seconds_a_decision": round(found.seconds_each, 3),
        "keys_a_document": None if found.keys_document is None else round(found.keys_document, 3),
        "seconds_a_document": None if found.seconds_document is None else round(found.seconds_document, 3),
        "by_kind": {
            kind: {"decisions": count, "keys": keys, "seconds": seconds}
            for kind, (count, keys, seconds) in found.by_kind.items()
        },
    }


def said(found: Pace) -> list[str]:
    """Return an annotator's pace, line by line."""
    lines = [
        f"{found.annotator}: {found.decisions:,} decisions, {found.keys_each:.1f} keys and"
        f" {found.seconds_each:.1f} s each"
    ]
    if found.keys_document is not None and found.seconds_document is not None:
        lines.append(
            f"  {found.confirmed:,} documents confirmed, {found.keys_document:.1f} keys and"
            f" {found.seconds_document:.1f} s each"
        )
    for kind, (count, keys, seconds) in sorted(found.by_kind.items(), key=lambda one: -one[1][0]):
        lines.append(f"  {kind.replace('_', ' '):14} {count:>7,}  {keys:5.1f} keys  {seconds:6.1f} s")
    return lines
