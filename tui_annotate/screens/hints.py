"""The line of keys: what can be pressed here, from the bindings in force."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui_annotate.domain.display import shown
from tui_annotate.keymaps.assignment import Keymap
from tui_annotate.keymaps.labels import Hotkey
from tui_annotate.keymaps.names import display_key
from tui_annotate.screens.lines import Piece, Row, row
from tui_annotate.screens.selecting import Selecting
from tui_annotate.screens.status import value_word
from tui_annotate.session.review import ReviewSession

_Wanted = Sequence[tuple[str, str]]
"""Action ids (two joined by a blank share a word), and the word."""

_WIDE = 100
"""Columns from which there is room for more words."""
_VITAL = (
    "accept",
    "reject",
    "confirm",
    "add-entity",
    "reopen",
    "word-left word-right",
    "seek",
    "choose-type",
    "cancel",
)
"""What is left out last where there is little room; then the keys of the scheme, then all others."""
_SCHEME = ("", "")
"""Where the keys of the scheme stand."""
_END: _Wanted = (("undo", "undo"), ("palette", "commands"))
_UNDECIDED: _Wanted = (
    ("accept", "accept"), ("reject", "reject"), _SCHEME, ("next-suggestion previous-suggestion", "move"),
    ("add-entity", "new"), ("confirm", "confirm and next"), *_END,
)  # fmt: skip
_DECIDED: _Wanted = (
    ("confirm", "confirm and next"), ("add-entity", "new"), ("next-suggestion previous-suggestion", "move"),
    ("change-type", "type"), ("remove", "remove"), ("resize", "resize"), _SCHEME, *_END,
)  # fmt: skip
_BARE: _Wanted = (
    ("confirm", "confirm and next"), ("add-entity", "new"), ("skip", "skip"), ("back", "back"), ("find", "find"),
    ("corpus", "table"), *_END,
)  # fmt: skip
_LABELS_ONLY: _Wanted = (_SCHEME, ("accept", "accept"), ("confirm", "confirm and next"), ("skip", "skip"), *_END)
_ONE_CHOICE: _Wanted = (_SCHEME, ("accept", "accept"), ("skip", "skip"), ("back", "back"), *_END)
_ANSWERED: _Wanted = (_SCHEME, ("confirm", "next"), ("reopen", "reopen"), ("back", "back"), *_END)
_CONFIRMED: _Wanted = (
    ("confirm", "next"), ("reopen", "reopen"), ("next-document previous-document", "documents"), ("back", "back"),
    ("corpus", "table"), *_END,
)  # fmt: skip
_EMPTY: _Wanted = (("corpus", "table"), ("palette", "commands"), ("quit", "quit"))
_MOVING: _Wanted = (
    ("word-left word-right", "word"), ("seek", "jump"), ("seek-again", "again"), ("take-right give-right", "extend"),
    ("anchor", "hold"), ("choose-type", "type"), _SCHEME, ("line-down line-up", "line"),
    ("character-left character-right", "character"), ("cancel", "leave"),
)  # fmt: skip
_EXTENDING: _Wanted = (
    ("word-left word-right", "word"), ("character-left character-right", "character"), ("seek", "jump"),
    ("other-end", "other end"), ("anchor", "let go"), ("choose-type", "type"), _SCHEME, ("cancel", "leave"),
)  # fmt: skip


def hint_row(keymap: Keymap, session: ReviewSession, *, width: int = 1000, selecting: Selecting | None = None) -> Row:
    """Return the line of keys for what is going on, as many of them as fit into the width as a whole."""
    if selecting is not None and selecting.wanting is not None:
        where = "on to the next" if selecting.wanting > 0 else "back to the"
        return row(f" type the first letter of the word to jump {where} one", right=[*_hint("esc", "leave it")])
    wanted = _wanted(session, selecting)
    hints: list[tuple[int, list[Piece]]] = []
    for ids, word in wanted:
        if not ids:
            for hotkey in _hotkeys(keymap, session, selecting):
                hints.append((1, _hint(display_key(hotkey.keys[0]), _word(hotkey))))
            continue
        keys = [_shown_key(keymap.keys(id)) for id in ids.split() if keymap.keys(id)]
        if keys:
            word = "take these ends" if selecting and selecting.item and word == "type" else word
            word = "confirm" if word == "confirm and next" and width < _WIDE else word
            hints.append((0 if ids in _VITAL else 2, _hint("/".join(keys), word)))
    help = keymap.keys("help")
    right = _hint(display_key(help[0]), "help") if help else []
    return row(*_fitting(hints, width - _length(right) - 1), right=right)


def _fitting(hints: Sequence[tuple[int, list[Piece]]], room: int) -> list[Piece]:
    """Keep what fits as a whole, hints of the lowest rank first, in the order they are in."""
    kept: set[int] = set()
    for index in sorted(range(len(hints)), key=lambda index: hints[index][0]):
        if _length(hints[index][1]) <= room:
            kept.add(index)
            room -= _length(hints[index][1])
    return [piece for index in sorted(kept) for piece in hints[index][1]]


def _length(pieces: Sequence[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)


def _wanted(session: ReviewSession, selecting: Selecting | None) -> _Wanted:
    working = session.working
    if working is None:
        return _EMPTY
    if selecting is not None:
        return _EXTENDING if selecting.held else _MOVING
    if session.scheme.is_single_choice:
        return _ANSWERED if working.is_confirmed else _ONE_CHOICE
    if working.is_confirmed:
        return _CONFIRMED
    if not session.scheme.entities and session.scheme.labels:
        return _LABELS_ONLY
    # Not by what is focused: a line that changes with every move distracts, and costs more bytes than the move.
    if not len(working.items):
        return _BARE
    return _UNDECIDED if working.items.undecided else _DECIDED


def _hotkeys(keymap: Keymap, session: ReviewSession, selecting: Selecting | None) -> list[Hotkey]:
    """Return the scheme's keys that do something here; those of labels are shown beside their values anyway."""
    if selecting is None and session.scheme.is_single_choice:
        return [hotkey for hotkey in keymap.hotkeys if hotkey.keys][:6]
    return [hotkey for hotkey in keymap.hotkeys if hotkey.keys and hotkey.target == "entity"][:6]


def _shown_key(keys: Sequence[str]) -> str:
    """Prefer a letter to a named key."""
    key = next((key for key in keys if len(display_key(key)) == 1), keys[0])
    return "esc" if key == "escape" else display_key(key)


def _word(hotkey: Hotkey) -> str:
    return hotkey.name if hotkey.value is None else value_word(hotkey.value)


def _hint(key: str, word: str) -> list[Piece]:
    return [(f" {key}", "bold"), (f" {shown(word, 16)} ", "")]
