"""Values in formats that hold only strings: `true` and `false` are booleans, unless the scheme says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelScalar, LabelValue
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.base import Feature, WriteOptions
from tui_annotate.formats.reducing import reduced

_WORDS = {"true": True, "false": False}


def written(value: LabelScalar) -> str:
    """Return a value as a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def label(scheme: Scheme, name: str, text: str) -> bool | str:
    """Return the value of a document label that a string stands for."""
    known = scheme.label(name)
    return text if known is not None and known.kind != "boolean" else _WORDS.get(text, text)


def attribute(scheme: Scheme, name: str, text: str) -> bool | str:
    """Return the value of an attribute that a string stands for."""
    known = scheme.attribute(name)
    return text if known is not None and known.kind != "boolean" else _WORDS.get(text, text)


def reduced_to_strings(
    exchanged: ExchangedDocument,
    holds: frozenset[Feature],
    options: WriteOptions,
    *,
    fit: Callable[[str], str] = str,
) -> ExchangedDocument:
    """Return a document as a format of strings gives it back, without what the format has no room for.

    Args:
        fit: Replaces what the format cannot hold in a string; the length stays.
    """
    left = reduced(exchanged, holds, options)
    document = left.document
    parts = tuple(replace(part, text=fit(part.text)) for part in document.parts)
    versions = tuple(
        replace(
            version,
            annotations=_strings(version.annotations, options.scheme, fit),
            annotator=fit(version.annotator),
        )
        for version in left.versions
    )
    return replace(
        left,
        document=replace(
            document, key=fit(document.key), parts=parts, name=fit(document.name), language=fit(document.language)
        ),
        versions=versions,
    )


def _strings(held: Annotations, scheme: Scheme, fit: Callable[[str], str]) -> Annotations:
    return Annotations(
        {number: _entity(entity, scheme, fit) for number, entity in held.entities.items()},
        {fit(name): _label(one, scheme, fit) for name, one in held.labels.items() if one.value != ()},
        {
            number: replace(one, type=fit(one.type), who=tuple(map(fit, one.who)))
            for number, one in held.relations.items()
        },
    )


def _entity(entity: Entity, scheme: Scheme, fit: Callable[[str], str]) -> Entity:
    attributes = {fit(name): attribute(scheme, name, fit(written(value))) for name, value in entity.attributes.items()}
    return replace(entity, type=fit(entity.type), who=tuple(map(fit, entity.who)), attributes=attributes)


def _label(one: LabelValue, scheme: Scheme, fit: Callable[[str], str]) -> LabelValue:
    value: LabelContent
    if isinstance(one.value, tuple):
        value = tuple(map(fit, one.value))
    else:
        value = label(scheme, one.name, fit(written(one.value)))
    return replace(one, name=fit(one.name), value=value, who=tuple(map(fit, one.who)))
