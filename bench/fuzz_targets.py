"""What is fuzzed: every registered reader, those of schemes, the parser of searches; and what to begin from."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.random_documents import SCHEME, Maker
from tui_annotate.domain import query
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.errors import AnnotateError
from tui_annotate.formats import registry, sample
from tui_annotate.formats.anndoc.meaning import of_anndoc
from tui_annotate.formats.base import Format, ReadOptions, WriteOptions
from tui_annotate.formats.schemes import label_studio as scheme_label_studio
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.schemes import lists as scheme_lists
from tui_annotate.formats.schemes import tagtog as scheme_tagtog
from tui_annotate.formats.schemes import toml as scheme_toml
from tui_annotate.formats.source import SourceFile

Files = dict[str, bytes]
_OPTIONS = WriteOptions(scheme=SCHEME)
_encode = msgspec.json.Encoder().encode
SEEDS = Path(__file__).parent / "fuzz_seeds"
"""Files of other tools: a folder for each target, and inside it a file or folder for each input."""
_QUERIES = (
    'aspirin "chest pain"* -entity:DRUG:aspirin (label:topic:care OR tag:Train) count:DRUG:[2 TO *]',
    "created:[2024-01-01 TO NOW-1DAY/DAY] prob:<0.5 uncertainty:>0.6 by:anna filter:TODO !state:confirmed",
    "NOT (a OR b) && c || d docid:x\\:y folder:/in/a source:f.txt language:en rejected:A run:entities-3 *",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Something that takes input from outside."""

    name: str
    seeds: Sequence[Files]
    run: Callable[[Files], None]
    """Raises what must not be raised."""
    is_packed: bool = False


def names() -> list[str]:
    """Return the names of all targets."""
    readers = [fmt.name for fmt in registry.FORMATS.values() if fmt.read is not None and not fmt.lacking]
    return [*readers, "query", *_PARSERS]


def target(name: str) -> Target:
    """Return a target by name."""
    if name == "query":
        return Target(name, [{"q": text.encode()} for text in _QUERIES], _query)
    if name in _PARSERS:
        parse, text = _PARSERS[name]
        return Target(name, [{"f": text.encode()}, *_kept(name)], _parser(parse))
    fmt = registry.get(name)
    return Target(name, [*_written(fmt), *_kept(name)], _reader(fmt), is_packed=name == "docbin")


def _kept(name: str) -> list[Files]:
    folder = SEEDS / name
    found: list[Files] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        inside = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
        found.append({one.name: one.read_bytes() for one in inside})
    return found


def _written(format: Format) -> list[Files]:
    """Return what the format's own writer makes: the sample, and some random documents."""
    maker = Maker(1)
    found: list[Files] = []
    for documents in [[sample.document()], *([maker.document(n) for n in range(at, at + 3)] for at in range(0, 12, 3))]:
        files: Files = {}
        if format.write_stream is not None:
            stream = io.BytesIO()
            list(format.write_stream(documents, stream, _OPTIONS))
            files[f"a{format.extensions[0]}"] = stream.getvalue()
        elif format.write_tree is not None:
            list(format.write_tree(documents, files.__setitem__, _OPTIONS))
        if files:
            found.append(files)
    return found


def _reader(format: Format) -> Callable[[Files], None]:
    assert format.read is not None
    read, options = format.read, ReadOptions(scheme=SCHEME)

    def run(files: Files) -> None:
        def opener(name: str) -> io.BytesIO:
            return io.BytesIO(files[name])

        for item in read([SourceFile(name, "", opener) for name in sorted(files)], options):
            if isinstance(item, ExchangedDocument):
                _check(item)

    return run


def _check(exchanged: ExchangedDocument) -> None:
    """Raise ValueError for a document that nothing could be done with: places outside, ends that are none."""
    document = exchanged.document
    if not document.parts or not document.key or len({part.id for part in document.parts}) != len(document.parts):
        raise ValueError(f"a document without a key, or with parts of one name: {document.key!r}")
    for version in exchanged.versions:
        held = version.annotations
        for entity in held.entities.values():
            if not entity.type or not all(map(document.has, entity.spans)):
                raise ValueError(f"an entity outside its text: {entity}")
        for relation in held.relations.values():
            if not held.entities.keys() >= set(relation.ends):
                raise ValueError(f"a relation of what is not there: {relation}")
    _encode(of_anndoc(exchanged, _OPTIONS))
    _encode(exchanged.extra)


def _query(files: Files) -> None:
    try:
        query.parse(files.get("q", b"").decode("utf-8", "surrogateescape"))
    except AnnotateError:
        return


def _parser(parse: Callable[[bytes], object]) -> Callable[[Files], None]:
    def run(files: Files) -> None:
        for content in files.values():
            try:
                parse(content)
            except AnnotateError:
                continue

    return run


def _toml(content: bytes) -> object:
    return scheme_toml.parse(content.decode("utf-8", "replace"), "f")


_LABEL_STUDIO = """<View>
  <!-- what is asked -->
  <Header value="Read" size="4"/>
  <Labels name="ner" toName="text" model="x"><Label value="DRUG" background="red" hotkey="d"/></Labels>
  <Text name="text" value="$text"/>
  <Choices name="topic" toName="text" choice="single" train="true"><Choice value="care" hotkey="1"/>
  <Choice value="b, c"/></Choices><Relations><Relation value="treats"/></Relations>
  <TextArea name="comment" toName="text" perRegion="true"/>
</View>"""
_TAGTOG = """{"annTasks": {"entities": {"e_1": {"name": "DRUG", "color": "#ff0000", "description": "x"}},
"documentLabels": {"m_2": {"name": "urgent", "type": "boolean"}}, "relations": {"r_3": ["e_1", "e_1"]}}}"""
_PARSERS: dict[str, tuple[Callable[[bytes], object], str]] = {
    "scheme toml": (_toml, scheme_toml.write(SCHEME)),
    "scheme label studio": (lambda content: scheme_label_studio.parse(content, "f"), _LABEL_STUDIO),
    "scheme tagtog": (lambda content: scheme_tagtog.parse(content, "f"), _TAGTOG),
    "scheme prodigy": (lambda content: scheme_lists.parse_prodigy(content, "f"), '["DRUG", "DISEASE"]'),
    "scheme doccano": (
        lambda content: scheme_lists.parse_doccano(content, "f"),
        '[{"id": 1, "text": "DRUG", "suffixKey": "d", "backgroundColor": "#ff0000"}]',
    ),
    "scheme legend": (anndoc_legend.read, '{"e_1": "DRUG", "m_2": "urgent", "f_3": "negated", "r_4": "treats"}'),
}
