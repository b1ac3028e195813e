"""Blocks of a text with markup become parts: headings begin sections, and within those each kind is counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tui_annotate.domain.documents import Part

Kind = Literal["h", "p", "v"]
"""A heading, a paragraph, or what is kept as it stands (code)."""


def numbered(blocks: Iterable[tuple[Kind, str]]) -> tuple[Part, ...]:
    """Return blocks as parts, `s1h1`, `s1p1`, `s2h1`...; each heading but one at the very beginning opens a section."""
    found: list[Part] = []
    section = 1
    counts: dict[Kind, int] = {}
    for kind, text in blocks:
        if kind == "h" and counts:
            section += 1
            counts = {}
        counts[kind] = counts.get(kind, 0) + 1
        found.append(Part(f"s{section}{kind}{counts[kind]}", text))
    return tuple(found)


def kind_of(part: Part) -> Kind:
    """Return what a part's id says it is; a paragraph when it says nothing."""
    letter = part.id.rstrip("0123456789")[-1:]
    return "h" if letter == "h" else "v" if letter == "v" else "p"
