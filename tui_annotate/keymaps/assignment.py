"""Who gets which key: the user's choices first, then the defaults of the actions, then the scheme's hotkeys.

The user may let the scheme's come before the actions. Whoever loses a key gets the next free one, and the clash is
reported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import get_args

from tui_annotate.domain.scheme import Scheme
from tui_annotate.keymaps.actions import ACTIONS, Action
from tui_annotate.keymaps.board import Board, Clash, letters
from tui_annotate.keymaps.labels import Hotkey, Labels, Target, all_wishes
from tui_annotate.keymaps.names import key_name


@dataclass(frozen=True, slots=True)
class Keymap:
    """The bindings in force."""

    actions: tuple[Action, ...]
    """All of them, with the keys they have now; one without keys is reached through the palette."""
    hotkeys: tuple[Hotkey, ...] = ()
    clashes: tuple[Clash, ...] = ()
    notices: tuple[str, ...] = ()
    """Choices of the user that were not taken over, and why."""

    def keys(self, id: str) -> tuple[str, ...]:
        """Return the keys of an action; raises KeyError."""
        for action in self.actions:
            if action.id == id:
                return action.keys
        raise KeyError(id)

    @property
    def displaced(self) -> tuple[Clash, ...]:
        """The clashes whose loser kept none of its keys, so that it is not where it is looked for."""
        usual = {action.id: action.keys for action in ACTIONS}
        return tuple(clash for clash in self.clashes if clash.given not in usual.get(clash.wanted_by, ()))

    def hotkey(self, key: str, *, target: Target | None = None) -> Hotkey | None:
        """Return what a key of the scheme stands for."""
        for hotkey in self.hotkeys:
            if key in hotkey.keys and target in (None, hotkey.target):
                return hotkey
        return None

    def rows(self) -> list[dict[str, str | list[str]]]:
        """Return every binding as `keys --json` prints it, the scheme's last."""
        rows: list[dict[str, str | list[str]]] = [
            {"id": a.id, "keys": list(a.keys), "group": a.group, "description": a.tooltip} for a in self.actions
        ]
        for hotkey in self.hotkeys:
            value = hotkey.id.partition("=")[2]
            does = f"Type {hotkey.name}" if hotkey.target == "entity" else f"Set {hotkey.name}"
            does += f" to {value}" if value else ""
            does += " for the focused entity" if hotkey.target == "attribute" else ""
            rows.append({"id": hotkey.id, "keys": list(hotkey.keys), "group": "Scheme", "description": does})
        return rows


SCHEME = "scheme"
"""Stands among the user's keys for all hotkeys that a scheme asks for; `first` lets them win over actions."""


def assign(scheme: Scheme | None = None, overrides: Mapping[str, Sequence[str]] | None = None) -> Keymap:
    """Give every action and every label of the scheme its keys.

    Labels keep the keys that they are known by, whatever joins them or is renamed.

    Args:
        overrides: Keys by id of an action or a label, as the user wrote them (`?` or `question_mark`); an empty
            sequence takes all keys away. `SCHEME` says whose wishes come first.
    """
    notices: list[str] = []
    board = Board()
    overrides = overrides or {}
    wishes = all_wishes(scheme or Scheme())
    chosen = _checked(overrides, [wish.hotkey.id for wish in wishes], notices)
    labels = Labels(board, wishes)
    actions = [action for action in ACTIONS if action.id in chosen]
    given = {a.id: board.give((a.context,), a.id, chosen[a.id], letters(a.id)) for a in actions if chosen[a.id]}
    labels.choose(chosen)
    if tuple(overrides.get(SCHEME, ())) == ("first",):
        labels.ask_first()
    given |= _settle_actions([action for action in ACTIONS if action.id not in chosen], board, labels.kept)
    hotkeys = labels.settle()
    settled = tuple(replace(action, keys=given.get(action.id, ())) for action in ACTIONS)
    return Keymap(settled, hotkeys, tuple(board.clashes), tuple(notices))


def _checked(
    overrides: Mapping[str, Sequence[str]], labels: Sequence[str], notices: list[str]
) -> dict[str, tuple[str, ...]]:
    known = [action.id for action in ACTIONS]
    checked: dict[str, tuple[str, ...]] = {}
    for id, keys in overrides.items():
        if id == SCHEME:
            if tuple(keys) not in (("first",), ("last",)):
                notices.append(f'keys: {SCHEME} is "first" or "last", not {", ".join(map(repr, keys)) or "nothing"}.')
            continue
        if id not in known and id not in labels:
            if id.partition(":")[0] not in get_args(Target):
                near = get_close_matches(id, known, n=1)
                notices.append(f"keys: there is no action {id!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
            continue
        names = [(key, key_name(key)) for key in keys]
        notices += [
            f"keys: {id}: {key!r} is no key that every terminal passes on; left out." for key, n in names if not n
        ]
        good = tuple(dict.fromkeys(n for _, n in names if n))
        if good or (not keys and id not in ("quit", "help")):
            checked[id] = good
        elif not keys:
            notices.append(f"keys: {id} keeps its key, there must be a way to it.")
    return checked


def _settle_actions(actions: Sequence[Action], board: Board, kept: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Let those that lost all of their keys look for another one when the others have theirs.

    Args:
        kept: What labels are known by; these are looked for last.
    """

    def spare(action: Action) -> str:
        return "".join(sorted(letters(action.id) if action.keys else "", key=lambda letter: letter in kept))

    lost = [a for a in actions if a.keys and all(board.owner((a.context,), key) for key in a.keys)]
    ordered = [a for a in actions if a not in lost] + lost
    return {a.id: board.give((a.context,), a.id, a.keys, spare(a)) for a in ordered}
