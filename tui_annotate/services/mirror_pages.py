"""What an annotator sees of a document, as lines: their version, or a copy of master, and what is undecided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_annotate.domain.annotations import (
    Annotations,
    Entity,
    LabelScalar,
    Suggestion,
    SuggestionKey,
    Verdict,
)
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.mirror import lines as mirror_lines
from tui_annotate.formats.mirror.lines import Line, Page
from tui_annotate.services.carried_relations import Standing, given_to
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.outgoing import Outgoing
from tui_annotate.store.versions import Version


@dataclass(frozen=True, slots=True)
class Imported:
    """A version that was imported for review: its relations go along with the one made of it."""

    given: Annotations
    verdicts: Mapping[SuggestionKey, Verdict]
    """Of the version that is seen."""


def working(one: Outgoing, annotator: str, scheme: Scheme, *, blind: bool) -> WorkingDocument:
    """Return a document as the annotator sees it, to be looked at only."""
    own = next((held for held in one.versions if held.row.annotator == annotator), None)
    master = next((held for held in one.versions if held.row.is_master), None)
    held = own or master
    is_confirmed = master is not None and master.row.state is VersionState.CONFIRMED
    version = Version(
        one.id,
        annotator,
        own.row.state if own is not None else None,
        "",
        held.annotations if held is not None else Annotations(),
        own.verdicts if own is not None else {},
        0,
        master.row.annotator if master is not None else "",
        own is not None,
        is_confirmed and master is not None and master.row.annotator != annotator,
    )
    document = one.document
    row = DocumentRow(one.id, document.key, document.name, document.folder, one.state, blind, document.tags, 0, "")
    return WorkingDocument(row, document, version, () if blind else one.suggestions, scheme=scheme)


def page(held: WorkingDocument, along: Imported) -> Page:
    """Return the lines of a document: labels by name, then the text in reading order, then relations."""
    annotations = held.version.annotations
    labels = [mirror_lines.of_label(label) for _, label in sorted(annotations.labels.items())]
    suggested: list[Line] = []
    lines: list[Line] = []
    shown = dict(annotations.entities)
    ids = {number: f"e{number}" for number in shown}
    above = max((*shown, *annotations.relations), default=0)
    for item in held.items:
        suggestion = item.suggestion
        if item.entity is not None:
            lines.append(mirror_lines.of_entity(item.entity, held.document))
        elif suggestion is not None and not held.is_confirmed:
            line = mirror_lines.of_suggestion(suggestion, held.document, _valued(held, suggestion))
            (lines if suggestion.spans else suggested).append(line)
            if suggestion.target == "entity":
                number = above + suggestion.id
                shown[number] = Entity(suggestion.name, suggestion.spans)
                ids[number] = line.id
    relations = [mirror_lines.of_relation(relation) for _, relation in sorted(annotations.relations.items())]
    if along.given.relations:
        found = Standing(shown).carried(along.given, annotations.relations.values(), along.verdicts)
        for relation, (first, second) in found:
            line = mirror_lines.of_imported(relation, ids[first], ids[second], confirmed=held.is_confirmed)
            relations.append(line)
    return Page(held.is_confirmed, (*labels, *suggested, *lines, *relations))


def _valued(held: WorkingDocument, suggestion: Suggestion) -> dict[str, LabelScalar]:
    """Return the attributes that are suggested for a suggested entity: whoever accepts it accepts them with it."""
    if suggestion.target != "entity":
        return {}
    found = held.attributes_suggested(suggestion.name, suggestion.spans)
    return {name: s.value for name, s in found.items() if s.value is not None and not isinstance(s.value, tuple)}


def imported(one: Outgoing, annotator: str) -> Imported:
    """Return the imported version that goes along with what an annotator sees."""
    own = next((held for held in one.versions if held.row.annotator == annotator), None)
    seen = own or next((held for held in one.versions if held.row.is_master), None)
    given = given_to(annotator if seen is None else seen.row.annotator, one.proposals)
    return Imported(given or Annotations(), seen.verdicts if seen is not None else {})


def head(document: Document, annotator: str) -> str:
    """Return what the first line of a file says."""
    return f"{document.key}, as {annotator} sees it"
