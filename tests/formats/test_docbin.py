from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from spacy.tokens import DocBin, Span

from tests.formats.helpers import SCHEME, corpora, docs, problems, source
from tests.formats.test_roundtrip import back
from tests.properties import tries
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span as Place
from tui_annotate.errors import NothingToDoError
from tui_annotate.formats import docbin, registry
from tui_annotate.formats.base import ReadOptions, WriteOptions
from tui_annotate.formats.spacy_project import write_spacy_project


@settings(deadline=None, max_examples=tries(40), suppress_health_check=[HealthCheck.too_slow])
@given(corpora(versions=1))
def test_docbin_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("docbin", "corpus.spacy", documents)
    assert before.matches(after)


def exchanged(key: str = "d", *, confirmed: bool | None = True) -> ExchangedDocument:
    """Return a document of two parts with a nested entity, one inside a word, and labels."""
    document = Document(key, (Part("s1h1", "Aspirin  🙂 dose"), Part("s1p1", "No heart failure.")))
    entities = {
        1: Entity("DRUG", (Place("s1h1", 0, 7),), number=1),
        2: Entity("DRUG", (Place("s1p1", 3, 16),), number=2),
        3: Entity("DRUG", (Place("s1p1", 3, 8),), number=3),
        4: Entity("DRUG", (Place("s1h1", 0, 3),), number=4),
    }
    labels = {"IsSpam": LabelValue("IsSpam", True), "topic": LabelValue("topic", "b, c")}
    return ExchangedDocument(document, (ExchangedVersion(Annotations(entities, labels), confirmed),))


def test_spacy_finds_entities_spans_and_categories_and_losses_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    with path.open("wb") as stream:
        told = list(docbin.write([exchanged()], stream, WriteOptions(scheme=SCHEME)))
    (doc,) = DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab)
    assert doc.text == "Aspirin  🙂 dose\nNo heart failure."
    assert [(e.text, e.label_) for e in doc.ents] == [("Aspirin", "DRUG"), ("heart failure", "DRUG")]
    assert [s.text for s in doc.spans["sc"]] == ["Aspirin", "heart", "heart failure"]
    assert doc.cats == {"IsSpam": 1.0, "topic=a": 0.0, "topic=b, c": 1.0}
    with (tmp_path / "again.spacy").open("wb") as stream:
        list(docbin.write([exchanged()], stream, WriteOptions(scheme=SCHEME)))
    assert (tmp_path / "again.spacy").read_bytes() == path.read_bytes()
    assert [t.reason for t in told] == [
        "1 entity that begins or ends inside a word, left out: 'Asp'",
        "1 entity that lies over others: in the group of spans 'sc' only",
    ]


def test_labels_come_back_without_the_scheme_that_they_are_of(tmp_path: Path) -> None:
    labels = [LabelValue("IsSpam", False), LabelValue("topic", "b, c"), LabelValue("tags", ("z",))]
    held = Annotations(labels={label.name: label for label in labels})
    only_topic = WriteOptions(scheme=Scheme(labels=tuple(one for one in SCHEME.labels if one.name == "topic")))
    for options, names in ((WriteOptions(scheme=SCHEME), {"IsSpam", "topic", "tags"}), (only_topic, {"topic"})):
        document = ExchangedDocument(Document("d", (Part("s1v1", "x"),)), (ExchangedVersion(held),))
        with (tmp_path / "a.spacy").open("wb") as stream:
            list(docbin.write([document], stream, options))
        (found,) = docs(registry.read_paths([tmp_path / "a.spacy"]))
        read = {label.name: label.value for label in found.versions[0].annotations.labels.values()}
        assert read == {label.name: label.value for label in labels if label.name in names}


def test_texts_as_labels_are_counted_among_what_is_lost() -> None:
    labels = {"comment": LabelValue("comment", "fine"), "topic": LabelValue("topic", "a")}
    document = ExchangedDocument(Document("d", (Part("s1v1", "x"),)), (ExchangedVersion(Annotations(labels=labels)),))
    assert docbin.count_lost(document, WriteOptions(scheme=SCHEME)) == {"document labels that are texts": 1}


def test_a_docbin_of_others_is_read(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    packed = DocBin()
    for text, cats in (("She took aspirin.", {"POS": 0.9, "NEG": 0.1}), ("Nothing.", {}), ("   ", {})):
        doc = nlp(text)
        doc.cats = cats
        if "aspirin" in text:
            doc.set_ents([Span(doc, 2, 3, label="DRUG")])
        packed.add(doc)
    (tmp_path / "b.spacy").write_bytes(packed.to_bytes())
    items = list(registry.read_paths([tmp_path / "b.spacy"], options=ReadOptions()))
    first, second = docs(items)
    version = first.versions[0]
    assert [first.document.slice(e.span) for e in version.annotations.entities.values()] == ["aspirin"]
    assert version.annotations.labels["label"].value == "POS"
    assert version.confirmed is None
    assert (first.document.key, second.document.key, second.versions) == ("b-1", "b-2", ())
    assert [p.reason for p in problems(items)] == ["the document is empty, there is nothing to annotate"]


@pytest.mark.parametrize("content", [b"", b"nonsense", zlib.compress(b"nonsense"), zlib.compress(b"\x80")])
def test_what_is_no_docbin_is_refused(content: bytes) -> None:
    (problem,) = problems(docbin.read([source("x.spacy", content)], ReadOptions()))
    assert problem.severity == "refused"
    assert "DocBin" in problem.reason


def test_a_docbin_that_would_fill_the_memory_is_refused_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docbin, "MOST_BYTES", 1 << 20)
    (problem,) = problems(docbin.read([source("x.spacy", zlib.compress(bytes(3 << 20)))], ReadOptions()))
    assert "unpacks to more than" in problem.reason


def test_a_project_folder_is_trained_by_spacy_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train by spaCy's own command, with our words and the vectors of a pipeline, without this program."""
    begun = spacy.blank("de", config={"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}})
    begun.vocab.set_vector("aspirin", np.array([1.0, 0.0], dtype="f"))  # type: ignore[arg-type]
    tok2vec = {"pretrained_vectors": True, "width": 16, "depth": 1, "embed_size": 50}
    begun.add_pipe("ner", config={"model": {"hidden_width": 8, "tok2vec": tok2vec}})
    begun.config["training"]["max_steps"] = 2
    begun.config["training"]["eval_frequency"] = 1
    begun.to_disk(tmp_path / "pipeline")
    train, dev = [exchanged("a"), exchanged("b")], [exchanged("c")]
    made = write_spacy_project(tmp_path / "p", train, dev, scheme=SCHEME, pipeline=tmp_path / "pipeline")
    assert made.documents == {"train.spacy": 2, "dev.spacy": 1}
    assert len(made.problems) == 6
    monkeypatch.chdir(tmp_path / "p")
    assert "2 documents in train.spacy" in Path("README.md").read_text()
    trained: Any = _train(Path("config.cfg"))
    assert trained.pipe_names == ["ner"]
    assert trained.vocab.vectors.shape[1] == 2

    bare = write_spacy_project(tmp_path / "q", train, dev, scheme=SCHEME, component="textcat_multilabel", language="en")
    assert spacy.util.load_config(bare.folder / "config.cfg")["nlp"]["lang"] == "en"
    tokens = [t.text for t in spacy.load(bare.folder / "base")("5-HT1A's")]
    assert tokens == ["5", "-", "HT1A", "'", "s"]
    with pytest.raises(NothingToDoError):
        write_spacy_project(tmp_path / "r", [], [], scheme=SCHEME)


def _train(config: Path) -> Any:
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train

    nlp = init_nlp(spacy.util.load_config(config))
    nlp.config["training"]["logger"] = {"@loggers": "spacy.ConsoleLogger.v1", "progress_bar": False}
    Path("trained").mkdir()
    train(nlp, Path("trained"))
    return spacy.load("trained/model-best")
