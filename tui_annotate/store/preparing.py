"""What an import can do before it holds the lock: check a document, and put it into the shape of rows."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Literal

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import Document, text_hash
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.store import rows
from tui_annotate.store.documents import encode_content
from tui_annotate.store.suggestions import Proposal

As = Literal["auto", "annotations", "suggestions"]


@dataclass(slots=True)
class PreparedVersion:
    """A version as rows: of annotations when it has a state, else of suggestions."""

    version: ExchangedVersion
    """Only what passed the checks."""
    state: VersionState | None
    changes: str = ""
    details: str | None = None
    extra: str | None = None
    things: list[tuple[Literal["entity", "relation"], int, str, str]] = field(default_factory=list)
    """(table, number, type, body)."""
    labels: list[tuple[str, str]] = field(default_factory=list)
    suggestions: list[tuple[int, str]] = field(default_factory=list)
    """(number, body)."""
    proposal: str = ""


@dataclass(slots=True)
class PreparedDocument:
    """A document as rows."""

    exchanged: ExchangedDocument
    hash: int
    length: int
    content: tuple[str | None, str]
    extra: str | None
    files: list[tuple[str, bytes | None]]
    versions: list[PreparedVersion]
    weight: int
    """Rows and text it costs to write, in units of a small row."""

    @property
    def document(self) -> Document:
        """Return the document itself."""
        return self.exchanged.document


def prepare(exchanged: ExchangedDocument, as_: As, *, by: str) -> tuple[PreparedDocument | None, list[Problem]]:
    """Return a document as rows, None when it is refused, and what was wrong with it."""
    document = exchanged.document
    problems: list[Problem] = []
    if not document.key or not document.parts:
        reason = "has no id" if not document.key else "has no text"
        return None, [Problem("refused", exchanged.where, "", f"the document {reason}")]
    try:
        text = document.text
        text.encode()
        versions = list(_versions(exchanged, as_, by, problems))
        prepared = PreparedDocument(
            exchanged,
            text_hash(text),
            len(text),
            encode_content(document),
            rows.encode_object(exchanged.extra),
            [(extension, _packed(body, document)) for extension, body in exchanged.source.items()],
            versions,
            4 + len(text) // 500 + sum(len(v.things) + len(v.labels) + len(v.suggestions) for v in versions),
        )
        rows.encode((document.key, document.name, document.folder, document.language, document.tags))
    except UnicodeEncodeError:
        return None, [Problem("refused", exchanged.where, *_unwritable(document))]
    return prepared, problems


def _unwritable(document: Document) -> tuple[str, str]:
    """Return field and reason where a document cannot be written as UTF-8."""
    named = document.key + document.name + document.folder
    if any("\udc80" <= character <= "\udcff" for character in named):
        return "name", "is no UTF-8; rename the file or folder"
    return "text", "half a surrogate pair, which no UTF-8 file can hold; remove it"


def _packed(body: bytes, document: Document) -> bytes | None:
    """Return a kept file's compressed content, None where the document's own text is just that."""
    if len(document.parts) == 1 and body == document.parts[0].text.encode():
        return None
    return zlib.compress(body, 1)


def _versions(exchanged: ExchangedDocument, as_: As, by: str, problems: list[Problem]) -> Iterator[PreparedVersion]:
    seen: set[str] = set()
    for version in exchanged.versions:
        name = version.annotator
        if not name or name != name.strip() or name in seen:
            reason = f"the version of {name!r} stands twice" if name in seen else f"{name!r} is no annotator's name"
            problems.append(Problem("refused", exchanged.where, "versions", reason))
            continue
        seen.add(name)
        checked = replace(version, annotations=_checked(exchanged, version, problems))
        state = state_of(version, as_)
        if state is not None:
            yield _as_annotations(checked, state, by)
        elif version.confirmed is not None or not _is_empty(checked.annotations):
            yield _as_suggestions(checked)


def state_of(version: ExchangedVersion, as_: As) -> VersionState | None:
    """Return in which state a version is taken over, None when it is to be suggestions.

    A version that a file states is annotated, also when it states that there is nothing to annotate.
    """
    if as_ == "suggestions":
        return None
    if version.confirmed:
        return VersionState.CONFIRMED
    if as_ == "auto":
        return None
    if version.confirmed is None:
        return VersionState.CONFIRMED
    return None if _is_empty(version.annotations) else VersionState.IN_PROGRESS


def import_details(version: ExchangedVersion, by: str) -> dict[str, Any]:
    """Return the details of the decision that a version comes with."""
    details: dict[str, Any] = {"by": by}
    if version.annotations.extra:
        details["extra"] = version.annotations.extra
    return details


def _as_annotations(version: ExchangedVersion, state: VersionState, by: str) -> PreparedVersion:
    held = version.annotations
    prepared = PreparedVersion(version, state, extra=rows.encode_object(held.extra))
    entities = [(e.number, e.type, rows.encode(e)) for e in held.entities.values()]
    relations = [(r.number, r.type, rows.encode(r)) for r in held.relations.values()]
    prepared.labels = [(label.name, rows.encode(label)) for label in held.labels.values()]
    prepared.things = [("entity", *e) for e in entities]
    prepared.things += [("relation", *r) for r in relations]
    bodies = {
        "entities": [body for *_, body in entities],
        "labels": [body for _, body in prepared.labels],
        "relations": [body for *_, body in relations],
    }
    fields = [f'"{name}":[{",".join(map(_come, found))}]' for name, found in bodies.items()]
    prepared.changes = f'{{{",".join(fields)},"state":[null,"{state}"]}}'
    prepared.details = rows.encode_object(import_details(version, by))
    return prepared


def _come(body: str) -> str:
    """Return the change that makes a thing from nothing, without encoding it a second time."""
    return f'{{"before":null,"after":{body}}}'


def _as_suggestions(version: ExchangedVersion) -> PreparedVersion:
    held = version.annotations
    prepared = PreparedVersion(version, None)
    prepared.suggestions = [(number, rows.encode(s)) for number, s in rows.take_apart(held)]
    prepared.proposal = rows.encode(Proposal(tuple(held.relations.values()), dict(held.extra) or None))
    return prepared


def _is_empty(annotations: Annotations) -> bool:
    return not (annotations.entities or annotations.labels or annotations.relations or annotations.extra)


def _checked(exchanged: ExchangedDocument, version: ExchangedVersion, problems: list[Problem]) -> Annotations:
    """Return the annotations without those that cannot be, which are reported."""
    held = version.annotations
    bad: set[int] = set()
    things: list[Entity | LabelValue | Relation] = [*held.entities.values(), *held.labels.values()]
    for thing in (*things, *held.relations.values()):
        reason = _wrong_with(thing, exchanged.document, held, bad)
        if reason:
            if isinstance(thing, Entity):
                bad.add(thing.number)
            field = f"{type(thing).__name__.lower()} {thing.name if isinstance(thing, LabelValue) else thing.type}"
            problems.append(Problem("refused", exchanged.where, field, reason))
    if not problems:
        return held
    document = exchanged.document
    return Annotations(
        {n: e for n, e in held.entities.items() if n not in bad},
        {n: v for n, v in held.labels.items() if not _wrong_with(v, document, held, bad)},
        {n: r for n, r in held.relations.items() if not _wrong_with(r, document, held, bad)},
        held.extra,
    )


def _wrong_with(thing: Entity | LabelValue | Relation, document: Document, held: Annotations, bad: set[int]) -> str:
    if not isfinite(thing.prob):
        return f"the probability {thing.prob} is none"
    if isinstance(thing, Entity):
        if not thing.spans or len({span.part for span in thing.spans}) != 1:
            return "an entity stands in one part, in one place or more"
        outside = next((span for span in thing.spans if not document.has(span)), None)
        return f"[{outside.start}, {outside.end}) of part {outside.part} points nowhere" if outside else ""
    if isinstance(thing, Relation):
        missing = [end for end in thing.ends if end not in held.entities or end in bad]
        return f"it links entity {missing[0]}, which is not there" if missing else ""
    return ""
