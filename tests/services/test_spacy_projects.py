from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from tests.learn.making import corpus
from tui_annotate.errors import UsageError
from tui_annotate.services import spacy_projects
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow


def test_any_run_of_entities_or_labels_becomes_a_project_with_the_gold_split_as_the_corpus_is(tmp_path: Path) -> None:
    path = corpus(tmp_path / "notes.db", gold=30, test=4, pending=2)
    with Corpus.open(path, readonly=True) as opened:
        ner = spacy_projects.write(
            opened, RunRow("entities-1", "entities", "entities"), tmp_path / "a", name="mine", pipeline=None
        )
        kind = spacy_projects.write(
            opened, RunRow("k-1", "labels:kind", "labels"), tmp_path / "b", name="kind", pipeline=None
        )
        with pytest.raises(UsageError, match="no component for attributes:x"):
            spacy_projects.write(opened, RunRow("x", "attributes:x", "attributes"), tmp_path, name="", pipeline=None)
    assert ner.documents["test.spacy"] == 4
    assert sum(ner.documents.values()) == 34
    assert ner.documents["dev.spacy"] > 0
    assert "# mine" in (tmp_path / "a/README.md").read_text()
    config = spacy.util.load_config(tmp_path / "b/config.cfg")
    assert config["nlp"]["pipeline"] == ["textcat"]
    docs = list(DocBin().from_disk(tmp_path / "b/train.spacy").get_docs(spacy.blank("xx").vocab))
    assert {tuple(doc.cats) for doc in docs} == {("order", "note")}
    assert len(docs) == kind.documents["train.spacy"]
