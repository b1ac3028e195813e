"""What comes next can be said from outside: by a list, or by a function of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store import making
from tui_annotate.errors import CorruptError, LearnError, NothingToDoError, UsageError
from tui_annotate.services import sampling
from tui_annotate.store import documents, log
from tui_annotate.store.connection import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Thirty documents, the later the longer; the last is begun."""
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as made:
        making.take_in(made, *(making.document(f"d{n}", f"text {n} " + "x" * n) for n in range(1, 31)))
        log.record(made, [making.begin(30)])
        yield made


def script(folder: Path, body: str) -> Path:
    path = folder / "sampler.py"
    path.write_text(body, encoding="utf-8")
    return path


def test_a_function_of_the_users_own_chooses_among_the_pending(corpus: Corpus, tmp_path: Path) -> None:
    body = "def sample(documents):\n    print('hello')\n    return sorted(documents, key=lambda d: -len(d['text']))\n"
    assert sampling.sampled(corpus, script(tmp_path, body), count=3) == [29, 28, 27]


def test_a_sampler_may_yield_ids_and_stop_reading_early(corpus: Corpus, tmp_path: Path) -> None:
    body = "def sample(documents):\n    for d in documents:\n        yield d['id']\n"
    assert sampling.sampled(corpus, script(tmp_path, body), count=2) == [1, 2]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("def sample(documents):\n    raise ValueError('no luck')\n", "failed: ValueError: no luck (line 2)"),
        ("import nothing_of_that_name\n", "failed: ModuleNotFoundError"),
        ("def sample(documents): return ['d1', 'nowhere']\n", "chose 'nowhere', which is no id here"),
        ("def sample(documents):\n    while True: pass\n", "was ended after 1 seconds"),
        ("import os\nos.kill(os.getpid(), 9)\n", "was ended after"),
    ],
)
def test_a_sampler_that_fails_is_told_of(corpus: Corpus, tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(LearnError) as caught:
        sampling.sampled(corpus, script(tmp_path, body), timeout=1)
    assert reason in str(caught.value)


def test_nothing_is_chosen_from_a_part_of_the_documents(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = documents.batches

    def broken(*given: Any, **named: Any) -> Iterator[object]:
        for batch in whole(*given, **named):
            yield batch[:3]
            raise CorruptError("notes.db is damaged.")

    monkeypatch.setattr(documents, "batches", broken)
    with pytest.raises(CorruptError, match="damaged"):
        sampling.sampled(corpus, script(tmp_path, "def sample(documents): return list(documents)\n"))


def test_one_that_chooses_nothing_or_is_not_there(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="chose no document"):
        sampling.sampled(corpus, script(tmp_path, "def sample(documents): return []\n"))
    with pytest.raises(UsageError, match="no sampler"):
        sampling.sampled(corpus, tmp_path / "none.py")


def test_a_list_names_documents_by_id_name_or_text(corpus: Corpus) -> None:
    found, unknown = sampling.listed(corpus, ["d7\n", "", "d3.txt\r\n", "text 5 xxxxx\n", "elsewhere\n"])
    assert (found, unknown) == ([7, 3, 5], ["elsewhere"])
