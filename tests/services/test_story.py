"""What happened to a document is told in order, from its import to what learned from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store import making
from tui_annotate import config
from tui_annotate.domain.documents import text_hash
from tui_annotate.domain.hooks import Hook
from tui_annotate.services import hook_trust, story
from tui_annotate.services.delivering import Deliverer
from tui_annotate.store import documents, hooks, log, runs, suggestions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.learned import write_learned
from tui_annotate.store.runs import RunRow


def test_the_seven_steps_of_the_loop_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "state_folder", lambda: tmp_path / "state")
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as corpus:
        making.take_in(corpus, making.document("d1"), making.document("d2"))
        corpus.source = "GUI"
        hook = Hook("trainer", command=("true",), events=("confirmed",))
        hooks.add(corpus, hook)
        hook_trust.trust(hook)
        suggestions.freeze(corpus, 1, [making.suggestion(0, 2)], run="entities-1")
        log.record(corpus, [making.begin(1)])
        log.record(corpus, [making.turn(1, making.IN_PROGRESS, making.CONFIRMED)])
        assert Deliverer(corpus, "trainer").deliver() == 1
        folder = runs.folder(corpus, "entities-2")
        folder.mkdir(parents=True)
        write_learned(folder, [text_hash(documents.load(corpus, 1).text)])
        runs.register(corpus, RunRow("entities-2", "entities", "entities", finished="9999", documents=1))
        lines = story.story(corpus, 1)
        assert [(line.step, line.who, line.what) for line in lines] == [
            ("came in", "", "as d1.txt"),
            ("suggested", "entities-1", "DRUG 0.70"),
            ("reviewed", "ann", "added DRUG"),
            ("confirmed", "ann", "confirmed"),
            ("told", "trainer", "confirmed: exit 0"),
            ("learned", "entities-2", "trained on it and 0 others"),
        ]
        assert [line.step for line in story.story(corpus, 2)] == ["came in"]


def test_what_was_decided_at_once_is_told_in_its_order(tmp_path: Path) -> None:
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as corpus:
        making.take_in(corpus, making.document("d1"))
        added = making.begin(1)
        rejected = making.reject(1, making.suggestion(3, 5, "DISEASE").key)
        log.record(corpus, [added, rejected, making.turn(1, making.IN_PROGRESS, making.CONFIRMED)])
        what = [line.what for line in story.story(corpus, 1)]
        assert what == ["as d1.txt", "added DRUG", "rejected DISEASE", "confirmed"]
