"""A small corpus for the store's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store import making
from tui_annotate.store.connection import Corpus


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the corpus of a test lies."""
    return tmp_path / "notes.db"


@pytest.fixture
def corpus(path: Path) -> Iterator[Corpus]:
    """Twenty documents, ids 1 to 20, keys d1 to d20, nothing annotated."""
    with Corpus.create(path, scheme=making.SCHEME) as made:
        making.take_in(made, *(making.document(f"d{n}") for n in range(1, 21)))
        yield made
