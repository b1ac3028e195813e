"""Changes of a scheme: a label that is renamed, merged into another, split or deleted, and what the scheme is then.

A change names what goes and what comes. Everything that refers to labels by name follows from
it: annotations (`domain.renaming`), and the parts of the scheme that refer to other parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from tui_annotate.domain.scheme import (
    Attribute,
    DocumentLabel,
    EntityType,
    RelationType,
    Scheme,
)
from tui_annotate.errors import SchemeError, UsageError

Group = Literal["entity", "label", "attribute", "relation"]
"""Which part of the scheme a name stands in."""
Verb = Literal["rename", "merge", "split", "delete"]
How = Literal["regex", "text", "near", "attribute", "query"]

GROUPS: dict[Group, str] = {
    "entity": "entity type",
    "label": "document label",
    "attribute": "attribute",
    "relation": "relation type",
}
Labelled = EntityType | DocumentLabel | Attribute | RelationType


@dataclass(frozen=True, slots=True)
class Target:
    """One label of the scheme, or one option of one."""

    kind: Group
    name: str
    option: str = ""
    """Value of a choice; empty for the label itself."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" + (f"={self.option}" if self.option else "")


@dataclass(frozen=True, slots=True)
class Rule:
    """Says which annotations a split gives a new name; the first rule that fits decides."""

    name: str
    """The new name."""
    how: How
    pattern: str = ""
    """A regular expression over the annotated text (`regex`) or the text around it (`near`); an attribute as
    `NAME=VALUE`; or a query over documents."""
    words: tuple[str, ...] = ()
    """Texts to be annotated just so, in any case (`text`)."""
    documents: frozenset[int] = field(default=frozenset(), compare=False)
    """What a query found."""


@dataclass(frozen=True, slots=True)
class SchemeChange:
    """One change of the scheme, with what becomes of what is annotated."""

    verb: Verb
    kind: Group
    old: tuple[str, ...]
    """What goes; in a merge or a split the one that goes on may be among them."""
    new: tuple[str, ...] = ()
    """What comes: one name, several of a split, none of a deletion."""
    of: str = ""
    """The document label or attribute whose options these are; empty where they are labels themselves."""
    rules: tuple[Rule, ...] = ()
    """Of a split."""
    rest: str = ""
    """Of a split: the name that is left to what no rule places; the old one lets it stay."""
    review: bool = False
    """Of a split: what no rule places is taken out and suggested anew, so that somebody decides."""
    also: tuple[Target, ...] = ()
    """What makes no sense any more and goes too: attributes and relation types of a deleted entity type."""

    @property
    def gone(self) -> tuple[str, ...]:
        """The names that the scheme does not have any more."""
        stays = {*self.new, self.rest}
        return tuple(name for name in self.old if name not in stays)

    def __str__(self) -> str:
        names = [name for name in self.old if self.verb != "merge" or name not in self.new]
        what = f"the option{'s' * (len(names) > 1)} " if self.of else ""
        old = f"{what}{_listed(names)}" + (f" of {self.of}" if self.of else "")
        if self.verb == "rename":
            return f"{old} renamed to {self.new[0]}"
        if self.verb == "merge":
            return f"{old} merged into {self.new[0]}"
        if self.verb == "split":
            return f"{old} split into {_listed(self.new)}"
        return f"{old} deleted"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def find(scheme: Scheme, address: str) -> Target:
    """Return what an address means: `NAME`, `entity:NAME`, `label:NAME=option` and so on.

    Raises:
        UsageError: There is no such label, or several; the hint has the nearest, or says how to tell them apart.
    """
    every = [*targets(scheme), *options(scheme)]
    exact = [one for one in every if str(one) == address]
    if exact:
        return exact[0]
    named = [one for one in every if _short(one) == address]
    if len(named) > 1:
        raise UsageError(f"{address} is the name of several labels.", hint=f"Say which: {', '.join(map(str, named))}.")
    if named:
        return named[0]
    known = {_short(one): one for one in every} | {str(one): one for one in every}
    near = get_close_matches(address, known, n=1)
    folded = [one for name, one in known.items() if name.casefold() == address.casefold()]
    nearest = folded[0] if folded else known[near[0]] if near else None
    if nearest is not None:
        short = _short(nearest)
        hint = f"Did you mean {short if sum(_short(one) == short for one in every) == 1 else nearest}?"
    else:
        hint = f"It has {', '.join(_short(one) for one in targets(scheme)[:20]) or 'no labels yet'}."
    raise UsageError(f"The scheme has no {address}.", hint=hint)


def _short(target: Target) -> str:
    return target.name + (f"={target.option}" if target.option else "")


def targets(scheme: Scheme) -> list[Target]:
    """Return the labels of a scheme, in its order."""
    return (
        [Target("entity", one.name) for one in scheme.entities]
        + [Target("label", one.name) for one in scheme.labels]
        + [Target("attribute", one.name) for one in scheme.attributes]
        + [Target("relation", one.name) for one in scheme.relations]
    )


def options(scheme: Scheme) -> list[Target]:
    """Return the options of the labels and attributes of a scheme, in its order."""
    found = [Target("label", one.name, option.value) for one in scheme.labels for option in one.options]
    return found + [Target("attribute", one.name, option.value) for one in scheme.attributes for option in one.options]


def gone_names(before: Scheme, after: Scheme) -> set[str]:
    """Return the names of labels, and values of options, that one scheme has and another has no more."""
    had, has = ({t.option or t.name for t in (*targets(scheme), *options(scheme))} for scheme in (before, after))
    return had - has


def rename(scheme: Scheme, target: Target, new: str) -> SchemeChange:
    """Return the change that gives a label another name; raises SchemeError where that is taken, or the label gone."""
    old = _held(scheme, target)
    _check_free(scheme, target, new, hint="To make one of the two, merge them.")
    return SchemeChange("rename", target.kind, (old,), (new,), target.name if target.option else "")


def merge(scheme: Scheme, wanted: Sequence[Target], into: str) -> SchemeChange:
    """Return the change that makes one label of several, which may be one of them, another one, or new.

    Raises:
        SchemeError: They are not of one kind, or there is only one.
    """
    first = wanted[0]
    of = first.name if first.option else ""
    if any((one.kind, one.name if one.option else "") != (first.kind, of) for one in wanted):
        raise SchemeError(
            "Only labels of one group can be merged: entity types, document labels, attributes, relation types,"
            " or options of one of them.",
            hint=f"These are {', '.join(map(str, wanted))}.",
        )
    _check_name(into)
    old = tuple(dict.fromkeys(_held(scheme, one) for one in wanted))
    if not set(old) - {into}:
        raise SchemeError(f"{into} is what it is already.", hint="Name at least one other label.")
    known = names_of(scheme, first.kind, of)
    if len({*old, into}) < 3 and into not in known:
        raise SchemeError("One label is no merge.", hint=f"Name another one, or rename {old[0]}.")
    if first.kind in ("label", "attribute") and not of:
        held = [thing for thing in group_of(scheme, first.kind) if thing.name in {*old, into}]
        kinds = {thing.kind for thing in held if isinstance(thing, DocumentLabel | Attribute)}
        if len(kinds) > 1:
            raise SchemeError(
                f"{_listed(old)} cannot be merged: they are {_listed(sorted(kinds))}.",
                hint="Only labels that take the same kind of value can become one.",
            )
    return SchemeChange("merge", first.kind, old, (into,), of)


def split(
    scheme: Scheme,
    target: Target,
    new: Sequence[str],
    *,
    rules: Sequence[Rule] = (),
    rest: str = "",
    review: bool = False,
) -> SchemeChange:
    """Return the change that makes several labels of one.

    Args:
        rest: The name for what no rule places; empty lets it keep the old one.
        review: What no rule places is suggested anew instead.

    Raises:
        SchemeError: A name is taken, a rule is for none of them, or this label cannot be split.
    """
    old = _held(scheme, target)
    names = tuple(dict.fromkeys(new))
    if target.kind in ("label", "attribute") and not target.option:
        raise SchemeError(
            f"{old} is a {GROUPS[target.kind]}: only its options can be split.",
            hint=f"Name one: {target}=OPTION. Or make a new label and decide anew.",
        )
    if not names or names == (old,):
        raise SchemeError("A split needs the names of what comes.", hint=f"Give at least one besides {old}.")
    for name in names:
        if name != old:
            _check_free(scheme, target, name)
    known = {*names, old}
    for rule in rules:
        if rule.name not in known:
            raise SchemeError(f"A rule is for {rule.name}, which is none of {_listed(names)}.")
    if rest and rest not in known:
        raise SchemeError(f"The rest is to become {rest}, which is none of {_listed(names)}.")
    if review and target.kind == "relation":
        raise SchemeError(
            "Relations are not suggested, so none can be reviewed.", hint=f"Let the rest stay, or become {names[0]}."
        )
    of = target.name if target.option else ""
    rest = "" if review else rest or old
    return SchemeChange("split", target.kind, (old,), names, of, tuple(rules), rest, review)


def delete(scheme: Scheme, target: Target) -> SchemeChange:
    """Return the change that takes a label out of the scheme, with what then makes no sense any more.

    Raises:
        SchemeError: It is the last option of a choice.
    """
    _held(scheme, target)
    if target.option:
        if len(names_of(scheme, target.kind, target.name)) == 1:
            raise SchemeError(
                f"{target.option} is the only option of {target.name}.", hint=f"Delete {target.kind}:{target.name}."
            )
        return SchemeChange("delete", target.kind, (target.option,), of=target.name)
    also: list[Target] = []
    if target.kind == "entity":
        also = [Target("attribute", a.name) for a in scheme.attributes if a.on == (target.name,)]
        also += [Target("relation", r.name) for r in scheme.relations if target.name in r.ends]
    return SchemeChange("delete", target.kind, (target.name,), also=tuple(also))


def _held(scheme: Scheme, target: Target) -> str:
    """Return the name that a change of a label is about; raises SchemeError where the scheme has none such."""
    name = target.option or target.name
    if name not in names_of(scheme, target.kind, target.name if target.option else ""):
        raise SchemeError(f"The scheme has no {target}.", hint="Somebody may have renamed it, or taken it out.")
    return name


def _check_name(name: str) -> None:
    if not name or name != name.strip() or any(ord(c) < 32 for c in name):
        raise SchemeError(f"{name!r} is no name: it must not be empty, nor begin or end with blanks.")


def _check_free(scheme: Scheme, target: Target, name: str, *, hint: str = "") -> None:
    _check_name(name)
    of = target.name if target.option else ""
    if name == (target.option or target.name):
        raise SchemeError(f"{name} is its name already.")
    if name in names_of(scheme, target.kind, of):
        what = f"option of {of}" if of else GROUPS[target.kind]
        raise SchemeError(f"There is {with_article(what)} {name} already.", hint=hint)


def with_article(what: str) -> str:
    """Return a thing with its article: `an entity type`."""
    return f"an {what}" if what[0] in "aeo" else f"a {what}"


def names_of(scheme: Scheme, kind: Group, of: str = "") -> list[str]:
    """Return the names of one group of a scheme, or the options of one of its labels or attributes."""
    if of:
        held = scheme.label(of) if kind == "label" else scheme.attribute(of)
        return [option.value for option in held.options] if held is not None else []
    return [one.name for one in group_of(scheme, kind)]


def group_of(scheme: Scheme, kind: Group) -> tuple[Labelled, ...]:
    """Return one part of a scheme."""
    if kind == "entity":
        return scheme.entities
    if kind == "label":
        return scheme.labels
    return scheme.attributes if kind == "attribute" else scheme.relations
