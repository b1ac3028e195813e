"""Steps: what each verb of the annotator would change, worked out but not yet written.

Every function looks at a working document and returns a `Step`, or raises `DecisionError` with the reason
why the verb makes no sense there. Nothing is changed here: the session writes the step first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui_annotate.domain.annotations import (
    Entity,
    LabelContent,
    LabelScalar,
    LabelValue,
    Suggestion,
    SuggestionKey,
    Verdict,
    anchor,
    entity_key,
)
from tui_annotate.domain.decisions import Changes, EntityChange, Kind, LabelChange, VerdictChange, VersionState
from tui_annotate.domain.scheme import DocumentLabel
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DecisionError
from tui_annotate.session.items import Item
from tui_annotate.session.working import WorkingDocument


@dataclass(frozen=True, slots=True)
class Step:
    """One act of the annotator, ready to be written."""

    kind: Kind
    changes: Changes
    leaves: bool = False
    """The document is done with: the next one follows."""
    notice: str = ""
    """What to tell the annotator when it is written."""


def begun(working: WorkingDocument, changes: Changes) -> Changes:
    """Add to `changes` that the version is in progress from now on, where it was not."""
    if changes.state is not None or working.state is VersionState.IN_PROGRESS:
        return changes
    return replace(changes, state=(working.state, VersionState.IN_PROGRESS))


def _check_open(working: WorkingDocument) -> None:
    if working.is_confirmed:
        raise DecisionError("This document is confirmed.", hint="Reopen it first.")


def _verdict(
    working: WorkingDocument, key: SuggestionKey, after: Verdict, *, implied: bool = False
) -> VerdictChange | None:
    before = working.verdict(key)
    return None if before is after else VerdictChange(key, before, after, implied)


def _accepted_entity(suggestion: Suggestion, number: int, user: str, attributes: Mapping[str, LabelScalar]) -> Entity:
    return Entity(
        suggestion.name,
        suggestion.spans,
        who=(*(w for w in suggestion.who if w != user), user),
        prob=1.0,
        number=number,
        attributes={**suggestion.attributes, **attributes},
        state=suggestion.state,
        extra=suggestion.extra,
    )


def _accepted_label(suggestion: Suggestion, user: str) -> LabelValue:
    assert suggestion.value is not None
    who = (*(w for w in suggestion.who if w != user), user)
    return LabelValue(suggestion.name, suggestion.value, who, 1.0, suggestion.state, suggestion.extra)


def _acceptance(
    working: WorkingDocument, suggestions: Sequence[Suggestion], user: str, *, implied: bool = False
) -> Changes:
    entities: list[EntityChange] = []
    labels: list[LabelChange] = []
    verdicts: list[VerdictChange | None] = []
    number = working.version.next_number
    for suggestion in suggestions:
        verdicts.append(_verdict(working, suggestion.key, Verdict.ACCEPTED, implied=implied))
        if suggestion.target == "label":
            labels.append(LabelChange(working.labels.get(suggestion.name), _accepted_label(suggestion, user)))
        elif suggestion.target == "entity":
            attributes, decided = _with_it(working, suggestion, suggestion.name, implied=implied)
            verdicts += decided
            entities.append(EntityChange(None, _accepted_entity(suggestion, number, user, attributes)))
            number += 1
    entities += _valued(working, [s for s in suggestions if s.target == "attribute"], user)
    return Changes(tuple(entities), tuple(labels), (), tuple(v for v in verdicts if v))


def _with_it(
    working: WorkingDocument, suggestion: Suggestion, type: str, *, implied: bool = False
) -> tuple[dict[str, LabelScalar], list[VerdictChange | None]]:
    """Return the attributes accepted with an entity, and the verdicts on them; what it carries itself stays."""
    found = working.attributes_suggested(type, suggestion.spans)
    mine = {name: s for name, s in found.items() if name not in suggestion.attributes}
    values = {name: _scalar(s) for name, s in mine.items()}
    return values, [_verdict(working, s.key, Verdict.ACCEPTED, implied=implied) for s in mine.values()]


def _scalar(suggestion: Suggestion) -> LabelScalar:
    assert suggestion.value is not None
    assert not isinstance(suggestion.value, tuple)
    return suggestion.value


def _valued(working: WorkingDocument, suggestions: Sequence[Suggestion], user: str) -> list[EntityChange]:
    """Return what accepted suggestions of attributes change, one change for each entity."""
    after: dict[int, Entity] = {}
    for suggestion in suggestions:
        for entity in working.standing_at(suggestion.spans):
            if suggestion.name not in entity.attributes and working.takes(entity.type, suggestion.name):
                held = after.get(entity.number, entity)
                after[entity.number] = _with_value(held, suggestion.name, _scalar(suggestion), user)
                break
    held_now = working.version.annotations.entities
    return [EntityChange(held_now[number], entity) for number, entity in after.items()]


def _with_value(entity: Entity, name: str, value: LabelScalar | None, user: str) -> Entity:
    attributes = {n: v for n, v in entity.attributes.items() if n != name or value is not None}
    if value is not None:
        attributes[name] = value
    return replace(entity, attributes=attributes, who=(*(w for w in entity.who if w != user), user))


def accept(working: WorkingDocument, item: Item, user: str) -> Step:
    """Make an annotation of the focused suggestion."""
    _check_open(working)
    if item.suggestion is None:
        raise DecisionError(f"This {item.name} is an annotation already.")
    return Step(Kind.ACCEPT, begun(working, _acceptance(working, [item.suggestion], user)))


def accept_several(working: WorkingDocument, suggestions: Sequence[Suggestion], user: str) -> Step:
    """Accept these suggestions at once; of a document label the likeliest."""
    _check_open(working)
    return Step(Kind.ACCEPT, begun(working, _acceptance(working, _one_per_label(suggestions), user)))


def reject(working: WorkingDocument, item: Item, user: str) -> Step:
    """Throw the focused suggestion out for good, or take an annotation out so that it is not suggested again.

    Of a boolean attribute the other value holds then: there is no third.
    """
    _check_open(working)
    if item.suggestion is not None:
        change = _verdict(working, item.suggestion.key, Verdict.REJECTED)
        entities: tuple[EntityChange, ...] = ()
        if item.of is not None and isinstance(item.suggestion.value, bool):
            after = _with_value(item.of, item.suggestion.name, not item.suggestion.value, user)
            entities = (EntityChange(item.of, after),)
        return Step(Kind.REJECT, begun(working, Changes(entities, verdicts=(change,) if change else ())))
    return remove(working, item)


def remove(working: WorkingDocument, item: Item) -> Step:
    """Take an annotation out; a suggestion it came from counts as rejected."""
    _check_open(working)
    if item.entity is None:
        raise DecisionError("This is a suggestion, no annotation.", hint="Reject it instead.")
    entity = item.entity
    if any(entity.number in r.ends for r in working.version.annotations.relations.values()):
        raise DecisionError(f"A relation holds on to this {entity.type}.", hint="Remove the relation first.")
    key = entity_key(entity)
    verdict = _verdict(working, key, Verdict.REJECTED) if working.suggestion_with(key) else None
    changes = Changes(entities=(EntityChange(entity, None),), verdicts=(verdict,) if verdict else ())
    return Step(Kind.REMOVE, begun(working, changes))


def change(working: WorkingDocument, item: Item, user: str, *, type: str = "", span: Span | None = None) -> Step:
    """Give a suggestion or annotation another type, or another place, and so make it the annotator's own."""
    _check_open(working)
    if not item.spans:
        raise DecisionError(f"{item.name} is a document label.", hint="Press the key of the right value.")
    spans = item.spans if span is None else (span,)
    if span is not None and not working.document.has(span):
        raise DecisionError("The text ends here.")
    new_type = type or item.name
    if item.suggestion is not None and new_type == item.name and spans == item.spans:
        return accept(working, item, user)
    source = item.entity
    attributes: Mapping[str, LabelScalar] = source.attributes if source is not None else {}
    verdicts: list[VerdictChange | None] = []
    replaced = None if source is None else working.suggestion_with(entity_key(source))
    if replaced is not None and working.verdict(replaced.key) is Verdict.UNDECIDED:
        # What was annotated elsewhere, and is changed here, is not suggested again beside it.
        verdicts.append(_verdict(working, replaced.key, Verdict.CHANGED))
    if item.suggestion is not None:
        more, verdicts = _with_it(working, item.suggestion, new_type)
        attributes = {**item.suggestion.attributes, **more}
        verdicts.append(_verdict(working, item.suggestion.key, Verdict.CHANGED))
    after = Entity(
        new_type,
        spans,
        who=(user,),
        number=source.number if source else working.version.next_number,
        attributes=attributes,
        extra=source.extra if source is not None else item.suggestion.extra if item.suggestion is not None else {},
    )
    if source is not None and (source.type, source.spans) == (after.type, after.spans):
        raise DecisionError(f"It is {new_type} already.")
    _check_new(working, after)
    return Step(
        Kind.CHANGE,
        begun(working, Changes((EntityChange(source, after),), verdicts=tuple(v for v in verdicts if v))),
    )


def add(working: WorkingDocument, span: Span, type: str, user: str) -> Step:
    """Annotate a stretch of text; where just that is suggested, it is an acceptance."""
    _check_open(working)
    if not working.document.has(span):
        raise DecisionError("There is no text to annotate here.")
    entity = Entity(type, (span,), who=(user,), number=working.version.next_number)
    _check_new(working, entity)
    key = entity_key(entity)
    suggestion = working.suggestion_with(key)
    if suggestion is not None and working.verdict(key) is Verdict.UNDECIDED:
        return Step(Kind.ACCEPT, begun(working, _acceptance(working, [suggestion], user)))
    verdict = _verdict(working, key, Verdict.ACCEPTED) if suggestion is not None else None
    changes = Changes((EntityChange(None, entity),), verdicts=(verdict,) if verdict else ())
    return Step(Kind.ADD, begun(working, changes))


def _check_new(working: WorkingDocument, entity: Entity) -> None:
    if working.find_entity(entity_key(entity)) is not None:
        raise DecisionError(f"There is a {entity.type} at just this place already.")


def set_label(working: WorkingDocument, label: DocumentLabel, value: LabelContent | None, user: str) -> Step:
    """Set a document label, or unset it with None; what was suggested for it is decided with that."""
    _check_open(working)
    before = working.labels.get(label.name)
    after = None if value is None or value == () else LabelValue(label.name, value, (user,))
    if before is not None and after is not None and before.value == after.value:
        raise DecisionError(f"{label.name} has this value already.")
    if before is None and after is None:
        raise DecisionError(f"{label.name} is not set.")
    changes = Changes(labels=(LabelChange(before, None),)) if after is None else _setting(working, after, user)
    return Step(Kind.SET_LABEL, begun(working, changes))


def set_attribute(working: WorkingDocument, item: Item, name: str, value: LabelScalar | None, user: str) -> Step:
    """Give an entity's attribute a value, or take it away with None; a suggestion of the entity is accepted with it.

    What was suggested for this attribute is decided with that; for others it is still open.
    """
    _check_open(working)
    entity = item.entity or item.of
    if entity is None and (item.suggestion is None or item.suggestion.target != "entity"):
        raise DecisionError(f"{item.name} is a document label.", hint="Attributes belong to entities: focus one.")
    type, spans = (entity.type, entity.spans) if entity is not None else (item.name, item.spans)
    verdicts = [_attribute_verdict(working, type, spans, name, value)]
    if entity is None:
        assert item.suggestion is not None
        verdicts.insert(0, _verdict(working, item.suggestion.key, Verdict.ACCEPTED))
        given = {} if value is None else {name: value}
        change = EntityChange(None, _accepted_entity(item.suggestion, working.version.next_number, user, given))
    else:
        if entity.attributes.get(name) == value:
            raise DecisionError(f"{name} is not set." if value is None else f"{name} has this value already.")
        verdicts.append(_taken_back(working, entity, name, value))
        change = EntityChange(entity, _with_value(entity, name, value, user))
    return Step(
        Kind.SET_ATTRIBUTE, begun(working, Changes((change,), verdicts=tuple(v for v in verdicts if v is not None)))
    )


def _attribute_verdict(
    working: WorkingDocument, type: str, spans: Sequence[Span], name: str, value: LabelScalar | None
) -> VerdictChange | None:
    suggestion = working.attributes_suggested(type, spans).get(name)
    if suggestion is None or value is None:
        return None
    return _verdict(working, suggestion.key, Verdict.ACCEPTED if suggestion.value == value else Verdict.CHANGED)


def _taken_back(working: WorkingDocument, entity: Entity, name: str, value: LabelScalar | None) -> VerdictChange | None:
    """Return the verdict on a suggestion that was accepted before, and is not right after all."""
    part, spans = anchor(entity.spans)
    key = SuggestionKey(name, part, spans, entity.attributes.get(name))
    if working.verdict(key) is not Verdict.ACCEPTED:
        return None
    return _verdict(working, key, Verdict.REJECTED if value is None else Verdict.CHANGED)


def _setting(working: WorkingDocument, after: LabelValue, user: str) -> Changes:
    """Return the changes that set a label; what is suggested for it is accepted, or changed, with that."""
    before = working.labels.get(after.name)
    suggestion = working.label_suggestion(after.name)
    source = before if before is not None else suggestion
    if source is not None and source.extra:
        after = replace(after, extra=source.extra)
    if suggestion is None:
        return Changes(labels=(LabelChange(before, after),))
    same = suggestion.value == after.value
    verdict = _verdict(working, suggestion.key, Verdict.ACCEPTED if same else Verdict.CHANGED)
    set_to = _accepted_label(suggestion, user) if same else after
    return Changes(labels=(LabelChange(before, set_to),), verdicts=(verdict,) if verdict else ())


def confirm(working: WorkingDocument, implied: Sequence[Item], user: str) -> Step:
    """Declare the version complete; `implied` are the undecided items that it accepts with that."""
    _check_open(working)
    suggestions = [item.suggestion for item in implied if item.suggestion is not None]
    accepted = _acceptance(working, _one_per_label(suggestions), user, implied=True)
    changes = replace(accepted, state=(working.state, VersionState.CONFIRMED))
    count = len(accepted.entities) + len(accepted.labels)
    notice = f"accepted {count} with it" if count else ""
    return Step(Kind.CONFIRM, changes, leaves=True, notice=notice)


def _one_per_label(suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Keep the likeliest suggestion of each document label, and all in the text."""
    best: dict[str, Suggestion] = {}
    for suggestion in suggestions:
        if suggestion.target == "label":
            held = best.get(suggestion.name)
            if held is None or suggestion.prob > held.prob:
                best[suggestion.name] = suggestion
    return [s for s in suggestions if s.target != "label" or best[s.name] is s]


def skip(working: WorkingDocument) -> Step:
    """Put the document aside; it comes back at the end of the queue."""
    _check_open(working)
    return Step(Kind.SKIP, Changes(state=(working.state, VersionState.SKIPPED)), leaves=True)


def reopen(working: WorkingDocument) -> Step:
    """Take a confirmation or a skip back, so that the version can be worked on."""
    if not working.is_confirmed and working.state is not VersionState.SKIPPED:
        raise DecisionError("This document is open already.")
    return Step(Kind.REOPEN, Changes(state=(working.state, VersionState.IN_PROGRESS)))


def answer(working: WorkingDocument, label: DocumentLabel, value: LabelContent, user: str) -> list[Step]:
    """Set the only label of a document and confirm it, in one act; an answer given before is replaced."""
    before = working.labels.get(label.name)
    state = working.state
    steps: list[Step] = []
    if working.is_confirmed:
        steps.append(reopen(working))
        state = VersionState.IN_PROGRESS
    if before is None or before.value != value:
        moved = None if state is VersionState.IN_PROGRESS else (state, VersionState.IN_PROGRESS)
        changes = _setting(working, LabelValue(label.name, value, (user,)), user)
        steps.append(Step(Kind.SET_LABEL, replace(changes, state=moved)))
        state = VersionState.IN_PROGRESS
    return [*steps, confirmed(state)]


def confirmed(state: VersionState | None) -> Step:
    """Confirm a version that is in this state by then, with nothing left to accept."""
    return Step(Kind.CONFIRM, Changes(state=(state, VersionState.CONFIRMED)), leaves=True)
