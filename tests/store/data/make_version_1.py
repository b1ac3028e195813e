"""How version-1.db was made, with the program of that time; kept to say what is in it, and not run any more.

python -m tests.store.data.make_version_1 FILE
"""

from __future__ import annotations

import sys

from tests.store import making
from tests.store.making import CONFIRMED, SKIPPED
from tui_annotate.store import documents, log, runs, settings, suggestions
from tui_annotate.store.connection import Corpus


def make(path: str) -> None:
    """Write a corpus with something of everything."""
    with Corpus.create(path, scheme=making.SCHEME) as corpus:
        gold = making.version(making.entity(1), sources="pubmed")
        opened = making.version(making.entity(1), confirmed=False)
        making.take_in(
            corpus,
            making.document("one", tags=("Test",)),
            making.document("two", versions=(gold,)),
            making.document("three", versions=(opened,)),
            making.document("four"),
            making.document("five"),
        )
        settings.change(corpus, retrain_every=50)
        runs.register(corpus, runs.RunRow("entities-1", "entities", "crf", metrics={"f1": 0.5}))
        runs.deploy(corpus, "entities-1")
        (shown,) = suggestions.freeze(corpus, 1, [making.suggestion(8, 12)], run="entities-1")
        log.record(corpus, [making.begin(1), making.add(1, 2, start=4)])
        log.record(corpus, [making.reject(1, shown.key)])
        log.record(corpus, [making.turn(1, making.IN_PROGRESS, CONFIRMED)], place={"document": 1})
        log.record(corpus, [making.begin(5)])
        log.undo(corpus, "ann")
        log.record(corpus, [making.turn(documents.find(corpus, "four") or 0, None, SKIPPED)])


if __name__ == "__main__":
    make(sys.argv[1])
