"""BIO tags to entities: a row of tokens becomes a text, tokens joined by a space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui_annotate.domain.annotations import Entity
from tui_annotate.domain.interchange import Problem
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError

_PART = "s1v1"


class TagReader:
    """Reads token rows of one file; BIOES and BILOU are read too, and an I- without its B- opens an entity."""

    def __init__(self) -> None:
        self._lenient = 0
        self._first = 0

    def read(self, row: dict[str, Any], number: int) -> tuple[str, dict[int, Entity]]:
        """Return text and entities of one row; raises DataError when tokens and tags do not fit."""
        tokens, tags = row["tokens"], row.get("tags")
        if type(tokens) is not list or not all(type(token) is str for token in tokens):
            raise DataError("`tokens` is no list of strings")
        text = " ".join(tokens)
        if tags is None:
            return text, {}
        if type(tags) is not list or len(tags) != len(tokens):
            raise DataError(f"`tags` must be a list as long as `tokens` ({len(tokens)})")
        return text, self._entities(tokens, tags, number)

    def _entities(self, tokens: list[str], tags: list[Any], number: int) -> dict[int, Entity]:
        found: list[tuple[str, int, int]] = []
        type_, begin, end, at = "", 0, 0, 0
        for token, tag in zip(tokens, tags, strict=True):
            mark, name = _parse(tag)
            if type_ and (mark in "OBSU" or name != type_):
                found.append((type_, begin, end))
                type_ = ""
            if name:
                if not type_:
                    type_, begin = name, at
                    if mark in "IEL":
                        self._note(number)
                end = at + len(token)
                if mark in "SUEL":
                    found.append((type_, begin, end))
                    type_ = ""
            at += len(token) + 1
        if type_:
            found.append((type_, begin, end))
        return {
            n: Entity(name, (Span(_PART, start, stop),), number=n)
            for n, (name, start, stop) in enumerate((f for f in found if f[1] < f[2]), 1)
        }

    def _note(self, number: int) -> None:
        self._lenient += 1
        self._first = self._first or number

    def summary(self, where: str) -> Iterator[Problem]:
        """Yield what was repaired in the whole file, as one problem."""
        if self._lenient:
            yield Problem(
                "repaired",
                f"{where}:{self._first}",
                "tags",
                f"{self._lenient} inside tags without a beginning (this is the first); each was read as a beginning",
            )


def _parse(tag: Any) -> tuple[str, str]:
    if tag in ("O", "", "-"):
        return "O", ""
    if type(tag) is str:
        mark, dash, name = tag.partition("-")
        if dash and mark in ("B", "I", "E", "S", "L", "U") and name.strip():
            return mark, name.strip()
    raise DataError(f"`tags` holds {tag!r}; tags are O, B-TYPE and I-TYPE")
