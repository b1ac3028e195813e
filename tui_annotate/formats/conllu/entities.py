"""Entities in the last column of CoNLL-U: tags as `NER=B-PER`, or brackets as `Entity=(e1-person`.

The brackets are those of CorefUD and GUM: `(` and an id or type open, the id or type and `)` close, and `(e1-person)`
is one word. Which field is the type, `# global.Entity = eid-etype-head` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tui_annotate.formats import tagging
from tui_annotate.formats.conllu.lines import MISC, Sentence, misc, unescaped

TAG_KEYS = ("NER", "ner", "NE", "Name")
KEYS = (*TAG_KEYS, "Entity")
_BRACKETS = re.compile(r"[()]|[^()]+")
_ID = re.compile(r"[a-zA-Z]?\d+(?:\[\d+/\d+\])?")
_PIECE = re.compile(r"\[\d+/\d+\]")
_UNTYPED = "mention"
Found = tuple[str, int, int]
"""Type, start, end."""


@dataclass(slots=True)
class Brackets:
    """Brackets that are open, over the sentences of a document."""

    fields: list[str] = field(default_factory=list)
    """What the parts of an opening bracket are called."""
    open: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Types and starts by id."""

    def begin(self, text: str, start: int) -> None:
        """Take in an opening bracket."""
        id, type = _opened(text, self.fields)
        self.open.setdefault(id, []).append((type, start))

    def end(self, text: str) -> tuple[str, int] | None:
        """Return type and start of what a closing bracket closes; None where nothing of its name is open."""
        for name in (text.partition("-")[0], text):
            if self.open.get(name):
                return self.open[name].pop()
        return None


def read(found: Sequence[Sentence]) -> tuple[list[Found], list[tuple[int, str, str]], bool]:
    """Return the entities of a document, what was wrong with them, and whether its rows speak of entities at all."""
    entities: list[Found] = []
    problems: list[tuple[int, str, str]] = []
    brackets = Brackets()
    is_said = False
    for sentence in found:
        brackets.fields = (sentence.comment("global.Entity") or "").strip().split("-") or brackets.fields
        places, tags = [], []
        for unit in sentence.units:
            for word in unit.words or [unit.row]:
                said = misc(sentence.rows[word])
                if unit.words and unit.row not in unit.words:
                    said = misc(sentence.rows[unit.row]) | said
                is_said |= any(key in said for key in KEYS)
                places.append((unit.start, unit.end))
                tags.append(next((unescaped(said[key]) for key in TAG_KEYS if key in said), "O"))
                wrong = _brackets(said.get("Entity", ""), (unit.start, unit.end), brackets, entities)
                problems += [(sentence.line, "Entity", reason) for reason in wrong]
        entities += [(type, places[first][0], places[last - 1][1]) for type, first, last in tagging.decode(tags)]
    if any(_PIECE.search(row[MISC]) for sentence in found for row in sentence.rows if "Entity=" in row[MISC]):
        problems.append((found[0].line, "Entity", "has mentions of several pieces; each piece is an entity by itself"))
    left = [name for name, held in brackets.open.items() for _ in held]
    if left and found:
        reason = f"{len(left)} brackets are never closed: {', '.join(left[:3])}; left out"
        problems.append((found[-1].line, "Entity", reason))
    return sorted(set(entities), key=lambda one: (one[1], -one[2], one[0])), problems, is_said


def _brackets(value: str, place: tuple[int, int], brackets: Brackets, entities: list[Found]) -> Iterator[str]:
    """Take in the brackets of one word; yield what is wrong with them."""
    name, is_open = "", False
    for piece in (*_BRACKETS.findall(value), "("):
        if piece not in ("(", ")"):
            name = piece
            continue
        if is_open:
            if piece == ")":
                entities.append((_opened(name, brackets.fields)[1], *place))
            else:
                brackets.begin(name, place[0])
        elif piece == ")" and name:
            began = brackets.end(name)
            if began is None:
                yield f"{name}) closes a bracket that is not open; left out"
            else:
                entities.append((began[0], began[1], place[1]))
        is_open = piece == "("
        name = ""


def _opened(text: str, fields: Sequence[str]) -> tuple[str, str]:
    """Return id and type of an opening bracket: by the fields, else GUM's `person-1`, else id or type alone."""
    parts = text.split("-")
    if "etype" in fields and "eid" in fields and len(parts) > fields.index("etype"):
        id, type = parts[fields.index("eid")], parts[fields.index("etype")]
    elif len(parts) > 1 and parts[0].isalpha() and parts[1].isdigit():
        id, type = text, parts[0]
    elif len(parts) > 1:
        id, type = parts[0], parts[1]
    else:
        id, type = text, "" if _ID.fullmatch(text) else text
    return id, type or _UNTYPED
