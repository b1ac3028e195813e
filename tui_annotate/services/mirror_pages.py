"""What an annotator sees of a document, as lines: their version, or a copy of master, and what is undecided."""

from __future__ import annotations

from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.mirror import lines as mirror_lines
from tui_annotate.formats.mirror.lines import Line, Page
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store.listing import DocumentRow
from tui_annotate.store.outgoing import Outgoing
from tui_annotate.store.versions import Version


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


def page(held: WorkingDocument) -> Page:
    """Return the lines of a document: labels by name, then the text in reading order, then relations."""
    annotations = held.version.annotations
    labels = [mirror_lines.of_label(label) for _, label in sorted(annotations.labels.items())]
    suggested: list[Line] = []
    lines: list[Line] = []
    for item in held.items:
        if item.entity is not None:
            lines.append(mirror_lines.of_entity(item.entity, held.document))
        elif item.suggestion is not None and not held.is_confirmed:
            line = mirror_lines.of_suggestion(item.suggestion, held.document)
            (lines if item.suggestion.spans else suggested).append(line)
    relations = [mirror_lines.of_relation(relation) for _, relation in sorted(annotations.relations.items())]
    return Page(held.is_confirmed, (*labels, *suggested, *lines, *relations))


def head(document: Document, annotator: str) -> str:
    """Return what the first line of a file says."""
    return f"{document.key}, as {annotator} sees it"
