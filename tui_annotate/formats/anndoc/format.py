"""anndoc read and written: pairs of plain.html and ann.json, folders of them, and whole projects.

Both generations are read (3.6 and version 2). A project is a folder or zip with an
`annotations-legend.json`; without one, ids stand for their own names.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import msgspec

from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import AnnotateError, DataError
from tui_annotate.formats.anndoc import html as anndoc_html
from tui_annotate.formats.anndoc.json import AnnReader
from tui_annotate.formats.anndoc.meaning import of_anndoc
from tui_annotate.formats.anndoc.pairs import Pair, Placed, pair, place, roots_of
from tui_annotate.formats.anndoc.write import GUIDELINES, MEMBERS, README, SCHEME, write
from tui_annotate.formats.base import Format, Item, ProjectFiles, ReadOptions, SchemeHint
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.schemes import toml as scheme_toml
from tui_annotate.formats.schemes.legend import Legend
from tui_annotate.formats.source import JSON_ERRORS, SourceFile, decode

_SIDE_FILES = frozenset((anndoc_legend.FILE_NAME, GUIDELINES, MEMBERS, README, SCHEME))


def is_project_file(file: SourceFile) -> bool:
    """Say whether a file shows that its tree holds anndoc."""
    return file.base == anndoc_legend.FILE_NAME or file.base.lower().endswith((".ann.json", ".plain.html"))


def is_side_file(file: SourceFile) -> bool:
    """Say whether a file belongs to a project without being a document."""
    return file.base in _SIDE_FILES


def claims(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return the files of a tree that holds anndoc: pairs, and what belongs to a project."""
    if not any(map(is_project_file, files)):
        return []
    return [file for file in files if is_side_file(file) or file.name.lower().endswith(FORMAT.extensions)]


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield the scheme hints, then every document with its versions, then what found no place."""
    roots = roots_of(files)
    legends: dict[str, Legend] = {}
    for root in sorted(roots):
        legends[root] = yield from _read_project(root, roots[root], files, options)
    placed: list[Placed] = []
    for file in files:
        one = place(file, roots)
        if one is not None:
            whose = legends[one.root].members.get(one.annotator) if one.root in legends else None
            placed.append(replace(one, annotator=whose) if whose else one)
        elif not is_side_file(file):
            yield Problem("refused", file.where, "", "is neither a plain.html nor an ann.json")
    documents: dict[tuple[str, str], list[Pair]] = {}
    for found in pair(placed):
        if isinstance(found, Problem):
            yield found
        else:
            documents.setdefault((found.html.root, found.html.base), []).append(found)
    for (root, _), pairs in documents.items():
        for twins in pairs if len(pairs) == 1 else (yield from _merged(pairs)):
            yield from _read_pair(twins, legends.setdefault(root, Legend()))
    for root, legend in legends.items():
        if legend.unknown:
            ids = ", ".join(sorted(legend.unknown))
            where = f"{root}/{anndoc_legend.FILE_NAME}".lstrip("/")
            yield Problem("noted", where, "", f"has no name for {ids}; the ids stand for themselves")


def _read_project(
    root: str, legend_file: SourceFile, files: Sequence[SourceFile], options: ReadOptions
) -> Generator[Item, None, Legend]:
    """Yield what a project says besides its documents; return its legend."""
    folders = {root, legend_file.folder}
    side = {file.base: file for file in files if file.folder in folders and is_side_file(file)}
    side[anndoc_legend.FILE_NAME] = legend_file
    where = legend_file.where
    legend, came = Legend(), dict[str, bytes]()
    try:
        came = {name: file.read() for name, file in side.items() if name not in (SCHEME, MEMBERS)}
        legend, notes = anndoc_legend.read(came[anndoc_legend.FILE_NAME])
        yield from (Problem("repaired", where, "", note) for note in notes)
    except DataError as error:
        came.pop(anndoc_legend.FILE_NAME, None)
        yield Problem("refused", where, "", str(error))
    guidelines, known = "", {label.name for label in options.scheme.labels if label.kind == "choices"}
    try:
        if SCHEME in side:
            scheme = scheme_toml.parse(decode(side[SCHEME].read()).text, side[SCHEME].where)
            known |= {label.name for label in scheme.labels if label.kind == "choices"}
            yield SchemeHint(side[SCHEME].where, scheme=scheme)
        if GUIDELINES in came:
            guidelines = decode(came[GUIDELINES]).text
        if MEMBERS in side:
            legend.members = msgspec.json.decode(side[MEMBERS].read(), type=dict[str, str])
    except JSON_ERRORS as error:
        yield Problem("refused", side[MEMBERS].where, "", f"does not say whose the folders of members are: {error}")
    except AnnotateError as error:
        yield Problem("refused", where, "", str(error))
    legend.join_choices(known)
    yield replace(legend.hint(where, guidelines), came=ProjectFiles(root.rpartition("/")[2], came))
    return legend


def _merged(pairs: list[Pair]) -> Generator[Item, None, list[Pair]]:
    """Make one of pairs that are the same document twice, the last in path order; report the others."""
    texts: dict[object, Pair] = {}
    for one in pairs:
        try:
            text = anndoc_html.read(one.html.file.read())
        except DataError:
            texts[one.html.file.where] = one
            continue
        same = (text.key or text.id or one.html.base, text.parts)
        earlier = texts.pop(same, None)
        texts[same] = one
        if earlier is not None:
            reason = f"the same document comes twice; {one.html.file.where} is taken, the last in path order"
            yield Problem("refused", earlier.html.file.where, "", reason)
            yield from one.take_over(earlier)
    return list(texts.values())


def _read_pair(found: Pair, legend: Legend) -> Iterator[Item]:
    html = found.html
    try:
        content = html.file.read()
        text = anndoc_html.read(content)
    except DataError as error:
        yield Problem("refused", html.file.where, "", _short(error, html.file))
        for version in found.versions.values():
            yield Problem("refused", version.file.where, "", f"no text for it: {html.file.base} was refused")
        return
    yield from (Problem("repaired", html.file.where, "", note) for note in text.notes)
    id = text.id or html.base
    document = Document(text.key or id, text.parts, text.name or html.base, html.folder, text.language, text.tags)
    source = {"plain.html": content}
    versions: list[ExchangedVersion] = []
    used: dict[str, str] = {}
    for annotator, placed in sorted(found.versions.items(), key=lambda item: (item[0] != MASTER, item[0])):
        reader = AnnReader(document, text.shown, legend, placed.file.where)
        try:
            given = placed.file.read()
            versions.append(reader.read(given, annotator))
            source[f"{annotator}.ann.json"] = given
        except DataError as error:
            yield Problem("refused", placed.file.where, "", _short(error, placed.file))
        yield from reader.problems
        used |= reader.used
    if not found.versions:
        yield Problem("noted", html.file.where, "", "has no annotations of its own (no ann.json of that name)")
    extra: dict[str, object] = {"legend": used} if used else {}
    if html.base != id:
        extra["base"] = html.base
    yield ExchangedDocument(document, tuple(versions), html.file.where, extra, source)


def _short(error: DataError, file: SourceFile) -> str:
    return str(error).removeprefix(f"{file.where}: ")


FORMAT = Format(
    name="anndoc",
    description="tagtog's plain.html and ann.json: pairs, folders, project zips",
    extensions=(".plain.html", ".ann.json", ".plain.xhtml", ".xhtml", ".html", ".htm"),
    many=False,
    loses="",
    meaning=of_anndoc,
    is_project=True,
    claims=claims,
    read=read,
    write_tree=write,
)
