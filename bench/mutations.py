"""Damages input in the ways in which files get damaged, and in those in which somebody would damage them."""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any

_TOKENS = [
    *(b"-1", b"0", b"1e309", b"99999999999999999999", b"-99999999999999999999", b"NaN", b"null", b"true", b"0.5"),
    *(b'"', b"'", b"{", b"}", b"[", b"]", b"<", b">", b"</", b"/>", b"&", b"&#0;", b"&#xD800;", b"&amp;", b"]]>"),
    *(b"<!--", b"<!DOCTYPE x [", b"<![CDATA[", b"<?xml", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80"),
    *(b"\\u0000", b"\\ud800", b"\\ud83d\\ude00", b"\r", b"\r\n", b"\n\n", b"\t", b"\xef\xbb\xbf", b"\xff\xfe", b" "),
    *(b",", b":", b";", b"|", b"_", b"*", b"#", b"-", b"%s", b"../", b"=1+1", b"B-", b"I-", b"O", b"T1", b"\\", b"("),
    *(b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b[31m", b"a" * 3000, "e\u0301".encode(), b"AND", b"NOT", b" TO ", b"count:"),
]
_VALUES: list[Any] = [None, True, -1, 0, 10**20, 1.5, "", "x", "\x00", "\ud800", [], {}, [[]], {"": None}, "x" * 3000]
_NUMBER = re.compile(rb"-?\d+")
_TAG = re.compile(rb"<[^<>]{1,200}>")
_QUOTED = re.compile(rb'"[^"\n]{0,200}"')
_DEEP = [b"[", b"<a>", b'{"a":', b"(", b"<div>", b"> ", b"- "]
_DEEPEST = 20_000


class Mutator:
    """Damages inputs, the same ones in the same way for the same number."""

    def __init__(self, name: str, *, is_packed: bool = False) -> None:
        self._name = name
        self._is_packed = is_packed

    def mutated(self, seeds: Sequence[dict[str, bytes]], number: int) -> dict[str, bytes]:
        """Return one of the inputs, a file or several, damaged in the way of this number."""
        chance = random.Random(f"{self._name}:{number}")
        files = dict(chance.choice(seeds))
        name = chance.choice(list(files))
        content = files[name]
        if self._is_packed and chance.random() < 0.7:
            files[name] = zlib.compress(_damaged(zlib.decompress(content), chance), 1)
        else:
            files[name] = _damaged(content, chance)
        if len(files) > 1 and chance.random() < 0.1:
            del files[chance.choice(list(files))]
        return files


def _damaged(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        content = chance.choice(_WAYS)(content, chance)
    return content


def _flip(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return b"\x00"
    at = chance.randrange(len(content))
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _cut(content: bytes, chance: random.Random) -> bytes:
    start, end = _stretch(content, chance)
    return content[:start] + content[end:]


def _end(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randint(0, len(content))]


def _double(content: bytes, chance: random.Random) -> bytes:
    start, end = _stretch(content, chance)
    at = chance.randint(0, len(content))
    return content[:at] + content[start:end] * chance.choice([1, 1, 2, 20]) + content[at:]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(content))
    return content[:at] + chance.choice(_TOKENS) + content[at:]


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    at, token = chance.randint(0, len(content)), chance.choice(_TOKENS)
    return content[:at] + token + content[at + len(token) :]


def _number(content: bytes, chance: random.Random) -> bytes:
    return _replaced(content, _NUMBER, chance.choice(_TOKENS[:9]), chance)


def _quoted(content: bytes, chance: random.Random) -> bytes:
    return _replaced(content, _QUOTED, chance.choice([b'""', b"null", b"0", b"[]", b"{}", b'"\\ud800"']), chance)


def _tag(content: bytes, chance: random.Random) -> bytes:
    return _replaced(content, _TAG, chance.choice([b"", b"<a>", b"</a>", b"<text>", b"&x;", b"<br/>"]), chance)


def _lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(4)
    if way == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif way == 1:
        del lines[first]
    elif way == 2:
        lines.insert(first, lines[second])
    else:
        cells = lines[first].split(b"\t")
        chance.shuffle(cells)
        lines[first] = b"\t".join(cells)
    return b"\n".join(lines)


def _json(content: bytes, chance: random.Random) -> bytes:
    """Put another value somewhere into a JSON value, that of the file or of one of its lines."""
    lines = content.split(b"\n")
    for index in (None, chance.randrange(len(lines))):
        try:
            value = json.loads(content if index is None else lines[index])
        except (ValueError, RecursionError):
            continue
        changed = json.dumps(_other(value, chance), ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
        if index is None:
            return changed
        lines[index] = changed
        return b"\n".join(lines)
    return _insert(content, chance)


def _other(value: Any, chance: random.Random) -> Any:
    """Return a JSON value with one of its pieces changed, dropped or doubled."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(_VALUES)
    if isinstance(value, dict):
        key = chance.choice(list(value))
        way = chance.random()
        if way < 0.1:
            return {other: one for other, one in value.items() if other != key}
        if way < 0.2:
            return {**value, chance.choice(["", "id", "text", key + "x"]): value[key]}
        return {**value, key: _other(value[key], chance)}
    at = chance.randrange(len(value))
    if chance.random() < 0.15:
        return [*value[:at], value[at], *value[at:]]
    return [*value[:at], _other(value[at], chance), *value[at + 1 :]]


def _deep(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.9:
        return _insert(content, chance)
    at = chance.randint(0, len(content))
    return content[:at] + chance.choice(_DEEP) * chance.randint(2, _DEEPEST) + content[at:]


def _replaced(content: bytes, pattern: re.Pattern[bytes], by: bytes, chance: random.Random) -> bytes:
    found = list(pattern.finditer(content))
    if not found:
        return _flip(content, chance)
    match = chance.choice(found)
    return content[: match.start()] + by + content[match.end() :]


def _stretch(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(content))
    return start, min(len(content), start + chance.choice([1, 2, 5, 20, 100, 1000]))


_WAYS: list[Callable[[bytes, random.Random], bytes]] = [
    *(_flip, _cut, _end, _double, _insert, _overwrite, _number, _quoted, _tag, _lines, _json, _json, _deep)
]
