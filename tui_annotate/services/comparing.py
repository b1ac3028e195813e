"""Two documents compared, thing by thing, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion

Found = tuple[str, str, str]
"""What differs, as it was, as it came."""


@dataclass(slots=True)
class Compared:
    """How much of each was compared."""

    documents: int = 0
    parts: int = 0
    versions: int = 0
    confirmed: int = 0
    entities: int = 0
    attributes: int = 0
    labels: int = 0
    relations: int = 0
    tags: int = 0

    def add(self, exchanged: ExchangedDocument) -> None:
        """Count a document."""
        self.documents += 1
        self.parts += len(exchanged.document.parts)
        self.tags += len(exchanged.document.tags)
        for version in exchanged.versions:
            held = version.annotations
            self.versions += 1
            self.confirmed += bool(version.confirmed)
            self.entities += len(held.entities)
            self.attributes += sum(len(entity.attributes) for entity in held.entities.values())
            self.labels += len(held.labels)
            self.relations += len(held.relations)


def differences(first: ExchangedDocument | None, second: ExchangedDocument | None, *, ids: bool) -> list[Found]:
    """Return what differs between two documents; None is one that is not there."""
    if first is None or second is None:
        there = first or second
        length = len(there.document.text) if there is not None else 0
        said = f"{length} characters"
        return [("the document", said if first is not None else "", said if second is not None else "")]
    found = list(_of_texts(first, second, ids=ids))
    before = {version.annotator: version for version in first.versions}
    after = {version.annotator: version for version in second.versions}
    for name in dict.fromkeys((*before, *after)):
        found += _of_versions(name, before.get(name), after.get(name))
    return found


def _of_texts(first: ExchangedDocument, second: ExchangedDocument, *, ids: bool) -> Iterator[Found]:
    one, other = first.document, second.document
    for what in ("key", "name", "folder", "language") if ids else ("name", "folder", "language"):
        if getattr(one, what) != getattr(other, what):
            yield what, repr(getattr(one, what)), repr(getattr(other, what))
    if sorted(one.tags) != sorted(other.tags):
        yield "tags", ", ".join(sorted(one.tags)), ", ".join(sorted(other.tags))
    if [part.id for part in one.parts] != [part.id for part in other.parts]:
        yield "parts", ", ".join(part.id for part in one.parts), ", ".join(part.id for part in other.parts)
    texts = {part.id: part.text for part in other.parts}
    for part in one.parts:
        text = texts.get(part.id, part.text)
        if text != part.text:
            at = next((n for n, (a, b) in enumerate(zip(part.text, text, strict=False)) if a != b), 0)
            at = at or min(len(part.text), len(text))
            yield f"text of {part.id} from character {at}", repr(part.text[at : at + 30]), repr(text[at : at + 30])


def _of_versions(name: str, one: ExchangedVersion | None, other: ExchangedVersion | None) -> Iterator[Found]:
    if one is None or other is None:
        yield f"version of {name}", "one" if one is not None else "", "one" if other is not None else ""
        return
    if bool(one.confirmed) != bool(other.confirmed):
        yield f"confirmation of {name}", str(bool(one.confirmed)).lower(), str(bool(other.confirmed)).lower()
    groups = (
        ("entity", _entities(one.annotations), _entities(other.annotations)),
        ("document label", _labels(one.annotations), _labels(other.annotations)),
        ("relation", _relations(one.annotations), _relations(other.annotations)),
    )
    for what, before, after in groups:
        gone, new = list((before - after).elements()), list((after - before).elements())
        for n in range(max(len(gone), len(new))):
            first, second = gone[n] if n < len(gone) else "", new[n] if n < len(new) else ""
            yield f"{what} in the version of {name}", first, second


def _entities(held: Annotations) -> Counter[str]:
    return Counter(sorted(entity(one) for one in held.entities.values()))


def entity(one: Entity) -> str:
    """Return an entity in words."""
    places = "+".join(f"{span.start}-{span.end}" for span in one.spans)
    values = "".join(f" {name}={value!r}" for name, value in sorted(one.attributes.items()))
    return f"{one.type} {one.spans[0].part} {places}{values}{_made(one)}"


def _labels(held: Annotations) -> Counter[str]:
    return Counter(f"{one.name}={one.value!r}{_made(one)}" for one in held.labels.values())


def _relations(held: Annotations) -> Counter[str]:
    ends = {number: entity(one).partition(" by ")[0] for number, one in held.entities.items()}
    found = (
        f"{one.type} from {ends.get(one.ends[0])} to {ends.get(one.ends[1])}{_made(one)}"
        for one in held.relations.values()
    )
    return Counter(sorted(found))


def _made(one: Entity | LabelValue | Relation) -> str:
    by = f" by {', '.join(one.who)}" if one.who else ""
    prob = f" at {one.prob:g}" if one.prob != 1 else ""
    return f"{by}{prob}{f' ({one.state})' if one.state != 'pre-added' else ''}"
