"""Which versions of a document go out, and what each of them holds.

The version that counts comes first. A version that is not confirmed carries what is undecided in it, as suggestions
with their own `who`. Relations and unknown keys of imported versions go along wherever the entities that they
need are still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tui_annotate.domain.annotations import (
    Anchor,
    Annotations,
    Entity,
    LabelScalar,
    LabelValue,
    Suggestion,
    SuggestionKey,
    Verdict,
    anchor,
    entity_key,
)
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion
from tui_annotate.domain.selection import Candidate, Tie, select
from tui_annotate.formats.anndoc import confidence as anndoc_confidence
from tui_annotate.services.carried_relations import Standing, given_to
from tui_annotate.store.outgoing import Outgoing, OutgoingVersion


def exchanged(one: Outgoing, *, tie: Tie, confirmed: bool = False, version: str = "") -> ExchangedDocument:
    """Return a document as it goes out.

    Args:
        confirmed: Only versions that are confirmed.
        version: Only this annotator's.
    """
    versions = [v for v in _versions(one, tie) if (v.confirmed or not confirmed) and version in ("", v.annotator)]
    return ExchangedDocument(one.document, tuple(versions), one.document.key, one.extra, one.files)


def _versions(one: Outgoing, tie: Tie) -> list[ExchangedVersion]:
    found = [_version(one, held) for held in _ordered(one, tie)]
    published = next((held for held in one.versions if held.row.is_master), None)
    if published is not None and published.row.annotator != MASTER:
        copy = next(v for v in found if v.annotator == published.row.annotator)
        found = [replace(copy, annotator=MASTER), *(v for v in found if v.annotator != MASTER)]
    names = {version.annotator for version in found}
    found += [proposal for proposal in one.proposals if proposal.annotator not in names]
    return found if one.versions else _with_predictions(one, found)


def _ordered(one: Outgoing, tie: Tie) -> list[OutgoingVersion]:
    """Return the versions that exist, the one that counts first, then the newest."""
    rows = [held.row for held in one.versions]
    chosen = select((Candidate(r.annotator, r.state, r.review, r.priority, r.confirmed) for r in rows), tie=tie)
    name = chosen.annotator if chosen else ""
    return sorted(one.versions, key=lambda held: (held.row.annotator != name, -held.row.sequence, held.row.id))


def _version(one: Outgoing, held: OutgoingVersion) -> ExchangedVersion:
    is_confirmed = held.row.state is VersionState.CONFIRMED
    annotations = held.annotations
    if not is_confirmed:
        annotations = _with(annotations, _undecided(one.suggestions, held))
    return ExchangedVersion(_with_imported(one, held, annotations), is_confirmed, held.row.annotator)


def _undecided(suggestions: Iterable[Suggestion], held: OutgoingVersion) -> list[Suggestion]:
    known: set[SuggestionKey] = {entity_key(entity) for entity in held.annotations.entities.values()}
    return [
        s
        for s in suggestions
        if held.verdicts.get(s.key, Verdict.UNDECIDED) is Verdict.UNDECIDED
        and s.key not in known
        and not (s.target == "label" and s.name in held.annotations.labels)
    ]


def _with_predictions(one: Outgoing, found: list[ExchangedVersion]) -> list[ExchangedVersion]:
    """Add what runs, patterns and the API suggest to master; the document has no version of its own yet."""
    new = [s for s in one.suggestions if s.source != "import"]
    if not new:
        return found
    master = next((v for v in found if v.annotator == MASTER), ExchangedVersion(Annotations(), False))
    held = {entity_key(entity) for entity in master.annotations.entities.values()}
    held |= {SuggestionKey(m.name, value=m.value) for m in master.annotations.labels.values()}
    more = _with(master.annotations, [s for s in new if s.key not in held])
    return [replace(master, annotations=more), *(v for v in found if v.annotator != MASTER)]


def _with(annotations: Annotations, suggestions: Iterable[Suggestion]) -> Annotations:
    """Return annotations with suggestions among them; of a label or attribute the likeliest value."""
    made = Annotations(
        dict(annotations.entities), dict(annotations.labels), dict(annotations.relations), annotations.extra
    )
    number = max((*made.entities, *made.relations), default=0)
    valued: dict[Anchor, dict[str, Suggestion]] = {}
    for s in suggestions:
        if s.target == "attribute":
            values = valued.setdefault(anchor(s.spans), {})
            if s.name not in values or values[s.name].prob < s.prob:
                values[s.name] = s
            continue
        who = _who(s)
        if s.target == "entity":
            number += 1
            made.entities[number] = Entity(s.name, s.spans, who, s.prob, number, s.attributes, s.state, s.extra)
        elif s.value is not None and (s.name not in made.labels or made.labels[s.name].prob < s.prob):
            made.labels[s.name] = LabelValue(s.name, s.value, who, s.prob, s.state, s.extra)
    for number, entity in made.entities.items() if valued else ():
        made.entities[number] = _valued(entity, valued.get(anchor(entity.spans), {}))
    return made


def _who(suggestion: Suggestion) -> tuple[str, ...]:
    """Return who made a suggestion; where an import does not say, nobody is said to have."""
    if suggestion.who or suggestion.source == "import":
        return suggestion.who
    return (f"ml:{suggestion.run or suggestion.source}",)


def _valued(entity: Entity, suggested: Mapping[str, Suggestion]) -> Entity:
    """Return an entity with the attributes suggested that it lacks, each with a confidence of its own."""
    values: dict[str, LabelScalar] = {}
    fields: dict[str, Any] = {}
    for name, s in suggested.items():
        if name not in entity.attributes and s.value is not None and not isinstance(s.value, tuple):
            values[name] = s.value
            who = _who(s)
            fields[name] = {"value": s.value, "confidence": anndoc_confidence.made(who, s.prob, s.state)}
    if not values:
        return entity
    extra = {**entity.extra, "fields": {**entity.extra.get("fields", {}), **fields}}
    return replace(entity, attributes={**entity.attributes, **values}, extra=extra)


def _with_imported(one: Outgoing, held: OutgoingVersion, annotations: Annotations) -> Annotations:
    """Add relations and unknown keys of the imported version that this one was made from."""
    given = given_to(held.row.annotator, one.proposals)
    if given is None:
        return annotations
    extra = annotations.extra or given.extra
    made = Annotations(dict(annotations.entities), annotations.labels, dict(annotations.relations), extra)
    standing = Standing(annotations.entities)
    number = max((*made.entities, *made.relations), default=0)
    for entity in standing.second(given):
        number += 1
        made.entities[number] = replace(entity, number=number)
    for relation, ends in standing.carried(given, annotations.relations.values(), held.verdicts):
        number += 1
        made.relations[number] = replace(relation, ends=ends, number=number)
    return made
