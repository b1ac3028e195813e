"""Characters that XML cannot carry: shown by a stand-in of the same length, and recorded so that nothing is lost.

XML 1.0 has no way to write most C0 controls, lone surrogates, U+FFFE and U+FFFF. In
plain.html a C0 control stands as its control picture (ESC as U+241B), any other of
them as U+FFFD; the element's `data-controls` lists `offset:code` (UTF-16
offset, hexadecimal code), from which our reader puts them back. Every stand-in is one UTF-16 unit,
as what it stands for is, so offsets hold for readers that know nothing of this.
"""

from __future__ import annotations

import re

from tui_annotate.formats.utf16 import Utf16

ATTRIBUTE = "data-controls"

_UNCARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def shown(text: str) -> str:
    """Return the text with stand-ins, as plain.html and the `text` of entities have it."""
    return _UNCARRIED.sub(_stand_in, text) if _UNCARRIED.search(text) else text


def _stand_in(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def record(text: str) -> str:
    """Return the value of `data-controls` for a part's text; empty when it needs none."""
    if not _UNCARRIED.search(text):
        return ""
    units = Utf16(text)
    return " ".join(f"{units.from_points(m.start())}:{ord(m.group()):x}" for m in _UNCARRIED.finditer(text))


def restore(text: str, recorded: str) -> str:
    """Put the recorded characters back; entries that do not fit the text are left as they stand."""
    units = Utf16(text)
    characters = list(text)
    for entry in recorded.split():
        offset, _, code = entry.partition(":")
        try:
            at, character = units.to_points(int(offset)), chr(int(code, 16))
        except (ValueError, OverflowError):
            continue
        if at is not None and 0 <= at < len(characters) and _UNCARRIED.match(character):
            stand_in = shown(character)
            characters[at] = character if characters[at] == stand_in else characters[at]
    return "".join(characters)


def names(text: str) -> str:
    """Return what a report calls the uncarried characters of a text, e.g. `U+001B (2)`; empty for none."""
    counts: dict[str, int] = {}
    for match in _UNCARRIED.finditer(text):
        name = f"U+{ord(match.group()):04X}"
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))


_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def escaped(name: str) -> str:
    r"""Return a name as an attribute can carry it: uncarried characters as `\uXXXX`, backslashes doubled."""
    return _UNCARRIED.sub(lambda m: f"\\u{ord(m.group()):04x}", name.replace("\\", "\\\\"))


def unescaped(value: str) -> str:
    """Return the name that `escaped` was given."""
    return _ESCAPED.sub(lambda m: "\\" if m.group(1) == "\\" else chr(int(m.group(1)[1:], 16)), value)
