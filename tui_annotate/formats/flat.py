"""A document as formats without parts see it: one text, its entities by offsets in it, and what of them is lost."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats.base import WriteOptions, chosen_version
from tui_annotate.formats.reducing import part_starts
from tui_annotate.formats.safety import safe_path

PART = "s1v1"
"""Id of the only part of a document that comes from a format without parts."""
_BLANKS = re.compile(r"\s+")
_EXAMPLES = 3

Losses = dict[str, list[str]]
"""Why entities are not written as they are, with the text of each."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entity in the whole text of its document."""

    entity: Entity
    spans: tuple[tuple[int, int], ...]
    """Start and end of each piece, in reading order."""

    @property
    def start(self) -> int:
        """Return where it begins."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """Return where its last piece ends."""
        return max(end for _, end in self.spans)


@dataclass(slots=True)
class Flat:
    """What a format with one version and one text has of a document."""

    text: str
    version: ExchangedVersion | None
    placed: list[Placed]
    """In the order of the text, longer ones first."""
    lost: Losses = field(default_factory=dict)

    @property
    def annotations(self) -> Annotations:
        """Return what the version holds; nothing where there is none."""
        return self.version.annotations if self.version else Annotations()

    def lose(self, reason: str, one: Placed) -> None:
        """Note that an entity is not written as it is."""
        self.lost.setdefault(reason, []).append(self.text[one.start : one.end])


def flatten(exchanged: ExchangedDocument, options: WriteOptions) -> Flat:
    """Return a document's text and the entities of the version that is written."""
    document = exchanged.document
    index = chosen_version(exchanged, options)
    version = None if index is None else exchanged.versions[index]
    starts = part_starts(document)
    placed = []
    for entity in version.annotations.entities.values() if version else ():
        begin = starts[entity.spans[0].part]
        placed.append(Placed(entity, tuple((span.start + begin, span.end + begin) for span in entity.spans)))
    placed.sort(key=lambda one: (one.start, -one.end, one.entity.type, one.entity.number))
    return Flat(document.text, version, placed)


WHITE = "white space around an entity, which is cut off"
BLANK = "entities that are nothing but white space"
PIECES = "entities of several pieces, written as one from the first to the last"
COVERED = "entities that lie over a longer one"
INSIDE = "entities that begin or end inside a word"


def hulls(flat: Flat) -> Iterator[Placed]:
    """Yield each entity as one stretch of text that begins and ends with something to see."""
    for one in flat.placed:
        if len(one.spans) > 1:
            flat.lose(PIECES, one)
        place = trimmed(flat.text, one.start, one.end)
        if place is None:
            flat.lose(BLANK, one)
            continue
        if place != (one.start, one.end):
            flat.lose(WHITE, one)
        yield Placed(one.entity, (place,))


def longest(flat: Flat, placed: Iterable[Placed]) -> list[Placed]:
    """Return entities that do not lie over each other, in order: of two that do, the longer one, then the first."""
    kept: list[tuple[int, int, int]] = []
    ordered = list(placed)
    for index in sorted(range(len(ordered)), key=lambda at: (ordered[at].start - ordered[at].end, ordered[at].start)):
        one = ordered[index]
        at = bisect_left(kept, (one.start, -1, -1))
        before = kept[at - 1][1] <= one.start if at else True
        after = one.end <= kept[at][0] if at < len(kept) else True
        if before and after:
            insort(kept, (one.start, one.end, index))
        else:
            flat.lose(COVERED, one)
    return [ordered[index] for _, _, index in kept]


def within(placed: Sequence[Placed], places: Sequence[tuple[int, int]]) -> Sequence[Placed]:
    """Return the entities that begin in one sentence, found without looking at all; both are in order."""
    if not places:
        return ()
    first = bisect_left(placed, places[0][0], key=lambda one: one.start)
    last = bisect_left(placed, places[-1][1], key=lambda one: one.start)
    return placed[first:last]


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return a stretch of text without the white space around it; None when there is nothing else."""
    piece = text[start:end]
    inner = piece.strip()
    if not inner:
        return None
    begin = start + len(piece) - len(piece.lstrip())
    return begin, begin + len(inner)


def told(key: str, lost: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Yield what is not written as it is, a line a reason, with examples."""
    for reason, texts in lost.items():
        examples = ", ".join(repr(text[:40]) for text in texts[:_EXAMPLES])
        yield Problem("noted", key, "", f"{len(texts)} x {reason}: {examples}")


def counted(lost: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how often each reason holds, without those that are counted for every format."""
    return {reason: len(texts) for reason, texts in lost.items() if reason not in (PIECES, COVERED)}


def unnameable(exchanged: ExchangedDocument, name: str = "") -> dict[str, int]:
    """Count what the name of a file does not say, where that is what the id becomes.

    Args:
        name: What it is read as, where that may have an ending that the id has not.
    """
    document = exchanged.document
    found = {}
    if safe_path(document.key) != document.key:
        found["ids that are no names of files"] = 1
    elif name and name != document.key:
        found[f"ids that get {name.removeprefix(document.key)} behind them"] = 1
    if document.folder and document.folder != document.key.rpartition("/")[0]:
        found["folders that ids do not begin with"] = 1
    return found


def entities(found: Iterable[tuple[str, int, int]]) -> dict[int, Entity]:
    """Return entities of one part from types, starts and ends."""
    return {
        number: Entity(type, (Span(PART, start, end),), number=number)
        for number, (type, start, end) in enumerate(found, 1)
    }


def whole(text: str) -> str:
    """Return a text with pairs of surrogates as the character they are, and halves of them replaced."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def without_blanks(name: str) -> str:
    """Return a name for formats in which blanks end it."""
    return _BLANKS.sub("_", name)


def by_plain_name(names: Iterable[str], plain: Callable[[str], str]) -> dict[str, str]:
    """Return which name is meant by a plain one that no name is itself and that is one's alone."""
    all_names = set(names)
    found: dict[str, list[str]] = {}
    for name in all_names:
        found.setdefault(plain(name), []).append(name)
    return {short: held[0] for short, held in found.items() if short not in all_names and len(held) == 1}


def alike(scheme: Scheme, plain: Callable[[str], str]) -> Iterator[Problem]:
    """Yield a problem for types that a format cannot tell apart, since it has no blanks in names."""
    kinds = {
        "entity type": [e.name for e in scheme.entities],
        "relation type": [r.name for r in scheme.relations],
        "attribute": [a.name for a in scheme.attributes],
    }
    for kind, names in kinds.items():
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(plain(name), name)
            if other != name:
                reason = f"{kind} {name!r} is written as {plain(name)!r}, and so is {other!r}; rename one of them"
                yield Problem("noted", "", "scheme", reason)


def is_directed(type: str, scheme: Scheme, default: bool = True) -> bool:
    """Say whether a relation that a file gives from one entity to another has a direction in this corpus."""
    return next((relation.directed for relation in scheme.relations if relation.name == type), default)
