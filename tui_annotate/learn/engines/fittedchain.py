"""A fitted CRF at work: spans as suggestions, and what fits without a fold foretell of the documents in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.spans import Span
from tui_annotate.learn.engines import crffile
from tui_annotate.learn.engines.attributes import Scorer
from tui_annotate.learn.engines.base import Progress
from tui_annotate.learn.engines.bio import spans
from tui_annotate.learn.engines.chain import Chain, FoundSpan
from tui_annotate.learn.engines.crftraining import Reader
from tui_annotate.learn.engines.platt import Platt
from tui_annotate.learn.engines.sentences import Sentence
from tui_annotate.learn.engines.wordspace import WordSpace
from tui_annotate.learn.parameters import EntityParameters

LEAST_LIKELY = 0.01
"""Raw probability under which no span is looked at."""


@dataclass(frozen=True, slots=True)
class FittedChain:
    """One CRF: its file as CRFsuite wrote it, and how to compute with it."""

    data: bytes
    chain: Chain
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class Foretold:
    """A span that a model predicts in a document which it was not fitted on."""

    span: FoundSpan
    sentence: Sentence
    chain: Chain
    hit: bool
    """Just this is annotated."""


def fitted(
    data: bytes, space: WordSpace, options: EntityParameters, *, weights: crffile.Weights | None = None
) -> FittedChain:
    """Make a CRF's file ready to compute with."""
    known = weights or crffile.parse(data)
    width = space.width if options.vectors else 0
    return FittedChain(data, Chain(known.labels, known.transitions), Scorer(known, space.lexicon, width=width))


def foretell(
    reader: Reader, options: EntityParameters, space: WordSpace, progress: Progress, *, enough: float = float("inf")
) -> list[list[Foretold]]:
    """Return, for each example that was read, what the fit without its fold predicts.

    Args:
        enough: Predictions after which no further fold is fitted.
    """
    found: list[list[Foretold]] = [[] for _ in reader.examples]
    for fold in range(reader.folds):
        if sum(map(len, found)) >= enough:
            break
        rows = [row for row, example in enumerate(reader.examples) if example.fold == fold]
        rest = (example for example in reader.examples if example.fold != fold)
        if not rows or not any(mark != "O" for example in rest for labels in example.labels for mark in labels):
            continue
        between = (fold / reader.folds, (fold + 1) / reader.folds)
        model = fitted(reader.train(options, progress=progress, between=between, without=fold), space, options)
        places = [
            (row, sentence, labels)
            for row in rows
            for sentence, labels in zip(reader.examples[row].sentences, reader.examples[row].labels, strict=True)
        ]
        posteriors = model.chain.posteriors(model.scorer.scores([sentence.numbers for _, sentence, _ in places]))
        for (row, sentence, labels), posterior in zip(places, posteriors, strict=True):
            true = spans(labels)
            for span in model.chain.spans(posterior, minimum=LEAST_LIKELY):
                hit = (span.first, span.last, model.chain.types[span.type]) in true
                found[row].append(Foretold(span, sentence, model.chain, hit))
    return found


def suggested(span: FoundSpan, sentence: Sentence, chain: Chain, calibration: Platt, run: str = "") -> Suggestion:
    """Return a span as a suggestion with its calibrated probability."""
    prob = round(float(calibration.shown(span.prob)), 4)
    other = None
    if span.other is not None:
        type_, raw = span.other
        other = (chain.types[type_], min(round(float(calibration.shown(raw)), 4), round(1 - prob, 4)))
    return Suggestion(
        "entity",
        chain.types[span.type],
        (Span(sentence.part, sentence.starts[span.first], sentence.ends[span.last]),),
        prob=prob,
        who=(f"ml:{run}",) if run else (),
        source="run",
        run=run,
        other=other,
    )


def into_order(sentences: Sequence[Sentence], suggestions: list[Suggestion]) -> None:
    """Sort the suggestions of a document in reading order."""
    place = {part: i for i, part in enumerate(dict.fromkeys(s.part for s in sentences))}
    suggestions.sort(key=lambda s: (place[s.span.part], s.span.start, s.span.end, s.name))
