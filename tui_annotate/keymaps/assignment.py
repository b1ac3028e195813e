"""Who gets which key: the user's choices first, then the defaults of the actions, then the scheme's hotkeys.

The user may let the scheme's come before the actions. Whoever loses a key gets the next free one, and the clash is
reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from string import ascii_lowercase, ascii_uppercase
from typing import Literal, TypeVar, get_args

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, Scheme
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
    board = _Board()
    overrides = overrides or {}
    wishes = _all_wishes(scheme or Scheme())
    chosen = _checked(overrides, [wish.hotkey.id for wish in wishes], notices)
    labels = _Labels(board, wishes)
    actions = [action for action in ACTIONS if action.id in chosen]
    given = {a.id: board.give((a.context,), a.id, chosen[a.id], _letters(a.id)) for a in actions if chosen[a.id]}
    labels.choose(chosen)
    if tuple(overrides.get(SCHEME, ())) == ("first",):
        labels.ask_first()
    given |= _settle_actions([action for action in ACTIONS if action.id not in chosen], board, labels.kept)
    hotkeys = labels.settle()
    settled = tuple(replace(action, keys=given.get(action.id, ())) for action in ACTIONS)
    return Keymap(settled, hotkeys, tuple(board.clashes), tuple(notices))


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


def _settle_actions(actions: Sequence[Action], board: _Board, kept: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Let those that lost all of their keys look for another one when the others have theirs.

    Args:
        kept: What labels are known by; these are looked for last.
    """

    def spare(action: Action) -> str:
        letters = _letters(action.id) if action.keys else ""
        return "".join(sorted(letters, key=lambda letter: letter in kept))

    lost = [a for a in actions if a.keys and all(board.owner((a.context,), key) for key in a.keys)]
    ordered = [a for a in actions if a not in lost] + lost
    return {a.id: board.give((a.context,), a.id, a.keys, spare(a)) for a in ordered}


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
    kept: tuple[str, ...] = ()
    """Keys that it is known by."""

    @property
    def key(self) -> str:
        """The key that the scheme names, as it is called here; empty where no terminal passes it on."""
        return key_name(self.asked) or "" if self.asked else ""

    @property
    def contexts(self) -> tuple[Context, ...]:
        return ("review", "selection") if self.hotkey.target == "entity" else ("review",)


class _Labels:
    """Gives the labels of a scheme their keys, in the order of who comes first."""

    def __init__(self, board: _Board, wishes: Sequence[_Wish]) -> None:
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
        lost: list[tuple[_Wish, str]] = []
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
    def _open(self) -> list[_Wish]:
        return [wish for wish in self._wishes if wish.hotkey.id not in self._chosen]

    def _take(self, wish: _Wish, keys: Sequence[str], *, first: bool = False) -> bool:
        """Give a label those of some keys that are free, or its own; say whether it has any of them."""
        id = wish.hotkey.id
        free = [key for key in keys if self._board.owner(wish.contexts, key) in (None, id)]
        for key in free:
            self._board.take(wish.contexts, key, id)
        held = self._given.get(id, ())
        self._given[id] = tuple(dict.fromkeys((*free, *held) if first else (*held, *free)))
        return bool(free)


def _all_wishes(scheme: Scheme) -> list[_Wish]:
    return _single_choice_wishes(scheme) if scheme.is_single_choice else _wishes(scheme)


def _wishes(scheme: Scheme) -> list[_Wish]:
    wishes = [_Wish(Hotkey((), "entity", e.name), e.key, DIGITS, kept=e.kept) for e in scheme.entities]
    for label in scheme.labels:
        if label.kind in ("boolean", "text"):
            wishes.append(_Wish(Hotkey((), "label", label.name), label.key, _letters(label.name), kept=label.kept))
        wishes += [_option_wish("label", label.name, option) for option in label.options]
    for one in scheme.attributes:
        if one.kind == "boolean":
            wishes.append(_Wish(Hotkey((), "attribute", one.name), one.key, _letters(one.name), kept=one.kept))
        wishes += [_option_wish("attribute", one.name, o) for o in (one.options if one.kind != "text" else ())]
    return wishes


def _option_wish(target: Target, name: str, option: Choice) -> _Wish:
    hotkey = Hotkey((), target, name, option.value)
    return _Wish(hotkey, option.key, _letters(option.value), kept=option.kept)


def _single_choice_wishes(scheme: Scheme) -> list[_Wish]:
    """Yes and no for a boolean, and digits in order for both kinds: one key answers."""
    label = scheme.labels[0]
    boolean = label.kind == "boolean"
    asked = [label.key, ""] if boolean else [option.key for option in label.options]
    kept = [label.kept, ()] if boolean else [option.kept for option in label.options]
    spare = ["y", "n"] if boolean else [""] * len(asked)
    digits: list[str] = [*DIGITS, *[""] * len(asked)]
    wishes = []
    for value, key, had, first, digit in zip(label.values, asked, kept, spare, digits, strict=False):
        letters = first + _letters(str(value))
        wishes.append(_Wish(Hotkey((), "label", label.name, value), key, letters, digit, had))
    return wishes


def keeping(held: Scheme, wanted: Scheme, overrides: Mapping[str, Sequence[str]] | None = None) -> Scheme:
    """Return a scheme whose labels keep the keys that they have in the one it comes from.

    A label that is to have another key by the scheme itself keeps none.

    Args:
        overrides: The keys of whoever changes the scheme; others who have chosen the same keep theirs too.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for hotkey in assign(held, overrides).hotkeys:
        # Of a boolean that has a key each for yes and no, that for yes goes on when there is one for both.
        keys[hotkey.id.removesuffix("=true") if hotkey.value is True else hotkey.id] = hotkey.keys
    entities, labels = {e.name: e for e in held.entities}, {m.name: m for m in held.labels}
    attributes = {a.name: a for a in held.attributes}
    return replace(
        wanted,
        entities=tuple(_kept(e, f"entity:{e.name}", entities.get(e.name), keys) for e in wanted.entities),
        labels=tuple(_kept_field("label", m, labels.get(m.name), keys) for m in wanted.labels),
        attributes=tuple(_kept_field("attribute", a, attributes.get(a.name), keys) for a in wanted.attributes),
    )


_Keyed = TypeVar("_Keyed", EntityType, DocumentLabel, Attribute, Choice)
_Field = TypeVar("_Field", DocumentLabel, Attribute)


def _kept(one: _Keyed, id: str, before: _Keyed | None, keys: Mapping[str, tuple[str, ...]]) -> _Keyed:
    if one.kept or before is None or before.key != one.key:
        return one
    return replace(one, kept=keys.get(id, ()))


def _kept_field(target: Target, one: _Field, before: _Field | None, keys: Mapping[str, tuple[str, ...]]) -> _Field:
    options = {option.value: option for option in before.options} if before is not None else {}
    made = _kept(one, f"{target}:{one.name}", before, keys)
    id = f"{target}:{one.name}="
    return replace(made, options=tuple(_kept(o, f"{id}{o.value}", options.get(o.value), keys) for o in one.options))
