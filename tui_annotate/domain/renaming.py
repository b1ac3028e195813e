"""Renaming: what a change of labels makes of names, of values and of suggestions; `reworking` makes versions of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property

from tui_annotate.domain.annotations import LabelContent, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.joining import named_anew
from tui_annotate.domain.placing import NOWHERE, Site, compiled, fits
from tui_annotate.domain.scheme_changes import SchemeChange


class Renaming:
    """One change of the scheme, ready to be worked into documents."""

    def __init__(self, change: SchemeChange) -> None:
        """Compile the rules; raises DataError for a regular expression that is none."""
        self.change = change
        self.old = frozenset(change.old)
        self.gone = frozenset(change.gone)
        self._rules = [(rule, compiled(rule)) for rule in change.rules]
        self.attributes_gone = frozenset(one.name for one in change.also if one.kind == "attribute")
        self.relations_gone = frozenset(one.name for one in change.also if one.kind == "relation")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name that what is changed holds one of."""
        changed = (name for name in self.change.old if (name,) != self.change.new)
        return (*changed, *sorted(self.attributes_gone), *sorted(self.relations_gone))

    def name(self, name: str, site: Site = NOWHERE) -> str | None:
        """Return what a name becomes; None where it goes, or is to be decided anew."""
        change = self.change
        if name not in self.old:
            return name
        if change.verb == "delete":
            return None
        if change.verb != "split":
            return change.new[0]
        for rule, expression in self._rules:
            if fits(rule, expression, site):
                return rule.name
        return change.rest or None

    @property
    def first(self) -> str:
        """What something is suggested as that nobody has decided on: the first new name."""
        return next((name for name in self.change.new if name not in self.old), self.change.new[0])

    def value(self, value: LabelContent | None, site: Site) -> LabelContent | None:
        """Return what a value becomes; None where nothing is left of it."""
        if isinstance(value, tuple):
            found = (self.name(one, site) for one in value)
            return tuple(dict.fromkeys(one for one in found if one is not None)) or None
        return self.name(value, site) if isinstance(value, str) else value

    def suggestion(self, suggestion: Suggestion, document: Document | None = None, *, id: int = 0) -> Suggestion | None:
        """Return what a suggestion becomes; None where it goes with what it suggests."""
        kind, of = self.change.kind, self.change.of
        suggestion = self._carried(suggestion)
        if suggestion.target == "attribute" and suggestion.name in self.attributes_gone:
            return None
        site = Site(document, id, suggestion.spans, suggestion.attributes)
        if of:
            if suggestion.target != kind or suggestion.name != of or not holds(suggestion.value, self.old):
                return self._next_best(suggestion, site)
            value = self.value(suggestion.value, site)
            if value is None and self.change.verb == "split":
                value = self.anew(suggestion.value)
            return None if value is None else self._next_best(replace(suggestion, value=value), site)
        if suggestion.target != kind:
            return suggestion
        if suggestion.name not in self.old:
            return self._next_best(suggestion, site)
        name = self.name(suggestion.name, site)
        if name is None and self.change.verb == "split":
            name = self.first
        return None if name is None else self._next_best(replace(suggestion, name=name), site)

    def _carried(self, suggestion: Suggestion) -> Suggestion:
        """Return a suggestion whose attributes are named as they are then."""
        if self.change.kind == "attribute" and suggestion.attributes:
            values = dict(suggestion.attributes)
            if self.change.of and values.get(self.change.of) in self.old:
                value = self.value(values.pop(self.change.of), NOWHERE)
                if value is not None and not isinstance(value, tuple):
                    values[self.change.of] = value
            elif not self.change.of:
                named_anew(values, self.change, Counter())
            return suggestion if values == suggestion.attributes else replace(suggestion, attributes=values)
        if self.attributes_gone & suggestion.attributes.keys():
            kept = {n: v for n, v in suggestion.attributes.items() if n not in self.attributes_gone}
            return replace(suggestion, attributes=kept)
        return suggestion

    def _next_best(self, suggestion: Suggestion, site: Site) -> Suggestion:
        """Return a suggestion whose next best name or value is as it is called then."""
        other = suggestion.other
        means_type = suggestion.target == "entity"
        # The next best of a label or attribute is a value of it.
        if other is None or other[0] not in self.old or means_type == bool(self.change.of):
            return suggestion
        if not means_type and suggestion.name != self.change.of:
            return suggestion
        name = self.name(other[0], site)
        mine = suggestion.name if means_type else suggestion.value
        return replace(suggestion, other=None if name is None or name == mine else (name, other[1]))

    def anew(self, value: LabelContent | None) -> LabelContent | None:
        """Return a value with the first new name for what is to be decided."""
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(self.first if one in self.old else one for one in value))
        return self.first if value in self.old else value


def holds(value: LabelContent | None, names: frozenset[str]) -> bool:
    """Say whether a value is one of these, or several and one among them is."""
    return any(one in names for one in value) if isinstance(value, tuple) else value in names


def swapped(value: LabelContent | None, old: frozenset[str], name: str) -> LabelContent | None:
    """Return a value with a name in place of the old ones."""
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(name if one in old else one for one in value))
    return name if value in old else value
