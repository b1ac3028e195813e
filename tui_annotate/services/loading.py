"""Whether a run is whole: its model is loaded once, in a process of its own."""

from __future__ import annotations

from tui_annotate.errors import LearnError
from tui_annotate.learn.client import Worker
from tui_annotate.store.connection import Corpus


def load_once(corpus: Corpus, task: str, name: str) -> None:
    """Load a run of the corpus; raises LearnError where a file of it is missing, altered or of another version."""
    with Worker(corpus.path) as worker:
        if worker.serve({task: name}).get(task) != name:
            raise LearnError(f"{name}: the model does not load.", hint="Take another run, or train one.")
