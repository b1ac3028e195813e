"""A scheme that is being edited: rows and fields to change, one step at a time, each of which can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar, get_args

from tui_annotate.domain.changed_scheme import applied
from tui_annotate.domain.scheme import (
    Attribute,
    Choice,
    DocumentLabel,
    EntityType,
    LabelKind,
    RelationType,
    Scheme,
)
from tui_annotate.domain.scheme_changes import GROUPS, Group, Labelled, SchemeChange, names_of
from tui_annotate.errors import SchemeError
from tui_annotate.keymaps import Keymap, assign, keeping
from tui_annotate.services import scheme_checking, scheme_editing
from tui_annotate.services.scheme_checking import Finding, Models
from tui_annotate.services.scheme_editing import groups_of

_SLOTS: Mapping[Group, str] = {
    "entity": "entities",
    "label": "labels",
    "attribute": "attributes",
    "relation": "relations",
}
_YES, _NO = "yes", "no"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """A label, or an option of one."""

    group: Group
    name: str
    option: str = ""

    @property
    def key(self) -> str:
        """Name it in the table."""
        return "\0".join((self.group, self.name, self.option))


@dataclass(frozen=True, slots=True)
class Field:
    """Something about a label that can be changed."""

    name: str
    value: str
    """As it is written, and read again."""
    hint: str
    choices: tuple[str, ...] = ()
    """All that it takes; empty where it is typed."""


class Draft:
    """What is being made of a scheme. Nothing of it is in force before it is put there."""

    def __init__(
        self, base: Scheme, *, models: Models | None = None, keys: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.base = base
        self.scheme = keeping(base, base, keys)
        self.models = models or Models()
        self._keys = keys
        self._before: list[Scheme] = []

    @property
    def is_changed(self) -> bool:
        """Say whether there is something to put in force."""
        return self.scheme != self.base

    def rows(self) -> list[Row]:
        """Return labels and options in their order."""
        found: list[Row] = []
        for group, things in groups_of(self.scheme).items():
            for thing in things:
                found.append(Row(group, thing.name))
                found += [Row(group, thing.name, option.value) for option in options_of(thing)]
        return found

    def keymap(self, scheme: Scheme | None = None) -> Keymap:
        """Return the keys that would be in force."""
        return assign(scheme or self.scheme, self._keys)

    def faults(self) -> list[Finding]:
        """Return what has to be mended before it can be put in force."""
        return scheme_editing.new_faults(self.scheme, self.base, models=self.models, keys=self._keys)

    def findings(self, scheme: Scheme | None = None) -> list[Finding]:
        """Return what is to be said of the draft, what has to be mended first."""
        return scheme_checking.check(scheme or self.scheme, models=self.models, keys=self._keys)

    def changes(self) -> list[str]:
        """Return what is not as in the scheme in force, in words."""
        said: list[str] = []
        before = groups_of(self.base)
        for group, things in groups_of(self.scheme).items():
            held = {thing.name: thing for thing in before[group]}
            names = [thing.name for thing in things]
            said += [f"new {GROUPS[group]} {name}" for name in names if name not in held]
            said += [f"{GROUPS[group]} {name} goes" for name in held if name not in names]
            said += [f"{GROUPS[group]} {t.name} changed" for t in things if t.name in held and t != held[t.name]]
            if [name for name in held if name in names] != [name for name in names if name in held]:
                said.append(f"another order of {GROUPS[group]}s")
        return said

    # Changing

    def put(self, scheme: Scheme) -> None:
        """Take a step."""
        if scheme != self.scheme:
            self._before.append(self.scheme)
            self.scheme = scheme

    def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self._before:
            return False
        self.scheme = self._before.pop()
        return True

    def renew(self, held: Scheme) -> bool:
        """Go on from the scheme that others put in force, with all that was changed here on top of it.

        False where both changed the same; the draft is then left as it was.
        """
        mine = scheme_editing.on_top(held, self.scheme, self.base)
        if mine is None:
            return False
        before = [scheme_editing.on_top(held, step, self.base) for step in self._before]
        self._go_on(held, mine, [step for step in before if step is not None])
        return True

    def followed(self, held: Scheme, change: SchemeChange) -> None:
        """Go on from the scheme in force after a change made at once; steps before it can still be taken back."""
        steps = [_after(step, change) for step in (*self._before, self.scheme)]
        self._go_on(held, steps[-1], steps[:-1])

    def _go_on(self, held: Scheme, mine: Scheme, before: Sequence[Scheme]) -> None:
        self.base, self.scheme = held, keeping(held, mine, self._keys)
        steps = [*before, self.scheme]
        self._before = [step for step, after in pairwise(steps) if step != after]

    def add(self, group: Group, name: str, kind: LabelKind = "boolean", options: Sequence[str] = ()) -> Row:
        """Add a label at the end of its group; raises SchemeError."""
        name = " ".join(name.split())
        made: Labelled
        values = tuple(map(Choice, dict.fromkeys(filter(None, map(str.strip, options)))))
        if group == "entity":
            made = EntityType(name)
        elif group == "label":
            made = DocumentLabel(name, kind, values)
        elif group == "attribute":
            made = Attribute(name, kind, values)
        else:
            made = RelationType(name)
        things = groups_of(self.scheme)[group]
        self.put(self._with(group, (*things, made)))
        return Row(group, name)

    def add_option(self, row: Row, value: str) -> Row:
        """Add an option to the label of a row; raises SchemeError."""
        value = " ".join(value.split())
        thing = self.thing(row)
        if not isinstance(thing, DocumentLabel | Attribute) or thing.kind not in ("choice", "choices"):
            raise SchemeError(f"{row.name} takes no options.", hint="Make it a choice first.")
        if any(option.value == value for option in thing.options):
            raise SchemeError(f"{row.name} has an option {value} already.")
        self.put(self._replaced(row, replace(thing, options=(*thing.options, Choice(value)))))
        return Row(row.group, row.name, value)

    def delete(self, row: Row) -> None:
        """Take a label or an option out; raises SchemeError where it is the last option."""
        thing = self.thing(row)
        if not row.option:
            self.put(self._with(row.group, tuple(one for one in groups_of(self.scheme)[row.group] if one is not thing)))
        elif isinstance(thing, DocumentLabel | Attribute):
            left = tuple(option for option in thing.options if option.value != row.option)
            self.put(self._replaced(row, replace(thing, options=left)))

    def move(self, row: Row, step: int) -> None:
        """Move a label or an option among its like; at the ends nothing happens."""
        thing = self.thing(row)
        if not row.option:
            things = list(groups_of(self.scheme)[row.group])
            self.put(self._with(row.group, _moved(things, things.index(thing), step)))
        elif isinstance(thing, DocumentLabel | Attribute):
            place = [option.value for option in thing.options].index(row.option)
            self.put(self._replaced(row, replace(thing, options=_moved(list(thing.options), place, step))))

    # Fields

    def thing(self, row: Row) -> Labelled:
        """Return the label of a row; raises KeyError."""
        return next(thing for thing in groups_of(self.scheme)[row.group] if thing.name == row.name)

    def option(self, row: Row) -> Choice | None:
        """Return the option of a row; None where it is a label's own."""
        return next((option for option in options_of(self.thing(row)) if option.value == row.option), None)

    def fields(self, row: Row) -> list[Field]:
        """Return what can be changed about a row."""
        thing, option = self.thing(row), self.option(row)
        if option is not None:
            return [
                Field("value", option.value, "What it is called; renaming one in use changes what is annotated."),
                Field("key", option.key, _KEY_HINT),
                Field("help", option.help, "One line for annotators."),
            ]
        return [Field("name", thing.name, "Renaming one in use changes what is annotated."), *self._fields(row, thing)]

    def _fields(self, row: Row, thing: Labelled) -> list[Field]:
        found: list[Field] = []
        if isinstance(thing, DocumentLabel | Attribute):
            kinds = tuple(kind for kind in get_args(LabelKind) if kind != "choices" or row.group == "label")
            found.append(Field("kind", thing.kind, "Yes or no, one of several, any of several, or free text.", kinds))
        if not isinstance(thing, DocumentLabel | Attribute) or thing.kind in ("boolean", "text"):
            found.append(Field("key", thing.key, _KEY_HINT))
        if isinstance(thing, EntityType):
            found.append(
                Field(
                    "color",
                    thing.color,
                    f"One of {', '.join(scheme_checking.COLORS)}, or #rrggbb; empty: by its place.",
                )
            )
            found.append(
                Field("overlapping", _word(thing.overlapping), "Trained by itself, as it overlaps others.", (_YES, _NO))
            )
        if isinstance(thing, DocumentLabel):
            if thing.kind == "boolean":
                found.append(
                    Field("threshold", f"{thing.threshold:g}", "Probability from which it is suggested as true.")
                )
            found.append(Field("train", _word(thing.train), "Trained before the others.", (_YES, _NO)))
        if isinstance(thing, Attribute):
            found.append(Field("on", ", ".join(thing.on), "Entity types that take it, with commas; empty for all."))
            found.append(Field("assertion", _word(thing.assertion), "It is the assertion status.", (_YES, _NO)))
        if isinstance(thing, RelationType):
            found.append(
                Field("ends", ", ".join(filter(None, thing.ends)), "Two entity types, with a comma; empty for any.")
            )
            found.append(Field("directed", _word(thing.directed), "From the first to the second.", (_YES, _NO)))
        else:
            found.append(
                Field("model", thing.model, "An outside model it is tied to; deploying leaves such a label alone.")
            )
            found.append(Field("help", thing.help, "One line for annotators."))
        return found

    def changed(self, row: Row, field: str, text: str) -> tuple[Scheme, Row]:
        """Return the scheme with a field as somebody writes it, and the row by its new name; raises SchemeError."""
        text = " ".join(text.split())
        thing, option = self.thing(row), self.option(row)
        if option is not None and isinstance(thing, DocumentLabel | Attribute):
            other = replace(option, **{field: text})  # type: ignore[arg-type]
            other = replace(other, kept=()) if field == "key" else other
            values = tuple(other if o is option else o for o in thing.options)
            renamed = Row(row.group, row.name, text) if field == "value" else row
            return self._replaced(row, replace(thing, options=values)), renamed
        value = _value(thing, field, text)
        change: dict[str, object] = {field: value}
        if field == "key" and not isinstance(thing, RelationType):
            change["kept"] = ()
        if isinstance(thing, DocumentLabel | Attribute) and field == "kind":
            plain = value in ("boolean", "text")
            change["options"] = () if plain else thing.options or (Choice("yes"), Choice("no"))
        made = replace(thing, **change)  # type: ignore[arg-type]
        scheme = self._replaced(row, made)
        if field == "name" and row.group == "entity":
            scheme = _references_renamed(scheme, row.name, text)
        return scheme, Row(row.group, text) if field == "name" else row

    def _replaced(self, row: Row, made: Labelled) -> Scheme:
        return self._with(
            row.group, tuple(made if t.name == row.name else t for t in groups_of(self.scheme)[row.group])
        )

    def _with(self, group: Group, things: tuple[Labelled, ...]) -> Scheme:
        made: dict[str, Any] = {_SLOTS[group]: things}
        return replace(self.scheme, **made)


_KEY_HINT = "Actions win over it; taken, the label gets the next free one. Empty: any."


def _after(scheme: Scheme, change: SchemeChange) -> Scheme:
    """Return a scheme after a change of a label; one that has no such label, or another of the new name, as it is."""
    names = names_of(scheme, change.kind, change.of)
    able = set(change.old) <= set(names) and not set(change.new) & set(names)
    return applied(scheme, change) if able else scheme


def options_of(thing: Labelled) -> tuple[Choice, ...]:
    """Return the options of a label."""
    return thing.options if isinstance(thing, DocumentLabel | Attribute) else ()


def _moved(things: list[T], place: int, step: int) -> tuple[T, ...]:
    there = place + step
    if 0 <= there < len(things):
        things[place], things[there] = things[there], things[place]
    return tuple(things)


def _word(value: bool) -> str:
    return _YES if value else _NO


def _value(thing: Labelled, field: str, text: str) -> object:
    """Read what somebody wrote for a field; raises SchemeError."""
    held = getattr(thing, field)
    if isinstance(held, bool):
        return text == _YES
    if field == "threshold":
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = -1.0
        if not 0 < number < 1:
            raise SchemeError(f"{text!r} is no probability: a number between 0 and 1.")
        return number
    if field in ("on", "ends"):
        names = tuple(filter(None, (name.strip() for name in text.split(","))))
        if field == "ends" and len(names) not in (0, 2):
            raise SchemeError("Name two entity types, with a comma between them, or none.")
        return names or ((), ("", ""))[field == "ends"]
    return text


def _references_renamed(scheme: Scheme, old: str, new: str) -> Scheme:
    """Let attributes and relations follow an entity type that has another name."""

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    return replace(
        scheme,
        attributes=tuple(replace(a, on=renamed(a.on)) for a in scheme.attributes),
        relations=tuple(replace(r, ends=(renamed(r.ends)[0], renamed(r.ends)[1])) for r in scheme.relations),
    )
