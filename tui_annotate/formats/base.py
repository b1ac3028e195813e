"""What every format is made of: a name, what it reads, writes and cannot hold, and the values that pass through.

A reader is a generator: it yields documents as it meets them, problems where
something was repaired or refused, and scheme hints where a file names labels
beyond those that its documents carry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, get_args

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.domain.scheme import LabelKind, Scheme
from tui_annotate.formats.source import SourceFile


@dataclass(frozen=True, slots=True)
class LabelHint:
    """A label that a file names; its kind and values may only show in the documents."""

    group: Literal["entity", "label", "attribute", "relation"]
    name: str
    id: str = ""
    """anndoc's id, from the legend."""
    kind: LabelKind | None = None
    """Of a document label or attribute; None when the file does not say."""
    values: tuple[str, ...] = ()
    """Options; of a relation type the entity types of its ends, if it says."""


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """What a project has besides its documents: its folder's name, and files as they came, by name."""

    project: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchemeHint:
    """Labels that a source names by itself, before or besides its documents."""

    where: str
    labels: tuple[LabelHint, ...] = ()
    scheme: Scheme | None = None
    """A whole scheme, where the source carries one."""
    guidelines: str = ""
    came: ProjectFiles | None = None
    """To go out again as they came, where the source is a project."""


Item = ExchangedDocument | Problem | SchemeHint
"""What a reader yields."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user, or the corpus, tells a reader about its input."""

    scheme: Scheme = field(default_factory=Scheme)
    """The corpus's scheme: unnamed labels take its only fitting label, columns called like a label are labels."""
    parts: Literal["verbatim", "paragraphs", "lines"] = "verbatim"
    """How plain text becomes parts: one, one per block between blank lines, one per line."""
    label: str = ""
    """Name of the document label that an unnamed label or the label column stands for; empty: guessed."""
    true_value: str = ""
    """The label value that means true; makes the label boolean. Empty: by the usual words, if all values are such."""
    text_column: str = ""
    """Header name or 1-based number; empty: guessed. So for the next two."""
    label_column: str = ""
    id_column: str = ""
    empty: bool = False
    """Take empty texts too, to read back what was exported; otherwise they are refused, with the reason."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a writer needs to know besides the documents."""

    scheme: Scheme = field(default_factory=Scheme)
    version: str = ""
    """Which annotator's version, for formats that hold one; empty: the first, which is the one that counts most."""
    project: str = "corpus"
    """Name of the project folder inside a project zip, and in its README."""
    came: ProjectFiles = field(default_factory=ProjectFiles)
    """Legend, README and guidelines of the one project that everything came from."""


Put = Callable[[str, bytes], None]
"""Stores one file of a folder or zip under its relative name."""


class Read(Protocol):
    """Reads all files of one tree that are of this format."""

    def __call__(self, files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]: ...


class WriteStream(Protocol):
    """Writes documents into one stream; yields what could not be written as it is."""

    def __call__(
        self, documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions
    ) -> Iterator[Problem]: ...


class WriteTree(Protocol):
    """Writes documents as files of a folder, given by a function that takes relative names and contents."""

    def __call__(
        self, documents: Iterable[ExchangedDocument], put: Put, options: WriteOptions
    ) -> Iterator[Problem]: ...


class Claims(Protocol):
    """Returns those files of a tree that this format reads together, whatever their extensions say."""

    def __call__(self, files: Sequence[SourceFile]) -> Collection[SourceFile]: ...


class CountLost(Protocol):
    """Returns what else of a document a format has no room for: in words, with how often."""

    def __call__(self, exchanged: ExchangedDocument, options: WriteOptions) -> Mapping[str, int]: ...


class Meaning(Protocol):
    """Returns a document as plain values, without what the format cannot hold."""

    def __call__(self, exchanged: ExchangedDocument, options: WriteOptions) -> object: ...


Feature = Literal[
    "entities",
    "overlaps",
    "fragments",
    "attributes",
    "labels",
    "relations",
    "authors",
    "probabilities",
    "versions",
    "states",
    "parts",
    "ids",
    "names",
    "folders",
    "tags",
    "language",
]
"""Something that a corpus has and a format may have no room for.

`overlaps`: entities over each other; `fragments`: entities of several pieces; `states`: whether a version is
confirmed; `names`: what a document is called besides its id.
"""
EVERYTHING: frozenset[Feature] = frozenset(get_args(Feature))


@dataclass(frozen=True, slots=True)
class Format:
    """One file format, as `tui-annotate formats` lists it."""

    name: str
    description: str
    extensions: tuple[str, ...]
    """With the dot, longest first; what a file is recognised by."""
    many: bool
    """Many documents share a file; the file itself is kept as the source, not a piece per document."""
    loses: str
    """What it cannot hold, as an end of the sentence "loses ..."; empty when it holds everything."""
    meaning: Meaning
    """What a document means in it, to compare what was written with what reads back."""
    holds: frozenset[Feature] = EVERYTHING
    """What it has room for; the rest is counted and said before it is written."""
    sniff: Callable[[str, bytes], bool] | None = None
    """Tells a file by its lower-case name and its first 4,096 bytes.

    Asked of files that have one of its extensions, or an extension that no format has. A format without one takes
    what has its extension and no other format recognises.
    """
    shows: Callable[[bytes, bool], bool] | None = None
    """Tells a file by its first bytes beyond doubt, whatever it is called; the second argument says that they are all.

    Asked of files that would be plain text, a table, or nothing that is known.
    """
    claims: Claims | None = None
    """For formats of several files a document (text and annotations apart): asked first, of a whole folder or zip."""
    counts_lost: CountLost | None = None
    """Counts what `holds` cannot say, e.g. `{"entities that begin or end inside a word": 2}`."""
    is_project: bool = False
    """A zip of it holds one folder, called by the project; a zip of any other holds just what the folder would, so that
    the paths in it are those that ids are made of."""
    needs: str = ""
    """The module that must be there to read or write it; empty for one that always works."""
    extra: str = ""
    """The extra of this package that brings it: `pip install 'tui-annotate[parquet]'`."""
    read: Read | None = None
    write_stream: WriteStream | None = None
    write_tree: WriteTree | None = None

    @property
    def lacking(self) -> str:
        """Return how to get what the format needs; empty when it is there."""
        if not self.needs or find_spec(self.needs) is not None:
            return ""
        return f"pip install 'tui-annotate[{self.extra}]'"

    @property
    def writes(self) -> bool:
        """Say whether there is a writer."""
        return self.write_stream is not None or self.write_tree is not None


def chosen_version(document: ExchangedDocument, options: WriteOptions) -> int | None:
    """Return the index of the version that a format with room for one takes; None when there is none."""
    names = [version.annotator for version in document.versions]
    if options.version:
        return names.index(options.version) if options.version in names else None
    return 0 if names else None


def unnamed_label(options: ReadOptions, kinds: Sequence[LabelKind], default: str) -> str:
    """Return what an unnamed label is called: as asked for, as the scheme's only fitting one, or by default."""
    if options.label:
        return options.label
    fitting = [label.name for label in options.scheme.labels if label.kind in kinds]
    return fitting[0] if len(fitting) == 1 else default


def tags_of(given: Iterable[object]) -> tuple[str, ...]:
    """Return what a file lists as tags as tags are: in order, each once, without blanks around."""
    return tuple(sorted({tag.strip() for tag in given if type(tag) is str and tag.strip()}))


def stem(name: str) -> str:
    """Return a file's relative name without its last extension: the base of ids that its rows get."""
    path = Path(name)
    return path.with_suffix("").as_posix() if path.suffix else name
