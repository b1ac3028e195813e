"""Edits of a page of lines, as the decisions that they stand for: what the keys of the app would have done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches

from tui_annotate.domain.annotations import Annotations, LabelContent, LabelScalar, Relation, SuggestionKey, Verdict
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, RelationChange, VerdictChange
from tui_annotate.domain.scheme import Attribute, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import AnnotateError, DataError
from tui_annotate.formats.mirror import lines as mirror_lines
from tui_annotate.formats.mirror.lines import IMPORTED, LABEL, NEW, NONE, RELATION, Line, Page
from tui_annotate.services.carried_relations import key_of
from tui_annotate.session import steps
from tui_annotate.session.items import Item, entity_item
from tui_annotate.session.steps import Step
from tui_annotate.session.working import WorkingDocument


class Edits:
    """Works edits into a working document, one step after the other; nothing is written."""

    def __init__(
        self, working: WorkingDocument, scheme: Scheme, annotator: str, given: Annotations, *, strict: bool
    ) -> None:
        self._working = working
        self._scheme = scheme
        self._annotator = annotator
        self._user = f"user:{annotator}"
        self._given = given
        """The imported version that this one was made from."""
        self._strict = strict
        self._steps: list[Step] = []
        self._numbers: dict[str, int] = {}
        """Entities that suggestions became, by the ids of these."""

    def decisions(self, before: Page, after: Page) -> list[Decision]:
        """Return the decisions of what was edited, to be written as one act.

        Raises:
            DataError: A line makes no sense; the message begins with its number.
        """
        found = list(mirror_lines.changed(before, after))
        if not found and before.confirmed == after.confirmed:
            return []
        stays = before.confirmed and after.confirmed and self._working.version.exists
        """Confirmed by the annotator already: it is so still with what they correct, and nothing else is in it."""
        if self._working.is_confirmed and (found or not after.confirmed):
            self._do(steps.reopen(self._working))
        for old, new in sorted(found, key=lambda one: _order(*one)):
            line = new or old
            assert line is not None
            try:
                self._edit(old, new)
            except AnnotateError as error:
                where = line.number if new is not None else f"1: without the line of {line.id}"
                raise DataError(f"{where}: {error}") from error
        if stays:
            self._do(steps.confirm(self._working, (), self._user))
        elif after.confirmed and not before.confirmed:
            self._confirm(before)
        kinds = ((step.kind, step.changes) for step in self._steps)
        return [
            Decision(kind, self._working.id, self._annotator, changes, {"from": "mirror"}) for kind, changes in kinds
        ]

    def _do(self, step: Step) -> None:
        self._working.apply(step.changes)
        self._steps.append(step)

    def _confirm(self, before: Page) -> None:
        """Confirm, and accept what the file shows as undecided with that: nothing that came up since."""
        shown = {line.id for line in before.lines}
        undecided = [item for item in self._working.undecided() if item.id in shown]
        if self._strict and undecided:
            raise DataError(f"1: {len(undecided)} undecided; accept or reject each, then confirm")
        self._do(steps.confirm(self._working, undecided, self._user))

    def _edit(self, old: Line | None, new: Line | None) -> None:
        line = new or old
        assert line is not None
        if old is not None and new is not None and old.who != new.who:
            raise DataError("who made it cannot be edited")
        if line.word not in ("annotated", "suggested", "accepted", "rejected"):
            raise DataError(f"{line.state!r} is no state; there are annotated, suggested, accepted, rejected")
        if new is not None and new.word == "rejected":
            new = None
            if old is None:
                raise DataError("a line that is added is no rejection")
        if old is None:
            assert new is not None
            self._add(new)
        elif old.id == LABEL:
            self._set_label(mirror_lines.unescaped(old.name), None if new is None else new.value)
        elif old.id[0] in (RELATION, IMPORTED):
            self._relation(old, new)
        else:
            self._change(self._item(old.id), old, new)

    def _add(self, line: Line) -> None:
        name = mirror_lines.unescaped(line.name)
        if line.id == LABEL or (line.id == NEW and line.place == NONE):
            self._set_label(name, line.value)
        elif line.id != NEW:
            raise DataError(f"there is no {line.id}; begin an added line with + and a tab")
        elif mirror_lines.is_link(line.place):
            self._relate(name, line)
        else:
            self._check_type(name)
            spans = self._spans(line)
            if len(spans) > 1:
                raise DataError("an added entity is one piece")
            values = mirror_lines.attributes_of(line.value)
            self._do(_with_only(steps.add(self._working, spans[0], name, self._user), values))
            self._set_attributes(spans, name, values)

    def _change(self, item: Item, old: Line, new: Line | None) -> None:
        """Accept, reject, change or remove an item."""
        if new is None:
            self._do(steps.reject(self._working, item, self._user))
            return
        name = mirror_lines.unescaped(new.name)
        suggestion = item.suggestion
        if suggestion is not None and suggestion.target != "entity":
            self._decide_value(item, old, new)
            return
        spans = self._spans(new) if (new.place, new.text) != (old.place, old.text) else item.spans
        if spans != item.spans and len(spans) > 1:
            raise DataError("an entity of several pieces is not moved here")
        if (name, spans) != (item.name, item.spans):
            self._check_type(name)
            moved = spans[0] if spans != item.spans else None
            step = steps.change(self._working, item, self._user, type=name, span=moved)
            self._do(step if suggestion is None else _with_only(step, mirror_lines.attributes_of(old.value)))
        elif suggestion is not None and new.word != "suggested":
            self._do(steps.accept(self._working, item, self._user))
        elif suggestion is None and new.word == "suggested":
            raise DataError("an annotation does not become a suggestion again; undo does that")
        if suggestion is not None and self._steps:
            made = self._working.find_entity(SuggestionKey(name, spans[0].part, tuple((s.start, s.end) for s in spans)))
            if made is not None:
                self._numbers[old.id] = made.number
        if new.value != old.value:
            self._set_attributes(spans, name, mirror_lines.attributes_of(new.value))

    def _decide_value(self, item: Item, old: Line, new: Line) -> None:
        if (new.name, new.place) != (old.name, old.place):
            raise DataError("name and place of this suggestion cannot be edited; add a line of its own")
        value = mirror_lines.value_of(new.value)
        assert item.suggestion is not None
        if value != item.suggestion.value:
            if item.of is None:
                self._set_label(item.name, new.value)
            elif isinstance(value, tuple):
                raise DataError("an attribute has one value")
            else:
                of = entity_item(self._working.document, item.of)
                self._do(steps.set_attribute(self._working, of, item.name, value, self._user))
        elif new.word != "suggested":
            self._do(steps.accept(self._working, item, self._user))

    def _item(self, id: str) -> Item:
        """Return what an id stands for now."""
        number = int(id[1:])
        for item in self._working.items:
            if item.entity is not None and id[0] == "e" and item.entity.number == number:
                return item
            if item.suggestion is not None and id[0] == "s" and item.suggestion.id == number:
                return item
        raise DataError(f"{id} is decided by another line of this file")

    def _spans(self, line: Line) -> tuple[Span, ...]:
        document = self._working.document
        spans = mirror_lines.spans_of(line.place, document)
        text = mirror_lines.text_of(spans, document)
        if line.text not in (NONE, text) and mirror_lines.value_of(line.text) != mirror_lines.value_of(text):
            raise DataError(f"at {line.place} stands {text}, not {line.text}")
        return spans

    def _set_attributes(self, spans: Sequence[Span], type: str, values: dict[str, LabelScalar]) -> None:
        key = SuggestionKey(type, spans[0].part, tuple((s.start, s.end) for s in spans))
        entity = self._working.find_entity(key)
        if entity is None:
            if values:
                raise DataError("an undecided suggestion takes no attributes; write annotated as its state")
            return
        for name in dict.fromkeys((*entity.attributes, *values)):
            now, value = self._working.version.annotations.entities[entity.number], values.get(name)
            if now.attributes.get(name) == value:
                continue
            attribute = self._scheme.attribute(name)
            if value is not None and (attribute is None or not attribute.is_on(type)):
                raise DataError(f"a {type} takes no attribute {name!r}")
            if value is not None and attribute is not None:
                _check_value(attribute, value)
            item = entity_item(self._working.document, now)
            self._do(steps.set_attribute(self._working, item, name, value, self._user))

    def _set_label(self, name: str, text: str | None) -> None:
        label = self._scheme.label(name)
        if label is None:
            raise DataError(_unknown("document label", name, [one.name for one in self._scheme.labels]))
        value = None if text is None else mirror_lines.value_of(text)
        if value is not None:
            _check_value(label, value)
        self._do(steps.set_label(self._working, label, value, self._user))

    def _check_type(self, name: str) -> None:
        names = [one.name for one in self._scheme.entities]
        if name not in names:
            raise DataError(_unknown("entity type", name, names))

    def _relation(self, old: Line, new: Line | None) -> None:
        """Take a relation out, or make one that was imported the annotator's own."""
        number = int(old.id[1:])
        if old.id[0] == RELATION:
            if new is not None:
                raise DataError("a relation is not edited here; take its line out, and add another")
            held = self._working.version.annotations
            relation = held.relations[number]
            key = key_of(relation, held)
            imported = {key_of(one, self._given) for one in self._given.relations.values()}
            self._link(RelationChange(relation, None), self._judged(key if key in imported else None))
            return
        relation = self._given.relations[number]
        judged = self._judged(key_of(relation, self._given), Verdict.REJECTED if new is None else Verdict.ACCEPTED)
        if new is None:
            self._do(Step(Kind.REJECT, steps.begun(self._working, Changes(verdicts=judged))))
        elif (new.name, new.place, new.text, new.value) != (old.name, old.place, old.text, old.value):
            raise DataError("a relation is not edited here; take its line out, and add another")
        elif new.word != "suggested":
            first, _, second = mirror_lines.ends_of(old.place)
            ends = (self._number(first), self._number(second))
            who = (*(name for name in relation.who if name != self._user), self._user)
            self._link(RelationChange(None, replace(relation, ends=ends, who=who, number=self._next())), judged)

    def _judged(self, key: SuggestionKey | None, after: Verdict = Verdict.REJECTED) -> tuple[VerdictChange, ...]:
        """Return the change that keeps a relation that was imported from going along any more."""
        before = Verdict.UNDECIDED if key is None else self._working.verdict(key)
        return () if key is None or before is after else (VerdictChange(key, before, after),)

    def _next(self) -> int:
        held = self._working.version.annotations
        return max(self._working.version.next_number, *held.entities, *held.relations, 0) + 1

    def _relate(self, name: str, line: Line) -> None:
        if all(name != one.name for one in self._scheme.relations):
            raise DataError(_unknown("relation type", name, [one.name for one in self._scheme.relations]))
        first, directed, second = mirror_lines.ends_of(line.place)
        ends = (self._number(first), self._number(second))
        self._link(RelationChange(None, Relation(name, ends, directed, (self._user,), number=self._next())))

    def _number(self, id: str) -> int:
        number = self._numbers.get(id, int(id[1:]) if id[0] == "e" else 0)
        if number not in self._working.version.annotations.entities:
            raise DataError(f"there is no entity {id} to be linked")
        return number

    def _link(self, change: RelationChange, verdicts: tuple[VerdictChange, ...] = ()) -> None:
        changes = steps.begun(self._working, Changes(relations=(change,), verdicts=verdicts))
        self._do(Step(Kind.RELATE, changes))


def _with_only(step: Step, names: Collection[str]) -> Step:
    """Return a step that makes an entity without what is suggested for attributes that its line does not name."""
    entities = tuple(
        EntityChange(c.before, replace(c.after, attributes={n: v for n, v in c.after.attributes.items() if n in names}))
        for c in step.changes.entities
        if c.after is not None
    )
    verdicts = tuple(v for v in step.changes.verdicts if v.key.value is None or v.key.name in names)
    return replace(step, changes=replace(step.changes, entities=entities, verdicts=verdicts))


def _order(old: Line | None, new: Line | None) -> tuple[int, int]:
    """Return when an edit is made: relations go before their entities do, and come after these have."""
    line = new or old
    assert line is not None
    if old is not None and old.id[0] in (RELATION, IMPORTED) and (new is None or new.word == "rejected"):
        return 0, 0
    return (2 if mirror_lines.is_link(line.place) else 1), line.number


def _check_value(field: DocumentLabel | Attribute, value: LabelContent) -> None:
    fits = {
        "boolean": isinstance(value, bool),
        "choice": isinstance(value, str),
        "choices": isinstance(value, tuple),
        "text": not isinstance(value, tuple),
    }[field.kind]
    if not fits:
        raise DataError(f"{value!r} is no value of {field.name}, which is {field.kind}")
    options = [option.value for option in field.options]
    for one in value if isinstance(value, tuple) else (value,):
        if options and one not in options:
            raise DataError(_unknown(f"option of {field.name}", str(one), options))


def _unknown(what: str, name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, 1)
    return f"there is no {what} {name!r}" + (
        f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"
    )
