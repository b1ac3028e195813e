from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from tomllib import loads

import pytest
import spacy

from tests.learn.making import note
from tui_annotate.errors import NothingToDoError, UsageError
from tui_annotate.learn.spacy_corpus import corpus_reader

ROOT = Path(__file__).parents[2]


def test_spacy_finds_the_reader_by_its_entry_point() -> None:
    points = loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["spacy_readers"]
    (name,) = points
    assert name == "tui_annotate.corpus.v1"
    assert EntryPoint(name, points[name], "spacy_readers").load() is corpus_reader


def test_it_yields_the_gold_of_a_corpus_by_its_splits(made_corpus: Path) -> None:
    nlp = spacy.blank("en")
    splits = {split: list(corpus_reader(made_corpus, split, dev_share=0.25)(nlp)) for split in ("train", "dev", "test")}
    texts = [{example.text for example in found} for found in splits.values()]
    assert not texts[0] & texts[1]
    assert not (texts[0] | texts[1]) & texts[2]
    assert len(texts[0] | texts[1]) <= 40
    assert len(texts[2]) == 5
    assert 3 <= len(texts[1]) <= 20
    for example in splits["train"]:
        number = int(example.text.split("Bed ")[1].rstrip("."))
        wanted = {(kind, begin, end) for kind, begin, end in note(number)[1]}
        assert {(e.label_, e.start_char, e.end_char) for e in example.reference.ents} == wanted
        assert example.get_aligned_ner().count("O") < len(example.predicted)
        kind = note(number)[2]
        assert example.reference.cats["kind=order"] == float(kind == "order")
        assert example.reference.cats["urgent"] == float(kind == "order")
    assert {e.text for e in corpus_reader(made_corpus, "dev", dev_share=0.25)(nlp)} == texts[1]


def test_a_wrong_split_or_annotator_is_said(made_corpus: Path) -> None:
    with pytest.raises(UsageError, match="Splits are train, dev"):
        corpus_reader(made_corpus, "validation")
    with pytest.raises(NothingToDoError, match="no confirmed documents"):
        list(corpus_reader(made_corpus, annotator="nobody")(spacy.blank("xx")))


def test_it_imports_nothing_of_the_app() -> None:
    program = (
        "import sys, tui_annotate.learn.spacy_corpus\n"
        "apart = ('textual', 'tui_annotate.screens', 'tui_annotate.services', 'tui_annotate.cli', 'sklearn')\n"
        "sys.exit(any(name in sys.modules for name in apart))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
