"""Names of keys: what users write, what Textual calls it, and what no terminal can be trusted to pass on."""

from __future__ import annotations

import unicodedata
from string import ascii_lowercase

_ARROWS = {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
_NAMED = _ARROWS | {"tab", "shift+tab", "enter", "escape", "space", "backspace", "delete", "insert"}
_SHORTENED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_EATEN = frozenset(f"ctrl+{letter}" for letter in "abchijmqsz")
"""Taken by tmux, screen, flow control and job control, or the same byte as backspace, tab and enter."""


def key_name(key: str) -> str | None:
    """Return Textual's name of a key as a user may write it, or None for a key that cannot be used.

    Refused are Alt, Ctrl with anything but a letter, Shift with anything but
    tab, and the control letters that terminals and tmux keep for themselves.
    """
    if key != " ":
        key = key.strip()
    if len(key) == 1:
        return _character_name(key)
    if key.startswith("ctrl+"):
        return key if len(key) == 6 and key[5] in ascii_lowercase and key not in _EATEN else None
    if key in _NAMED or (key[:1] == "f" and key[1:] in ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")):
        return key
    return key if key in _CHARACTERS else None


def display_key(key: str) -> str:
    """Return a key as people write it: `?` for `question_mark`."""
    return _CHARACTERS.get(key, key)


def _character_name(character: str) -> str | None:
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORTENED.get(name, name) or None


_CHARACTERS = {_character_name(sign) or "": sign for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}
