"""Reviewing: what one annotator says about a version of another, or their own, and what was said."""

from __future__ import annotations

from dataclasses import dataclass

from tui_annotate.domain.decisions import Decision, Kind
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError
from tui_annotate.store import annotators, rows, steps
from tui_annotate.store.acts import Act
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Note:
    """What a reviewer said about a version, the last time somebody did."""

    by: str
    at: str
    """UTC."""
    review: Review
    text: str


def review(corpus: Corpus, document: int, annotator: str, verdict: Review, *, by: str, note: str = "") -> None:
    """Accept, reject or send back an annotator's version, or take that back, and log it: one step of undo.

    A document has one accepted version: accepting another takes the acceptance of the first back.

    Raises:
        DecisionError: There is no such version.
    """
    with corpus.transaction() as db:
        sql = (
            "SELECT a.name, v.review FROM version v JOIN annotator a ON a.id = v.annotator"
            " WHERE v.document = ? AND v.state IS NOT NULL"
        )
        held: dict[str, str] = dict(db.execute(sql, (document,)).fetchall())
        if annotator not in held:
            raise DecisionError(f"{annotator} has no version of this document.")
        wanted = {annotator: verdict}
        if verdict is Review.ACCEPTED:
            wanted |= {n: Review.NONE for n, r in held.items() if r == Review.ACCEPTED and n != annotator}
        act = Act(corpus, db)
        for name, after in wanted.items():
            said = note if name == annotator else ""
            if held[name] != after or said:
                details = {"version": name, "before": held[name], "after": after.value}
                act.apply(Decision(Kind.REVIEW, document, by, details={**details, **({"note": said} if said else {})}))
        if act.held:
            act.finish()
            steps.add(db, annotators.ensure(corpus, db, by), act.step)


def notes(corpus: Corpus, document: int) -> dict[str, Note]:
    """Return what was said last of each version of a document that was ever reviewed, by its annotator."""
    with corpus.reading() as db:
        found = db.execute(
            "SELECT a.name, l.at, l.kind, l.details FROM decision l JOIN annotator a ON a.id = l.annotator"
            " WHERE l.document = ? AND json_extract(l.details, '$.version') IS NOT NULL ORDER BY l.sequence",
            (document,),
        ).fetchall()
    said: dict[str, list[Note]] = {}
    for by, at, kind, details in found:
        held = rows.object_or_empty(details)
        of = said.setdefault(held["version"], [])
        if kind == Kind.UNDO:
            del of[-1:]
        else:
            of.append(Note(by, at, Review(held["after"]), held.get("note", "")))
    return {name: of[-1] for name, of in said.items() if of}
