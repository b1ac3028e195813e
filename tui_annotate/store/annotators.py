"""Annotators: their names as the rows know them, their priority, and where each of them was last."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from tui_annotate.domain.interchange import MASTER
from tui_annotate.errors import DataError
from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

MASTER_ID = 1
"""Row of `master`, there from the start."""


def ensure(corpus: Corpus, db: sqlite3.Connection, name: str) -> int:
    """Return the id of an annotator, new ones are written; inside a transaction."""
    known = corpus.annotator_ids.get(name)
    if known is not None:
        return known
    if not name or name != name.strip():
        raise DataError(f"{name!r} is no name of an annotator.", hint="Give one that is not empty.")
    found = db.execute("SELECT id FROM annotator WHERE name = ?", (name,)).fetchone()
    if found is None:
        found = db.execute("INSERT INTO annotator(name) VALUES (?) RETURNING id", (name,)).fetchone()
    corpus.annotator_ids[name] = id = int(found[0])
    return id


def names(corpus: Corpus) -> dict[str, int]:
    """Return every annotator's priority by name, `master` left out; the higher counts more."""
    with corpus.reading() as db:
        found = db.execute("SELECT name, priority FROM annotator WHERE name <> ? ORDER BY name", (MASTER,))
        return dict(found.fetchall())


def roles(corpus: Corpus) -> dict[str, str]:
    """Return every annotator's role by name, `master` left out; who works alone is `owner`."""
    with corpus.reading() as db:
        return dict(db.execute("SELECT name, role FROM annotator WHERE name <> ? ORDER BY name", (MASTER,)).fetchall())


def order(corpus: Corpus) -> list[str]:
    """Return all annotators, `master` left out, the one whose versions count most first."""
    held = names(corpus)
    return sorted(held, key=lambda name: (-held[name], name))


def set_order(corpus: Corpus, first: Sequence[str]) -> list[str]:
    """Let the versions of these annotators count most, in this order, and return the order of all.

    Raises:
        DataError: A name is nobody's here, or stands twice.
    """
    known = names(corpus)
    for name in first:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known) or 'none yet'}."
            raise DataError(f"{name!r} has annotated nothing here.", hint=hint)
    if len(set(first)) != len(first):
        raise DataError("An annotator stands twice in the order.", hint="Name each of them once.")
    with corpus.transaction() as db:
        db.execute("UPDATE annotator SET priority = 0")
        db.executemany(
            "UPDATE annotator SET priority = ? WHERE name = ?",
            [(len(first) - place, name) for place, name in enumerate(first)],
        )
    return order(corpus)


def place(corpus: Corpus, annotator: str) -> Mapping[str, Any] | None:
    """Return where the annotator was last, None when that is not known."""
    with corpus.reading() as db:
        found = db.execute("SELECT place FROM annotator WHERE name = ?", (annotator,)).fetchone()
    return rows.decode_object(found[0]) if found and found[0] else None


def keep_place(corpus: Corpus, annotator: str, place: Mapping[str, Any]) -> None:
    """Remember where the annotator is."""
    with corpus.transaction() as db:
        write_place(db, ensure(corpus, db, annotator), place)


def write_place(db: sqlite3.Connection, id: int, place: Mapping[str, Any]) -> None:
    """Remember a place inside a transaction."""
    db.execute("UPDATE annotator SET place = ? WHERE id = ?", (rows.encode(place), id))
