from __future__ import annotations

from pathlib import Path

import pytest

from tests.learn.making import corpus, document
from tui_annotate.learn.engines.textspace import TextSpace, learn_text_space
from tui_annotate.learn.engines.wordspace import WordSpace, learn_word_space


@pytest.fixture(scope="session")
def text_space() -> TextSpace:
    """Return the space of 120 notes."""
    return learn_text_space([document(n) for n in range(120)])


@pytest.fixture(scope="session")
def word_space() -> WordSpace:
    """Return the space of 120 notes."""
    return learn_word_space([document(n) for n in range(120)])


@pytest.fixture(scope="session")
def made_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus of 40 confirmed, 5 test and 75 pending notes, to be read only."""
    return corpus(tmp_path_factory.mktemp("made") / "notes.db", gold=40, test=5, pending=75)
