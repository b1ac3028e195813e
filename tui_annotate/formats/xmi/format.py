"""UIMA XMI: the files of DKPro, INCEpTION, WebAnno and cTAKES, with or without their type system.

Every annotation with a beginning and an end is an entity, called by its `value` or `label`, otherwise by its type; its
other plain features are attributes. What only cuts up the text (tokens, sentences, syntax) is left out. Offsets are
UTF-16 code units, as UIMA counts; where they fit nowhere in that, code points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats import plain_values
from tui_annotate.formats.base import Format, Item, ReadOptions, stem
from tui_annotate.formats.source import SourceFile
from tui_annotate.formats.units import Claim, settle
from tui_annotate.formats.xmi.types import DOCUMENT_LABEL, ROOT, TypeSystem
from tui_annotate.formats.xmi.write import HOLDS, UNSPECIFIED, counts_lost, meaning, write
from tui_annotate.formats.xml_events import feed

_XMI = "{http://www.omg.org/XMI}"
_PART = "s1v1"
_NAMES = ("value", "label", "category", "tag", "entity")
"""Features that say what an annotation is, in the order in which they are looked for."""
_ENDS = (("Governor", "Dependent"), ("source", "target"))
_STRUCTURE = frozenset(
    (
        *("Token", "Sentence", "Segment", "Paragraph", "Line", "Lemma", "Stem", "POS", "Chunk", "Heading", "Div"),
        *("WordToken", "NewlineToken", "PunctuationToken", "NumToken", "SymbolToken", "ContractionToken"),
        *("DocumentAnnotation", "DocumentMetaData"),
    )
)
_DKPRO = ("segmentation", "lexmorph", "syntax", "metadata", "transform", "phonetics", "structure")
_PACKAGES = (
    *(f"de.tudarmstadt.ukp.dkpro.core.api.{name}." for name in _DKPRO),
    *("org.apache.ctakes.typesystem.type.syntax.", "org.dkpro.core.api.xml.", "uima.cas.", "uima.tcas."),
)


class _Row(NamedTuple):
    """One feature structure of a file."""

    type: str
    values: dict[str, str]


class _Cas:
    """Takes the elements of an XMI file, apart from those that only cut up the text, which it counts."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.sofas: list[dict[str, str]] = []
        self.about: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()
        self.root = ""
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        uri, _, local = tag.removeprefix("{").rpartition("}")
        if self._depth == 1:
            self.root = local
        elif self._depth == 2:
            type = f"{uri.removeprefix('http:///').removesuffix('.ecore').replace('/', '.')}.{local}"
            type = type.removeprefix("uima.noNamespace.").lstrip(".")
            values = {name.removeprefix(_XMI): value for name, value in attributes.items()}
            if type == "uima.cas.Sofa":
                self.sofas.append(values)
            elif local in ("DocumentMetaData", "DocumentAnnotation"):
                self.about |= {name: value for name, value in values.items() if value}
            elif type.startswith(_PACKAGES) or local in _STRUCTURE:
                self.left_out[local] += "begin" in values
            else:
                self.rows.append(_Row(type, values))

    def end(self, tag: str) -> None:
        self._depth -= 1

    def data(self, text: str) -> None:
        """Leave out text between elements: values of lists, which mean nothing here."""


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per file, once the type systems among the files are known."""
    types = TypeSystem()
    documents: list[SourceFile] = []
    for file in files:
        if file.base.lower().endswith(".xmi"):
            documents.append(file)
            continue
        try:
            root = _Cas()
            with file.open() as stream:
                for _ in feed(stream, root):
                    if root.root:
                        break
            if root.root == ROOT:
                with file.open() as stream:
                    list(feed(stream, types))
            else:
                documents.append(file)
        except DataError as error:
            yield _refused(file, error)
    for file in documents:
        try:
            yield from _read_one(file, types, options)
        except DataError as error:
            yield _refused(file, error)


def _refused(file: SourceFile, error: DataError) -> Problem:
    return Problem("refused", file.where, "", str(error).removeprefix(f"{file.where}: "))


def _read_one(file: SourceFile, types: TypeSystem, options: ReadOptions) -> Iterator[Item]:
    content, cas = file.read(), _Cas()
    with file.open() as stream:
        for _ in feed(stream, cas):
            pass
    texts = [sofa for sofa in cas.sofas if sofa.get("sofaString") or (options.empty and "sofaString" in sofa)]
    if cas.root != "XMI" or not texts:
        reason = "holds no text: no sofa with a sofaString" if cas.root == "XMI" else "is no XMI"
        yield Problem("refused", file.where, "", reason)
        return
    if len(texts) > 1:
        names = ", ".join(sofa.get("sofaID", "?") for sofa in texts[1:])
        yield Problem("noted", file.where, "", f"holds several views; left out {names}")
    if cas.left_out.total():
        counts = ", ".join(f"{count} {name}" for name, count in cas.left_out.most_common(8) if count)
        yield Problem("noted", file.where, "", f"left out what only cuts up the text: {counts}")
    reader = _Reader(file.where, cas, texts[0], types, options)
    held = reader.read()
    yield from reader.problems
    language = cas.about.get("language", "")
    document = Document(
        cas.about.get("documentId") or stem(file.name),
        (Part(_PART, reader.text),),
        cas.about.get("documentTitle", ""),
        language="" if language == UNSPECIFIED else language,
    )
    version = (ExchangedVersion(held),) if held.entities or held.labels or held.relations else ()
    yield ExchangedDocument(document, version, file.where, source={"xmi": content})


class _Reader:
    """Reads the annotations of one view."""

    def __init__(self, where: str, cas: _Cas, sofa: dict[str, str], types: TypeSystem, options: ReadOptions) -> None:
        self.text = sofa.get("sofaString", "")
        self.problems: list[Problem] = []
        self._where = where
        self._rows = [row for row in cas.rows if row.values.get("sofa") == sofa.get("id")]
        self._ids: set[str | None] = {row.values.get("id", "") for row in cas.rows}
        self._types = types
        self._scheme = options.scheme
        self._held = Annotations()
        self._numbers: dict[str, int] = {}

    def read(self) -> Annotations:
        """Return what is annotated."""
        links = [(row, ends) for row in self._rows for ends in _ENDS if self._ids >= set(map(row.values.get, ends))]
        linked = {row.values.get("id") for row, _ in links}
        spans = [row for row in self._rows if "begin" in row.values and row.values.get("id") not in linked]
        claims = [Claim(_number(row.values["begin"]), _number(row.values.get("end", ""))) for row in spans]
        settled = settle(self.text, claims, units=("UTF-16", "code points"))
        if settled.unit != "UTF-16":
            reason = "the offsets fit in code points, not in UTF-16 as UIMA has them; read so"
            self.problems.append(Problem("repaired", self._where, "begin", reason))
        for row, place in zip(spans, settled.places, strict=True):
            if place is None:
                begin, end = row.values["begin"], row.values.get("end")
                reason = f"[{begin}, {end}) is no place in the text of {len(self.text)} characters; left out"
                self.problems.append(Problem("refused", self._where, row.type, reason))
            else:
                self._entity(row, Span(_PART, *place))
        lost = sum(not self._relate(row, ends) for row, ends in links)
        if lost:
            reason = f"{lost} are not between two annotations that were read; left out"
            self.problems.append(Problem("noted", self._where, "relations", reason))
        self._labels()
        return self._held

    def _entity(self, row: _Row, span: Span) -> None:
        number = len(self._held.entities) + 1
        self._numbers[row.values.get("id", "")] = number
        named = next((name for name in _NAMES if row.values.get(name)), "")
        attributes = {}
        for feature, value in row.values.items():
            if feature not in ("id", "sofa", "begin", "end", named) and self._is_plain(row.type, feature, value):
                name = self._types.name_of(row.type, feature)
                attributes[name] = plain_values.attribute(self._scheme, name, value)
        type = row.values[named] if named else row.type.rpartition(".")[2]
        self._held.entities[number] = Entity(type, (span,), number=number, attributes=attributes)

    def _is_plain(self, type: str, feature: str, value: str) -> bool:
        """Say whether a feature holds a value; without a type system, numbers that are ids count as references."""
        known = self._types.is_plain(type, feature)
        if known is not None:
            return known
        pieces = value.split()
        return not (pieces and all(piece.isdigit() and piece in self._ids for piece in pieces))

    def _relate(self, row: _Row, ends: tuple[str, str]) -> bool:
        first, second = (self._numbers.get(row.values[end]) for end in ends)
        if first is None or second is None:
            return False
        named = next((name for name in _NAMES if row.values.get(name)), "")
        type = row.values[named] if named else row.type.rpartition(".")[2]
        number = len(self._held.relations) + 1
        is_directed = row.values.get("directed", "true") == "true"
        self._held.relations[number] = Relation(type, (first, second), is_directed, number=number)
        return True

    def _labels(self) -> None:
        """Read document labels: structures of our own type, several of one name for a choice of several."""
        found: dict[str, list[str]] = {}
        for row in self._rows:
            if row.type == DOCUMENT_LABEL and row.values.get("name"):
                found.setdefault(row.values["name"], []).append(row.values.get("value", ""))
        for name, values in found.items():
            known = self._scheme.label(name)
            if len(values) > 1 or (known is not None and known.kind == "choices"):
                self._held.labels[name] = LabelValue(name, tuple(values))
            else:
                self._held.labels[name] = LabelValue(name, plain_values.label(self._scheme, name, values[0]))


def _number(text: str) -> int:
    """Return an offset; -1, which is none, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def claims(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Return XMI files and the type systems beside them."""
    if not any(file.base.lower().endswith(".xmi") for file in files):
        return []
    ends = (".xmi", "typesystem.xml")
    return [file for file in files if file.base.lower().endswith(ends)]


def _sniff(name: str, head: bytes) -> bool:
    return name.endswith(".xmi") or b"http://www.omg.org/XMI" in head or ROOT.encode() in head


FORMAT = Format(
    name="xmi",
    description="UIMA XMI of INCEpTION, WebAnno, DKPro and cTAKES; written with its type system",
    extensions=(".xmi", ".xml"),
    many=False,
    loses="the borders of parts, pieces of entities, versions besides the one that is written, confirmations,"
    " probabilities, authors, folders, tags, and control characters",
    meaning=meaning,
    holds=HOLDS,
    sniff=_sniff,
    claims=claims,
    counts_lost=counts_lost,
    read=read,
    write_tree=write,
)
