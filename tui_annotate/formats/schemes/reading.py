"""What every reader of schemes returns: the scheme, what was wrong or left out, and on which line things stand."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from tui_annotate.domain.interchange import Problem
from tui_annotate.domain.scheme import Attribute, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.errors import SchemeError

_Thing = EntityType | DocumentLabel | Attribute | RelationType
Group = Literal["entity", "label", "attribute", "relation"]
Place = tuple[str, str, str]
"""Group, name and field of something; the field is empty for the whole, `=value` for an option."""
ListAs = Literal["entities", "choice", "choices", "booleans"]
"""What the names of a bare list of labels are."""
_SAID = {"on": "entity types", "directed": "direction", "color": "colour"}


@dataclass(slots=True)
class Reading:
    """A scheme as it is being read."""

    where: str
    """The file, for reports."""
    scheme: Scheme = field(default_factory=Scheme)
    problems: list[Problem] = field(default_factory=list)
    places: dict[Place, int] = field(default_factory=dict)
    partial: bool = False
    """The scheme lacks what could not be read."""

    def note(self, line: int, what: str, reason: str) -> None:
        """Say that something is read otherwise than it stands there, or not at all."""
        self.problems.append(Problem("noted", self._at(line), what, reason))

    def refuse(self, line: int, what: str, reason: str, *, read: bool = False) -> None:
        """Say that something has to be mended; `read` where the scheme has it all the same."""
        self.partial = self.partial or not read
        self.problems.append(Problem("refused", self._at(line), what, reason))

    def line(self, group: str, name: str, field: str = "") -> int:
        """Return on which line something stands, or else what it belongs to; 0 where that is not known."""
        return self.places.get((group, name, field), 0) or self.places.get((group, name, ""), 0)

    @property
    def faults(self) -> list[Problem]:
        """What has to be mended before the scheme can be used."""
        return [problem for problem in self.problems if problem.severity == "refused"]

    @property
    def notes(self) -> list[Problem]:
        """What is good to know."""
        return [problem for problem in self.problems if problem.severity != "refused"]

    def checked(self) -> Scheme:
        """Return the scheme; raises SchemeError with everything that has to be mended, a line each."""
        if self.faults:
            lines = [": ".join(filter(None, (p.where, p.field, p.reason))) for p in self.faults]
            raise SchemeError("\n".join(lines))
        return self.scheme

    def take(
        self,
        entities: Collection[EntityType] = (),
        labels: Collection[DocumentLabel] = (),
        attributes: Collection[Attribute] = (),
        relations: Collection[RelationType] = (),
        **rest: str,
    ) -> None:
        """Make the scheme of what was read; what it refuses as a whole is a fault of the file."""
        try:
            self.scheme = Scheme(tuple(entities), tuple(labels), tuple(attributes), tuple(relations), **rest)
        except SchemeError as error:
            if not self.faults:
                self.refuse(0, "", error.message)

    def _at(self, line: int) -> str:
        return f"{self.where}:{line}" if line else self.where


def nearest(name: str, known: Collection[str], *, cutoff: float = 0.6) -> str:
    """Return the right name that is nearest to a wrong one; empty when none is."""
    lower = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), lower, 1, cutoff)
    return lower[near[0]] if near else ""


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a sentence with the nearest right name, or with all of them."""
    near = nearest(name, known)
    return f"Did you mean {near!r}?" if near else f"Known are {', '.join(known)}."


def lost(before: Scheme, after: Scheme) -> list[str]:
    """Return what of a scheme is not in what a format kept of it, a line for each kind of thing."""
    found: dict[str, list[str]] = {}
    groups: tuple[tuple[str, Sequence[_Thing], Sequence[_Thing]], ...] = (
        ("entity type", before.entities, after.entities),
        ("document label", before.labels, after.labels),
        ("attribute", before.attributes, after.attributes),
        ("relation type", before.relations, after.relations),
    )
    for word, had, has in groups:
        kept = {one.name: one for one in has}
        for one in had:
            other = kept.get(one.name)
            if other is None:
                found.setdefault(word, []).append(one.name)
                continue
            for said in _differing(one, other):
                found.setdefault(f"{said} of {word}", []).append(one.name)
    lines = [f"{word} {_names(names)}" for word, names in found.items()]
    return lines + (["guidelines"] if before.guidelines != after.guidelines else [])


def _differing(one: _Thing, other: _Thing) -> Iterator[str]:
    """Yield the words for what is not the same of two things; ids are given anew, and are nothing."""
    for slot in fields(one):
        value = getattr(one, slot.name)
        if slot.name not in ("id", "options", "kept") and value not in (slot.default, getattr(other, slot.name)):
            yield _SAID.get(slot.name, slot.name)
    if isinstance(one, DocumentLabel | Attribute) and isinstance(other, DocumentLabel | Attribute):
        had, has = one.options, other.options
        if [option.value for option in had] != [option.value for option in has]:
            yield "options"
        elif [option.key for option in had] != [option.key for option in has]:
            yield "keys of options"
        if {option.value: option.help for option in has if option.help} != {o.value: o.help for o in had if o.help}:
            yield "help of options"


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown
