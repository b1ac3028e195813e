"""Taking over the order in which a learner asks for documents, where the corpus is set to go by that."""

from __future__ import annotations

from collections.abc import Sequence

from tui_annotate.store import cold_start, queue, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.queue import QueueEntry


def take_over(corpus: Corpus, entries: Sequence[QueueEntry], *, run: str) -> None:
    """Queue what a learner asks for, unless documents come in another order.

    An order that no run made gives way to patterns, which know where the rare labels are.

    Args:
        run: Which made it; empty for none.
    """
    known = settings.load(corpus)
    if known.order == "informative" and (run or not cold_start.is_wanted(corpus, known)):
        queue.replace(corpus, entries, run=run)
