"""Our files, read by the program or library that owns the format: its spans must be ours.

    python -m bench.formats_owners [--documents 10000] [--only FORMAT...]

Random documents are written, read back by us, and read by the owner: spaCy (DocBin, its converter of CoNLL columns, and
character spans of Prodigy's rows), conllu (CoNLL-U), pybrat (brat), SLATE itself, and dkpro-cassis (XMI). WebAnno TSV
has no library outside Java: its documented rules are followed by a reader of their own. An owner that knows no offsets
is compared by type and words, in order.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.random_documents import SCHEME, Maker
from tests.formats import inception_rules
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import registry, writing
from tui_annotate.formats.base import ReadOptions, WriteOptions
from tui_annotate.formats.brat.conf import plain
from tui_annotate.formats.flat import flatten
from tui_annotate.formats.units import from_points

BATCH = 250
OPTIONS = WriteOptions(scheme=SCHEME)
Key = tuple[Any, ...]
Owner = Callable[[Path, Sequence[ExchangedDocument]], Iterator[tuple[Key, Key]]]
"""Reads a target, and yields for each document, or each file of many, what we say of it and what the owner says."""


def _entities(one: ExchangedDocument) -> list[tuple[str, int, int]]:
    """Return type, start and end in the whole text."""
    held = flatten(one, OPTIONS).placed
    return sorted(((p.entity.type, p.start, p.end) for p in held), key=lambda place: (place[1], place[2], place[0]))


def _words(one: ExchangedDocument) -> list[tuple[str, str]]:
    """Return types and texts without white space, for owners that know only tokens."""
    text = one.document.text
    return [(type, "".join(text[start:end].split())) for type, start, end in _entities(one)]


def docbin(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """spaCy's own reading of the group of spans that holds all entities, and of `ents`."""
    import spacy
    from spacy.tokens import DocBin

    for one, doc in zip(ours, DocBin().from_disk(target).get_docs(spacy.blank("xx").vocab), strict=True):
        spans = sorted({(s.label_, s.start_char, s.end_char) for s in (*doc.spans.get("sc", ()), *doc.ents)})
        yield (one.document.text, sorted(set(_entities(one)))), (doc.text, spans)


def columns(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """spaCy's converter of CoNLL columns, which takes no comments: without them, all documents as one."""
    convert: Any = import_module("spacy.training.converters").conll_ner_to_docs
    lines = target.read_bytes().decode().split("\n")
    content = "\n".join(line for line in lines if not re.match(r"# (?:id|text|before|after|label)\S* ", line))
    docs = convert(re.sub("\n{3,}", "\n\n", content), no_print=True)
    found = [(entity.label_, "".join(token.text for token in entity)) for doc in docs for entity in doc.ents]
    yield ([pair for one in ours for pair in _words(one)],), (found,)


def conllu(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """The package conllu: ids and tags of its sentences."""
    library: Any = import_module("conllu")
    found: dict[str, list[tuple[str, str]]] = {}
    key = ""
    texts: dict[str, str] = {}
    for sentence in library.parse(target.read_bytes().decode()):
        key = sentence.metadata.get("newdoc id", key)
        entities = found.setdefault(key, [])
        texts[key] = texts.get(key, "") + "".join(token["form"] for token in sentence)
        for token in sentence:
            tag = (token["misc"] or {}).get("NER", "O")
            if tag.startswith("B-"):
                entities.append((tag[2:], token["form"]))
            elif tag.startswith("I-"):
                entities[-1] = (entities[-1][0], entities[-1][1] + token["form"])
    for one in ours:
        mine = "".join(one.document.text.split())
        yield (mine, _words(one)), (texts.get(one.document.key, ""), found.get(one.document.key, []))


def brat(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """The package pybrat; it opens texts with line ends translated, so they are taken from the files."""
    library: Any = import_module("pybrat.parser")
    parsed = {Path(example.id).name: example for example in library.BratParser(error="ignore").parse(target)}
    for one in ours:
        text = (target / f"{one.document.key}.txt").read_bytes().decode()
        shift = len(text) - len(one.document.text)
        entities = parsed[one.document.key].entities if one.document.key in parsed else []
        found = [(e.type, tuple((span.start, span.end) for span in e.spans)) for e in entities]
        mine = [
            (plain(e.type), tuple((span.start + shift, span.end + shift) for span in e.spans))
            for e in (one.versions[0].annotations.entities.values() if one.versions else ())
            # pybrat takes lines without a text to be none.
            if "".join(one.document.slice(span) for span in e.spans).strip()
        ]
        yield ("\ufeff" * shift + one.document.text, sorted(mine)), (text, sorted(found))


def slate(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """SLATE's own reading of text and annotations; it takes no text without a token."""
    library: Any = import_module("slate.data")
    for one in ours:
        text = target / f"{one.document.key}.txt"
        annotations = target / f"{one.document.key}.txt.annotations"
        if not one.document.text.strip() or not annotations.exists():
            continue
        doc = library.Document(text)
        first = annotations.read_text(encoding="utf-8").split("-")[0]
        config = SimpleNamespace(annotation_type="categorical", annotation=_scope(first))
        items = library.read_annotation_file(config, str(annotations), doc)
        found = [(label, _seen(doc, span)) for item in items for span in item.spans for label in item.labels]
        tokens = "".join(token for line in doc.tokens for token in line)
        # SLATE takes a byte order mark to be a part of the text.
        mark = "\ufeff" * text.read_bytes().startswith(b"\xef\xbb\xbf" * 2)
        yield (mark + "".join(one.document.text.split()), sorted(_words(one))), (tokens, sorted(found))


def _scope(place: str) -> str:
    return "character" if len(re.findall(r"\d+", place)) in (3, 6) else "token"


def _seen(doc: Any, span: Any) -> str:
    """Return what SLATE shows of a span, without the white space between its tokens."""
    (line, token, first), (last_line, last_token, last) = (
        doc.get_3tuple(span.start, True),
        doc.get_3tuple(span.end, False),
    )
    pieces = []
    for at in range(line, last_line + 1):
        for index, word in enumerate(doc.tokens[at]):
            if (line, token) <= (at, index) <= (last_line, last_token):
                end = last + 1 if (at, index) == (last_line, last_token) else len(word)
                pieces.append(word[first if (at, index) == (line, token) else 0 : end])
    return "".join(pieces)


def webanno(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """INCEpTION's documented rules, strictly."""
    for one in ours:
        text = one.document.text
        found = inception_rules.read((target / f"{one.document.key}.tsv").read_bytes())
        mine = [
            (t, from_points(text, start, "UTF-16"), from_points(text, end, "UTF-16"))
            for t, start, end in _entities(one)
        ]
        yield (text, sorted(mine)), (found.text, sorted(found.entities))


def prodigy(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """What spaCy's `char_span` makes of the rows: Prodigy has no free library, and reads its spans so."""
    import spacy

    from tui_annotate.spacy_docs import make_doc

    vocab = spacy.blank("xx").vocab
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in target.read_bytes().split(b"\n"):
        if line:
            row = json.loads(line)
            rows.setdefault(str(row["id"]), []).append(row)
    for one in ours:
        mine = (one.document.text, sorted(_entities(one)))
        # A row is one annotator's answer; ours is the first version's.
        theirs = [_answer(row, make_doc(vocab, row["text"])) for row in rows[one.document.key]]
        yield mine, next((answer for answer in theirs if answer == mine), theirs[0])


def _answer(row: dict[str, Any], doc: Any) -> Key:
    tokens, found = row.get("tokens"), []
    for span in row.get("spans", ()):
        place = span["start"], span["end"]
        seen = doc.char_span(*place)
        if seen is not None:
            place = seen.start_char, seen.end_char
        if tokens and "token_start" in span:
            place = tokens[span["token_start"]]["start"], tokens[span["token_end"]]["end"]
        found.append((span["label"], *place))
    return doc.text, sorted(found)


def xmi(target: Path, ours: Sequence[ExchangedDocument]) -> Iterator[tuple[Key, Key]]:
    """dkpro-cassis: texts, and what the annotations cover that are named as our entities are."""
    library: Any = import_module("cassis")
    types = library.load_typesystem(BytesIO(next(target.rglob("TypeSystem.xml")).read_bytes()))
    for one in ours:
        content = BytesIO((target / f"{one.document.key}.xmi").read_bytes())
        cas = library.load_cas_from_xmi(content, typesystem=types)
        text = cas.sofa_string or ""
        mine = sorted((type, one.document.text[start:end]) for type, start, end in _entities(one))
        values = [
            (getattr(note, "value", None), note) for note in cas.select_all_annotations() if hasattr(note, "begin")
        ]
        found = [
            (value, text[note.begin : note.end]) for value, note in values if value and hasattr(note, "identifier")
        ]
        yield (one.document.text, mine), (text, sorted(found))


OWNERS: dict[str, tuple[str, Owner]] = {
    "docbin": ("spacy", docbin),
    "conll": ("spacy", columns),
    "conll2003": ("spacy", columns),
    "iob1": ("spacy", columns),
    "biluo": ("spacy", columns),
    "conllu": ("conllu", conllu),
    "brat": ("pybrat", brat),
    "slate": ("slate", slate),
    "webanno": ("spacy", webanno),
    "prodigy": ("spacy", prodigy),
    "xmi": ("cassis", xmi),
}
"""The module that must be there, and the reader."""


def run(name: str, documents: int, seed: int) -> dict[str, Any]:
    """Compare one format with its owner."""
    began = time.perf_counter()
    fmt, maker = registry.get(name), Maker(seed)
    counts: Counter[str] = Counter()
    examples: list[str] = []
    for start in range(0, documents, BATCH):
        batch = [maker.document(number) for number in range(start, min(documents, start + BATCH))]
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, f"out{fmt.extensions[0]}" if fmt.write_stream else "out")
            writing.write(batch, fmt, target, OPTIONS)
            reading = ReadOptions(scheme=SCHEME, text_column="text", id_column="id", empty=True)
            items = registry.read_paths([target], format=name, options=reading, own=True)
            ours = [item for item in items if isinstance(item, ExchangedDocument)]
            for mine, theirs in OWNERS[name][1](target, ours):
                counts["compared"] += 1
                counts["equal" if mine == theirs else "different"] += 1
                if mine != theirs and len(examples) < 5:
                    examples.append(f"ours {mine!r} theirs {theirs!r}"[:600])
            counts["documents"] += len(ours)
            counts["entities"] += sum(len(_entities(one)) for one in ours)
    seconds = round(time.perf_counter() - began, 1)
    return {"format": name, "wrong": counts["different"], **dict(counts), "examples": examples, "seconds": seconds}


def main() -> int:
    """Compare all formats whose owner is installed, or those that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=OWNERS, default=list(OWNERS))
    given = parser.parse_args()
    found = []
    for name in given.only:
        try:
            import_module(OWNERS[name][0])
        except ImportError:
            print(f"{name}: {OWNERS[name][0]} is not installed", file=sys.stderr)
            continue
        found.append(run(name, given.documents, given.seed))
        print(json.dumps(found[-1], ensure_ascii=False)[:2000], file=sys.stderr, flush=True)
    print(json.dumps({"formats_owners": found}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
