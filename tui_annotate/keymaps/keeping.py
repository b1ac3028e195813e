"""Labels keep the keys that they are known by, whatever joins them, goes, or is renamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.keymaps.assignment import assign
from tui_annotate.keymaps.labels import Target


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
