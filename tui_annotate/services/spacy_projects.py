"""A run as a project for spaCy: the gold of the corpus, and what the run's pipeline begins with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import ENTITIES, LABELS, Scheme
from tui_annotate.domain.selection import uses
from tui_annotate.errors import UsageError
from tui_annotate.formats.spacy_project import Component, Project, write_spacy_project
from tui_annotate.store import settings, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow
from tui_annotate.store.versions import GoldDocument

DEV = 0.2
"""Share of the gold that is `dev.spacy` where the corpus holds nothing out; drawn by the text."""


def write(corpus: Corpus, row: RunRow, target: Path, *, name: str, pipeline: Path | None) -> Project:
    """Write a project folder: what may be trained on, what is held out as dev, and documents tagged Test.

    Args:
        name: What its README calls it.
        pipeline: That of the run, to begin with; None for a run that is no spaCy pipeline.

    Raises:
        UsageError: spaCy has no component for the run's task.
        NothingToDoError: No document may be trained on.
    """
    known = settings.load(corpus)
    scheme, component = _for_task(row.task, settings.scheme(corpus))
    gold = list(versions.gold(corpus, tie=known.tie))
    parts: dict[str, list[GoldDocument]] = {"train": [], "holdout": [], "test": []}
    for document, use in zip(gold, uses([one.marks for one in gold]), strict=True):
        if use in parts:
            parts[use].append(document)
    train, dev = parts["train"], parts["holdout"]
    if not dev:
        dev = [one for one in train if Random(one.marks.text_hash ^ known.seed).random() < DEV]
        drawn = {one.id for one in dev}
        train = [one for one in train if one.id not in drawn]
    return write_spacy_project(
        target,
        _exchanged(train),
        _exchanged(dev),
        test=_exchanged(parts["test"]),
        name=name,
        scheme=scheme,
        component=component,
        pipeline=pipeline,
        language=known.language.split("-")[0],
    )


def _for_task(task: str, scheme: Scheme) -> tuple[Scheme, Component]:
    """Return the part of the scheme that a task is about, and spaCy's component for it."""
    if task == ENTITIES:
        overlapping = any(entity.overlapping for entity in scheme.entities)
        return replace(scheme, labels=()), "spancat" if overlapping else "ner"
    label = scheme.label(task.removeprefix(LABELS)) if task.startswith(LABELS) else None
    if label is None:
        raise UsageError(f"spaCy has no component for {task}.", hint="Export the run as a model.")
    return replace(scheme, labels=(label,)), "textcat" if label.kind == "choice" else "textcat_multilabel"


def _exchanged(documents: Iterable[GoldDocument]) -> Iterable[ExchangedDocument]:
    for one in documents:
        yield ExchangedDocument(
            one.document, (ExchangedVersion(one.annotations, confirmed=True, annotator=one.annotator),)
        )
