"""What labels are called now that were called something else: by models, and by whoever has not looked since.

One setting of the corpus holds every change of labels in order, each with the decision that made it, and which were
taken back. So predictions of a run, made of the names of its time, can be told in today's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tui_annotate.domain.annotations import Suggestion, target_of
from tui_annotate.domain.changed_scheme import followed_task
from tui_annotate.domain.decisions import Changes
from tui_annotate.domain.renaming import Renaming
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import Group, SchemeChange, Target, names_of
from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

_NAME = "scheme-changes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of labels, or the taking back of one."""

    sequence: int
    """Of the decision that made it."""
    by: str
    at: str
    change: SchemeChange | None = None
    back: SchemeChange | None = None
    """What makes of the names after the change those before it."""
    undoes: int = 0
    """Sequence of the change that this takes back."""
    redoes: int = 0
    """Sequence of the change that this does again."""


_decode = rows.decoder(list[Entry])
decode_scheme = rows.decoder(Scheme)


def entries(db: sqlite3.Connection) -> list[Entry]:
    """Return all changes of labels, in order; a lookup."""
    found = db.execute("SELECT value FROM setting WHERE name = ?", (_NAME,)).fetchone()
    return _decode(found[0]) if found else []


def add(db: sqlite3.Connection, entry: Entry) -> None:
    """Note a change, inside the transaction that makes it; what a query found is not kept with it."""
    if entry.change is not None:
        rules = tuple(replace(rule, documents=frozenset()) for rule in entry.change.rules)
        entry = replace(entry, change=replace(entry.change, rules=rules))
    db.execute(
        "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (_NAME, rows.encode([*entries(db), entry])),
    )


def since(found: Sequence[Entry], sequence: int) -> list[SchemeChange]:
    """Return what makes today's names of those at a decision, in order.

    What was made and taken back since cancels out.
    """
    changes = {entry.sequence: entry for entry in found if entry.change is not None}
    wanted: dict[int, SchemeChange] = {}
    for entry in found:
        if entry.sequence <= sequence:
            continue
        of = changes.get(entry.undoes or entry.redoes or entry.sequence)
        if of is None or of.change is None:
            continue
        if of.sequence in wanted:
            del wanted[of.sequence]
        elif not entry.undoes:
            wanted[of.sequence] = of.change
        elif entry.back is not None:
            wanted[of.sequence] = entry.back
    return list(wanted.values())


def last_change(corpus: Corpus) -> str:
    """Return the change of labels that was made, taken back or done again last, in words; empty for none."""
    with corpus.reading() as db:
        found = entries(db)
    return _change_of(found, found[-1]) if found else ""


def news(corpus: Corpus, sequence: int) -> str:
    """Return what changed of the labels since a decision, in a line; empty where nothing did."""
    with corpus.reading() as db:
        return "; ".join(said(db, entry) for entry in entries(db) if entry.sequence > sequence)


def news_of(corpus: Corpus, target: Target) -> str:
    """Return what a label or an option was last changed by, in a line; empty where nothing changed it."""
    name, of = (target.option, target.name) if target.option else (target.name, "")
    with corpus.reading() as db:
        found = entries(db)
        changes = {entry.sequence: entry.change for entry in found}
        for entry in reversed(found):
            change = changes.get(entry.undoes or entry.redoes or entry.sequence)
            if change is None or (change.kind, change.of) != (target.kind, of):
                continue
            if name in (*change.old, *change.new):
                return said(db, entry)
    return ""


def said(db: sqlite3.Connection, entry: Entry) -> str:
    """Return a change in a line: `PERSON renamed to HUMAN by ann`."""
    change = _change_of(entries(db), entry)
    how = "taken back" if entry.undoes else "done again" if entry.redoes else ""
    return f"{change}, {how} by {entry.by}" if how else f"{change} by {entry.by}"


def _change_of(found: Sequence[Entry], entry: Entry) -> str:
    of = entry.undoes or entry.redoes or entry.sequence
    return next((str(one.change) for one in found if one.sequence == of), "")


class Names:
    """Tells what a run says in today's names; `of_run` makes one."""

    def __init__(self, changes: Iterable[SchemeChange]) -> None:
        self._changes = [Renaming(change) for change in changes]

    def __bool__(self) -> bool:
        return bool(self._changes)

    def task(self, task: str) -> str | None:
        """Return what a task is called now; None where it is none any more."""
        now: str | None = task
        for renaming in self._changes:
            now = followed_task(now, renaming.change) if now is not None else None
        return now

    def before(self, type: str) -> str:
        """Return what an entity type of today was called; of several that became one, the first."""
        for renaming in reversed(self._changes):
            change = renaming.change
            if change.kind == "entity" and type in change.new and type not in change.old:
                type = change.old[0]
        return type

    def suggestions(self, found: Iterable[Suggestion]) -> list[Suggestion]:
        """Return what is still suggested, each content once: the likeliest of what became one."""
        told: dict[object, Suggestion] = {}
        for suggestion in found:
            now: Suggestion | None = suggestion
            for renaming in self._changes:
                now = renaming.suggestion(now) if now is not None else None
            if now is not None and (now.key not in told or told[now.key].prob < now.prob):
                told[now.key] = now
        return list(told.values())


def task_now(db: sqlite3.Connection, task: str, sequence: int) -> str:
    """Return what a task of the time of a decision is called now; as it was called where it is none any more."""
    return Names(since(entries(db), sequence)).task(task) or task


def of_run(corpus: Corpus, run: str) -> Names:
    """Return what makes today's names of those that a run learned; nothing for a run that is not registered."""
    with corpus.reading() as db:
        found = entries(db)
        if not found:
            return Names(())
        row = db.execute("SELECT sequence FROM run WHERE name = ?", (run,)).fetchone()
    return Names(since(found, row[0])) if row is not None else Names(())


def modern(db: sqlite3.Connection, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Return suggestions in today's names, where they have names that the scheme lost; others stay as they are.

    For what was on its way while the names changed.
    """
    found = entries(db)
    if not found:
        return list(suggestions)
    lost = _lost(found, scheme_in_force(db))
    if not any(_says(suggestion, lost) for suggestion in suggestions):
        return list(suggestions)
    names = Names(since(found, 0))
    return [now for one in suggestions for now in (names.suggestions([one]) if _says(one, lost) else [one])]


Lost = dict[tuple[Group, str], dict[str, Entry]]
"""By group, and label whose options they are: the names that there are no more, with what took them."""


def _lost(found: Sequence[Entry], scheme: Scheme) -> Lost:
    lost: Lost = {}
    changes = {entry.sequence: entry.change for entry in found if entry.change is not None}
    for entry in found:
        change = changes.get(entry.undoes or entry.redoes or entry.sequence)
        if change is None:
            continue
        here = set(names_of(scheme, change.kind, change.of))
        for name in change.new if entry.undoes else change.old:
            if name not in here:
                lost.setdefault((change.kind, change.of), {})[name] = entry
        for target in change.also:
            if not entry.undoes and target.name not in names_of(scheme, target.kind):
                lost.setdefault((target.kind, ""), {})[target.name] = entry
    return lost


def _says(suggestion: Suggestion, lost: Lost) -> bool:
    kind: Group = suggestion.target
    if suggestion.name in lost.get((kind, ""), ()):
        return True
    return _among(suggestion.value, lost.get((kind, suggestion.name), {})) is not None


def _among(value: object, names: dict[str, Entry]) -> Entry | None:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str) and one in names:
            return names[one]
    return None


def lost_names(db: sqlite3.Connection) -> Lost:
    """Return the names that the scheme does not have any more; empty for a scheme whose labels never changed."""
    found = entries(db)
    return _lost(found, scheme_in_force(db)) if found else {}


def scheme_in_force(db: sqlite3.Connection) -> Scheme:
    """Return the scheme, inside a transaction."""
    (body,) = db.execute("SELECT body FROM scheme ORDER BY number DESC LIMIT 1").fetchone()
    return decode_scheme(body)


def stale(lost: Lost, changes: Changes) -> tuple[str, Entry] | None:
    """Return a name that changes would write and the scheme lost, with what took it; None where there is none."""
    if not lost:
        return None

    def named(kind: Group, name: str, value: object = None) -> Iterable[tuple[str, Entry | None]]:
        yield name, lost.get((kind, ""), {}).get(name)
        yield str(value), _among(value, lost.get((kind, name), {}))

    def every() -> Iterable[tuple[str, Entry | None]]:
        for change in changes.entities:
            if change.after is not None:
                yield from named("entity", change.after.type)
                before = change.before.attributes if change.before is not None else {}
                for name, value in change.after.attributes.items():
                    if before.get(name) != value:
                        yield from named("attribute", name, value)
        for label in changes.labels:
            if label.after is not None:
                yield from named("label", label.after.name, label.after.value)
        for relation in changes.relations:
            if relation.after is not None:
                yield from named("relation", relation.after.type)
        for verdict in changes.verdicts:
            key = verdict.key
            yield from named(target_of(key), key.name, key.value)

    return next(((name, entry) for name, entry in every() if entry is not None), None)
