"""Lines of brat's `.ann` files: mentions, relations, events, attributes, normalizations, notes, equivalences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_OFFSETS = re.compile(r"\d+(?:;\d+)?;?|;")
_RELATION = re.compile(r"(\S+)\s+([^\s:]+):(\S+)\s+([^\s:]+):(\S+)\s*")
_EQUIVALENCE = re.compile(r"(\S+)((?:\s+[A-Za-z]\S*)+)\s*")
_REFERENCE = re.compile(r"(\S+)\s+([TREAMN]\d\S*)\s+([^:\s]+):(\S+)(?:\t(.*))?")
_BIONLP = re.compile(r"(\S+)\s+(?:Annotation:(\S+)\s+Referent:(\S+)|Referent:(\S+)\s+Annotation:(\S+))(?:\t(.*))?")
_NOTE = re.compile(r"(\S+)\s+(\S+)(?:\t(.*))?", re.DOTALL)
_ID = re.compile(r"[TREAMN]\d\S*|#\S*|\*")


@dataclass(frozen=True, slots=True)
class Mention:
    """A `T` line."""

    id: str
    type: str
    fragments: tuple[tuple[int, int], ...]
    surface: str | None
    where: str


@dataclass(frozen=True, slots=True)
class Link:
    """An `R` line, an argument of an event, or a pair of an equivalence."""

    id: str
    type: str
    ends: tuple[str, str]
    """Ids of mentions or events."""
    where: str
    is_symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An `E` line."""

    id: str
    type: str
    trigger: str
    arguments: tuple[tuple[str, str], ...]
    """(role, id) pairs."""
    where: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An `A` or `M` line; a value of None is a plain yes."""

    id: str
    name: str
    target: str
    value: str | None
    where: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An `N` line."""

    id: str
    target: str
    name: str
    """The dictionary."""
    entry: str
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Note:
    """A `#` line, as it came."""

    target: str
    line: str


@dataclass(slots=True)
class Lines:
    """What the files of annotations of one document say."""

    mentions: dict[str, Mention] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    """(where, field, reason) of lines that were left out."""

    @property
    def ids(self) -> set[str]:
        """Return the ids that are taken."""
        found = {*self.mentions, *self.events, *(link.id for link in self.links)}
        return found | {mark.id for mark in self.marks} | {one.id for one in self.references}

    def anchor(self, id: str) -> str:
        """Return the mention that an id stands for: of an event its trigger."""
        return self.events[id].trigger if id in self.events else id

    def all_links(self) -> Iterator[Link]:
        """Yield relations, and arguments of events as relations from the event."""
        yield from self.links
        for event in self.events.values():
            for role, target in event.arguments:
                yield Link(event.id, role_of(role), (event.id, target), event.where)


def role_of(argument: str) -> str:
    """Return the role of an event's argument: `Theme` of `Theme2`."""
    return argument.rstrip("0123456789") or argument


def parse(files: Iterable[tuple[str, str]]) -> Lines:
    """Return what files say, given as pairs of what reports call them, and their text."""
    made = Lines()
    for where, text in files:
        for number, line in _joined(text.split("\n")):
            _parse_line(line.removesuffix("\r"), f"{where}:{number}", made)
    return made


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Number lines; the surface text of a mention goes on in the next one, as some tools write it, until it is full."""
    held: list[str] = []
    first, missing = 0, 0
    for number, line in enumerate(lines, 1):
        if not line.strip(" \r"):
            continue
        if held and missing > 0 and not _ID.fullmatch(line.partition("\t")[0]):
            held.append(line)
            missing -= len(line) + 1
            continue
        if held:
            yield first, "\n".join(held)
        held, first = [line], number
        missing = _missing(line) if line.startswith("T") and line.count("\t") > 1 else 0
    if held:
        yield first, "\n".join(held)


def _missing(line: str) -> int:
    """Return how many characters the surface text of a mention lacks."""
    _, head, surface = line.split("\t", 2)
    offsets = [int(word[:12]) for word in head.replace(";", " ").split() if word.isdecimal()]
    return max(offsets, default=0) - min(offsets, default=0) - len(surface) if len(offsets) == 2 else 0


def _parse_line(line: str, where: str, made: Lines) -> None:
    id, tab, body = line.partition("\t")
    if not tab:
        id, _, body = line.partition(" ")
    kind = id[:1]
    if kind == "#":
        note = _NOTE.fullmatch(body)
        made.notes.append(Note(note.group(2) if note else "", line))
        return
    readers = {
        "T": _mention,
        "R": _relation,
        "E": _event,
        "A": _mark,
        "M": _mark,
        "N": _reference,
        "*": _equivalence,
    }
    if kind not in readers or (kind != "*" and not id[1:2].isdigit()):
        made.problems.append(
            (where, id[:20], "begins with no id that is known (T1, R1, E1, A1, M1, N1, #1 or *); left out")
        )
    elif not readers[kind](id, body, where, made):
        made.problems.append((where, id[:20], f"does not read as a line of {kind}; left out"))


def _mention(id: str, body: str, where: str, made: Lines) -> bool:
    head, tab, surface = body.partition("\t")
    words = head.split()
    at = len(words)
    while at and _OFFSETS.fullmatch(words[at - 1]):
        at -= 1
    pairs = [piece.split() for piece in " ".join(words[at:]).split(";")]
    # A type may end in a number: `Grade 3 10 15` is the type `Grade 3`.
    type = " ".join([*words[:at], *pairs[0][:-2]])
    pairs[0] = pairs[0][-2:]
    if not type or id in made.mentions or any(len(p) != 2 or max(map(len, p)) > 12 for p in pairs):
        return False
    fragments = tuple(sorted((int(start), int(end)) for start, end in pairs))
    made.mentions[id] = Mention(id, type, fragments, surface if tab else None, where)
    return True


def _relation(id: str, body: str, where: str, made: Lines) -> bool:
    match = _RELATION.fullmatch(body)
    if match is None:
        return False
    ends = (match.group(3), match.group(5))
    # The second argument may stand first; roles other than Arg1 and Arg2 keep their order.
    if match.group(2) == "Arg2" and match.group(4) == "Arg1":
        ends = (ends[1], ends[0])
    made.links.append(Link(id, match.group(1), ends, where))
    return True


def _equivalence(id: str, body: str, where: str, made: Lines) -> bool:
    match = _EQUIVALENCE.fullmatch(body)
    if match is None:
        return False
    ids = match.group(2).split()
    made.links += [Link("*", match.group(1), (a, b), where, is_symmetric=True) for a, b in pairwise(ids)]
    return True


def _event(id: str, body: str, where: str, made: Lines) -> bool:
    pieces = [piece.partition(":") for piece in body.split()]
    if not pieces or not all(colon and value for _, colon, value in pieces) or id in made.events:
        return False
    type, _, trigger = pieces[0]
    made.events[id] = Event(id, type, trigger, tuple((role, value) for role, _, value in pieces[1:]), where)
    return True


def _mark(id: str, body: str, where: str, made: Lines) -> bool:
    words = body.split(maxsplit=2)
    if len(words) < 2:
        return False
    made.marks.append(Mark(id, words[0], words[1], words[2].strip() if len(words) > 2 else None, where))
    return True


def _reference(id: str, body: str, where: str, made: Lines) -> bool:
    match = _REFERENCE.fullmatch(body)
    if match is not None:
        _, target, name, entry, text = match.groups()
        made.references.append(Reference(id, target, name, entry, text or "", where))
        return True
    match = _BIONLP.fullmatch(body)
    if match is None:
        return False
    target, referent = match.group(2) or match.group(5), match.group(3) or match.group(4)
    name, colon, entry = referent.partition(":")
    made.references.append(
        Reference(id, target, name if colon else "", entry if colon else name, match.group(6) or "", where)
    )
    return True
