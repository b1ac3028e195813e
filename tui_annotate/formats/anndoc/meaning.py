"""What a document means in anndoc."""

from __future__ import annotations

from typing import Any

import msgspec

from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.formats.anndoc import controls
from tui_annotate.formats.anndoc.json_write import AnnWriter
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.safety import kept_path
from tui_annotate.formats.schemes.legend import Ids

_encode = msgspec.json.Encoder(order="deterministic").encode
_NAMES = Ids({}, {}, {}, {}, {})
"""Names that stand for themselves."""


def of_anndoc(exchanged: ExchangedDocument, options: WriteOptions) -> Any:
    """What its files say, with names for ids; apart from controls in the name and what file systems refuse in names."""
    document = exchanged.document
    writer = AnnWriter(document, _NAMES)
    versions = {v.annotator: _ann_json(writer, v) for v in exchanged.versions}
    parts = [(part.id, part.text) for part in document.parts]
    name = controls.shown(document.name or document.key)
    return document.key, name, kept_path(document.folder), document.language, sorted(document.tags), parts, versions


def _ann_json(writer: AnnWriter, version: ExchangedVersion) -> Any:
    """Return what a version's file says, in no order; multiple choices by what is chosen."""
    made = writer.made(version)
    for group in ("entities", "relations"):
        made[group] = sorted(map(_encode, made[group]))
    chosen = {m.name: m.value for m in version.annotations.labels.values() if isinstance(m.value, tuple)}
    return _plain(made), chosen


def _plain(value: Any) -> Any:
    """Return a value in which whole numbers are spelled in one way."""
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
