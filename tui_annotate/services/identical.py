"""Copying an answer: what an annotator confirmed in one document holds for all others with just the same text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_annotate.domain.annotations import SuggestionKey, Verdict
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
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.store import documents, identical, log, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.versions import Version

MOST = 1_000
"""Documents that one act confirms: it holds the corpus for a second then."""


@dataclass(frozen=True, slots=True)
class Copying:
    """What would be copied, and where to."""

    source: int
    name: str
    """What the source is called."""
    documents: tuple[int, ...]
    """Untouched by the annotator, or skipped, and with the same text."""
    left: int
    """With the same text too, but worked on already, or too many for one act."""


def plan(corpus: Corpus, annotator: str, candidates: Sequence[int]) -> Copying:
    """Return what copying the first of these documents that the annotator confirmed would do.

    Raises:
        DecisionError: None of them is confirmed, or no other document has the same text, or all are done.
    """
    source = next((id for id in candidates if _confirmed(versions.load(corpus, id, annotator))), None)
    if source is None:
        raise DecisionError("Confirm this document first.", hint="Then its annotations can be copied.")
    row = documents.row(corpus, source)
    name = row.name or row.key
    same = identical.same_text(corpus, source)
    if not same:
        raise DecisionError(f"No other document has the text of {name}.")
    free = [id for id in same if _is_free(versions.load(corpus, id, annotator))]
    if not free:
        raise DecisionError(f"The {len(same)} documents with the text of {name} are done already.")
    return Copying(source, name, tuple(free[:MOST]), len(same) - len(free[:MOST]))


def copy(corpus: Corpus, annotator: str, copying: Copying, *, place: Mapping[str, Any] | None = None) -> int:
    """Confirm the documents with the source's annotations and verdicts, in one act; return how many it were."""
    source = versions.load(corpus, copying.source, annotator)
    parts = [part.id for part in documents.load(corpus, copying.source).parts]
    decisions = []
    for id in copying.documents:
        version = versions.load(corpus, id, annotator)
        own = [part.id for part in documents.load(corpus, id).parts]
        changes = _changes(source, version, dict(zip(parts, own, strict=True)))
        details = {"copied_from": copying.source, **({"place": place} if place else {})}
        decisions.append(Decision(Kind.CONFIRM, id, annotator, changes, details))
    log.record(corpus, decisions)
    return len(decisions)


def _confirmed(version: Version) -> bool:
    return version.exists and version.state is VersionState.CONFIRMED


def _is_free(version: Version) -> bool:
    held = version.annotations
    empty = not (held.entities or held.labels or held.relations)
    return empty and not version.agreed and version.state in (None, VersionState.SKIPPED)


def _changes(source: Version, version: Version, parts: Mapping[str, str]) -> Changes:
    """Return what makes a version hold what the source holds, its parts named as the document has them."""
    held = source.annotations
    numbers = {number: version.next_number + place for place, number in enumerate((*held.entities, *held.relations))}

    def moved(spans: Sequence[Span]) -> tuple[Span, ...]:
        return tuple(replace(span, part=parts[span.part]) for span in spans)

    entities = [
        EntityChange(None, replace(entity, number=numbers[entity.number], spans=moved(entity.spans)))
        for entity in held.entities.values()
    ]
    relations = [
        RelationChange(
            None, replace(one, number=numbers[one.number], ends=(numbers[one.ends[0]], numbers[one.ends[1]]))
        )
        for one in held.relations.values()
    ]
    verdicts = [
        VerdictChange(key, Verdict.UNDECIDED, verdict)
        for key, verdict in ((_moved(key, parts), verdict) for key, verdict in source.verdicts.items())
        if key not in version.verdicts
    ]
    labels = [LabelChange(None, label) for label in held.labels.values()]
    state = (version.state, VersionState.CONFIRMED)
    return Changes(tuple(entities), tuple(labels), tuple(relations), tuple(verdicts), state)


def _moved(key: SuggestionKey, parts: Mapping[str, str]) -> SuggestionKey:
    return replace(key, part=parts.get(key.part, key.part)) if key.part else key
