"""What a tool says of its own beside documents and annotations: kept under its name, written back to it alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

Tool = Literal["prodigy", "label_studio", "pubannotation", "doccano", "conll", "conllu"]
_TOOLS = frozenset(get_args(Tool))


def is_of(tool: Tool, mark: re.Pattern[bytes], head: bytes) -> bool:
    """Say whether a file begins as a tool's own: with a key of its rows that does not stand under the tool's name.

    Under that name stands in our own files what came from the tool.
    """
    return mark.search(head) is not None and f'"{tool}":{{'.encode() not in head


def of(extra: Mapping[str, Any], tool: Tool) -> Mapping[str, Any]:
    """Return what a tool said, from the `extra` of a document, a version or an annotation."""
    kept = extra.get(tool)
    return kept if isinstance(kept, dict) else {}


def under(tool: Tool, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return an `extra` that keeps what a tool said; empty when it said nothing."""
    return {tool: dict(said)} if said else {}


def without_tools(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return an `extra` without what other tools said."""
    return {key: value for key, value in extra.items() if key not in _TOOLS}
