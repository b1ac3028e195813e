"""PubAnnotation's JSON: a text with denotations, relations and attributes, of one project or in tracks of several.

Files hold one object, an array or an object a line; archives of them are read as folders. The format states
no text beside its offsets, which most tools count in code points: a file's spans decide (`offset_evidence`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import meaning
from tui_annotate.formats.base import Feature, Format, Item, ReadOptions, stem
from tui_annotate.formats.json_items import JsonItem, objects
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.kept import is_of, under
from tui_annotate.formats.offset_evidence import COVERED, Evidence
from tui_annotate.formats.pubannotation.rows import GROUPS, Track, places
from tui_annotate.formats.pubannotation.write import OURS, write
from tui_annotate.formats.source import SourceFile
from tui_annotate.formats.utf16 import Utf16

HOLDS: frozenset[Feature] = frozenset(
    ("entities", "overlaps", "fragments", "attributes", "relations", "versions", "ids")
)
_READ = frozenset(("text", "tracks", COVERED, *GROUPS))
_MARK = re.compile(rb'(?<!\\)"(?:denotations|sourcedb)"\s*:')


def sniff(name: str, head: bytes) -> bool:
    """Tell PubAnnotation by its denotations, or the names it has for where a text comes from."""
    return is_of("pubannotation", _MARK, head)


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per object; the spans of all files of a tree decide their unit together."""
    for file in files:
        evidence, met = Evidence(), False
        for item in objects(file):
            if isinstance(item, JsonItem):
                _survey(item.row, evidence)
        if evidence.said:
            yield Problem("noted", file.where, "denotations", evidence.said)
        for item in objects(file):
            met = True
            yield from (item,) if isinstance(item, Problem) else _read_one(file, item, evidence.unit, options)
        if not met and not options.empty:
            yield Problem("refused", file.where, "", "the file is empty, there is nothing to annotate")


def _survey(row: dict[str, Any], evidence: Evidence) -> None:
    text = row.get("text")
    if type(text) is not str:
        return
    found = [place for track in _tracks(row) for place in places(track)]
    evidence.add(text, found, row.get(COVERED))


def _tracks(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what holds annotations: the object itself and its tracks."""
    if any(row.get(group) for group in GROUPS) or "tracks" not in row:
        yield row
    tracks = row.get("tracks")
    for track in tracks if type(tracks) is list else ():
        if type(track) is dict:
            yield track


def _read_one(file: SourceFile, item: JsonItem, unit: str, options: ReadOptions) -> Iterator[Item]:
    row, text = item.row, item.row.get("text")
    if type(text) is not str:
        yield Problem("refused", item.where, "text", "is missing or no string; annotations alone cannot be placed")
        return
    if not text and not options.empty:
        yield Problem("refused", item.where, "text", "is empty, there is nothing to annotate")
        return
    document = Document(_key(file, item), (Part("s1v1", text),))
    units = Utf16(text) if unit == "UTF-16" else None
    versions: dict[str, ExchangedVersion] = {}
    problems: Problems = []
    for track in _tracks(row):
        name = MASTER if track is row else _name(track)
        if name in versions:
            problems.append(("tracks", f"{name!r} stands there twice; the first one is taken"))
            continue
        try:
            held = Track(document, units, problems).read(track)
        except DataError as error:
            problems.append(("", error.message))
            continue
        if any(group in track for group in GROUPS):
            versions[name] = ExchangedVersion(held, None, name)
    yield from (Problem("refused", item.where, name, reason) for name, reason in problems)
    extra = {key: value for key, value in row.items() if key not in _READ}
    if row.get("sourcedb") == OURS:
        extra = {key: value for key, value in extra.items() if key not in ("sourcedb", "sourceid")}
    yield ExchangedDocument(document, tuple(versions.values()), item.where, under("pubannotation", extra))


def _name(track: Mapping[str, Any]) -> str:
    project = track.get("project")
    return project.strip() if type(project) is str and project.strip() else MASTER


def _key(file: SourceFile, item: JsonItem) -> str:
    """Return the id of a document: where PubAnnotation has it from, else file and number."""
    db, id, division = (item.row.get(key) for key in ("sourcedb", "sourceid", "divid"))
    if type(id) in (str, int) and str(id):
        if db == OURS:
            return str(id)
        key = f"{db}-{id}" if type(db) is str and db else str(id)
        return f"{key}-{division}" if type(division) in (str, int) and str(division) else key
    return (
        stem(file.name) if item.number == 1 and not file.name.endswith(".jsonl") else f"{stem(file.name)}-{item.number}"
    )


FORMAT = Format(
    name="pubannotation",
    description="PubAnnotation's JSON: denotations, relations, attributes, tracks",
    extensions=(".json", ".jsonl"),
    many=True,
    loses="document labels, probabilities, who did it, confirmations, names, folders, tags and the parts of a document",
    meaning=meaning.by(HOLDS),
    holds=HOLDS,
    sniff=sniff,
    read=read,
    write_stream=write,
)
