"""What is asked about tags: those that learning knows, those in use, and those of a document."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from tui_annotate.domain.display import shown
from tui_annotate.domain.selection import TEST_TAG, TRAIN_TAG
from tui_annotate.screens.corpus_thread import CorpusThread
from tui_annotate.screens.picker import Choice, Picker, matching
from tui_annotate.store.connection import Corpus

USUAL_TAGS = {TRAIN_TAG: "only these are trained on", TEST_TAG: "never trained on, measured on"}
"""With what they mean for learning."""


def tag_choices(counts: Mapping[str, int], held: tuple[str, ...]) -> list[Choice[str]]:
    """Return the tags to choose from: those that a document has first, to be taken off."""
    names = dict.fromkeys([*held, *USUAL_TAGS, *counts])
    return [
        Choice(name, name, "takes it off" if name in held else USUAL_TAGS.get(name) or f"{counts[name]:,} tagged")
        for name in names
    ]


def new_tag(query: str) -> str:
    """Say what the last row in a picker of tags does."""
    return f"a new tag: {' '.join(query.split())}"


def tag_for_all(counts: Mapping[str, int], documents: int | None) -> Picker[tuple[str, bool]]:
    """Return the question for a tag to put on many documents, or to take off them.

    Args:
        documents: How many they are, where that is known.
    """
    choices = [Choice((tag, False), f"#{tag}", f"{counts.get(tag, 0):,} tagged") for tag in {**USUAL_TAGS, **counts}]
    choices += [Choice((tag, True), f"take #{tag} off", f"{count:,} tagged") for tag, count in counts.items()]
    title = f"tag the {documents:,} documents shown" if documents is not None else "tag all documents shown"
    return Picker(title, lambda query: matching(query, choices), create=new_tag)


async def change_tags(
    writer: CorpusThread,
    answer: Choice[tuple[str, bool]] | str,
    documents: Callable[[Corpus], list[int]],
    *,
    annotator: str,
) -> str:
    """Do what was answered to `tag_for_all`, and say what came of it."""
    tag, remove = answer.value if isinstance(answer, Choice) else (answer, False)
    # Loaded with the first documents that are tagged so.
    versions_of: Any = await asyncio.to_thread(importlib.import_module, "tui_annotate.services.versions_of")

    def change(corpus: Corpus) -> int:
        changed: int = versions_of.change_tags(corpus, documents(corpus), tag, annotator=annotator, remove=remove)
        return changed

    changed = await writer(change)
    return f"{changed:,} document{'s' * (changed != 1)} {'no longer tagged' if remove else 'tagged'} {shown(tag, 40)}"
