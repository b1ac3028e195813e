"""Who gets which key: the user's choices first, then the defaults of the actions, then the scheme's hotkeys.

Whoever loses a key gets the next free one, and the clash is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from string import ascii_lowercase, ascii_uppercase
from typing import Literal, get_args

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.scheme import Scheme
from tui_annotate.keymaps.actions import ACTIONS, Action, Context
from tui_annotate.keymaps.names import display_key, key_name

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
class Clash:
    """Two that wanted the same key."""

    key: str
    wanted_by: str
    """Id of the loser."""
    taken_by: str
    """Id of the winner."""
    given: str
    """The key that the loser has now; empty when none was left."""

    def __str__(self) -> str:
        now = f"it is on {display_key(self.given)}" if self.given else "it has no key, the palette and pickers reach it"
        return f"{display_key(self.key)} is taken by {self.taken_by}, {self.wanted_by} wanted it too: {now}."


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


def assign(scheme: Scheme | None = None, overrides: Mapping[str, Sequence[str]] | None = None) -> Keymap:
    """Give every action and every label of the scheme its keys.

    Args:
        overrides: Keys by action id, as the user wrote them (`?` or `question_mark`); an empty
            sequence takes all keys away.
    """
    notices: list[str] = []
    board = _Board()
    actions = _settle_actions(_checked(overrides or {}, notices), board)
    hotkeys = _settle_scheme(scheme or Scheme(), board)
    return Keymap(actions, hotkeys, tuple(board.clashes), tuple(notices))


@dataclass(slots=True)
class _Board:
    """The keys that are taken, by whom, and in which context."""

    owners: dict[tuple[Context, str], str] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)

    def owner(self, contexts: Iterable[Context], key: str) -> str | None:
        """Return who has a key already, seen from these contexts."""
        seen: set[Context] = {"app", *contexts}
        if "app" in contexts:
            seen |= set(get_args(Context))
        return next((id for (context, k), id in self.owners.items() if k == key and context in seen), None)

    def take(self, contexts: Iterable[Context], key: str, id: str) -> None:
        for context in contexts:
            self.owners[context, key] = id

    def give(self, contexts: tuple[Context, ...], id: str, wanted: Sequence[str], spare: str) -> tuple[str, ...]:
        """Give the wanted keys that are free, or else the first free one of `spare`; reports what was lost."""
        lost = [(key, owner) for key in wanted if (owner := self.owner(contexts, key)) not in (None, id)]
        keys = [key for key in wanted if key not in {k for k, _ in lost}]
        if not keys and (wanted or spare):
            keys = [key for key in spare if self.owner(contexts, key) is None][:1]
        for key in keys:
            self.take(contexts, key, id)
        self.clashes.extend(Clash(key, id, owner or "", keys[0] if keys else "") for key, owner in lost)
        return tuple(keys)


def _letters(name: str) -> str:
    """Return the letters that remind of a name first, then all others."""
    own = "".join(c for c in name.lower() if c in ascii_lowercase)
    return "".join(dict.fromkeys(own + ascii_lowercase + ascii_uppercase))


def _checked(overrides: Mapping[str, Sequence[str]], notices: list[str]) -> dict[str, tuple[str, ...]]:
    known = [action.id for action in ACTIONS]
    checked: dict[str, tuple[str, ...]] = {}
    for id, keys in overrides.items():
        if id not in known:
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


def _settle_actions(chosen: Mapping[str, tuple[str, ...]], board: _Board) -> tuple[Action, ...]:
    given: dict[str, tuple[str, ...]] = {}
    for action in sorted(ACTIONS, key=lambda a: a.id not in chosen):
        keys = chosen.get(action.id, action.keys)
        given[action.id] = board.give((action.context,), action.id, keys, _letters(action.id) if keys else "")
    return tuple(replace(action, keys=given[action.id]) for action in ACTIONS)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A label of the scheme that wants a key."""

    hotkey: Hotkey
    asked: str = ""
    """The key that the scheme names."""
    spare: str = ""
    """What to try when nothing was asked for, or not given."""
    extra: str = ""
    """A second key besides, where it is free."""

    @property
    def contexts(self) -> tuple[Context, ...]:
        return ("review", "selection") if self.hotkey.target == "entity" else ("review",)


def _settle_scheme(scheme: Scheme, board: _Board) -> tuple[Hotkey, ...]:
    """Let those choose first for whom the scheme names a key."""
    wishes = _single_choice_wishes(scheme) if scheme.is_single_choice else _wishes(scheme)
    given: dict[str, tuple[str, ...]] = {}
    for wish in sorted(wishes, key=lambda w: not w.asked):
        id = wish.hotkey.id
        asked = key_name(wish.asked) if wish.asked else None
        keys = board.give(wish.contexts, id, (asked,) if asked else (), wish.spare)
        if wish.extra and board.owner(wish.contexts, wish.extra) is None:
            board.take(wish.contexts, wish.extra, id)
            keys = (*keys, wish.extra)
        given[id] = keys
    return tuple(replace(wish.hotkey, keys=given[wish.hotkey.id]) for wish in wishes)


def _wishes(scheme: Scheme) -> list[_Wish]:
    wishes = [_Wish(Hotkey((), "entity", e.name), e.key, DIGITS) for e in scheme.entities]
    for label in scheme.labels:
        if label.kind in ("boolean", "text"):
            wishes.append(_Wish(Hotkey((), "label", label.name), label.key, _letters(label.name)))
        for option in label.options:
            wish = _Wish(Hotkey((), "label", label.name, option.value), option.key, _letters(option.value))
            wishes.append(wish)
    for attribute in scheme.attributes:
        if attribute.kind == "boolean":
            wishes.append(_Wish(Hotkey((), "attribute", attribute.name), attribute.key, _letters(attribute.name)))
        for option in attribute.options if attribute.kind != "text" else ():
            hotkey = Hotkey((), "attribute", attribute.name, option.value)
            wishes.append(_Wish(hotkey, option.key, _letters(option.value)))
    return wishes


def _single_choice_wishes(scheme: Scheme) -> list[_Wish]:
    """Yes and no for a boolean, and digits in order for both kinds: one key answers."""
    label = scheme.labels[0]
    asked = [label.key, ""] if label.kind == "boolean" else [option.key for option in label.options]
    spare = ["y", "n"] if label.kind == "boolean" else [""] * len(asked)
    digits: list[str] = [*DIGITS, *[""] * len(asked)]
    wishes = []
    for value, key, first, digit in zip(label.values, asked, spare, digits, strict=False):
        letters = first + _letters(str(value))
        wishes.append(_Wish(Hotkey((), "label", label.name, value), key, letters, digit))
    return wishes
