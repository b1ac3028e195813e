"""The one mapper: whatever comes from outside passes here before it reaches a terminal.

Documents, labels, file names, logs and models may hold escape sequences, direction
overrides or characters that no one sees. Each such code point becomes one visible
glyph of one cell, so offsets stay and nothing can drive or deceive the terminal:

| glyph | stands for |
|---|---|
| `␀`..`␟` `␡` | control characters (C0 and DEL), tabs and line ends included |
| `␦` | C1 controls; `␤` for NEL and the Unicode line and paragraph separators |
| `⇢` `⇠` `⇄` | direction controls: left to right, right to left, others |
| `¦` | joiners, zero-width blanks, fillers, other format characters |
| `¬` | soft hyphen |
| `˅` | variation selectors: terminals disagree about the width they give |
| `⌑` | tag characters |
| `⍰` | private use, unassigned, lone surrogates |
| `◌` | a mark, jamo or skin tone without anything to sit on, or past the fifth |
"""

from __future__ import annotations

import regex
from rich.cells import cell_len, set_cell_size

_HIDDEN = regex.compile(r"[\p{C}\p{Zl}\p{Zp}\p{DI}\p{Variation_Selector}]")
_JOINING = regex.compile(r"[\p{M}\p{Emoji_Modifier}\u1160-\u11ff\ud7b0-\ud7ff]+")
_SUSPECT = regex.compile(r"[\p{C}\p{Zl}\p{Zp}\p{DI}\p{M}\p{Emoji_Modifier}\u1160-\u11ff\ud7b0-\ud7ff]")
_MODIFIER = regex.compile(r"\p{Emoji_Modifier}")
_MODIFIER_BASE = regex.compile(r"\p{Emoji_Modifier_Base}")
_HANGUL = regex.compile(r"[\u1100-\u11ff\ua960-\ua97c\uac00-\ud7ff]")
_BASELESS = regex.compile(r"[\s\p{C}\p{Zl}\p{Zp}\p{DI}\p{Variation_Selector}]")

STRAY = "◌"
MARKS_A_CELL = 5
"""More marks than this on one cell spill over the lines around it, so the rest get cells of their own."""

_FIXED = {
    0x7F: "␡",
    0x85: "␤",
    0x2028: "␤",
    0x2029: "␤",
    0xAD: "¬",
    **dict.fromkeys((0x200E, 0x202A, 0x202D, 0x2066), "⇢"),
    **dict.fromkeys((0x200F, 0x061C, 0x202B, 0x202E, 0x2067), "⇠"),
    **dict.fromkeys((0x202C, 0x2068, 0x2069), "⇄"),
    **dict.fromkeys((0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)), "˅"),
    **dict.fromkeys(range(0xE0000, 0xE0080), "⌑"),
}
_UNKNOWN = regex.compile(r"[\p{Co}\p{Cn}\p{Cs}]")


class _Glyphs(dict[int, str]):
    """Code point to glyph, filled as characters are met."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        glyph = _glyph(point, char) if _HIDDEN.match(char) else char
        self[point] = glyph
        return glyph


def _glyph(point: int, char: str) -> str:
    if point in _FIXED:
        return _FIXED[point]
    if point < 0x20:
        return chr(0x2400 + point)
    if point < 0xA0:
        return "␦"
    return "⍰" if _UNKNOWN.match(char) else "¦"


_GLYPHS = _Glyphs()


def is_clean(text: str) -> bool:
    """Say whether `visible` would return the text as it is without looking closer."""
    return text.isascii() and text.isprintable()


def visible(text: str) -> str:
    """Return the text with a glyph in place of all that would not show, one code point for one.

    `len` and every offset stay; the result holds no control, format, private or
    unassigned character, and each of its characters takes the cells that
    `rich.cells.get_character_cell_size` gives, whatever stands beside it.
    """
    if is_clean(text) or _SUSPECT.search(text) is None:
        return text
    mapped = text.translate(_GLYPHS)
    return _JOINING.sub(_seated, mapped) if _JOINING.search(mapped) else mapped


def _seated(run: regex.Match[str]) -> str:
    """Keep the joining characters that have something to sit on."""
    text = run.string
    base = text[run.start() - 1] if run.start() else " "
    if base in _GLYPH_CHARS or _BASELESS.match(base):
        base = ""
    kept = []
    for index, char in enumerate(run.group()):
        if not base or index >= MARKS_A_CELL:
            kept.append(STRAY)
        elif _MODIFIER.match(char):
            kept.append(char if index == 0 and _MODIFIER_BASE.match(base) else STRAY)
        elif _HANGUL.match(char):
            kept.append(char if _HANGUL.match(base) else STRAY)
        else:
            kept.append(char)
    return "".join(kept)


_GLYPH_CHARS = frozenset("¦¬˅⌑⍰␦␤␡⇢⇠⇄" + "".join(map(chr, range(0x2400, 0x2420))))


def shown(text: str, width: int | None = None) -> str:
    """Return text of one line for a label, a status line or a table cell.

    Args:
        width: Cells it may take; longer text ends in `…`.
    """
    if width is not None and len(text) > 4 * width + 16:
        text = text[: 4 * width + 16]
    line = visible(text)
    if width is None or cell_len(line) <= width:
        return line
    return set_cell_size(line, width - 1).rstrip() + "…" if width > 0 else ""
