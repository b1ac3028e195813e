"""Putting an edited scheme in force: when it checks, nobody changed it meanwhile and nothing in use would vanish."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tui_annotate.domain.changed_scheme import reverted, with_group
from tui_annotate.domain.scheme import Attribute, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.scheme_changes import GROUPS, Group, Labelled
from tui_annotate.errors import ChangedMeanwhileError, SchemeError
from tui_annotate.keymaps import keeping
from tui_annotate.services import scheme_checking
from tui_annotate.services.scheme_checking import Finding, Models
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.relabelling import label_use


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
    if new := new_faults(scheme, base, models=scheme_checking.models_of(corpus), keys=keys):
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

    return settings.set_scheme(corpus, keeping(base, scheme, keys), annotator=annotator, check=check)


def new_faults(
    scheme: Scheme, base: Scheme, *, models: Models | None = None, keys: Mapping[str, Sequence[str]] | None = None
) -> list[Finding]:
    """Return what has to be mended; what was wrong before, and is left as it was, holds nobody up."""
    old = {str(one) for one in mended(scheme_checking.check(base, models=models, keys=keys))}
    return [one for one in mended(scheme_checking.check(scheme, models=models, keys=keys)) if str(one) not in old]


def on_top(held: Scheme, mine: Scheme, base: Scheme) -> Scheme | None:
    """Return what somebody made of a scheme, on top of what others made of it; None where both changed the same."""
    known = {thing.id for things in groups_of(base).values() for thing in things}
    numbered = _numbered_apart(mine, known)
    merged = reverted(held, numbered, base)
    if merged is None or any(len({t.name for t in things}) < len(things) for things in groups_of(merged).values()):
        return None
    fresh = {thing.id for things in groups_of(numbered).values() for thing in things} - known
    for group, things in groups_of(merged).items():
        merged = with_group(merged, group, tuple(replace(t, id="") if t.id in fresh else t for t in things))
    return merged.numbered()


def _numbered_apart(scheme: Scheme, known: Collection[str]) -> Scheme:
    """Return a scheme whose new labels have ids that nothing else has."""
    for group, things in groups_of(scheme).items():
        apart = [t if t.id in known else replace(t, id=f"new {group} {at}") for at, t in enumerate(things)]
        scheme = with_group(scheme, group, tuple(apart))
    return scheme


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
