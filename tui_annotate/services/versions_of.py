"""The versions of documents as people compare them: what each holds, what was said of it, which one training picks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tui_annotate.domain.annotations import Annotations, Verdict
from tui_annotate.domain.decisions import (
    Changes,
    Decision,
    EntityChange,
    Kind,
    LabelChange,
    RelationChange,
    VerdictChange,
    VersionState,
)
from tui_annotate.domain.differences import Differences, differences
from tui_annotate.domain.documents import Document
from tui_annotate.domain.selection import Review, Rule, select, why_none
from tui_annotate.errors import DecisionError
from tui_annotate.store import documents, listing, log, reviewing, settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.reviewing import Note
from tui_annotate.store.versions import VersionRow

Only = Literal["adjudicate", "reviewed", "unreviewed", "accepted", "rejected", "to_correct"]
"""Which versions are asked for: of documents to be adjudicated, or by what a reviewer said."""


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """One version of a document, with its content."""

    row: VersionRow
    annotations: Annotations
    note: Note | None
    """What a reviewer said last."""
    at: str
    """When it was confirmed, else last decided on; UTC."""
    rule: Rule | Literal[""]
    """Why training picks it; empty where it does not."""


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document with its versions."""

    row: DocumentRow
    versions: tuple[ShownVersion, ...]
    why_none: str
    """Why training picks none of them; empty where it picks one."""

    def version(self, annotator: str) -> ShownVersion | None:
        """Return an annotator's version."""
        return next((version for version in self.versions if version.row.annotator == annotator), None)


def of_document(corpus: Corpus, document: int) -> ShownDocument:
    """Return the versions of a document, the one that training picks first."""
    tie = settings.load(corpus).tie
    with corpus.reading() as db:
        row = documents.row(corpus, document)
        held = versions.versions(corpus, document)
        contents = {version.id: versions.contents(db, version.id) for version in held}
        notes = reviewing.notes(corpus, document)
        times = log.times(corpus, [version.confirmed or version.sequence for version in held])
    candidates = [versions.candidate(version) for version in held]
    chosen = select(candidates, tie=tie)
    shown = [
        ShownVersion(
            version,
            contents[version.id],
            notes.get(version.annotator),
            times.get(version.confirmed or version.sequence, ""),
            chosen.rule if chosen is not None and chosen.annotator == version.annotator else "",
        )
        for version in held
    ]
    shown.sort(key=lambda one: (not one.rule, one.row.id))
    return ShownDocument(row, tuple(shown), "" if chosen is not None else why_none(candidates))


def listed(corpus: Corpus, *, annotator: str = "", only: Only | None = None) -> Iterator[ShownDocument]:
    """Yield the documents that have versions, in file order, with those of their versions that are asked for."""
    for id in _candidates(corpus, only):
        found = of_document(corpus, id)
        wanted = tuple(
            version
            for version in found.versions
            if annotator in ("", version.row.annotator) and _is_asked_for(found, version, only)
        )
        if wanted:
            yield ShownDocument(found.row, wanted, found.why_none)


def _candidates(corpus: Corpus, only: Only | None) -> Iterable[int]:
    """Return documents that may have what is asked for, so that not all of a large corpus have to be read."""
    if only is None or only == "unreviewed":
        return (one.document for one in versions.considered(corpus))
    return listing.matching(corpus, standing=only)


def _is_asked_for(document: ShownDocument, version: ShownVersion, only: Only | None) -> bool:
    if only == "adjudicate":
        return document.row.adjudicate and version.row.state is VersionState.CONFIRMED
    if only in ("reviewed", "unreviewed"):
        return (version.row.review is not Review.NONE) == (only == "reviewed")
    return only is None or version.row.review == only


def difference_lines(found: Differences, document: Document, *, first: str, second: str) -> list[str]:
    """Say where two versions differ, a line each, with the text that stands there.

    Args:
        first: What the first is called, such as `bob's`.
    """

    def said(spans: Sequence[Any]) -> str:
        return " … ".join(f"“{document.slice(span)}”" for span in spans)

    lines = [f"+ {said(e.spans)} {e.type}: only {first}" for e in found.first]
    lines += [f"- {said(e.spans)} {e.type}: only {second}" for e in found.second]
    for ours, theirs in found.changed:
        lines.append(f"~ {said(ours.spans)} {_entity(ours)}: {second} has {_entity(theirs)}")
    lines += [f"~ {name} is {_value(ours)}: {second} has {_value(theirs)}" for name, ours, theirs in found.labels]
    for count, whose, sign in zip(found.relations, (first, second), "+-", strict=True):
        if count:
            lines.append(f"{sign} {count} relation{'s' * (count != 1)}: only {whose}")
    return lines


def _entity(entity: Any) -> str:
    held = ", ".join(f"{name}={_value(value)}" for name, value in entity.attributes.items())
    return f"{entity.type} ({held})" if held else str(entity.type)


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def take(corpus: Corpus, document: int, *, annotator: str, of: str) -> int:
    """Make an annotator's version hold what another's does, in progress: one step of undo.

    Returns:
        How many differences there were.

    Raises:
        DecisionError: It is their own version, or there is none of the other.
    """
    if annotator == of:
        raise DecisionError("This is your own version.")
    mine, theirs = versions.load(corpus, document, annotator), versions.load(corpus, document, of)
    if not theirs.exists:
        raise DecisionError(f"{of} has no version of this document.")
    found = differences(theirs.annotations, mine.annotations)
    state = None if mine.state is VersionState.IN_PROGRESS else (mine.state, VersionState.IN_PROGRESS)
    changes = Changes(
        *_contents_taken(mine.annotations, theirs.annotations, mine.next_number),
        verdicts=tuple(
            VerdictChange(key, Verdict.UNDECIDED, verdict)
            for key, verdict in theirs.verdicts.items()
            if key not in mine.verdicts
        ),
        state=state,
    )
    if not changes:
        raise DecisionError(f"Your version is the same as {of}'s already.")
    log.record(corpus, [Decision(Kind.MERGE, document, annotator, changes, {"from": of})])
    return found.count


def _contents_taken(
    mine: Annotations, theirs: Annotations, number: int
) -> tuple[tuple[EntityChange, ...], tuple[LabelChange, ...], tuple[RelationChange, ...]]:
    """Return what takes one's own out and the other's in, under numbers that the version never gave."""
    if differences(theirs, mine).count == 0:
        return (), (), ()
    numbers = {old: number + place for place, old in enumerate((*theirs.entities, *theirs.relations))}
    entities = [EntityChange(entity, None) for entity in mine.entities.values()]
    entities += [EntityChange(None, replace(e, number=numbers[n])) for n, e in theirs.entities.items()]
    labels = [
        LabelChange(mine.labels.get(name), theirs.labels.get(name))
        for name in sorted(mine.labels.keys() | theirs.labels.keys())
        if mine.labels.get(name) != theirs.labels.get(name)
    ]
    relations = [RelationChange(relation, None) for relation in mine.relations.values()]
    relations += [
        RelationChange(None, replace(r, number=numbers[n], ends=(numbers[r.ends[0]], numbers[r.ends[1]])))
        for n, r in theirs.relations.items()
    ]
    return tuple(entities), tuple(labels), tuple(relations)


def change_tags(
    corpus: Corpus, ids: Collection[int], tag: str, *, annotator: str, remove: bool = False, at_once: int = 200
) -> int:
    """Tag documents, or take a tag off them; return how many were changed."""
    wanted = sorted(ids)
    return sum(
        documents.change_tags(corpus, wanted[start : start + at_once], tag, annotator=annotator, remove=remove)
        for start in range(0, len(wanted), at_once)
    )
