"""Which keys the labels of a scheme get: those that they are known by, those that the scheme names, the next free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.scheme import Choice, Scheme
from tui_annotate.keymaps.actions import Context
from tui_annotate.keymaps.board import Board, Clash, letters
from tui_annotate.keymaps.names import key_name

DIGITS = "1234567890"
Target = Literal["entity", "label", "attribute"]


@dataclass(frozen=True, slots=True)
class Hotkey:
    """What the scheme puts on keys: an entity type, or a value of a document label or attribute."""

    keys: tuple[str, ...]
    """Any of them will do; empty where none was left, and the pickers still reach it."""
    target: Target
    name: str
    value: LabelContent | None = None
    """The value to set; None for an entity type, a boolean to be toggled, a text to be asked for."""

    @property
    def id(self) -> str:
        """Name it as the table of keys does: `entity:Drug`, `label:IsSpam=true`, `attribute:negation=Negated`."""
        value = str(self.value).lower() if isinstance(self.value, bool) else self.value
        return f"{self.target}:{self.name}" + ("" if value is None else f"={value}")


@dataclass(frozen=True, slots=True)
class Wish:
    """A label of the scheme that wants a key."""

    hotkey: Hotkey
    asked: str = ""
    """The key that the scheme names."""
    spare: str = ""
    """What to try when nothing was asked for, or not given."""
    extra: str = ""
    """A second key besides, where it is free."""
    kept: tuple[str, ...] = ()
    """Keys that it is known by."""

    @property
    def key(self) -> str:
        """The key that the scheme names, as it is called here; empty where no terminal passes it on."""
        return key_name(self.asked) or "" if self.asked else ""

    @property
    def contexts(self) -> tuple[Context, ...]:
        return ("review", "selection") if self.hotkey.target == "entity" else ("review",)


class Labels:
    """Gives the labels of a scheme their keys, in the order of who comes first."""

    def __init__(self, board: Board, wishes: Sequence[Wish]) -> None:
        self._board = board
        self._wishes = wishes
        self._given: dict[str, tuple[str, ...]] = {}
        self._chosen: set[str] = set()

    @property
    def kept(self) -> set[str]:
        """Keys that labels are known by."""
        return {key for wish in self._open for key in wish.kept}

    def choose(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        """Give what the user chose."""
        for wish in self._wishes:
            id = wish.hotkey.id
            if id in chosen:
                self._chosen.add(id)
                self._given[id] = self._board.give(wish.contexts, id, chosen[id], wish.spare if chosen[id] else "")

    def ask_first(self) -> None:
        """Give what the scheme asks for, before any action has its keys."""
        for wish in self._open:
            if wish.key and (wish.key in wish.kept or wish.key not in self.kept):
                self._take(wish, (wish.key,))

    def settle(self) -> tuple[Hotkey, ...]:
        """Give all others theirs: what they had, what the scheme asks for, the next that is free."""
        for wish in self._open:
            self._take(wish, wish.kept)
        lost: list[tuple[Wish, str]] = []
        for wish in self._open:
            if wish.key and not self._take(wish, (wish.key,), first=True):
                lost.append((wish, self._board.owner(wish.contexts, wish.key) or ""))
        for wish in [*(wish for wish, _ in lost), *self._open]:
            if not self._given.get(wish.hotkey.id):
                self._take(wish, [k for k in wish.spare if self._board.owner(wish.contexts, k) is None][:1])
            if wish.extra and not wish.kept:
                self._take(wish, (wish.extra,))
        for wish, owner in lost:
            now = self._given.get(wish.hotkey.id, ())
            self._board.clashes.append(Clash(wish.key, wish.hotkey.id, owner, now[0] if now else ""))
        return tuple(replace(wish.hotkey, keys=self._given.get(wish.hotkey.id, ())) for wish in self._wishes)

    @property
    def _open(self) -> list[Wish]:
        return [wish for wish in self._wishes if wish.hotkey.id not in self._chosen]

    def _take(self, wish: Wish, keys: Sequence[str], *, first: bool = False) -> bool:
        """Give a label those of some keys that are free, or its own; say whether it has any of them."""
        id = wish.hotkey.id
        free = [key for key in keys if self._board.owner(wish.contexts, key) in (None, id)]
        for key in free:
            self._board.take(wish.contexts, key, id)
        held = self._given.get(id, ())
        self._given[id] = tuple(dict.fromkeys((*free, *held) if first else (*held, *free)))
        return bool(free)


def all_wishes(scheme: Scheme) -> list[Wish]:
    return _single_choice_wishes(scheme) if scheme.is_single_choice else _wishes(scheme)


def _wishes(scheme: Scheme) -> list[Wish]:
    wishes = [Wish(Hotkey((), "entity", e.name), e.key, DIGITS, kept=e.kept) for e in scheme.entities]
    for label in scheme.labels:
        if label.kind in ("boolean", "text"):
            wishes.append(Wish(Hotkey((), "label", label.name), label.key, letters(label.name), kept=label.kept))
        wishes += [_option_wish("label", label.name, option) for option in label.options]
    for one in scheme.attributes:
        if one.kind == "boolean":
            wishes.append(Wish(Hotkey((), "attribute", one.name), one.key, letters(one.name), kept=one.kept))
        wishes += [_option_wish("attribute", one.name, o) for o in (one.options if one.kind != "text" else ())]
    return wishes


def _option_wish(target: Target, name: str, option: Choice) -> Wish:
    hotkey = Hotkey((), target, name, option.value)
    return Wish(hotkey, option.key, letters(option.value), kept=option.kept)


def _single_choice_wishes(scheme: Scheme) -> list[Wish]:
    """Yes and no for a boolean, and digits in order for both kinds: one key answers."""
    label = scheme.labels[0]
    boolean = label.kind == "boolean"
    asked = [label.key, ""] if boolean else [option.key for option in label.options]
    kept = [label.kept, ()] if boolean else [option.kept for option in label.options]
    spare = ["y", "n"] if boolean else [""] * len(asked)
    digits: list[str] = [*DIGITS, *[""] * len(asked)]
    wishes = []
    for value, key, had, first, digit in zip(label.values, asked, kept, spare, digits, strict=False):
        spare_keys = first + letters(str(value))
        wishes.append(Wish(Hotkey((), "label", label.name, value), key, spare_keys, digit, had))
    return wishes
