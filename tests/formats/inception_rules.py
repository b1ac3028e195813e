"""Reads WebAnno TSV by INCEpTION's documented rules alone, and strictly: what INCEpTION would refuse fails here.

Offsets are UTF-16; a text is what the sentences say, at the offsets of their first tokens; numbers in brackets tie
rows together. Nothing is shared with the program's own reader.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_UNIT = re.compile(r"\d+-\d+(\.\d+)?")
_STACK = re.compile(r"(?<!\\)\|")
_VALUE = re.compile(r"\\(->|[\\\[\]|_;tn*])")
_TEXT = re.compile(r"\\([\x00-\x07\x0e-\x1ftnfrb\\])")
_LETTERS = {"t": "\t", "n": "\n", "f": "\f", "r": "\r", "b": "\b"}


class Found(NamedTuple):
    """What a file says."""

    text: str
    entities: list[tuple[str, int, int]]
    """Value, and offsets in UTF-16."""
    relations: list[tuple[str, tuple[str, int, int], tuple[str, int, int]]]


class _Note:
    def __init__(self, begin: int, end: int) -> None:
        self.begin, self.end = begin, end
        self.values: dict[str, str] = {}

    def shown(self) -> tuple[str, int, int]:
        return self.values.get("value", "NamedEntity"), self.begin, self.end


def read(content: bytes) -> Found:
    """Return what INCEpTION would make of a file whose layers are named entities and relations."""
    lines = re.split(r"\r\n|\r|\n", content.decode("utf-8"))
    assert lines.pop() == "", "the last line has an end"
    assert re.fullmatch(r"#FORMAT=WebAnno TSV \d+\.\d+", lines[0])
    at, columns = 1, []
    while lines[at].startswith("#T_"):
        kind, name, *features = [piece for piece in re.split(r"[=|]", lines[at]) if piece]
        columns += [(kind, name, feature) for feature in features or [""]]
        at += 1
    assert lines[at] == "", "one empty line after the layers"
    return _Content(columns).read(lines[at + 1 :])


class _Content:
    def __init__(self, columns: list[tuple[str, str, str]]) -> None:
        self._columns = columns
        self._text = bytearray()
        self._by_number: dict[int, _Note] = {}
        self._at: dict[tuple[str, str], dict[int, _Note]] = {}
        self._links: list[tuple[str, dict[int, dict[str, str]]]] = []

    def read(self, lines: list[str]) -> Found:
        state, sentence = "between", ""
        for line in [*lines, None]:
            before = state
            if line is not None and state in ("between", "header") and line.startswith("#"):
                state = "header"
            else:
                state = "end" if line is None else "between" if line == "" else "row"
            allowed = {"between": ("header",), "header": ("header", "row"), "row": ("between", "end", "row")}
            if before == "between" and state == "between" and not self._text:
                continue
            assert state in allowed[before], f"{state} after {before}"
            if state == "header" and line is not None and line.startswith("#Text="):
                sentence += _TEXT.sub(lambda m: _LETTERS.get(m[1], m[1]), line.removeprefix("#Text=")) + "\n"
            elif state == "row" and line is not None:
                self._row(line, sentence if before == "header" else "")
                sentence = ""
        text = bytes(self._text[:-2]).decode("utf-16-le", "surrogatepass")
        entities = [note for held in self._at.values() for note in held.values()]
        spans = {id(note): note.shown() for note in entities}
        return Found(text, list(spans.values()), self._relations())

    def _row(self, line: str, sentence: str) -> None:
        fields = line.split("\t")
        assert len(fields) >= len(self._columns) + 3, line
        assert _UNIT.fullmatch(fields[0]), line
        begin, end = map(int, fields[1].split("-"))
        if sentence:
            size = len(self._text) // 2
            if size > begin:
                assert size == begin + 1
                assert self._text[-2:] == b"\n\0"
                del self._text[-2:]
            self._text += " ".encode("utf-16-le") * (begin - len(self._text) // 2)
            self._text += sentence.encode("utf-16-le", "surrogatepass")
        links: dict[int, dict[str, str]] = {}
        for (kind, layer, feature), cell in zip(self._columns, fields[3:], strict=False):
            if cell == "_":
                continue
            for index, value in enumerate(_STACK.split(cell)):
                number = ""
                if value.endswith("]") and not value.endswith("\\]"):
                    value, _, number = value.rpartition("[")
                    number = number.removesuffix("]")
                if kind == "#T_RL":
                    links.setdefault(index, {})[feature] = f"{value}[{number}" if feature.startswith("BT_") else value
                else:
                    self._entity(layer, fields[0], index, number, (begin, end), feature, value)
        if links:
            self._links.append((fields[0], links))

    def _entity(
        self, layer: str, unit: str, index: int, number: str, place: tuple[int, int], feature: str, value: str
    ) -> None:
        held = self._at.setdefault((layer, unit), {})
        note = held.get(index)
        if note is None and number:
            note = self._by_number.get(int(number))
            if note is not None:
                note.end = place[1]
        if note is None:
            note = _Note(*place)
        held[index] = note
        if number:
            known = self._by_number.setdefault(int(number), note)
            assert known is note, "a number stands for one annotation"
        if value != "*":
            note.values[feature] = _VALUE.sub(lambda m: {"t": "\t", "n": "\n"}.get(m[1], m[1]), value)

    def _relations(self) -> list[tuple[str, tuple[str, int, int], tuple[str, int, int]]]:
        found = []
        for unit, links in self._links:
            for values in links.values():
                source, _, numbers = next(v for f, v in values.items() if f.startswith("BT_")).partition("[")
                first, _, second = numbers.partition("_")
                ends = [self._resolve(source, first), self._resolve(unit, second)]
                type = _VALUE.sub(lambda m: m[1], values.get("value", "*"))
                found.append((type, ends[0].shown(), ends[1].shown()))
        return found

    def _resolve(self, unit: str, number: str) -> _Note:
        if number and int(number) > 0:
            return self._by_number[int(number)]
        return next(held for (_, at), held in self._at.items() if at == unit)[0]
