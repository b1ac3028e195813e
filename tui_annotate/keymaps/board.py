"""The keys that are taken, by whom, and where; and what is said of two that wanted the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import get_args

from tui_annotate.keymaps.actions import Context
from tui_annotate.keymaps.names import display_key


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


@dataclass(slots=True)
class Board:
    """Which keys are taken, by whom and in which context."""

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


def letters(name: str) -> str:
    """Return the letters that remind of a name first, then all others."""
    own = "".join(c for c in name.lower() if c in ascii_lowercase)
    return "".join(dict.fromkeys(own + ascii_lowercase + ascii_uppercase))
