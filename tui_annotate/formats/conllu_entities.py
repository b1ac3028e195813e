"""Entities in the last column of CoNLL-U: tags as `NER=B-PER`, or brackets as `Entity=(e1-person`.

The brackets are those of CorefUD and GUM: `(` and an id or type open, the id or type and `)` close, and `(e1-person)`
is one word. Which field is the type, `# global.Entity = eid-etype-head` says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_annotate.formats import tagging
from tui_annotate.formats.conllu_lines import MISC, Sentence, misc, unescaped

TAG_KEYS = ("NER", "ner", "NE", "Name")
KEYS = (*TAG_KEYS, "Entity")
_BRACKET = re.compile(r"\((?P<opened>[^()]*)(?P<alone>\))?|(?P<closed>[^()]+)\)")
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
    open: list[tuple[str, str, int]] = field(default_factory=list)
    """Id, type and start."""


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
                if "Entity" in said:
                    _brackets(said["Entity"], unit.start, unit.end, brackets, entities, problems, sentence.line)
        entities += [(type, places[first][0], places[last - 1][1]) for type, first, last in tagging.decode(tags)]
    if any(_PIECE.search(row[MISC]) for sentence in found for row in sentence.rows if "Entity=" in row[MISC]):
        problems.append((found[0].line, "Entity", "has mentions of several pieces; each piece is an entity by itself"))
    if brackets.open and found:
        names = ", ".join(id for id, _, _ in brackets.open[:3])
        problems.append(
            (found[-1].line, "Entity", f"{len(brackets.open)} brackets are never closed: {names}; left out")
        )
    return sorted(set(entities), key=lambda one: (one[1], -one[2], one[0])), problems, is_said


def _brackets(
    value: str,
    start: int,
    end: int,
    brackets: Brackets,
    entities: list[Found],
    problems: list[tuple[int, str, str]],
    line: int,
) -> None:
    for match in _BRACKET.finditer(value):
        if match.group("closed") is None:
            id, type = _opened(match.group("opened"), brackets.fields)
            if match.group("alone"):
                entities.append((type, start, end))
            else:
                brackets.open.append((id, type, start))
            continue
        name = match.group("closed").partition("-")[0]
        at = next(
            (at for at in reversed(range(len(brackets.open))) if brackets.open[at][0] in (name, match.group("closed"))),
            None,
        )
        if at is None:
            problems.append((line, "Entity", f"{match.group('closed')}) closes a bracket that is not open; left out"))
            continue
        _, type, begin = brackets.open.pop(at)
        entities.append((type, begin, end))


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
