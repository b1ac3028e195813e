"""Putting an edited scheme in force: when it checks, nobody changed it meanwhile and nothing in use would vanish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tui_annotate.domain.scheme import Attribute, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.scheme_changes import GROUPS, Group, Labelled
from tui_annotate.errors import ChangedMeanwhileError, SchemeError
from tui_annotate.keymaps import keeping
from tui_annotate.services import scheme_checking
from tui_annotate.services.scheme_checking import Finding
from tui_annotate.store import label_use, settings
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Vanished:
    """Something in use that an edited scheme has no more, or not so."""

    group: Group
    name: str
    value: str = ""
    """The option that is gone; empty for the whole label."""
    kind: str = ""
    """The kind that it would change to; empty where it is gone."""
    uses: int = 0

    def __str__(self) -> str:
        what = f"{GROUPS[self.group]} {self.name}" + (f", option {self.value}" if self.value else "")
        times = f"{self.uses:,}{' or more' if self.uses >= label_use.MOST else ''} times"
        if self.kind:
            return f"{what} is used {times}, and cannot become {self.kind} while it is."
        return f"{what} is used {times}."


def groups_of(scheme: Scheme) -> dict[Group, tuple[Labelled, ...]]:
    """Return the labels of a scheme by their group."""
    return {
        "entity": scheme.entities,
        "label": scheme.labels,
        "attribute": scheme.attributes,
        "relation": scheme.relations,
    }


def gone(before: Scheme, after: Scheme) -> Iterator[Vanished]:
    """Yield the labels and options that one scheme has and another has no more, or of another kind."""
    later = groups_of(after)
    for group, things in groups_of(before).items():
        names = {thing.name: thing for thing in later[group]}
        for thing in things:
            held = names.get(thing.name)
            if held is None:
                yield Vanished(group, thing.name)
            elif isinstance(thing, DocumentLabel | Attribute) and isinstance(held, DocumentLabel | Attribute):
                if thing.kind != held.kind:
                    yield Vanished(group, thing.name, kind=held.kind)
                    continue
                options = {option.value for option in held.options}
                for option in thing.options:
                    if option.value not in options:
                        yield Vanished(group, thing.name, option.value)


def vanished(corpus: Corpus, before: Scheme, after: Scheme) -> list[Vanished]:
    """Return what is in use of that."""
    found = []
    for one in gone(before, after):
        uses = label_use.used(corpus, one.group, one.name, one.value or None)
        if uses:
            found.append(replace(one, uses=uses))
    return found


def put(
    corpus: Corpus,
    scheme: Scheme,
    *,
    base: Scheme,
    annotator: str,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> Scheme:
    """Put an edited scheme in force, all of it or nothing, and return it.

    Args:
        base: The scheme that it was made from.

    Raises:
        SchemeError: It has to be mended, or something in use would vanish.
        ChangedMeanwhileError: Somebody changed the scheme since.
    """
    faults = mended(scheme_checking.check(scheme, models=scheme_checking.models_of(corpus), keys=keys))
    # What was wrong before, and is left as it was, holds nobody up.
    old = {str(one) for one in mended(scheme_checking.check(base, models=scheme_checking.models_of(corpus), keys=keys))}
    new = [one for one in faults if str(one) not in old]
    if new:
        raise SchemeError("\n".join(map(str, new)), hint="Nothing was changed.")

    # Looking through everything takes a while: others wait for that only where somebody wrote since.
    seen, lost = corpus.data_version(), vanished(corpus, base, scheme)

    def check(held: Scheme) -> None:
        if held != base:
            raise ChangedMeanwhileError("Somebody changed the scheme meanwhile; nothing was written.")
        if found := lost if corpus.data_version() == seen else vanished(corpus, base, scheme):
            lines = "\n".join(map(str, found))
            hint = "Renaming or merging it changes what is annotated with it; deleting it takes that out."
            raise SchemeError(lines, hint=hint)

    return settings.set_scheme(corpus, keeping(base, scheme), annotator=annotator, check=check)


def mended(findings: Sequence[Finding]) -> list[Finding]:
    """Return what has to be mended."""
    return [one for one in findings if one.severity == "fault"]


# Taking another scheme's labels in


@dataclass(frozen=True, slots=True)
class Joined:
    """What taking the labels of a file into a scheme comes to."""

    scheme: Scheme
    added: tuple[str, ...]
    """`entity type DRUG`, `option past of smoker`."""
    differing: tuple[str, ...]
    """What both have, and the file says otherwise; it stays as the corpus has it."""


def join(held: Scheme, other: Scheme) -> Joined:
    """Return a scheme with the labels and options of another one besides its own; nothing else of it changes."""
    added: list[str] = []
    differing: list[str] = []
    made: dict[Group, list[Labelled]] = {}
    for group, things in groups_of(held).items():
        known = {thing.name: thing for thing in things}
        whole = dict(known)
        for thing in groups_of(other)[group]:
            mine = known.get(thing.name)
            if mine is None:
                whole[thing.name] = replace(thing, id="")
                added.append(f"{GROUPS[group]} {thing.name}")
            else:
                whole[thing.name] = _joined(mine, thing, added, differing)
        made[group] = list(whole.values())
    scheme = Scheme(
        tuple(one for one in made["entity"] if isinstance(one, EntityType)),
        tuple(one for one in made["label"] if isinstance(one, DocumentLabel)),
        tuple(one for one in made["attribute"] if isinstance(one, Attribute)),
        tuple(one for one in made["relation"] if isinstance(one, RelationType)),
        held.guidelines or other.guidelines,
        held.template or other.template,
    ).numbered()
    if held.guidelines and other.guidelines and held.guidelines != other.guidelines:
        differing.append("guidelines")
    return Joined(scheme, tuple(added), tuple(differing))


def _joined(mine: Labelled, other: Labelled, added: list[str], differing: list[str]) -> Labelled:
    """Return a label of the corpus with the options that another one has besides."""
    if isinstance(mine, DocumentLabel | Attribute) and isinstance(other, DocumentLabel | Attribute):
        known = {option.value for option in mine.options}
        new = [option for option in other.options if option.value not in known] if mine.kind == other.kind else []
        added += [f"option {option.value} of {mine.name}" for option in new]
        if mine.kind != other.kind:
            differing.append(f"{mine.name}: {mine.kind} here, {other.kind} there")
        if new:
            return replace(mine, options=(*mine.options, *new))
    for slot, word in (("key", "key"), ("color", "color"), ("model", "model"), ("train", "train"), ("ends", "ends")):
        here, there = getattr(mine, slot, None), getattr(other, slot, None)
        if there and here != there:
            differing.append(f"{mine.name}: {word} {here or 'none'!s} here, {there} there")
    return mine
