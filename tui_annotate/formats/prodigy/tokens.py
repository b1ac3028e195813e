"""Tokens of Prodigy's rows: those that came, as long as they fit the text, else those of the one tokeniser."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import regex

from tui_annotate.domain.tokens import token_offsets

_CLUSTER = regex.compile(r"\X")


def made_tokens(text: str) -> list[dict[str, Any]]:
    """Return the tokens of a text as a row has them; what shows as one character is not cut, such as an emoji."""
    return [
        {"text": text[start:end], "start": start, "end": end, "id": at, "ws": text[end : end + 1].isspace()}
        for at, (start, end) in enumerate(_whole(text))
    ]


def _whole(text: str) -> Iterator[tuple[int, int]]:
    offsets = token_offsets(text)
    if text.isascii() or not offsets:
        yield from offsets
        return
    begins = [match.start() for match in _CLUSTER.finditer(text)] + [len(text)]
    begin, end = offsets[0]
    for start, stop in offsets[1:]:
        after = begins[bisect_left(begins, start)]
        if start == end and after != start:
            # It goes on with what shows as one with the token before.
            end = min(after, stop)
            if end == stop:
                continue
            start = end
        yield begin, end
        begin, end = start, stop
    yield begin, end


def fits(tokens: Any, text: str) -> bool:
    """Say whether these are tokens of a text, each by characters where it says that it stands."""
    return type(tokens) is list and bool(tokens) and all(_fits(token, text) for token in tokens)


def _fits(token: Any, text: str) -> bool:
    if type(token) is not dict or not all(type(token.get(key)) is int for key in ("start", "end", "id")):
        return False
    start, end = token["start"], token["end"]
    return 0 <= start < end <= len(text) and token.get("text") in (None, text[start:end])
