"""How values are written in rows: JSON for what has an inside, small numbers for states, UTC text for times."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation, Suggestion, SuggestionKey
from tui_annotate.domain.decisions import Changes, VersionState
from tui_annotate.errors import CorruptError
from tui_annotate.store import trouble

T = TypeVar("T")

STATES: tuple[VersionState | None, ...] = (
    None,
    VersionState.IN_PROGRESS,
    VersionState.SKIPPED,
    VersionState.CONFIRMED,
)
"""A version's state by its number, which is `DocumentState`'s too."""
STATE_NUMBERS: dict[VersionState | None, int] = {state: number for number, state in enumerate(STATES)}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(f"{type(value).__name__} in a payload")


def decoder(type: type[T]) -> Callable[[str], T]:
    """Return a function that reads a column of this type; it raises CorruptError for what was never written."""
    decode = msgspec.json.Decoder(type).decode

    def decode_column(text: str) -> T:
        try:
            return decode(text)
        except (msgspec.DecodeError, UnicodeError, TypeError) as error:
            raise CorruptError(f"A row of the corpus is damaged: {error}.", hint=trouble.DAMAGED_HINT) from error

    return decode_column


def unpack(body: bytes) -> bytes:
    """Return what zlib packed; raises CorruptError where it is damaged."""
    try:
        return zlib.decompress(body)
    except (zlib.error, TypeError) as error:
        raise CorruptError(f"A kept file is damaged: {error}.", hint=trouble.DAMAGED_HINT) from error


_encoder = msgspec.json.Encoder(enc_hook=_plain)
decode_changes = decoder(Changes)
decode_entity = decoder(Entity)
decode_label = decoder(LabelValue)
decode_relation = decoder(Relation)
decode_suggestion = decoder(Suggestion)
decode_key = decoder(SuggestionKey)
decode_object = decoder(dict[str, Any])


def encode(value: object) -> str:
    """Return a value as JSON text; raises UnicodeEncodeError for half a surrogate pair."""
    return _encoder.encode(value).decode()


def encode_object(value: Mapping[str, Any]) -> str | None:
    """Return a mapping as JSON text, None when it is empty."""
    return _encoder.encode(value).decode() if value else None


def object_or_empty(text: str | None) -> dict[str, Any]:
    """Return what `encode_object` wrote."""
    return decode_object(text) if text else {}


def now() -> str:
    """Return this moment in UTC: ISO 8601 with milliseconds and `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put(annotations: Annotations, suggestion: Suggestion, number: int) -> None:
    """Put a suggestion among annotations as the imported annotation that it was."""
    if suggestion.target == "entity":
        annotations.entities[number] = Entity(
            suggestion.name,
            suggestion.spans,
            suggestion.who,
            suggestion.prob,
            number,
            suggestion.attributes,
            suggestion.state,
            suggestion.extra,
        )
    elif suggestion.value is not None:
        annotations.labels[suggestion.name] = LabelValue(
            suggestion.name, suggestion.value, suggestion.who, suggestion.prob, suggestion.state, suggestion.extra
        )


def take_apart(annotations: Annotations) -> list[tuple[int, Suggestion]]:
    """Return annotations as suggestions, each with the entity's number (0 for a label)."""
    found = [
        (
            e.number,
            Suggestion(
                "entity", e.type, e.spans, None, e.prob, e.who, attributes=e.attributes, state=e.state, extra=e.extra
            ),
        )
        for e in annotations.entities.values()
    ]
    found += [
        (0, Suggestion("label", v.name, (), v.value, v.prob, v.who, state=v.state, extra=v.extra))
        for v in annotations.labels.values()
    ]
    return found
