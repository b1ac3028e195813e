"""Counts with their nouns: `1 document`, `2 documents`, `1 entity that is new`."""

from __future__ import annotations

import re

_LIKE_ENTITIES = re.compile(r"(?<=[a-z])ies\b")
_AFTER_S = re.compile(r"(?<=ss|sh|ch)es$|(?<=x)es$")
_VERBS = {
    "are": "is",
    "have": "has",
    "begin or end": "begins or ends",
    "begin": "begins",
    "lie": "lies",
    "stand": "stands",
    "get": "gets",
    "differ": "differs",
}
_OBJECTS = {"them": "it", "no names of files": "no name of a file"}
_END = re.compile(rf"\b(?:{'|'.join(_OBJECTS)})$")
_THAT = re.compile(rf"(?<=\bthat )(?:{'|'.join(_VERBS)})\b|(?<=, which )are\b")
_SAME = frozenset(("unchanged", "series"))


def counted(count: int, names: str) -> str:
    """Return a count with what it counts, which is given as several: the first word, and the verb after `that`."""
    return f"{count:,} {names if count != 1 else one(names)}"


def one(names: str) -> str:
    """Return the words for a single one: `entities that are new` is `entity that is new`."""
    noun, blank, rest = names.partition(" ")
    if noun not in _SAME:
        if _LIKE_ENTITIES.search(noun):
            noun = _LIKE_ENTITIES.sub("y", noun)
        elif _AFTER_S.search(noun):
            noun = _AFTER_S.sub("", noun)
        elif noun.endswith("s") and not noun.endswith("ss"):
            noun = noun[:-1]
    rest = _THAT.sub(lambda verb: _VERBS[verb.group()], rest, count=1)
    return noun + blank + _END.sub(lambda words: _OBJECTS[words.group()], rest)
