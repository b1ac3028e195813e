"""Making a change of labels: the scheme and everything that refers to it, in one act of the log and one transaction.

It is worked out before the lock is taken, so that others wait for the writing alone; what changed
meanwhile is worked out again inside. Killed in the middle, the corpus is as it was.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tui_annotate.domain.changed_scheme import applied
from tui_annotate.domain.decisions import Decision, Kind, VersionState
from tui_annotate.domain.renaming import Renaming
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import SchemeChange
from tui_annotate.domain.spans import Span
from tui_annotate.errors import ChangedMeanwhileError
from tui_annotate.store import aliases, annotators, rows, steps
from tui_annotate.store.acts import Act
from tui_annotate.store.aliases import Entry
from tui_annotate.store.connection import Corpus
from tui_annotate.store.relabelling.beside import beside
from tui_annotate.store.relabelling.plan import DocumentPlan, Planner, Tell
from tui_annotate.store.relabelling.write import Writer, changed_since, put_scheme

_AT_ONCE = 500
MOST_HELD = 30_000
"""Documents that are worked out before the lock; those of a larger corpus behind them are inside it."""
MOST_LOST = 1_000
"""Of what goes for good, how many are listed."""


@dataclass(slots=True)
class Found:
    """What a change of labels touches."""

    counts: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    """Of these, those in confirmed versions."""
    documents: int = 0
    versions: int = 0
    versions_confirmed: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """Versions by annotator."""
    lost: list[tuple[int, str, str, tuple[Span, ...]]] = field(default_factory=list)
    """Document, annotator, name and place of what goes, the first thousand."""
    sequence: int = 0
    """Of the first decision; 0 where nothing was written."""

    def take(self, plan: DocumentPlan) -> None:
        """Count a document."""
        self.documents += 1
        self.counts.update(plan.counts)
        for version in plan.versions:
            self.versions += 1
            self.others[version.annotator] += 1
            self.counts.update(version.worked.counts)
            if version.state is VersionState.CONFIRMED:
                self.versions_confirmed += 1
                self.confirmed.update(version.worked.counts)
            room = MOST_LOST - len(self.lost)
            self.lost += [(plan.id, version.annotator, *one) for one in version.worked.lost[:room]]


def preview(corpus: Corpus, change: SchemeChange, *, tell: Tell | None = None) -> Found:
    """Return what a change would touch; nothing is written, and nobody waits."""
    renaming = Renaming(change)
    found = Found()
    for plan in Planner(corpus, renaming).whole(tell):
        found.take(plan)
    with corpus.reading() as db:
        beside(db, renaming, found.counts)
    return found


def perform(
    corpus: Corpus,
    change: SchemeChange,
    base: Scheme,
    *,
    annotator: str,
    place: Mapping[str, Any] | None = None,
    tell: Tell | None = None,
) -> Found:
    """Change the labels and everything that refers to them: one act, one step of undo, all or nothing.

    Args:
        base: The scheme that the change was made for.
        place: Where the annotator is, so that undo comes back to it.

    Raises:
        ChangedMeanwhileError: The scheme is another by now.
        SchemeError: The scheme would have faults.
    """
    renaming = Renaming(change)
    planner = Planner(corpus, renaming)
    after = applied(base, change)
    after.check_faults()
    with corpus.reading() as db:
        mark = _mark(db)
    held, rest = _worked_out(planner, _part(tell, 0.0, 0.6))
    found = Found()
    with corpus.transaction() as db:
        number, body = db.execute("SELECT number, body FROM scheme ORDER BY number DESC LIMIT 1").fetchone()
        if aliases.decode_scheme(body) != base:
            raise changed_meanwhile()
        act = Act(corpus, db)
        put_scheme(db, act, number + 1, after, annotators.ensure(corpus, db, annotator))
        details: dict[str, Any] = {"number": number + 1, "before": number, "change": _kept(change)}
        details |= {"suggestions": mark[1], **({"place": place} if place else {})}
        head = act.note(Decision(Kind.SCHEME, 0, annotator, details=details))
        writer = Writer(act, annotator, Kind.SCHEME, {})
        writer.rows(beside(db, renaming, found.counts))
        total = len(held) or 1
        for done, plan in enumerate(_fresh(db, planner, held, mark, rest)):
            found.take(plan)
            writer.document(plan)
            if tell is not None and not done % 500:
                tell(0.6 + 0.4 * min(1.0, done / total))
        act.finish()
        steps.add(db, annotators.ensure(corpus, db, annotator), act.step)
        aliases.add(db, Entry(head.sequence, annotator, head.at, change))
    found.sequence = head.sequence
    return found


def _worked_out(planner: Planner, tell: Tell | None) -> tuple[dict[int, DocumentPlan], int]:
    """Return what becomes of the documents, as many as are held, and behind which one others follow; 0 for none."""
    held: dict[int, DocumentPlan] = {}
    for plan in planner.whole(tell):
        held[plan.id] = plan
        if len(held) == MOST_HELD:
            return held, plan.id
    return held, 0


def changed_meanwhile() -> ChangedMeanwhileError:
    """Return what is said where a change was made for another scheme than there is."""
    return ChangedMeanwhileError("The scheme was changed meanwhile.", hint="Look at it again, then decide.")


def _mark(db: sqlite3.Connection) -> tuple[int, int]:
    """Return the newest decision and the newest suggestion."""
    (sequence,) = db.execute("SELECT coalesce(max(sequence), 0) FROM decision").fetchone()
    (suggestion,) = db.execute("SELECT coalesce(max(id), 0) FROM suggestion").fetchone()
    return sequence, suggestion


def _fresh(
    db: sqlite3.Connection, planner: Planner, held: dict[int, DocumentPlan], mark: tuple[int, int], rest: int
) -> Iterator[DocumentPlan]:
    """Yield what was worked out, and anew what changed since it was read; inside the transaction."""
    stale = set(changed_since(db, mark))
    stale |= {id for (id,) in db.execute("SELECT id FROM document WHERE id > ?", (rest,))} if rest else set()
    waiting = [id for id in held if id not in stale]
    for start in range(0, len(waiting), _AT_ONCE):
        some = waiting[start : start + _AT_ONCE]
        sql = "SELECT id FROM document WHERE id IN (SELECT value FROM json_each(?))"
        # What was deleted meanwhile is left out.
        there = {id for (id,) in db.execute(sql, (rows.encode(some),))}
        for id in some:
            plan = held.pop(id)
            if id in there:
                yield plan
    yield from planner.some(db, sorted(stale))


def _kept(change: SchemeChange) -> dict[str, Any]:
    """Return a change as the log keeps it: without the documents that a query found."""
    rules = tuple(replace(rule, documents=frozenset()) for rule in change.rules)
    return rows.decode_object(rows.encode(replace(change, rules=rules)))


def _part(tell: Tell | None, start: float, end: float) -> Tell | None:
    return None if tell is None else lambda fraction: tell(start + (end - start) * fraction)
